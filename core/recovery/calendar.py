"""Working days, days on which nobody is cut off, and the hours in which people may be written to about money."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.recovery.policy import policy_of
from core.recovery.policy_models import HolidayChange, RecoveryPolicy

ROOM_MIN = timedelta(hours=1)
"""With less than this left of the contact hours a message waits for the next ones."""
DAYS_AHEAD_MAX = 366


@dataclass(frozen=True)
class Hours:
    """A stretch of time in which a message may go out; it is not sent after `until`."""

    start: datetime
    until: datetime


@dataclass(frozen=True)
class WorkCalendar:
    """A company's calendar: its country's holidays with its own changes, and its policy's weekdays and hours."""

    policy: RecoveryPolicy
    country: str
    timezone: str
    changes: Mapping[date, bool] = field(default_factory=dict)

    def is_holiday(self, day: date) -> bool:
        """Whether the day is a public holiday, after the company's own changes."""
        changed = self.changes.get(day)
        return changed if changed is not None else day in _holidays(self.country)

    def is_working(self, day: date) -> bool:
        """Whether work is done on the day."""
        return day.isoweekday() not in self.policy.rest_weekdays and not self.is_holiday(day)

    def working_day_from(self, day: date) -> date:
        """The day itself, or the next one that is worked on."""
        return _first(day, self.is_working)

    def may_cut(self, day: date) -> bool:
        """Whether services may be suspended on the day (reference money 4.2)."""
        policy = self.policy
        if day.isoweekday() in policy.no_cut_weekdays:
            return False
        if policy.no_cut_on_holidays and self.is_holiday(day):
            return False
        return not (policy.no_cut_before_holidays and self.is_holiday(day + timedelta(days=1)))

    def cut_day_from(self, day: date) -> date:
        """The day itself, or the next one on which services may be suspended."""
        return _first(day, self.may_cut)

    def contact_hours(self, now: datetime) -> Hours:
        """The present stretch of contact hours, from `now` on, or the next one (reference money 4.7)."""
        local = now.astimezone(ZoneInfo(self.timezone))
        for ahead in range(3):
            for opens, closes in self._stretches(local.date() + timedelta(days=ahead)):
                start = max(opens, local)
                if closes - start >= min(ROOM_MIN, closes - opens):
                    return Hours(start.astimezone(now.tzinfo), closes.astimezone(now.tzinfo))
        raise AssertionError("Every day has contact hours")

    def _stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        policy, zone = self.policy, ZoneInfo(self.timezone)

        def at(clock: time) -> datetime:
            return datetime.combine(day, clock, zone)

        if day.isoweekday() != policy.break_weekday:
            return [(at(policy.contact_from), at(policy.contact_to))]
        before = (at(policy.contact_from), at(min(policy.break_from, policy.contact_to)))
        after = (at(max(policy.break_to, policy.contact_from)), at(policy.contact_to))
        return [(opens, closes) for opens, closes in (before, after) if opens < closes]


_by_country: dict[str, holidays.HolidayBase] = {}


def _holidays(country: str) -> holidays.HolidayBase:
    if country not in _by_country:
        try:
            _by_country[country] = holidays.country_holidays(country)
        except NotImplementedError:
            _by_country[country] = holidays.HolidayBase()  # a country the library lacks has only its own changes
    return _by_country[country]


def _first(day: date, fits: Callable[[date], bool]) -> date:
    for ahead in range(DAYS_AHEAD_MAX):
        if fits(day + timedelta(days=ahead)):
            return day + timedelta(days=ahead)
    return day


def calendar_of(session: Session) -> WorkCalendar:
    """The company's calendar as it stands now."""
    company = current_company(session)
    changes = {change.day: change.is_holiday for change in session.scalars(select(HolidayChange))}
    return WorkCalendar(policy_of(session), company.country, company.timezone, changes)


def declared_days(session: Session) -> Sequence[HolidayChange]:
    """The days the company added to its country's holidays or took away, the newest first."""
    return session.scalars(select(HolidayChange).order_by(HolidayChange.day.desc())).all()
