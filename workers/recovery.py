"""Recovery's jobs: rung for each company when its clock says so, each a row of transactions over use cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from core import jobs
from core.clock import utc_now
from core.companies import Company
from core.db import company_session, platform_session
from core.errors import DomainError
from core.ids import Id
from core.recovery.cases import proposals_waiting
from core.recovery.runs import AGEING, LADDER, SUSPENSION, begin_run, count_run, due_runs, end_run
from core.usecases.carry_out_proposal import carry_out_next
from core.usecases.climb_ladder import Climb, announce_due, climb_ladder
from core.usecases.judge_promises import judge_promises
from core.usecases.restore_service import restore_all_clear
from core.usecases.run_recovery import run_recovery
from core.usecases.suspend_overdue import suspend_overdue

log = structlog.get_logger(__name__)

QUEUE = "bulk"
JOB_OF = {AGEING: "age_debts", LADDER: "climb_ladder", SUSPENSION: "suspend_services"}


def ring_recovery() -> None:
    """Ring in every company for the jobs whose time has come; a company that fails does not stop the others."""
    now = utc_now()
    with platform_session() as session:
        companies = session.scalars(select(Company.id)).all()
    for company_id in companies:
        try:
            with company_session(company_id) as session:
                day, kinds = due_runs(session, now=now)
                waits = proposals_waiting(session)
        except SQLAlchemyError:
            log.exception("recovery_not_rung", company_id=str(company_id))
            continue
        if waits:
            jobs.ring_now("carry_out_proposals", queue=QUEUE, company_id=str(company_id))
        for kind in kinds:
            jobs.ring_now(JOB_OF[kind], queue=QUEUE, company_id=str(company_id), day=day.isoformat())


def age_debts(company_id: str, day: str) -> None:
    """The night: promises judged, cases opened and closed, agents assigned, missed restorations made good."""
    with _run(AGEING, company_id, day) as (company, today):
        after: Id | None = None
        while True:
            with company_session(company) as session:
                judged = judge_promises(session, today=today, now=utc_now(), after=after)
                count_run(session, kind=AGEING, day=today, counts={"promises": judged.changed})
            if (after := judged.last) is None:
                break
        with company_session(company) as session:
            ageing = run_recovery(session, today=today, now=utc_now())
            count_run(session, kind=AGEING, day=today, counts=vars(ageing))
        with company_session(company) as session:
            restored = restore_all_clear(session, now=utc_now())
            count_run(session, kind=AGEING, day=today, counts={"restored": restored})


def climb_ladder_of(company_id: str, day: str) -> None:
    """The morning: bills announced, reminders and notices queued, agents and supervisors called in."""
    with _run(LADDER, company_id, day) as (company, today):
        _in_batches(announce_due, company, today)
        _in_batches(climb_ladder, company, today)


def suspend_services(company_id: str, day: str) -> None:
    """Suspend what is ready, batch by batch; what needs a manager's yes is left and shown in the run's counts."""
    with _run(SUSPENSION, company_id, day) as (company, today):
        left = 1
        while left > 0:
            with company_session(company) as session:
                report = suspend_overdue(
                    session, today=today, now=utc_now(), actor="system", origin=f"run:suspension:{today}"
                )
                left = report.left
                needs_yes = 0 if left else max(report.needs_yes.values(), default=0)
                count_run(session, kind=SUSPENSION, day=today, counts={"cut": report.cut, "needs_yes": needs_yes})


def carry_out_proposals(company_id: str) -> int:
    """Do what was accepted in the panel, a transaction each; returns how many were done or found paid."""
    jobs.answer_bell("carry_out_proposals", company_id=company_id)
    done, after = 0, None
    while True:
        with company_session(Id(company_id)) as session:
            proposal = carry_out_next(session, now=utc_now(), after=after)
        if proposal is None:
            return done
        after = proposal.id
        done += proposal.carried_out_at is not None
        log.info("proposal", company_id=company_id, kind=proposal.kind, state=proposal.state, outcome=proposal.outcome)


def _in_batches(batch: Callable[..., Climb], company: Id, today: date) -> None:
    after: Id | None = None
    while True:
        with company_session(company) as session:
            climb = batch(session, today=today, now=utc_now(), after=after)
            count_run(session, kind=LADDER, day=today, counts=climb.taken)
        if (after := climb.last) is None:
            return


@contextmanager
def _run(kind: str, company_id: str, day: str) -> Iterator[tuple[Id, date]]:
    jobs.answer_bell(JOB_OF[kind], company_id=company_id, day=day)
    company, today = Id(company_id), date.fromisoformat(day)
    with company_session(company) as session:
        begin_run(session, kind=kind, day=today, now=utc_now())
    try:
        yield company, today
    except (SQLAlchemyError, DomainError) as failed:
        _end(company, kind, today, error=f"{type(failed).__name__}: {failed}")
        raise
    _end(company, kind, today)


def _end(company: Id, kind: str, today: date, error: str = "") -> None:
    with company_session(company) as session:
        end_run(session, kind=kind, day=today, now=utc_now(), error=error)
