"""Somebody asks for an invoice run by hand: a worker does it, and the run's row shows how far it is."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from core import jobs
from core.billing.run_facts import count_due
from core.billing.run_requests import ask_run
from core.billing.tariffs import read_policy
from core.companies import current_company
from core.errors import DomainError


class NothingDue(DomainError):
    """No subscription has a bill due by that day."""


class DayToCome(DomainError):
    """Invoices are not written ahead of their day."""


def ask_invoice_run(session: Session, *, day: date, today: date, asked_by: str, now: datetime) -> int:
    """Ask a worker for the run of `day` once this transaction commits; returns how many subscriptions are due.

    The request is a row: where the ring for it gets lost, the sweep rings again. Unlike the hourly run it also bills a
    day that has a run already: what that could not bill, or what was added since. Raises NothingDue, DayToCome.
    """
    if day > today:
        raise DayToCome(f"{day} is still to come: try a dry run of it, and start the run on the day")
    due = count_due(session, read_policy(session), day=day)
    if not due:
        raise NothingDue(f"Nothing is due by {day}: everybody is billed")
    request = ask_run(session, day=day, asked_by=asked_by, now=now)
    jobs.ring(
        session, "run_invoices_by_hand", queue="billing", company_id=str(current_company(session).id),
        request_id=str(request.id),
    )  # fmt: skip
    return due
