"""Questions with answers of their own kind: a place on the map, and words that are not to be read by everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from bot.dialog import SKIP, Answers, Ask, Chat, Reject, day_ahead
from bot.texts.reply import Button, Reply, Saying, words
from core import vault
from core.messaging.corrections import HIDDEN
from core.messaging.models import InboundMessage
from core.messaging.redaction import redact_message

SKIP_WORDS = frozenset({"skip", "no", "nahi", "nahin", "نہیں", "chhorein", "چھوڑیں"})


@dataclass(frozen=True)
class Place:
    """A location shared on WhatsApp; the value is (latitude, longitude), or None when skipped."""

    name: str
    saying: Ask
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        return Reply(self.saying(chat, answers), buttons=(Button(tap(SKIP), words("Skip")),))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        if tapped == SKIP or chat.message.text.strip().casefold() in SKIP_WORDS:
            return SKIP
        place = chat.message.place
        if place is None:
            raise Reject(words("Please share the location with the paper clip, or tap Skip."))
        return [str(place[0]), str(place[1])]

    def given(self, chat: Chat) -> Any:
        place = chat.message.place
        return [str(place[0]), str(place[1])] if place else None

    def load(self, value: Any) -> Any:
        return (Decimal(value[0]), Decimal(value[1])) if isinstance(value, list) else None


@dataclass(frozen=True)
class Typed:
    """Something typed, without buttons; what is taken for an answer is for its kinds to say by `read`."""

    name: str
    saying: Ask
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        return Reply(self.saying(chat, answers))

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class AnyDay(Typed):
    """A day to come, typed as people say it."""

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        day = day_ahead(chat)
        if day is None or date.fromisoformat(day) < chat.today:
            raise Reject(words("Please write a day to come, such as 5 December."))
        return day

    def given(self, chat: Chat) -> Any:
        day = chat.understood.entities.get("date")
        return day.isoformat() if isinstance(day, date) and day >= chat.today else None

    def load(self, value: Any) -> Any:
        return date.fromisoformat(value) if value is not None else None


@dataclass(frozen=True)
class Secret:
    """Words that are kept encrypted from the moment they are read, and hidden in the chat's record.

    The value is a token of the vault; `load` gives the words back.
    """

    name: str
    saying: Ask
    fault: Callable[[str], Saying | None]
    """What is wrong with the words, or None."""
    when: Callable[[Chat, Answers], bool] | None = None

    def ask(self, chat: Chat, answers: Answers, tap: Callable[[str], str]) -> Reply:
        return Reply(self.saying(chat, answers))

    def read(self, chat: Chat, answers: Answers, tapped: str | None) -> Any:
        said = chat.message.text.strip()
        fault = self.fault(said)
        hide(chat, _stand_for(said, fault))
        if fault is not None:
            raise Reject(fault, meant=True)
        return vault.seal(said)

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return vault.unseal(value) if value is not None else None


TAKEN, TOO_SHORT, TOO_LONG, NOT_ASCII = "hidden-0000", "•", "•" * 64, "•" * 8
"""What stands for a secret in the record: one that would be taken, or refused for the same reason."""


def hide(chat: Chat, stand: str) -> None:
    """Take the words of this message out of what is kept of it, also raw; the panel shows dots, a replay reads `stand`.

    Of words that were changed afterwards, the first ones went when they were read; those that came before go too.
    """
    said = [chat.message.wamid, *([chat.message.edits] if chat.message.edits else [])]
    early = chat.session.scalars(select(InboundMessage.wamid).where(InboundMessage.corrects.in_(said))).all()
    for wamid in dict.fromkeys([*said, *early]):
        redact_message(chat.session, wamid=wamid, words=lambda _: stand, shown=lambda _: HIDDEN, hidden=True)


def _stand_for(said: str, fault: Saying | None) -> str:
    if fault is None:
        return TAKEN
    if said.isascii() and said.isprintable():
        return TOO_SHORT if len(said) < len(NOT_ASCII) else TOO_LONG
    return NOT_ASCII
