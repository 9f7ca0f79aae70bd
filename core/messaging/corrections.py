"""Messages that a person changed or took back after sending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import Json
from core.ids import Id
from core.messaging.models import Conversation, InboundMessage
from core.messaging.redaction import redact_message

HIDDEN = "••••"


def correct_message(
    session: Session, *, wamid: str, contact_id: Id, text: str, edit_wamid: str, now: datetime
) -> bool:  # fmt: skip
    """The person's message of that id reads `text` from now on; False where he sent none of that id.

    What is kept hidden stays so: the new words, and the message `edit_wamid` that brought them, are hidden as well.
    """
    message = session.scalar(
        select(InboundMessage)
        .where(InboundMessage.wamid == wamid, InboundMessage.contact_id == contact_id)
        .with_for_update()
    )
    if message is None:
        return False
    message.edited_at = now
    if message.content.get("hidden"):
        redact_message(session, wamid=edit_wamid, words=lambda _: HIDDEN, shown=lambda _: HIDDEN, hidden=True)
    else:
        message.text = text
    session.flush()
    return True


def mark_deleted(session: Session, *, wamid: str, contact_id: Id, now: datetime) -> bool:
    """The person took his message of that id back; False where he sent none of that id, or had done so before."""
    taken_back = (
        update(InboundMessage)
        .where(
            InboundMessage.wamid == wamid, InboundMessage.contact_id == contact_id, InboundMessage.deleted_at.is_(None)
        )
        .values(deleted_at=now)
        .returning(InboundMessage.id)
    )
    return session.scalar(taken_back) is not None


@dataclass(frozen=True)
class Corrected:
    """What a person did to a message before it came."""

    text: str | None
    """The words it has now; None where they are as they were."""
    deleted: bool


def correct_at_once(session: Session, *, wamid: str, contact_id: Id, now: datetime) -> Corrected:
    """Do to the message of that id what the person's changes and deletions, which came before it, have asked for."""
    waiting = session.execute(
        select(InboundMessage.type, InboundMessage.text, InboundMessage.wamid)
        .where(InboundMessage.corrects == wamid, InboundMessage.contact_id == contact_id)
        .order_by(InboundMessage.sent_at, InboundMessage.id)
    ).all()
    words, deleted = None, False
    for kind, text, by in waiting:
        if kind == "revoke":
            deleted = mark_deleted(session, wamid=wamid, contact_id=contact_id, now=now) or deleted
        elif correct_message(session, wamid=wamid, contact_id=contact_id, text=text, edit_wamid=by, now=now):
            words = text
    return Corrected(words, deleted)


@dataclass(frozen=True)
class Talk:
    """A conversation that is locked until the transaction ends."""

    id: Id
    state: Json
    with_human: bool
    """A person answers in it, or is waited for."""


def locked_talk(session: Session, *, contact_id: Id, business_number_id: Id) -> Talk | None:
    """The person's conversation with a number, locked until the transaction ends."""
    talk = select(Conversation.id, Conversation.state, Conversation.human_since).where(
        Conversation.contact_id == contact_id, Conversation.business_number_id == business_number_id
    )
    row = session.execute(talk.with_for_update()).one_or_none()
    return Talk(row[0], dict(row[1]), row[2] is not None) if row is not None else None
