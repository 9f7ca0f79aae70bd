"""Somebody asks for one of recovery's runs of today by hand: a worker does it, and the run's row shows what it did."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import jobs
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.recovery.case_models import RecoveryRun
from core.recovery.policy import policy_of
from core.recovery.runs import AGEING, LADDER, SUSPENSION, within_contact_hours

JOB_OF = {AGEING: "age_debts", LADDER: "climb_ladder", SUSPENSION: "suspend_services"}
QUEUE = "bulk"
STUCK = timedelta(hours=1)
"""A run that has been running for longer is taken for dead, and may be asked for again."""


class RunUnknown(DomainError):
    """There is no such run."""


class RunUnderWay(DomainError):
    """The run is being done at this moment."""


class OutsideContactHours(DomainError):
    """Nothing about money is sent, and nobody suspended, at this hour."""


def ask_recovery_run(session: Session, *, kind: str, now: datetime) -> date:
    """Ask a worker for today's ageing, ladder or suspension once this transaction commits; returns the day.

    A run that was done is done again, and changes only what has come since. Raises RunUnknown, RunUnderWay,
    OutsideContactHours.
    """
    if kind not in JOB_OF:
        raise RunUnknown(f"{kind!r} is no run of recovery: use {', '.join(JOB_OF)}")
    company = current_company(session)
    if kind != AGEING and not within_contact_hours(session, now=now):
        policy = policy_of(session)
        raise OutsideContactHours(
            f"The {kind} keeps to the hours in which customers may be written to: "
            f"{policy.contact_from:%H:%M} to {policy.contact_to:%H:%M}"
        )
    today = business_day(now, company.timezone)
    run = session.scalar(select(RecoveryRun).where(RecoveryRun.run_day == today, RecoveryRun.kind == kind))
    if run is not None and run.state == "running" and now - run.started_at < STUCK:
        raise RunUnderWay(
            f"The {kind} of {today} is being done since {run.started_at:%H:%M} UTC: look again in a minute"
        )
    jobs.ring(session, JOB_OF[kind], queue=QUEUE, company_id=str(company.id), day=today.isoformat())
    return today
