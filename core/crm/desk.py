"""When people of the company answer in chat: its office hours, and how long a chat may wait for them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crm.desk_models import WEEKDAYS, DeskSettings
from core.errors import DomainError
from core.ids import new_id

DAYS_AHEAD = 14


class DeskSettingsInvalid(DomainError):
    """The office hours or limits contradict themselves."""


def desk_settings(session: Session) -> DeskSettings:
    """The company's settings, made with the defaults on first use."""
    kept = session.scalars(select(DeskSettings)).one_or_none()
    if kept is None:
        session.execute(insert(DeskSettings).values(id=new_id()).on_conflict_do_nothing())
        kept = session.scalars(select(DeskSettings)).one()
    return kept


def change_desk_settings(session: Session, **changes: Any) -> DeskSettings:
    """Set office hours, answer hours, or the distance of coverage; raises DeskSettingsInvalid."""
    settings = desk_settings(session)
    for name, value in changes.items():
        setattr(settings, name, value)
    _check(settings)
    session.flush()
    return settings


def _check(settings: DeskSettings) -> None:
    if not 1 <= settings.answer_hours <= 72:
        raise DeskSettingsInvalid("A chat may wait for a person 1 to 72 office hours")
    if not 10 <= settings.coverage_metres <= 20_000:
        raise DeskSettingsInvalid("The distance of coverage is 10 to 20,000 metres")
    if set(settings.office_hours) != set(WEEKDAYS):
        raise DeskSettingsInvalid("Office hours need every weekday, 1 for Monday to 7 for Sunday")
    for day, hours in settings.office_hours.items():
        if hours and not (len(hours) == 2 and _clock(hours[0]) < _clock(hours[1])):
            raise DeskSettingsInvalid(f"The office hours of weekday {day} end before they begin")
    if not any(settings.office_hours.values()):
        raise DeskSettingsInvalid("The office is open on no day: give one day its hours")


def _clock(written: str) -> time:
    try:
        return time.fromisoformat(written)
    except ValueError as wrong:
        raise DeskSettingsInvalid(f"{written!r} is no time such as 09:00") from wrong


def opens_at(settings: DeskSettings, now: datetime, timezone: str) -> datetime | None:
    """When somebody is there next, in the company's time zone; None while the office is open."""
    for opens, closes in _spans(settings, now, timezone):
        if closes > now:
            return None if opens <= now else opens
    return None


def answer_due(settings: DeskSettings, now: datetime, timezone: str) -> datetime:
    """When a chat that begins to wait `now` has waited long enough; only office hours count."""
    left = timedelta(hours=settings.answer_hours)
    for opens, closes in _spans(settings, now, timezone):
        start = max(opens, now)
        if closes <= start:
            continue
        if closes - start >= left:
            return start + left
        left -= closes - start
    return now + timedelta(days=DAYS_AHEAD)


def _spans(settings: DeskSettings, now: datetime, timezone: str) -> list[tuple[datetime, datetime]]:
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    spans = []
    for ahead in range(DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        hours = settings.office_hours.get(str(day.isoweekday())) or []
        if hours:
            opens, closes = (datetime.combine(day, _clock(each), zone) for each in hours)
            spans.append((opens, closes))
    return spans
