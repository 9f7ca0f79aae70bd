"""Whose daily summary is due, and of which day it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.ids import Id
from core.staff.alert_models import AlertPolicy, SummaryChoice
from core.staff.alerts import ROLES_OF, alert_policy, office_people, summaries_sent
from core.staff.models import Staff
from core.usecases.tell_office import contact_of

NOON = time(12)
"""A summary at an earlier hour tells of the day before."""


@dataclass(frozen=True)
class DueSummary:
    """One person's summary that is due now."""

    staff_id: Id
    contact_id: Id
    role: str
    """owner or manager."""
    sent_on: date
    """The day it goes out: one a person and day."""
    of_day: date


def due_summaries(session: Session, *, now: datetime) -> Sequence[DueSummary]:
    """Everybody whose hour has come today and who had none today, on the company's clock; the policy's weekdays hold.

    A late worker still sends it the same day. Safe to repeat: `core.staff.alerts.note_summary` claims each.
    """
    policy, company = alert_policy(session), current_company(session)
    local = now.astimezone(ZoneInfo(company.timezone))
    if local.isoweekday() not in policy.summary_weekdays["days"]:
        return []
    had = summaries_sent(session, day=local.date())
    choices = {choice.staff_id: choice for choice in session.scalars(select(SummaryChoice))}
    due = []
    for person in office_people(session):
        hour = _hour(person, policy, choices.get(person.id), local)
        if hour is None or person.id in had or local.time() < hour:
            continue
        contact_id = contact_of(session, person)
        day = local.date() - timedelta(days=1 if hour < NOON else 0)
        due.append(DueSummary(person.id, contact_id, office_role(person), local.date(), day))
    return due


def office_role(person: Staff) -> str:
    """What the person may see: all of it as an owner."""
    return "owner" if "owner" in (person.role, *person.extra_roles) else "manager"


def _hour(person: Staff, policy: AlertPolicy, choice: SummaryChoice | None, local: datetime) -> time | None:
    """When the person's summary goes out today; None where it does not."""
    is_told = policy.summary_on and bool({person.role, *person.extra_roles} & set(ROLES_OF[policy.summary_to]))
    wanted = is_told if choice is None or choice.wanted is None else choice.wanted
    hour = (choice.at if choice else None) or policy.summary_at
    chosen = choice.chosen_at if choice else policy.changed_at
    begins = datetime.combine(local.date(), hour, local.tzinfo)
    return None if not wanted or (chosen is not None and begins < chosen) else hour
