"""Questions with answers of their own kind: a place on the map, and words that are not to be read by everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, update

from bot.dialog import SKIP, Answers, Ask, Chat, Reject
from bot.texts.reply import Button, Reply, Saying, words
from core import vault
from core.messaging.corrections import HIDDEN
from core.messaging.models import InboundMessage

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
        hide(chat)
        fault = self.fault(said)
        if fault is not None:
            raise Reject(fault, meant=True)
        return vault.seal(said)

    def given(self, chat: Chat) -> Any:
        return None

    def load(self, value: Any) -> Any:
        return vault.unseal(value) if value is not None else None


def hide(chat: Chat) -> None:
    """Take the words of this message out of what is kept of the chat; the panel shows dots."""
    hidden = {"type": chat.message.type, "hidden": True}
    said = [chat.message.wamid, *([chat.message.edits] if chat.message.edits else [])]
    kept = or_(InboundMessage.wamid.in_(said), InboundMessage.corrects.in_(said))
    chat.session.execute(update(InboundMessage).where(kept).values(text=HIDDEN, content=hidden))
