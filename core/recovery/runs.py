"""The day's jobs of a company: which are due by its clock, which ran, which failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.companies import current_company
from core.db import table_of
from core.ids import new_id
from core.recovery.case_models import RecoveryRun
from core.recovery.policy import policy_of

AGEING, LADDER, SUSPENSION = "ageing", "ladder", "suspension"


def due_runs(session: Session, *, now: datetime) -> tuple[date, list[str]]:
    """The company's day, and the jobs of it whose time has come and that are not done.

    Ladder and suspension keep to the contact hours: what was missed by their end is the next day's.
    """
    policy = policy_of(session)
    local = now.astimezone(ZoneInfo(current_company(session).timezone))
    done = set(session.scalars(
        select(RecoveryRun.kind).where(RecoveryRun.run_day == local.date(), RecoveryRun.state == "done")
    ))  # fmt: skip
    times = {AGEING: policy.age_at, LADDER: policy.remind_at, SUSPENSION: policy.cut_at}
    clock = local.time()
    due = [kind for kind, begins in times.items() if clock >= begins and kind not in done]
    return local.date(), [kind for kind in due if kind == AGEING or clock < policy.contact_to]


def within_contact_hours(session: Session, *, now: datetime) -> bool:
    """Whether customers may be written to about money at this hour of the company's clock."""
    policy = policy_of(session)
    clock = now.astimezone(ZoneInfo(current_company(session).timezone)).time()
    return policy.contact_from <= clock < policy.contact_to


def runs_since(session: Session, *, first: date) -> Sequence[RecoveryRun]:
    """The runs of the days from `first` on, the newest first."""
    newest = select(RecoveryRun).where(RecoveryRun.run_day >= first)
    return session.scalars(newest.order_by(RecoveryRun.run_day.desc(), RecoveryRun.started_at.desc())).all()


def begin_run(session: Session, *, kind: str, day: date, now: datetime) -> None:
    """The run exists and is running; one that failed, or was done, starts again."""
    values = {"state": "running", "started_at": now, "finished_at": None, "error": "", "counts": {}}
    session.execute(
        insert(table_of(RecoveryRun)).values(id=new_id(), kind=kind, run_day=day, **values)
        .on_conflict_do_update(index_elements=["company_id", "run_day", "kind"], set_=values)
    )  # fmt: skip


def count_run(session: Session, *, kind: str, day: date, counts: Mapping[str, int]) -> None:
    """Add to the run's counts."""
    run = _run(session, kind, day)
    run.counts = dict(Counter(run.counts) + Counter(counts))
    session.flush()


def end_run(session: Session, *, kind: str, day: date, now: datetime, error: str = "") -> None:
    """The run is done, or failed with its error, and then is due again."""
    run = _run(session, kind, day)
    run.state, run.finished_at, run.error = "failed" if error else "done", now, error[:500]
    session.flush()


def _run(session: Session, kind: str, day: date) -> RecoveryRun:
    return session.scalars(
        select(RecoveryRun).where(RecoveryRun.kind == kind, RecoveryRun.run_day == day).with_for_update()
    ).one()
