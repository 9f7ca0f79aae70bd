"""The time in which somebody comes, as a form gives it: a day, from, to; where the company is."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from admin_web.access import Books
from admin_web.forms import FieldInvalid, Form
from core.service_desk.job_policy import job_policy_of
from core.service_desk.jobs import Window

FROM, DAY_BEGINS, DAY_ENDS = time(10), 8, 20


def asked_window(page: Books, form: Form) -> Window | None:
    """The window of the fields `day`, `from` and `to`; None without a day. An empty end takes the company's length."""
    day = form.maybe_day("day")
    if day is None:
        return None
    start = _instant(page, day, form.text("from"), FROM)
    if not form.text("to"):
        return Window(start, start + timedelta(hours=job_policy_of(page.session).visit_hours))
    return Window(start, _instant(page, day, form.text("to"), FROM))


def required_window(page: Books, form: Form) -> Window:
    """The same where a day must be given."""
    window = asked_window(page, form)
    if window is None:
        raise FieldInvalid("Day is missing: say when somebody comes.")
    return window


def next_slot(page: Books, now: datetime) -> tuple[date, str]:
    """The day and hour that a form proposes: the next full hour by daylight."""
    local = (now + timedelta(hours=1)).astimezone(page.zone)
    if DAY_BEGINS <= local.hour < DAY_ENDS:
        return local.date(), f"{local:%H}:00"
    return (local.date() + timedelta(days=local.hour >= DAY_ENDS)), f"{FROM:%H:%M}"


def _instant(page: Books, day: date, written: str, default: time) -> datetime:
    try:
        clock = time.fromisoformat(written) if written else default
    except ValueError as wrong:
        raise FieldInvalid("A time is written such as 14:30.") from wrong
    return datetime.combine(day, clock.replace(tzinfo=None), page.zone)
