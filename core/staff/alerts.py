"""What managers and owners are told unasked: the company's policy, and each person's own hour for the summary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db import table_of
from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.alert_models import ALERTS, HEARERS, AlertPolicy, AlertTold, SummaryChoice, SummarySent
from core.staff.models import Staff

OFFICE = ("manager", "owner")
ROLES_OF = {"managers": ("manager",), "owners": ("owner",), "both": OFFICE}


class AlertPolicyInvalid(DomainError):
    """The choices for summary and alerts contradict themselves."""


def alert_policy(session: Session) -> AlertPolicy:
    """The company's choices, made with the defaults on first use."""
    kept = session.scalars(select(AlertPolicy)).one_or_none()
    if kept is None:
        made = AlertPolicy(id=new_id())
        session.execute(
            insert(table_of(AlertPolicy)).values(id=made.id, **_defaults()).on_conflict_do_nothing()
        )  # fmt: skip
        kept = session.scalars(select(AlertPolicy)).one()
    return kept


def _defaults() -> dict[str, Any]:
    return {
        "summary_on": True, "summary_at": time(20), "summary_weekdays": {"days": [1, 2, 3, 4, 5, 6, 7]},
        "summary_to": "both", "alerts_to": "both", "off": {"alerts": []}, "inbound_min": 1, "outbox_min": 10,
        "sla_min": 1, "cash_percent": 100, "quiet_minutes": 60,
    }  # fmt: skip


def change_alert_policy(session: Session, *, now: datetime, **changes: Any) -> AlertPolicy:
    """Set any of the policy's columns; raises AlertPolicyInvalid, and then has changed nothing."""
    policy = alert_policy(session)
    wanted = {column.name: getattr(policy, column.name) for column in AlertPolicy.__table__.columns} | changes
    _check(wanted)
    if (wanted["summary_at"], wanted["summary_on"]) != (policy.summary_at, policy.summary_on):
        policy.changed_at = now
    for name, value in changes.items():
        setattr(policy, name, value)
    session.flush()
    return policy


def _check(wanted: dict[str, Any]) -> None:
    days = wanted["summary_weekdays"].get("days", [])
    if not days or not set(days) <= set(range(1, 8)):
        raise AlertPolicyInvalid("The summary needs at least one weekday, 1 for Monday to 7 for Sunday")
    if wanted["summary_to"] not in HEARERS or wanted["alerts_to"] not in HEARERS:
        raise AlertPolicyInvalid(f"Who is told is one of {', '.join(HEARERS)}")
    if not set(wanted["off"].get("alerts", [])) <= set(ALERTS):
        raise AlertPolicyInvalid(f"Alerts are {', '.join(ALERTS)}")
    if min(wanted["inbound_min"], wanted["outbox_min"], wanted["sla_min"]) < 1:
        raise AlertPolicyInvalid("An alert needs at least one: set its number to 1 or more, or switch it off")
    if not 1 <= wanted["cash_percent"] <= 1000:
        raise AlertPolicyInvalid("The share of the cash limit is 1 to 1000 percent")
    if not 5 <= wanted["quiet_minutes"] <= 1440:
        raise AlertPolicyInvalid("The quiet time is 5 minutes to a day")


def office_people(session: Session, *, hearers: str = "both") -> Sequence[Staff]:
    """Active managers, owners or both, with those who are it beside another role."""
    roles = ROLES_OF[hearers]
    people = session.scalars(select(Staff).where(Staff.state == "active").order_by(Staff.id)).all()
    return [person for person in people if {person.role, *person.extra_roles} & set(roles)]


def summary_choice(session: Session, *, staff_id: Id) -> SummaryChoice | None:
    """What the person chose for himself; None where the policy holds."""
    return session.scalar(select(SummaryChoice).where(SummaryChoice.staff_id == staff_id))


def choose_summary(
    session: Session, *, staff_id: Id, now: datetime, wanted: bool | None = None, at: time | None = None
) -> SummaryChoice:  # fmt: skip
    """Switch one's own summary on or off, or give it an hour on the company's clock; what is None stays as it was."""
    choice = summary_choice(session, staff_id=staff_id)
    if choice is None:
        choice = SummaryChoice(id=new_id(), staff_id=staff_id, wanted=None, at=None, chosen_at=now)
        session.add(choice)
    choice.wanted = choice.wanted if wanted is None else wanted
    choice.at = at or choice.at
    choice.chosen_at = now
    session.flush()
    return choice


def note_summary(session: Session, *, staff_id: Id, day: date) -> bool:
    """Claim the person's summary of a day; False where it went already."""
    claimed = session.execute(
        insert(table_of(SummarySent)).values(id=new_id(), staff_id=staff_id, day=day)
        .on_conflict_do_nothing().returning(SummarySent.id)
    )  # fmt: skip
    return claimed.first() is not None


def summaries_sent(session: Session, *, day: date) -> frozenset[Id]:
    """Who had the summary of a day."""
    return frozenset(session.scalars(select(SummarySent.staff_id).where(SummarySent.day == day)))


def told_facts(session: Session, *, kind: str, facts: Collection[str]) -> frozenset[str]:
    """Those of the facts that were alerted about."""
    known = select(AlertTold.fact).where(AlertTold.kind == kind, AlertTold.fact.in_(facts))
    return frozenset(session.scalars(known))


def last_told(session: Session, *, kind: str) -> datetime | None:
    """When the newest alert of a kind went out."""
    newest = select(AlertTold.told_at).where(AlertTold.kind == kind).order_by(AlertTold.told_at.desc()).limit(1)
    return session.scalar(newest)


def note_facts(session: Session, *, kind: str, facts: Collection[str], now: datetime) -> frozenset[str]:
    """Claim facts for an alert; those that somebody else claimed meanwhile are left out of the answer."""
    rows = [{"id": new_id(), "kind": kind, "fact": fact, "told_at": now} for fact in facts]
    claimed = session.execute(
        insert(table_of(AlertTold)).values(rows).on_conflict_do_nothing().returning(AlertTold.fact)
    )  # fmt: skip
    return frozenset(row[0] for row in claimed)
