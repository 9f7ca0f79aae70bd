"""What a handler is: one wish answered in one turn, by an intent or by the id on a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.dialog import Chat
from bot.texts.reply import Reply


@dataclass(frozen=True)
class Begin:
    """In place of a reply: go on with this flow."""

    flow: str
    about: str = ""


Run = Callable[[Chat, str], Reply | Begin]
"""Takes the part after the colon of the tapped id, empty when the wish came in words."""


@dataclass(frozen=True)
class Handler:
    """`name` is the action on buttons; `intents` are the wishes it answers."""

    name: str
    intents: Sequence[str]
    permission: str
    run: Run
    needs_account: bool = False
