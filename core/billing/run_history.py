"""Invoice runs as they went, and what they could not bill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.invoice_models import InvoiceRun, InvoiceRunProblem
from core.errors import NotFound
from core.ids import Id

RUNS = 60
PROBLEMS = 1000


def recent_runs(session: Session, *, limit: int = RUNS) -> Sequence[InvoiceRun]:
    """The newest runs first."""
    return session.scalars(select(InvoiceRun).order_by(InvoiceRun.id.desc()).limit(limit)).all()


def last_run_of(session: Session, *, day: date) -> InvoiceRun | None:
    """The newest run of a day."""
    of_day = select(InvoiceRun).where(InvoiceRun.run_day == day).order_by(InvoiceRun.id.desc()).limit(1)
    return session.scalar(of_day)


def run_with_problems(session: Session, *, run_id: Id) -> tuple[InvoiceRun, Sequence[InvoiceRunProblem]]:
    """A run and those it parked, by customer number; raises NotFound."""
    run = session.get(InvoiceRun, run_id)
    if run is None:
        raise NotFound("There is no such invoice run")
    parked = select(InvoiceRunProblem).where(InvoiceRunProblem.run_id == run_id)
    return run, session.scalars(parked.order_by(InvoiceRunProblem.customer_number).limit(PROBLEMS)).all()


def unresolved_problems(session: Session) -> Sequence[InvoiceRunProblem]:
    """Whoever is still not billed, by any run, the newest first."""
    parked = select(InvoiceRunProblem).where(InvoiceRunProblem.resolved_at.is_(None))
    return session.scalars(parked.order_by(InvoiceRunProblem.id.desc()).limit(PROBLEMS)).all()
