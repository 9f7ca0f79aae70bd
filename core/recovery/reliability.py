"""How far a customer's word and habit can be relied on: a score from 0 to 100, with its reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core.recovery.policy_models import RecoveryPolicy

NEUTRAL = Decimal("0.7")
"""What a customer without history is taken for; it fades as history comes in."""
LATE_DAYS_WORST = 30
BOUNCES_WORST = 3


@dataclass(frozen=True)
class Record:
    """A customer's history; late days are an average over the invoices of the last twelve months."""

    kept: int = 0
    partial: int = 0
    broken: int = 0
    money_promised: Decimal = Decimal(0)
    money_in_time: Decimal = Decimal(0)
    """Of each promise at most its amount."""
    invoices: int = 0
    late_days: Decimal = Decimal(0)
    bounces: int = 0

    @property
    def judged(self) -> int:
        """Promises that have an outcome."""
        return self.kept + self.partial + self.broken


@dataclass(frozen=True)
class Reason:
    """One part of a score: its points out of `most`, and why in plain words."""

    code: str
    points: Decimal
    most: Decimal
    words: str


@dataclass(frozen=True)
class Score:
    """A number from 0 to 100 that is the sum of its reasons."""

    value: int
    reasons: tuple[Reason, ...]


def score_of(record: Record, policy: RecoveryPolicy) -> Score:
    """Promises kept (by count and by money), lateness and bounced payments, weighed by the policy."""
    weighed = (
        ("promises", _promises(record), policy.weight_promises, _about_promises(record)),
        ("timeliness", _timeliness(record), policy.weight_timeliness, _about_lateness(record)),
        ("bounces", _bounces(record), policy.weight_bounces, _about_bounces(record)),
    )
    whole = Decimal(sum(weight for _, _, weight, _ in weighed))
    reasons = tuple(
        Reason(code, _tenth(100 * weight / whole * part), _tenth(100 * weight / whole), words)
        for code, part, weight, words in weighed
    )
    exact = sum((weight / whole * part for _, part, weight, _ in weighed), Decimal(0)) * 100
    return Score(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), reasons)


def _promises(record: Record) -> Decimal:
    by_count = record.kept + Decimal(record.partial) / 2
    by_money = record.judged * record.money_in_time / record.money_promised if record.money_promised else Decimal(0)
    return ((by_count + by_money) / 2 + NEUTRAL) / (record.judged + 1)


def _timeliness(record: Record) -> Decimal:
    if not record.invoices:
        return NEUTRAL
    return max(Decimal(0), 1 - record.late_days / LATE_DAYS_WORST)


def _bounces(record: Record) -> Decimal:
    return max(Decimal(0), 1 - Decimal(record.bounces) / BOUNCES_WORST)


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _about_promises(record: Record) -> str:
    if not record.judged:
        return "No promise has come to its day yet"
    return (
        f"Kept {record.kept} of {record.judged} promises ({record.partial} in part), "
        f"{record.money_in_time} of {record.money_promised} came in time"
    )


def _about_lateness(record: Record) -> str:
    if not record.invoices:
        return "No invoice has come due in the last twelve months"
    return f"{record.invoices} invoices, paid {_tenth(record.late_days)} days late on average"


def _about_bounces(record: Record) -> str:
    return f"{record.bounces} payments bounced in the last twelve months" if record.bounces else "No payment bounced"
