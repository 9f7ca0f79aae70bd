"""What a lane of the outbox means: how long its messages are worth sending, what doubt does to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.messaging.models import LANES


@dataclass(frozen=True)
class Lane:
    """`share` is the part of a full batch (of 100) kept for this lane, so that it never starves.

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


def shares(names: tuple[str, ...], batch: int) -> list[int]:
    """How many places of a batch each of the lanes `names` may fill before the others; at least one."""
    return [max(1, RULES[name].share * batch // 100) if RULES[name].share else 0 for name in names]
