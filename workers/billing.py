"""Billing: RQ's way into the invoice run."""

from __future__ import annotations

from core import jobs
from core.billing.run_requests import end_request, take_up
from core.clock import business_day, utc_now
from core.companies import current_company
from core.db import company_session
from core.ids import Id
from core.usecases.run_invoices import is_billed, run_invoices
from workers.companies import ring_every_company

ACTOR = "system"


def ring_invoice_runs() -> None:
    """Ask for every company's run; hourly, since midnight comes at its own hour in each time zone."""
    ring_every_company("run_invoices", queue="billing")


def run_invoices_of_day(company_id: str) -> None:
    """Bill a company for its present day, once; a run that did not end is gone on with."""
    jobs.answer_bell("run_invoices", company_id=company_id)
    now = utc_now()
    with company_session(Id(company_id)) as session:
        day = business_day(now, current_company(session).timezone)
        billed = is_billed(session, day=day)
    if not billed:
        run_invoices(Id(company_id), day, started_by=ACTOR, now=now)


def run_invoices_by_hand(company_id: str, request_id: str) -> None:
    """Do a run that somebody asked for, also where the day has one already; what another worker does is left to it."""
    jobs.answer_bell("run_invoices_by_hand", company_id=company_id, request_id=request_id)
    company, wanted = Id(company_id), Id(request_id)
    with company_session(company) as session:
        request = take_up(session, request_id=wanted, now=utc_now())
        if request is None:
            return
        day, asked_by = request.run_day, request.asked_by
    try:
        run_invoices(company, day, started_by=asked_by, now=utc_now())
    except Exception as fault:
        _end(company, wanted, f"{type(fault).__name__}: {fault}")
        raise
    _end(company, wanted)


def _end(company: Id, request_id: Id, error: str = "") -> None:
    with company_session(company) as session:
        end_request(session, request_id=request_id, now=utc_now(), error=error)
