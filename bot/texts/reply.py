"""What the bot means to say: sayings with facts, and replies with buttons. Words come when it is queued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Saying:
    """An English text with named places, translated by the catalogues; `plain` ones are said as they are."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False

    def __hash__(self) -> int:
        return hash((self.text, self.plain))


def words(text: str, /, **facts: Any) -> Saying:
    """A saying of the catalogues. The extraction test finds calls of this name."""
    return Saying(text, facts)


def verbatim(text: str) -> Saying:
    """A name or number that no language changes."""
    return Saying(text, plain=True)


def figure(amount: Decimal) -> Saying:
    """An amount of money alone, as each language writes it."""
    return Saying("%(amount)s", {"amount": amount}, plain=True)


def calendar_day(day: date) -> Saying:
    """A day alone, as each language writes it."""
    return Saying("%(day)s", {"day": day}, plain=True)


def lines(*sayings: Saying | None) -> Saying:
    """Several sayings, each on its own line; None leaves no trace."""
    return Saying("\n".join(f"%(l{i})s" for i, s in enumerate(sayings) if s is not None),
                  {f"l{i}": s for i, s in enumerate(sayings) if s is not None}, plain=True)  # fmt: skip


@dataclass(frozen=True)
class Button:
    """A reply button; `action` is what a tap means and is never guessed."""

    action: str
    title: Saying


@dataclass(frozen=True)
class Row:
    """A row of a list."""

    action: str
    title: Saying
    description: Saying | None = None


@dataclass(frozen=True)
class Reply:
    """One message of the bot."""

    body: Saying
    buttons: tuple[Button, ...] = ()
    rows: tuple[Row, ...] = ()
    list_button: Saying | None = None
    attachment: Mapping[str, str] | None = None
    """`{"source": "invoice_pdf", "id": ..., "filename": ...}`; the body becomes the caption."""
    language: str | None = None
    """Where it is not the language the person was answered in so far: he has just chosen another."""
    before: tuple[Reply, ...] = ()
    """Messages of the same answer that go before this one: a message held several wishes."""

    @property
    def all(self) -> tuple[Reply, ...]:
        """Every message of the answer in its order."""
        return (*self.before, self)
