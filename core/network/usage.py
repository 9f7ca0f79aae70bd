"""Use of the line by day: written as counters grow, read by customer, plan and report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import table_of
from core.errors import DomainError
from core.ids import Id, new_id
from core.network.usage_models import UsageDay

DAYS_A_CALL_MAX = 400


class UsageInvalid(DomainError):
    """What was measured cannot be: less than nothing, or days beyond reason."""


@dataclass(frozen=True)
class UsageDelta:
    """What a counter grew by since it was last read; never negative, whoever reads a counter knows its resets."""

    subscription_id: Id
    day: date
    bytes_down: int
    bytes_up: int
    session_seconds: int = 0


@dataclass(frozen=True)
class DayUse:
    """One day's use, over all subscriptions that were asked for."""

    day: date
    bytes_down: int = 0
    bytes_up: int = 0
    session_seconds: int = 0

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.bytes_down + self.bytes_up


_DAYS = table_of(UsageDay)


def record_usage(session: Session, *, deltas: Sequence[UsageDelta]) -> int:
    """Add what was used to the days it was used on; the caller sees to it that a reading counts once.

    Days are the company's. Returns how many rows of (subscription, day) grew. Raises UsageInvalid.
    """
    sums: dict[tuple[Id, date], list[int]] = {}
    for delta in deltas:
        measured = (delta.bytes_down, delta.bytes_up, delta.session_seconds)
        if min(measured) < 0:
            raise UsageInvalid(
                f"A line cannot use {min(measured)} on {delta.day}: a counter that was reset starts at 0"
            )
        whole = sums.setdefault((delta.subscription_id, delta.day), [0, 0, 0])
        for place, value in enumerate(measured):
            whole[place] += value
    if not sums:
        return 0
    rows = [
        {"id": new_id(), "subscription_id": subscription_id, "day": day, "bytes_down": down, "bytes_up": up,
         "session_seconds": seconds}
        for (subscription_id, day), (down, up, seconds) in sorted(sums.items())
    ]  # fmt: skip
    written = insert(_DAYS)
    grown = {
        column: _DAYS.c[column] + written.excluded[column] for column in ("bytes_down", "bytes_up", "session_seconds")
    }
    session.execute(
        written.on_conflict_do_update(index_elements=["company_id", "subscription_id", "day"], set_=grown), rows
    )
    return len(rows)


def daily_use(session: Session, *, subscription_ids: Collection[Id], since: date, until: date) -> list[DayUse]:
    """Every day from `since` to before `until`, also those without use. Raises UsageInvalid for too many days."""
    if (until - since).days > DAYS_A_CALL_MAX:
        raise UsageInvalid(f"{(until - since).days} days are more than one report holds: ask for {DAYS_A_CALL_MAX}")
    rows = session.execute(
        select(UsageDay.day, func.sum(UsageDay.bytes_down), func.sum(UsageDay.bytes_up),
               func.sum(UsageDay.session_seconds))
        .where(UsageDay.subscription_id.in_(subscription_ids), UsageDay.day >= since, UsageDay.day < until)
        .group_by(UsageDay.day)
    )  # fmt: skip
    found = {day: DayUse(day, int(down), int(up), int(seconds)) for day, down, up, seconds in rows}
    days = (since + timedelta(days=number) for number in range((until - since).days))
    return [found.get(day) or DayUse(day) for day in days]


def total_use(days: Sequence[DayUse]) -> int:
    """The bytes of all days, both ways."""
    return sum(day.bytes for day in days)


def measured_since(session: Session, *, subscription_ids: Collection[Id]) -> date | None:
    """The first day of which anything is known; None where nothing was ever measured."""
    return session.scalar(select(func.min(UsageDay.day)).where(UsageDay.subscription_id.in_(subscription_ids)))
