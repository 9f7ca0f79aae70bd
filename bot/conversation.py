"""One turn of a conversation: who speaks, one reply, the state kept. One transaction, the caller's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import engine, router, talking
from bot.decision import State, beside_people, decide, keep, may_go_on
from bot.dialog import Chat, Reject
from bot.handlers import anger
from bot.inbound import SILENT_TYPES, IncomingMessage, NumberChange
from bot.places import kept_place, shared_place
from bot.speaker import role_in_force, speaker_of, understood_in
from bot.texts.deliver import reply_row
from bot.texts.reply import Reply
from core.clock import business_day
from core.crm.contacts import change_number, change_user_id
from core.crm.hearing import Heard, Writer, hear, is_kept
from core.db import act_as
from core.ids import Id
from core.messaging.corrections import correct_message, locked_talk, mark_deleted
from core.messaging.outbox import read_mark_row, ring_for
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
    chat = _chat(session, message, route, heard, now)
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
    """Words changed or taken back: kept so; where they answered the question that is open, they are read again."""
    contact_id = heard.writer.contact_id
    if message.revokes:
        mark_deleted(session, wamid=message.revokes, contact_id=contact_id, now=now)
    if not message.edits or not correct_message(
        session, wamid=message.edits, contact_id=contact_id, text=message.text, edit_wamid=message.wamid, now=now
    ):
        return False
    talk = locked_talk(session, contact_id=contact_id, business_number_id=route.business_number_id)
    progress = talk[1].get("flow") if talk else None
    if talk is None or not progress or engine.is_stale(progress, now):
        return False
    heard = replace(heard, conversation_id=talk[0], state=talk[1])
    act_as(session, f"contact:{contact_id}")
    chat = _chat(session, message, route, heard, now)
    reply = _read_again(chat, heard.state, progress)
    if reply is None:
        return False
    _answer(chat, reply, heard, route)
    return route.closes_event


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


def _takes_any_words(role: str, state: State, now: datetime) -> bool:
    progress = state.get("flow")
    flow = router.flow_of(role, progress["flow"]) if progress and not engine.is_stale(progress, now) else None
    return flow is not None and progress is not None and engine.wants_free_text(flow, progress)


def _answer(chat: Chat, reply: Reply | None, heard: Heard, route: Route) -> None:
    event_id = route.event_id if route.closes_event else None
    assert heard.conversation_id is not None
    if reply is None:
        answer(chat.session, conversation_id=heard.conversation_id, state=heard.state, messages=[], event_id=event_id)
        return
    contact_id, number_id = chat.speaker.contact_id, route.business_number_id
    mark = read_mark_row(
        contact_id=contact_id, business_number_id=number_id, wamid=chat.message.wamid, typing=True, now=chat.now
    )
    said = reply_row(
        reply, language=reply.language or chat.speaker.language, currency=chat.company.currency, contact_id=contact_id,
        business_number_id=number_id, dedupe_key=f"{heard.message_id}:1", now=chat.now,
    )  # fmt: skip
    answer(
        chat.session, conversation_id=heard.conversation_id, state=heard.state, messages=[mark, said],
        event_id=event_id,
    )  # fmt: skip
    ring_for(chat.session, "urgent", route.company_id, number_id)
