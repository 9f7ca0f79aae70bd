"""One turn of a conversation: who speaks, one reply, the state kept. One transaction, the caller's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from bot import engine, router, talking
from bot.decision import State, beside_people, decide
from bot.dialog import Chat, Reject
from bot.handlers import anger
from bot.inbound import SILENT_TYPES, IncomingMessage, NumberChange
from bot.parking import keep, may_go_on
from bot.places import kept_place, shared_place
from bot.secrecy import stand_in
from bot.speaker import role_in_force, speaker_of, understood_in
from bot.texts.deliver import reply_row
from bot.texts.reply import Reply
from core.clock import business_day
from core.crm.contacts import change_number, change_user_id
from core.crm.hearing import Heard, Writer, hear, is_kept
from core.db import act_as
from core.ids import Id
from core.messaging.corrections import correct_at_once, correct_message, locked_talk, mark_deleted
from core.messaging.outbox import read_mark_row, ring_for
from core.messaging.redaction import redact_message
from core.messaging.turns import answer
from core.usecases.desk_talk import talk_about


@dataclass(frozen=True)
class Route:
    """Where a message arrived."""

    company_id: Id
    business_number_id: Id
    event_id: Id | None
    closes_event: bool = False
    """The event holds this message alone, so that the answer also ends the event."""


def take_turn(session: Session, message: IncomingMessage, route: Route, now: datetime) -> bool:
    """Answer one message, unless it was answered before; True when that also noted the event as done.

    The caller owns the transaction, which keeps the conversation locked: two messages of one person take turns.
    """
    if message.number_change is not None and is_kept(session, message.wamid):
        return False  # whom it names has other identifiers by now
    talks = not message.in_group and message.type not in SILENT_TYPES
    heard = _hear(session, message, route, now, talks=talks)
    if heard is None:
        return False
    if not talks:
        _note_change(session, message.number_change, heard.writer)
        return _corrected(session, message, route, heard, now)
    corrected = correct_at_once(session, wamid=message.wamid, contact_id=heard.writer.contact_id, now=now)
    if corrected.text is not None:
        message = replace(message, text=corrected.text)
    chat = _chat(session, message, route, heard, now)
    if corrected.deleted:
        _answer(chat, None, heard, route)
        return route.closes_event
    reply = _reply(chat, heard)
    if reply is not None:
        reply = anger.soothed(chat, heard.state, reply)
    _answer(chat, reply, heard, route)
    return route.closes_event


def _reply(chat: Chat, heard: Heard) -> Reply | None:
    """What is said: by the assistant, or nothing where people answer; who has the chat on his phone gets the words."""
    assert heard.conversation_id is not None
    if heard.with_human:
        talk = talk_about(chat.session, conversation_id=heard.conversation_id)
        reply = beside_people(chat, heard.state)
        talking.pass_on(chat, heard.conversation_id, talk)
        return reply
    return talking.answered(chat) or decide(chat, heard.state)


def _hear(session: Session, message: IncomingMessage, route: Route, now: datetime, *, talks: bool) -> Heard | None:
    sender, sent_at = message.sender, message.sent_at or now
    kept = {
        "wamid": message.wamid, "business_number_id": route.business_number_id, "event_id": route.event_id,
        "type": message.type, "text": message.text, "content": message.raw, "sent_at": sent_at,
        "corrects": message.edits or message.revokes or None,
    }  # fmt: skip
    return hear(
        session, phone=sender.phone, user_id=sender.user_id, name=sender.name, username=sender.username, message=kept,
        heard_at=min(sent_at, now), talks=talks,
    )  # fmt: skip


def _note_change(session: Session, change: NumberChange | None, writer: Writer) -> None:
    if change is None:
        return
    if not change.same_phone:
        change_number(session, contact_id=writer.contact_id, phone=change.phone, user_id=change.user_id)
    elif change.user_id is not None:
        change_user_id(session, contact_id=writer.contact_id, user_id=change.user_id)


def _corrected(session: Session, message: IncomingMessage, route: Route, heard: Heard, now: datetime) -> bool:
    """Words changed or taken back: kept so; where they answered the question that is open, they are read again.

    While people answer in the chat the words are theirs, and nothing is said to them.
    """
    if not message.edits and not message.revokes:
        return False
    contact_id = heard.writer.contact_id
    message = _without_secrets(session, message, stranger=_is_stranger(heard.writer), about_wifi=False)
    found = _correct(session, message, contact_id, now)
    talk = locked_talk(session, contact_id=contact_id, business_number_id=route.business_number_id)
    if not found:  # the message may have been on its way through a turn, which the lock has waited for
        found = _correct(session, message, contact_id, now)
    progress = talk.state.get("flow") if talk else None
    if talk is None or not found or not message.edits or talk.with_human:
        return False
    if not progress or engine.is_stale(progress, now):
        return False
    heard = replace(heard, conversation_id=talk.id, state=talk.state)
    act_as(session, f"contact:{contact_id}")
    chat = _chat(session, message, route, heard, now)
    reply = _read_again(chat, heard.state, progress)
    if reply is None:
        return False
    _answer(chat, reply, heard, route)
    return route.closes_event


def _correct(session: Session, message: IncomingMessage, contact_id: Id, now: datetime) -> bool:
    """Whether the message named is here and has been corrected; else what came waits for it."""
    if message.revokes:
        return mark_deleted(session, wamid=message.revokes, contact_id=contact_id, now=now)
    return bool(message.edits) and correct_message(
        session, wamid=message.edits, contact_id=contact_id, text=message.text, edit_wamid=message.wamid, now=now
    )


def _read_again(chat: Chat, state: State, progress: State) -> Reply | None:
    flow = router.flow_of(chat.speaker.role, progress["flow"])
    if flow is None or not may_go_on(chat, flow):
        return None
    try:
        step = engine.answer_again(flow, chat, progress, wamid=chat.message.edits, now=chat.now)
    except Reject as reject:
        step = engine.again(flow, chat, progress, reject)
    if step is None:
        return None
    keep(state, step)
    return step.reply


def _chat(session: Session, message: IncomingMessage, route: Route, heard: Heard, now: datetime) -> Chat:
    writer, company = heard.writer, heard.company
    role = role_in_force(writer, heard.state, message.action)
    today = business_day(now, company.timezone)
    understood = understood_in(role, message.text, today)
    about_wifi = understood.intent == "wifi_password" and not heard.state.get("flow")
    told = _without_secrets(session, message, stranger=_is_stranger(writer), about_wifi=about_wifi)
    if told is not message and writer.staff_id is None:
        message, understood = told, understood_in(role, told.text, today)
    speaker = speaker_of(
        session, writer, company=company, role=role, state=heard.state, message=message, understood=understood,
        tells=_takes_any_words(role, heard.state, now),
    )  # fmt: skip
    if speaker.staff_id is not None:
        act_as(session, speaker.actor)
    return Chat(
        session=session, company=company, speaker=speaker, message=message, understood=understood,
        business_number_id=route.business_number_id, now=now, today=today, origin=f"message:{heard.message_id}",
        here=shared_place(message) or kept_place(heard.state, now),
    )  # fmt: skip


def _is_stranger(writer: Writer) -> bool:
    return writer.staff_id is None and not writer.accounts


def _without_secrets(
    session: Session, message: IncomingMessage, *, stranger: bool, about_wifi: bool
) -> IncomingMessage:  # fmt: skip
    """The message with stand-ins for what nobody needs to keep, in its record and its raw event too."""
    stand = stand_in(message.text, stranger=stranger, about_wifi=about_wifi)
    if stand is None:
        return message
    redact_message(session, wamid=message.wamid, words=stand.words, shown=stand.shown)
    return replace(message, text=stand.words(message.text))


def _takes_any_words(role: str, state: State, now: datetime) -> bool:
    progress = state.get("flow")
    flow = router.flow_of(role, progress["flow"]) if progress and not engine.is_stale(progress, now) else None
    return flow is not None and progress is not None and engine.wants_free_text(flow, progress)


def _answer(chat: Chat, reply: Reply | None, heard: Heard, route: Route) -> None:
    event_id = route.event_id if route.closes_event else None
    assert heard.conversation_id is not None
    flow = heard.state.get("flow") or {}
    read_as = {"intent": chat.understood.intent, "flow": flow.get("flow", ""), "asked": flow.get("asked", "")}
    ending = partial(
        answer, chat.session, conversation_id=heard.conversation_id, state=heard.state, event_id=event_id,
        message_id=heard.message_id, read_as=read_as, now=chat.now,
    )  # fmt: skip
    if reply is None:
        ending(messages=[])
        return
    contact_id, number_id = chat.speaker.contact_id, route.business_number_id
    mark = read_mark_row(
        contact_id=contact_id, business_number_id=number_id, wamid=chat.message.wamid, typing=True, now=chat.now
    )
    said = [
        reply_row(
            each, language=each.language or chat.speaker.language, currency=chat.company.currency,
            contact_id=contact_id, business_number_id=number_id, dedupe_key=f"{heard.message_id}:{place}", now=chat.now,
        )
        for place, each in enumerate(reply.all, 1)
    ]  # fmt: skip
    ending(messages=[mark, *said])
    ring_for(chat.session, "urgent", route.company_id, number_id)
