"""Conversations that a person answers in the bot's place: handed over, answered, handed back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.desk_models import DeskTalk
from core.messaging.models import Conversation, InboundMessage
from core.messaging.outbox import queue_message, queue_read_mark


class NotWithHuman(DomainError):
    """The bot answers in this conversation: take it over first."""


class TakenByOther(DomainError):
    """Somebody else has taken the conversation over."""


class ReplyWindowClosed(DomainError):
    """The person's last message is more than 24 hours old: WhatsApp takes no free text any more."""


def lock_conversation(session: Session, *, conversation_id: Id) -> Conversation:
    """The conversation, locked until the transaction ends as a turn of the bot would; raises NotFound."""
    found = session.scalar(
        select(Conversation).where(Conversation.id == conversation_id).with_for_update()
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if found is None:
        raise NotFound("There is no such conversation")
    return found


def conversation_with(session: Session, *, contact_id: Id, business_number_id: Id) -> Conversation:
    """A person's conversation with a business number, locked; raises NotFound."""
    found = session.scalar(
        select(Conversation)
        .where(Conversation.contact_id == contact_id, Conversation.business_number_id == business_number_id)
        .with_for_update().execution_options(populate_existing=True)
    )  # fmt: skip
    if found is None:
        raise NotFound("There is no such conversation")
    return found


def hand_over(
    session: Session,
    *,
    conversation: Conversation,
    by: str,
    due_at: datetime,
    now: datetime,
    staff_id: Id | None = None,
) -> None:
    """From now on people answer, until `due_at` at the latest; `staff_id` when one of them takes it at once.

    A conversation that waits for a person already goes on waiting since then.
    """
    if conversation.human_since is None:
        conversation.human_since, conversation.human_by, conversation.human_staff_id = now, by, None
        conversation.human_due_at = due_at
    if staff_id is not None:
        conversation.human_staff_id, conversation.human_due_at = staff_id, due_at
    session.flush()


def assign(session: Session, *, conversation: Conversation, staff_id: Id | None) -> None:
    """Give a handed-over conversation to an employee, or back to the queue; raises NotWithHuman."""
    if conversation.human_since is None:
        raise NotWithHuman("The assistant answers in this chat: take it over first")
    conversation.human_staff_id = staff_id
    session.flush()


def answer_as_human(
    session: Session, *, conversation: Conversation, staff_id: Id | None, words: str, key: str, due_at: datetime,
    now: datetime,
) -> Id:  # fmt: skip
    """Queue an employee's words and mark what the person wrote as read; the same `key` again says nothing twice.

    Whoever answers a chat that nobody has taken takes it. Raises NotWithHuman, TakenByOther, ReplyWindowClosed,
    PayloadInvalid.
    """
    if conversation.human_since is None:
        raise NotWithHuman("The assistant answers in this chat: take it over first")
    if conversation.human_staff_id not in (None, staff_id):
        raise TakenByOther("A colleague has this chat: take it over first")
    if not window.is_open(conversation.last_inbound_at, now):
        raise ReplyWindowClosed("The last message is more than 24 hours old: WhatsApp takes no free text any more")
    contact_id, number_id = conversation.contact_id, conversation.business_number_id
    last = session.scalar(
        select(InboundMessage.wamid)
        .where(InboundMessage.contact_id == contact_id, InboundMessage.business_number_id == number_id)
        .order_by(InboundMessage.sent_at.desc(), InboundMessage.id.desc()).limit(1)
    )  # fmt: skip
    if last is not None:
        queue_read_mark(session, contact_id=contact_id, business_number_id=number_id, wamid=last, typing=False, now=now)
    message_id = queue_message(
        session, contact_id=contact_id, business_number_id=number_id, lane="reply", payload=payloads.text(words),
        text=words, dedupe_key=f"human:{key}", now=now,
    )  # fmt: skip
    conversation.human_staff_id = conversation.human_staff_id or staff_id
    conversation.answered_at, conversation.human_due_at = now, due_at
    session.flush()
    return message_id


def hand_back(session: Session, *, conversation: Conversation) -> None:
    """The bot answers again; raises NotWithHuman."""
    if conversation.human_since is None:
        raise NotWithHuman("The assistant answers in this chat already")
    conversation.human_since = conversation.human_staff_id = conversation.human_due_at = None
    conversation.human_by = ""
    session.flush()


def release_chats(session: Session, *, staff_id: Id) -> int:
    """The chats in an employee's hands wait for any colleague again, first in the inbox; returns how many."""
    session.execute(delete(DeskTalk).where(DeskTalk.staff_id == staff_id))
    mine = session.scalars(
        select(Conversation).where(Conversation.human_staff_id == staff_id, Conversation.human_since.is_not(None))
        .order_by(Conversation.id).with_for_update().execution_options(populate_existing=True)
    ).all()  # fmt: skip
    for conversation in mine:
        conversation.human_staff_id = None
    session.flush()
    return len(mine)


def chats_in_hand(session: Session, *, staff_id: Id) -> int:
    """How many chats an employee has taken over and not handed back."""
    held = (Conversation.human_staff_id == staff_id) & Conversation.human_since.is_not(None)
    return session.scalar(select(func.count()).where(held)) or 0


def overdue_chats(session: Session, *, now: datetime, limit: int = 100) -> Sequence[Id]:
    """Conversations whose time with people is over, the longest waiting first."""
    due = select(Conversation.id).where(Conversation.human_since.is_not(None), Conversation.human_due_at <= now)
    return session.scalars(due.order_by(Conversation.human_due_at).limit(limit)).all()
