"""Months of pay: named by their first day, counted in days by the company's day basis."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

THIRTY = 30


def month_of(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the following month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_after(month: date, count: int) -> date:
    """The first day of the month `count` months later; negative for earlier."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def last_day(month: date) -> date:
    """The last day of the month."""
    return next_month(month) - timedelta(days=1)


def days_in(month: date, basis: str) -> int:
    """What a full month's pay is divided by: its days, or thirty."""
    return THIRTY if basis == "thirty" else monthrange(month.year, month.month)[1]


def days_between(first: date, last: date, basis: str) -> int:
    """Paid days from `first` to `last`, both counted, within one month.

    Under the basis of thirty the last day of any month is day 30, so a full month is thirty whatever its length
    and its parts add up to it.
    """
    if basis != "thirty":
        return (last - first).days + 1
    last_number = THIRTY if last == last_day(month_of(last)) else min(last.day, THIRTY)
    return max(last_number - first.day + 1, 0)
