"""A chat returns from people to the bot: the person hears it, and what he was asked before is asked again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import engine, router
from bot.desk.notices import language_of, tell_office
from bot.dialog import Chat
from bot.inbound import IncomingMessage, Sender
from bot.speaker import role_in_force, speaker_of, understood_in
from bot.texts.deliver import reply_row
from bot.texts.reply import Button, Reply, Saying, lines, words
from core.clock import business_day
from core.companies import current_company
from core.crm.contacts import accounts_of
from core.crm.desk import answer_due, desk_settings
from core.crm.hearing import Writer
from core.crm.leads import Wish, note_lead, open_lead
from core.crm.models import Contact
from core.ids import Id
from core.messaging import window
from core.messaging.human import hand_back, lock_conversation
from core.messaging.models import Conversation, InboundMessage
from core.messaging.outbox import queue_message
from core.staff.models import Staff

MENU = Button("menu", words("Menu"))
HERE_AGAIN = words("I am the assistant; I am here for you again.")
SORRY = words("I am sorry that nobody could answer you in time. Our office knows, and I am here for you meanwhile.")


def give_back(session: Session, *, conversation_id: Id, now: datetime) -> Conversation:
    """An employee hands the chat back; raises NotWithHuman, NotFound. What was parked is asked again at once."""
    conversation = lock_conversation(session, conversation_id=conversation_id)
    hand_back(session, conversation=conversation)
    _say(session, conversation, HERE_AGAIN, now)
    return conversation


def return_overdue(session: Session, *, conversation_id: Id, now: datetime) -> bool:
    """Take a chat back from people whose time is over; False where there was no need any more.

    Who waits for an answer gets an apology, the managers an alert, and a stranger's wish becomes a request to call him;
    a customer's has its ticket. Where nobody waits, the bot takes over in silence. Only office hours count.
    """
    conversation = lock_conversation(session, conversation_id=conversation_id)
    if conversation.human_since is None or conversation.human_due_at is None or conversation.human_due_at > now:
        return False
    since = _unanswered_since(session, conversation)
    company = current_company(session)
    if since is not None:
        due = answer_due(desk_settings(session), since, company.timezone)
        if due > now:
            conversation.human_due_at = due
            return False
    waited_since = since or conversation.human_since
    hand_back(session, conversation=conversation)
    if since is not None:
        _say(session, conversation, SORRY, now)
        _alert(session, conversation, waited_since, now)
    return True


def _unanswered_since(session: Session, conversation: Conversation) -> datetime | None:
    """The first message that nobody has answered; the hand-over itself where there was no answer at all."""
    begun, answered_at = conversation.human_since, conversation.answered_at
    if answered_at is None or (begun is not None and answered_at < begun):
        return begun
    return session.scalar(
        select(func.min(InboundMessage.sent_at)).where(
            InboundMessage.contact_id == conversation.contact_id,
            InboundMessage.business_number_id == conversation.business_number_id,
            InboundMessage.created_at > answered_at,  # Meta's own times are whole seconds
        )
    )  # fmt: skip


def _alert(session: Session, conversation: Conversation, since: datetime, now: datetime) -> None:
    contact = session.get_one(Contact, conversation.contact_id)
    accounts = accounts_of(session, contact.id)
    who = f"{accounts[0].number} {accounts[0].name}" if accounts else contact.name or contact.phone or "?"
    said = words("Nobody answered *%(who)s*, who asked for a person. The chat is with the assistant again.", who=who)
    tell_office(session, reply=Reply(said), dedupe_key=f"unanswered:{conversation.id}:{since.isoformat()}", now=now)
    if accounts:
        return
    opened = open_lead(
        session, wish=Wish(name=contact.name or "-", phone=contact.phone or ""), contact_id=contact.id,
        customer_id=None, opened_by=f"contact:{contact.id}", now=now,
    )  # fmt: skip
    note_lead(session, lead=opened.lead, author="system", now=now,
              body="Asked for a person in chat and nobody answered: please call.")  # fmt: skip


def _say(session: Session, conversation: Conversation, said: Saying, now: datetime) -> None:
    """The saying, with the parked question asked again; nothing where the 24 hours are over."""
    if not window.is_open(conversation.last_inbound_at, now):
        return
    chat = _chat(session, conversation, now)
    state = dict(conversation.state)
    reply = Reply(said, buttons=(MENU,))
    asked = _asked_again(chat, state, now)
    if asked is not None:
        reply = Reply(lines(said, asked.body), asked.buttons, asked.rows, asked.list_button)
    conversation.state = state
    row = reply_row(
        reply, language=chat.speaker.language, currency=chat.company.currency, contact_id=conversation.contact_id,
        business_number_id=conversation.business_number_id, dedupe_key=f"back:{conversation.id}:{now.isoformat()}",
        now=now,
    )  # fmt: skip
    queue_message(
        session, contact_id=conversation.contact_id, business_number_id=conversation.business_number_id, lane="reply",
        payload=row["payload"], text=row["text"], dedupe_key=row["dedupe_key"], now=now,
    )  # fmt: skip
    session.flush()


def _asked_again(chat: Chat, state: dict[str, Any], now: datetime) -> Reply | None:
    """The question that was open or parked, open once more; nothing is finished without the person."""
    waiting = state.get("flow") or state.get("parked")
    flow = router.flow_of(chat.speaker.role, waiting["flow"]) if waiting else None
    question = flow.question(str(waiting.get("asked"))) if waiting and flow else None
    if waiting is None or flow is None or question is None or (flow.needs_account and chat.speaker.account is None):
        return None
    if not engine.applies(flow, question, chat, waiting):
        return None
    state.pop("parked", None)
    state["flow"] = {**waiting, "asked_at": now.isoformat()}
    return engine.asking(flow, chat, state["flow"], question)


def _chat(session: Session, conversation: Conversation, now: datetime) -> Chat:
    """The talk as the person's next message would find it, with no message in it."""
    company, contact = current_company(session), session.get_one(Contact, conversation.contact_id)
    staff = session.get(Staff, contact.staff_id) if contact.staff_id else None
    works = staff is not None and staff.state == "active"
    writer = Writer(
        contact_id=contact.id, name=contact.name, language=language_of(contact, company), language_chosen=True,
        staff_id=staff.id if staff and works else None, staff_name=staff.name if staff else "",
        staff_roles=tuple(dict.fromkeys((staff.role, *staff.extra_roles))) if staff and works else (),
        accounts=accounts_of(session, contact.id),
    )  # fmt: skip
    silent = IncomingMessage(
        phone_number_id="", wamid="", type="text", sender=Sender(contact.phone, contact.user_id), sent_at=None,
        text="", action=None, media=None, in_group=False, raw={},
    )  # fmt: skip
    role = role_in_force(writer, conversation.state, None)
    today = business_day(now, company.timezone)
    understood = understood_in(role, "", today)
    speaker = speaker_of(
        session, writer, company=company, role=role, state=conversation.state, message=silent, understood=understood
    )
    return Chat(
        session=session, company=company, speaker=speaker, message=silent, understood=understood,
        business_number_id=conversation.business_number_id, now=now, today=today, origin=f"handback:{conversation.id}",
    )  # fmt: skip
