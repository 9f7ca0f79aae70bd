"""Billing periods: half-open spans of local dates computed from the anchor day, so they never drift."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def boundary(year: int, month: int, anchor_day: int) -> date:
    """The anchor day in that month, or the month's last day where it is shorter."""
    return date(year, month, min(anchor_day, monthrange(year, month)[1]))


def period_containing(day: date, anchor_day: int) -> tuple[date, date]:
    """`(start, end)` of the monthly period that holds `day`; the end is the first day of the next."""
    start = boundary(day.year, day.month, anchor_day)
    if start > day:
        year, month = _shifted(day.year, day.month, -1)
        start = boundary(year, month, anchor_day)
    year, month = _shifted(start.year, start.month, 1)
    return start, boundary(year, month, anchor_day)


def _shifted(year: int, month: int, months: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + months
    return index // 12, index % 12 + 1
