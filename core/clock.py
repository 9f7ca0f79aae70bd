"""The only place that reads the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251


def business_day(instant: datetime, timezone: str) -> date:
    """The calendar day of `instant` where the company works; `timezone` is an IANA name."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def day_begins(day: date, timezone: str) -> datetime:
    """The first instant of the calendar day where the company works, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)
