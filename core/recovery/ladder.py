"""Which step of the ladder is due for a debtor, and what halts it. Pure: facts in, a decision out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.ids import Id
from core.money import ZERO
from core.recovery.calendar import WorkCalendar
from core.recovery.policy import Step

HOLDS = ("promise", "claim", "dispute", "outage", "ticket", "advance")
"""Each of these halts everything until it is over: nobody is pressed while his own word or ours is open."""
HARD = ("final_notice", "suspension", "pick_up", "termination")
"""Steps that customers of a protected class, or with a never-cut flag, are spared."""
INWARD = ("agent", "supervisor")
"""Steps that touch our own people only, so that a waiting notice or suspension does not hold them back."""


@dataclass(frozen=True)
class Standing:
    """Where a debtor stands on a day, whatever the facts come from."""

    customer_id: Id
    case_id: Id
    amount: Decimal
    """What is overdue."""
    counted_from: date
    """The due date of the oldest unpaid invoice."""
    area_id: Id
    customer_class: str = "residential"
    never_cut: bool = False
    holds: frozenset[str] = frozenset()
    """Those of HOLDS that stand."""
    taken: frozenset[tuple[int, str]] = frozenset()
    """Keys of the steps recorded in the count from this due date."""
    hastened: bool = False
    notice_on: date | None = None
    """The day on which the written notice of this count reached him, as far as we know."""
    announced_for: date | None = None
    """The day that notice names."""
    is_cut: bool = False
    has_rented: bool = False
    """Whether equipment of ours stands at his place."""
    cuttable: int = 0
    """Running subscriptions he pays for afterwards; prepaid ones end by themselves."""

    def days(self, today: date) -> int:
        """Days since the oldest due date."""
        return (today - self.counted_from).days


@dataclass(frozen=True)
class Decision:
    """The step to take now, if any; what halts the ladder; reminders that a later message has overtaken."""

    step: Step | None = None
    held_by: str = ""
    overtaken: tuple[Step, ...] = ()


def decide(
    ladder: Sequence[Step], standing: Standing, *, today: date, calendar: WorkCalendar,
    waiting: frozenset[tuple[int, str]] = frozenset(),
) -> Decision:  # fmt: skip
    """The next step of a debtor on `today` (reference money 4.2).

    Steps are taken in order, each once per count. A broken promise makes the next step due at once. A suspension
    waits for its notice and for a day on which cutting is allowed; meanwhile only steps inside the house go on.
    What does not apply (nothing to suspend, a protected customer) is passed over and looked at again every day.
    `waiting` names steps that were tried and cannot be taken today.
    """
    for hold in HOLDS:
        if hold in standing.holds:
            return Decision(held_by=hold)
    due = _due(ladder, standing, today)
    spared = _spared(standing, calendar)
    steps = [step for step in due if not (spared and step.kind in HARD) and _applies(step, standing)]
    overtaken = tuple(step for step in steps if step.kind == "reminder" and _has_later_message(step, steps))
    held_by = spared if any(step.kind in HARD for step in due) else ""
    blocked = ""
    for step in steps:
        if step in overtaken:
            continue
        wait = "not_today" if step.key in waiting else _wait(step, standing, today, calendar)
        if not wait and (not blocked or step.kind in INWARD):
            return Decision(step, blocked or held_by, overtaken)
        blocked = blocked or wait
    return Decision(None, blocked or held_by, overtaken)


def _due(ladder: Sequence[Step], standing: Standing, today: date) -> list[Step]:
    left = [
        step for step in ladder
        if step.day > 0 and step.key not in standing.taken and standing.amount >= step.min_balance
    ]  # fmt: skip
    due = [step for step in left if step.day <= standing.days(today)]
    return left[:1] if standing.hastened and not due else due


def _spared(standing: Standing, calendar: WorkCalendar) -> str:
    if standing.never_cut:
        return "never_cut"
    return "class" if standing.customer_class in calendar.policy.uncut_classes else ""


def _applies(step: Step, standing: Standing) -> bool:
    if step.kind in ("final_notice", "suspension"):
        return standing.cuttable > 0 and not standing.is_cut
    return step.kind != "pick_up" or standing.has_rented


def _has_later_message(step: Step, steps: Sequence[Step]) -> bool:
    return any(other.day > step.day and other.message_key for other in steps)


def _wait(step: Step, standing: Standing, today: date, calendar: WorkCalendar) -> str:
    if step.kind != "suspension":
        return ""
    if standing.notice_on is None or today < _notice_ends(standing, calendar):
        return "notice"
    return "" if calendar.may_cut(today) else "no_cut_day"


def _notice_ends(standing: Standing, calendar: WorkCalendar) -> date:
    assert standing.notice_on is not None
    ends = standing.notice_on + timedelta(days=calendar.policy.suspension_notice_days)
    return max(ends, standing.announced_for or ends)


def cut_day(ladder: Sequence[Step], standing: Standing, *, today: date, calendar: WorkCalendar) -> date:
    """The day that a notice written on `today` names: after the notice, not before its step, and allowed."""
    steps = [step.day for step in ladder if step.kind == "suspension"]
    planned = standing.counted_from + timedelta(days=min(steps, default=0))
    return calendar.cut_day_from(max(planned, today + timedelta(days=calendar.policy.suspension_notice_days)))


BUCKETS = ("current", "1-30", "31-60", "61-90", ">90")


def bucket_of(days: int) -> str:
    """The ageing bucket of so many days after the due date (reference money 4.1)."""
    if days <= 0:
        return "current"
    return next(name for name, last in zip(BUCKETS[1:], (30, 60, 90, days), strict=True) if days <= last)


def is_small(amount: Decimal, tolerance: Decimal) -> bool:
    """Whether a debt is too small to be pursued."""
    return amount <= max(tolerance, ZERO)
