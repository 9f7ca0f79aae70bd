"""Invoice runs asked for by hand: rows that wait until a worker has done them, whatever becomes of the rings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import InvoiceRunRequest
from core.ids import Id, new_id

LOST_AFTER = timedelta(minutes=70)
"""Longer than a worker may take for a run: who has not ended by then was killed, and the run is gone on with."""
SHOWN = 10


def ask_run(session: Session, *, day: date, asked_by: str, now: datetime) -> InvoiceRunRequest:
    """The request for the run of `day`; one that waits already is the same request."""
    waiting = session.scalar(
        select(InvoiceRunRequest).where(
            InvoiceRunRequest.run_day == day, InvoiceRunRequest.state.in_(("asked", "running"))
        )
    )
    if waiting is None:
        waiting = InvoiceRunRequest(id=new_id(), run_day=day, asked_by=asked_by, asked_at=now)
        session.add(waiting)
        session.flush()
    return waiting


def due_requests(session: Session, *, now: datetime) -> Sequence[Id]:
    """Requests that no worker has taken up, or whose worker is lost."""
    return session.scalars(select(InvoiceRunRequest.id).where(_due(now)).order_by(InvoiceRunRequest.id)).all()


def take_up(session: Session, *, request_id: Id, now: datetime) -> InvoiceRunRequest | None:
    """The request, running from now on; None where another worker has it or had it."""
    request = session.scalar(
        select(InvoiceRunRequest)
        .where(InvoiceRunRequest.id == request_id, _due(now))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if request is not None:
        request.state, request.started_at = "running", now
        session.flush()
    return request


def end_request(session: Session, *, request_id: Id, now: datetime, error: str = "") -> None:
    """The request is done, or failed with its error; then somebody looks, and asks again."""
    request = session.get_one(InvoiceRunRequest, request_id)
    request.state, request.finished_at, request.error = "failed" if error else "done", now, error[:500]
    session.flush()


def recent_requests(session: Session) -> Sequence[InvoiceRunRequest]:
    """The newest requests first."""
    return session.scalars(select(InvoiceRunRequest).order_by(InvoiceRunRequest.id.desc()).limit(SHOWN)).all()


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        InvoiceRunRequest.state == "asked",
        and_(InvoiceRunRequest.state == "running", InvoiceRunRequest.started_at < now - LOST_AFTER),
    )
