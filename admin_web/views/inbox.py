"""The inbox: people's chats read, taken over, answered and handed back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import sent_by_people
from admin_web.forms import FieldInvalid, Form, asked, attempt
from bot.handing_back import give_back
from core.clock import utc_now
from core.crm.desk import answer_due, desk_settings
from core.errors import DomainError, NotFound
from core.messaging.human import answer_as_human, assign, hand_over, lock_conversation
from core.staff.people import active_staff
from core.usecases.inbox import chat_file, list_inbox, open_chat

ANSWER_MAX = 4000


@blueprint.get("/inbox")
@needs("inbox.answer")
def inbox() -> Page:
    return _list("inbox.html")


@blueprint.get("/inbox/list")
@needs("inbox.answer")
def inbox_list() -> Page:
    """The list alone, asked for every few seconds."""
    return _list("inbox_list.html")


def _list(template: str) -> Page:
    user = current_user()
    assert user is not None
    wanted, view = asked().text("q"), asked().text("view")
    with books() as page:
        rows = list_inbox(
            page.session, wanted=wanted, mine=user.staff_id if view == "mine" else None, only_people=view == "people"
        )
        return render_template(
            template, company=page.company, rows=rows, zone=page.zone, now=utc_now(), wanted=wanted, view=view
        )


@blueprint.get("/inbox/<uuid:conversation_id>")
@needs("inbox.answer")
def inbox_chat(conversation_id: UUID) -> Page:
    return _chat(conversation_id, "inbox_chat.html")


@blueprint.get("/inbox/<uuid:conversation_id>/lines")
@needs("inbox.answer")
def inbox_lines(conversation_id: UUID) -> Page:
    """The messages and the state of one chat, asked for every few seconds."""
    return _chat(conversation_id, "inbox_lines.html")


def _chat(conversation_id: UUID, template: str) -> Page:
    user = current_user()
    assert user is not None
    now = utc_now()
    with books() as page:
        try:
            chat = open_chat(page.session, conversation_id=conversation_id, now=now)
        except NotFound:
            abort(404)
        return render_template(
            template, company=page.company, chat=chat, zone=page.zone, now=now, left=_left(chat.closes_at, now),
            me=user.staff_id, people=active_staff(page.session) if template == "inbox_chat.html" else (),
        )  # fmt: skip


@blueprint.get("/inbox/<uuid:conversation_id>/files/<uuid:document_id>")
@needs("inbox.answer")
def inbox_file(conversation_id: UUID, document_id: UUID) -> Page:
    """A file that came in the chat; only what a browser shows without running it is shown."""
    with books() as page:
        try:
            mime, data = chat_file(page.session, conversation_id=conversation_id, document_id=document_id)
        except DomainError:
            abort(404)
    return sent_by_people(data, mime=mime, name="file")


def _left(closes_at: datetime | None, now: datetime) -> str:
    """`5 h 12 min`, or nothing where free words are not taken any more."""
    minutes = int((closes_at - now).total_seconds() // 60) if closes_at else 0
    return f"{minutes // 60} h {minutes % 60} min" if minutes > 0 else ""


def _due(page: Books) -> datetime:
    return answer_due(desk_settings(page.session), utc_now(), page.company.timezone)


@blueprint.post("/inbox/<uuid:conversation_id>/take")
@needs("inbox.answer")
def take_chat(conversation_id: UUID) -> Page:
    def take(page: Books, form: Form) -> str:
        user = current_user()
        assert user is not None
        if user.staff_id is None:
            raise FieldInvalid("Only an employee can take a chat: this log-in belongs to none.")
        conversation = lock_conversation(page.session, conversation_id=conversation_id)
        hand_over(
            page.session, conversation=conversation, by=page.actor, staff_id=user.staff_id, due_at=_due(page),
            now=utc_now(),
        )  # fmt: skip
        return "The chat is yours; the assistant keeps quiet until you hand it back."

    return attempt(take, done="panel.inbox_chat", show=lambda: inbox_chat(conversation_id),
                   conversation_id=conversation_id)  # fmt: skip


@blueprint.post("/inbox/<uuid:conversation_id>/assign")
@needs("inbox.answer")
def assign_chat(conversation_id: UUID) -> Page:
    def give(page: Books, form: Form) -> str:
        staff_id = form.maybe_key("staff")
        names = {person.id: person.name for person in active_staff(page.session)}
        if staff_id is not None and staff_id not in names:
            raise FieldInvalid("Staff is none of the choices.")
        conversation = lock_conversation(page.session, conversation_id=conversation_id)
        assign(page.session, conversation=conversation, staff_id=staff_id)
        return f"{names[staff_id]} has the chat now." if staff_id else "The chat waits for anybody now."

    return attempt(give, done="panel.inbox_chat", show=lambda: inbox_chat(conversation_id),
                   conversation_id=conversation_id)  # fmt: skip


@blueprint.post("/inbox/<uuid:conversation_id>/answer")
@needs("inbox.answer")
def answer_chat(conversation_id: UUID) -> Page:
    def answer(page: Books, form: Form) -> str:
        user = current_user()
        assert user is not None
        words = form.text("words", required=True)
        if len(words) > ANSWER_MAX:
            raise FieldInvalid(f"The answer is too long: {ANSWER_MAX} characters at most.")
        conversation = lock_conversation(page.session, conversation_id=conversation_id)
        answer_as_human(
            page.session, conversation=conversation, staff_id=user.staff_id, words=words, key=str(form.key("once")),
            due_at=_due(page), now=utc_now(),
        )  # fmt: skip
        return "Sent."

    return attempt(answer, done="panel.inbox_chat", show=lambda: inbox_chat(conversation_id),
                   conversation_id=conversation_id)  # fmt: skip


@blueprint.post("/inbox/<uuid:conversation_id>/back")
@needs("inbox.answer")
def back_to_bot(conversation_id: UUID) -> Page:
    def back(page: Books, form: Form) -> str:
        give_back(page.session, conversation_id=conversation_id, now=utc_now())
        return "The assistant answers again."

    return attempt(back, done="panel.inbox", show=lambda: inbox_chat(conversation_id))
