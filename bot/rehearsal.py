"""A talk with the bot that leaves no trace: real turns on real data, in one transaction that is always taken back.

Nothing is sent and nothing kept. While it lasts, the conversation and whatever it touches stay locked for others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from bot.conversation import Route, take_turn
from bot.inbound import IncomingMessage, Sender, read_message
from core.crm.models import Contact
from core.db import Json, company_session, run
from core.ids import Id, new_id
from core.messaging.models import Conversation, OutboundMessage
from core.messaging.outbox import READ_MARK

PHOTO, VOICE, STICKER = "image", "audio", "sticker"
MEDIA_TYPES = {PHOTO: "image/jpeg", VOICE: "audio/ogg", STICKER: "image/webp"}


class _TakenBack(Exception):
    """Ends the transaction; nobody outside sees it."""


@dataclass(frozen=True)
class Choice:
    """A button or list row of a reply: what a tap sends, and how it reads."""

    action: str
    title: str


@dataclass(frozen=True)
class Answer:
    """One message of the bot."""

    text: str
    kind: str
    choices: Sequence[Choice]
    attachment: Json | None


@dataclass
class Rehearsal:
    """One person's talk with one business number."""

    session: Session
    route: Route
    phone_number_id: str
    sender: Sender
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _name: Id = field(default_factory=new_id)
    _seen: set[Id] = field(default_factory=set)

    def says(self, words: str, *, now: datetime) -> list[Answer]:
        """The person writes."""
        return self.sends("text", {"body": words}, now=now)

    def taps(self, choice: Choice, *, now: datetime) -> list[Answer]:
        """The person taps a button or a row."""
        reply = {"id": choice.action, "title": choice.title}
        return self.sends("interactive", {"type": "button_reply", "button_reply": reply}, now=now)

    def sends_media(self, kind: str, *, now: datetime) -> list[Answer]:
        """The person sends a picture, a voice note or a sticker; there is no file behind it."""
        return self.sends(kind, {"id": f"rehearsal-{next(self._ids)}", "mime_type": MEDIA_TYPES[kind]}, now=now)

    def sends(self, kind: str, content: Json, *, now: datetime) -> list[Answer]:
        """A message of any kind, as the webhook would have brought it."""
        raw = {
            "id": f"rehearsal.{self._name}.{next(self._ids)}", "type": kind, kind: content,
            "timestamp": str(int(now.timestamp())),
        }  # fmt: skip
        return self.hears(read_message(self.phone_number_id, raw, self.sender), now=now)

    def hears(self, message: IncomingMessage, *, now: datetime) -> list[Answer]:
        """One turn. Whatever commits would check is checked at its end."""
        self.session.info.pop("read_this_turn", None)
        with self.session.begin_nested():
            take_turn(self.session, message, self.route, now)
            self.session.flush()
            run(self.session, "SET CONSTRAINTS ALL IMMEDIATE", {})
            run(self.session, "SET CONSTRAINTS ALL DEFERRED", {})
        self.session.expunge_all()
        return [_read(row) for row in self._new_answers()]

    def state(self) -> Json:
        """Where the conversation stands."""
        kept = self.session.scalar(
            select(Conversation.state)
            .join(Contact, Contact.id == Conversation.contact_id)
            .where(Conversation.business_number_id == self.route.business_number_id, self.is_me())
        )
        return kept or {}

    def is_with_people(self) -> bool:
        """Whether people answer in this talk, so that the bot keeps quiet."""
        since = (
            select(Conversation.human_since)
            .join(Contact, Contact.id == Conversation.contact_id)
            .where(Conversation.business_number_id == self.route.business_number_id, self.is_me())
        )
        return self.session.scalar(since) is not None

    def is_me(self) -> ColumnElement[bool]:
        """Whether a contact is the person who talks."""
        phone, user_id = self.sender.phone, self.sender.user_id
        return or_(Contact.phone == phone if phone else false(), Contact.user_id == user_id if user_id else false())

    def _new_answers(self) -> Sequence[OutboundMessage]:
        """What was queued for this person since the last look; in this transaction every row has its instant."""
        rows = self.session.scalars(
            select(OutboundMessage)
            .join(Contact, Contact.id == OutboundMessage.contact_id)
            .where(OutboundMessage.created_at == func.now(), OutboundMessage.kind != READ_MARK, self.is_me())
            .order_by(OutboundMessage.id)
        ).all()
        new = [row for row in rows if row.id not in self._seen]
        self._seen |= {row.id for row in new}
        return new


@contextmanager
def rehearsed(company_id: Id) -> Iterator[Session]:
    """A transaction that sees one company and is taken back at the end, whatever happens in it."""
    try:
        with company_session(company_id, "rehearsal") as session:
            yield session
            raise _TakenBack
    except _TakenBack:
        return


def choices_of(payload: Json) -> list[Choice]:
    """The buttons or rows of a message in the outbox."""
    action: dict[str, Any] = payload.get("interactive", {}).get("action", {})
    buttons = [Choice(button["reply"]["id"], button["reply"]["title"]) for button in action.get("buttons", [])]
    rows = [Choice(row["id"], row["title"]) for section in action.get("sections", []) for row in section["rows"]]
    return buttons + rows


def _read(row: OutboundMessage) -> Answer:
    return Answer(row.text, row.kind, choices_of(row.payload), row.attachment)
