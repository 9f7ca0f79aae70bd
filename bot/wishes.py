"""Several wishes of one message: which of them are answered at once, in which order, and what waits its turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import router
from bot.dialog import Chat, Flow
from bot.engine import QUESTION_LIFE
from bot.handlers.plain_words import plain_wish
from bot.speaker import understood_in
from bot.understanding import SURE
from bot.understanding.clauses import clauses

FIRST = ("language", "opt_out", "opt_in")
"""How we write comes before what we write."""
URGENT = (
    "outage", "complaint_status", "job", "jobs", "worklist", "approvals", "balance", "invoice", "how_to_pay",
    "file_complaint", "claim_payment", "cash_collected", "promise_to_pay", "promise_log", "attempt_log",
)  # fmt: skip
"""Of two wishes the one that is named first here is answered first; the others follow as they were said."""
HUMAN = "human"


@dataclass(frozen=True)
class Called:
    """A handler or flow that was meant, with the words that meant it."""

    chat: Chat
    target: router.Target
    argument: str
    action: str

    @property
    def is_flow(self) -> bool:
        return isinstance(self.target, Flow)


def meant(chat: Chat) -> Called | None:
    """What the words surely want, or None."""
    named = plain_wish(chat)
    called = router.for_action(chat.speaker.role, named) if named else None
    if named and called:
        return Called(chat, *called, named)
    target = router.for_intent(chat.speaker.role, chat.understood.intent)
    if target is None or chat.understood.confidence < SURE:
        return None
    return Called(chat, target, "", router.action_of(target))


def several(chat: Chat) -> Sequence[Called]:
    """The wishes of a message that holds more than one, in the order in which they are to be answered.

    A person is asked for with the whole of what was said, and last: from then on people answer.
    """
    if not chat.message.text or chat.message.action is not None:
        return ()
    found: dict[tuple[str, bool], Called] = {}
    role, today = chat.speaker.role, chat.today
    for clause in clauses(chat.message.text, lambda said: understood_in(role, said, today)):
        own = replace(chat, message=replace(chat.message, text=clause.text), understood=clause.understood)
        called = meant(own)
        if called is not None:
            whole = replace(called, chat=chat) if called.action == HUMAN else called
            found.setdefault((called.action, clause.is_receipt), whole)
    return sorted(found.values(), key=_place) if len(found) > 1 else ()


def _place(called: Called) -> tuple[int, int]:
    name = called.target.name
    if name == HUMAN:
        return 3, 0
    if name in FIRST:
        return 0, FIRST.index(name)
    return 2 if called.is_flow else 1, URGENT.index(name) if name in URGENT else len(URGENT)


def put_by(state: dict[str, Any], called: Called, now: datetime) -> None:
    """Remember a wish that waits until the flow before it is over."""
    waiting = {"flow": called.target.name, "words": called.chat.message.text, "asked_at": now.isoformat()}
    state["later"] = [*state.get("later", ()), waiting]


def waiting(state: dict[str, Any], now: datetime) -> list[dict[str, str]]:
    """The wishes put by that are not too old, the next one first."""
    kept = [each for each in state.pop("later", ()) if now - datetime.fromisoformat(each["asked_at"]) <= QUESTION_LIFE]
    if kept:
        state["later"] = kept
    return kept
