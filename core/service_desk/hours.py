"""When the desk works, and by when it can have solved something."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.service_desk.desk_models import REPEAT_COUNT, REPEAT_DAYS, URGENT_CLASSES, DeskPolicy

HOURS_TO_RESOLVE = {
    "no_internet": 8, "cable_damage": 12, "intermittent": 12, "slow_speed": 12, "router_wifi": 12,
    "billing_dispute": 24, "other": 24, "relocation": 48, "disconnect": 24, "pause": 24,
    "pick_up": 36,
}  # fmt: skip
"""Working hours by category; half of them for what is urgent."""
OPENS, CLOSES, REOPEN_DAYS = time(9), time(21), 7
DAYS_LOOKED_AT_MAX = 120


def desk_policy_of(session: Session) -> DeskPolicy:
    """The company's hours and rules; the defaults, not kept, where it has made none."""
    kept = session.scalars(select(DeskPolicy)).first()
    return kept or DeskPolicy(
        opens=OPENS, closes=CLOSES, rest_weekdays=[], reopen_days=REOPEN_DAYS, urgent_categories=[],
        urgent_classes=list(URGENT_CLASSES), repeat_count=REPEAT_COUNT, repeat_days=REPEAT_DAYS,
    )  # fmt: skip


def due_at(session: Session, *, category: str, priority: str, opened_at: datetime) -> datetime:
    """The instant by which a ticket of that category shall be solved."""
    policy = desk_policy_of(session)
    hours = HOURS_TO_RESOLVE[category] / (2 if priority == "high" else 1)
    return working_time_after(
        opened_at, timedelta(hours=hours), opens=policy.opens, closes=policy.closes, rest=policy.rest_weekdays,
        zone=ZoneInfo(current_company(session).timezone),
    )  # fmt: skip


def working_time_after(
    start: datetime, length: timedelta, *, opens: time, closes: time, rest: Collection[int], zone: ZoneInfo
) -> datetime:  # fmt: skip
    """The instant at which `length` of working time has passed since `start`; `rest` are ISO weekdays off."""
    left, day = length, start.astimezone(zone).date()
    for _ in range(DAYS_LOOKED_AT_MAX):
        begins, ends = (datetime.combine(day, clock, zone) for clock in (opens, closes))
        begins = max(begins, start.astimezone(zone))
        if day.isoweekday() not in rest and begins < ends:
            if left <= ends - begins:
                return (begins + left).astimezone(start.tzinfo)
            left -= ends - begins
        day += timedelta(days=1)
    raise AssertionError("A desk that works some day of the week gets there")
