"""What a lane of the outbox means: how long its messages are worth sending, what doubt does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.messaging.models import LANES


@dataclass(frozen=True)
class Lane:
    """`share` of every 100 messages are kept for this lane, so that it never starves.

    `doubling` says whether a message whose fate is unknown is better sent twice than lost.
    """

    lifetime: timedelta
    share: int
    doubling: bool


RULES = {
    "urgent": Lane(timedelta(hours=12), share=0, doubling=True),
    "reply": Lane(timedelta(hours=12), share=0, doubling=True),
    "notice": Lane(timedelta(hours=24), share=10, doubling=True),
    "billing": Lane(timedelta(days=3), share=6, doubling=False),
    "bulk": Lane(timedelta(days=3), share=4, doubling=False),
}
DOUBLING = tuple(name for name in LANES if RULES[name].doubling)


CREDIT_MAX = 5.0
"""What a lane may save up while it is empty; more would let it crowd out the others in one go."""


class Shares:
    """The places that the lower lanes have earned during one run; each starts with one."""

    def __init__(self) -> None:
        self._credit = {name: 1.0 if RULES[name].share else 0.0 for name in LANES}

    def places(self, names: Sequence[str]) -> list[int]:
        """How many messages of each lane go before those of the foremost ones."""
        return [int(self._credit[name]) for name in names]

    def spend(self, sent: Sequence[str]) -> None:
        """Count the messages that were taken, by the names of their lanes."""
        for name in LANES:
            earned = RULES[name].share * len(sent) / 100
            left = max(0.0, self._credit[name] - sent.count(name))
            self._credit[name] = min(CREDIT_MAX, left + earned)
