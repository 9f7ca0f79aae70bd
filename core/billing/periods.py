"""Billing periods: half-open spans of local dates computed from an anchor day and a month index, so they never drift.

The cycle of a longer interval counts from its origin: the first boundary on or after that day starts a whole period,
so a start between two billing days makes one part period up to the next billing day (reference money 2.2).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from core.errors import DomainError

INTERVAL_MONTHS_MAX = 36


class IntervalInvalid(DomainError):
    """A billing interval is 1 to 36 months."""


class BillingDayInvalid(DomainError):
    """A billing day is a day of the month."""


class Period(NamedTuple):
    """`[start, end)`: the end is the first day that does not belong to it."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Calendar days in it."""
        return (self.end - self.start).days


def boundary(year: int, month: int, anchor_day: int) -> date:
    """The anchor day in that month, or the month's last day where it is shorter."""
    return date(year, month, anchor_day if anchor_day <= 28 else min(anchor_day, monthrange(year, month)[1]))


def first_boundary(day: date, anchor_day: int) -> date:
    """The first boundary on or after `day`."""
    here = boundary(day.year, day.month, anchor_day)
    return here if here >= day else _at(_index(day) + 1, anchor_day)


def period_containing(day: date, anchor_day: int, interval_months: int = 1, origin: date | None = None) -> Period:
    """The whole period that holds `day`, of a cycle that starts at the first boundary from `origin` on.

    The cycle runs in both directions, so a day before the origin has its whole period too. Without an origin the
    cycle starts in the month of the period itself. Raises BillingDayInvalid, IntervalInvalid.
    """
    _check(anchor_day, interval_months)
    month = _index(day)
    if boundary(day.year, day.month, anchor_day) > day:
        month -= 1
    if origin is not None and interval_months > 1:
        month -= (month - _index(first_boundary(origin, anchor_day))) % interval_months
    return Period(_at(month, anchor_day), _at(month + interval_months, anchor_day))


def periods_between(
    start: date, end: date, anchor_day: int, interval_months: int = 1, origin: date | None = None
) -> Iterator[Period]:
    """The whole periods that overlap `[start, end)`, in order; each is computed from the anchor afresh."""
    if start >= end:
        return
    first = period_containing(start, anchor_day, interval_months, origin or start)
    month = _first_month(first.start, anchor_day)
    while first.start < end:
        yield first
        month += interval_months
        first = Period(first.end, _at(month + interval_months, anchor_day))


def next_period(
    since: date, anchor_day: int, interval_months: int = 1, *, first: bool = False, short_first_days: int = 0
) -> Period:
    """What is billed next from `since` on: up to the end of its whole period, in a cycle counted from `since`.

    A first part period shorter than `short_first_days` is billed together with the next whole one.
    """
    _check(anchor_day, interval_months)
    opening = first_boundary(since, anchor_day)
    month = _first_month(opening, anchor_day)
    if opening == since or (first and (opening - since).days < short_first_days):
        return Period(since, _at(month + interval_months, anchor_day))
    return Period(since, opening)


def billing_day_of(alignment: str, calendar_day: int, started_on: date) -> int:
    """The anchor of a new subscription: the company's day (calendar) or the day it started (anniversary)."""
    return calendar_day if alignment == "calendar" else started_on.day


def _check(anchor_day: int, interval_months: int) -> None:
    if not 1 <= anchor_day <= 31:
        raise BillingDayInvalid(f"{anchor_day} is no day of the month: use 1 to 31")
    if not 1 <= interval_months <= INTERVAL_MONTHS_MAX:
        raise IntervalInvalid(f"An interval of {interval_months} months cannot be billed: use 1 to 36")


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_month(start: date, anchor_day: int) -> int:
    assert start == boundary(start.year, start.month, anchor_day)
    return _index(start)


def _at(month_index: int, anchor_day: int) -> date:
    return boundary(month_index // 12, month_index % 12 + 1, anchor_day)
