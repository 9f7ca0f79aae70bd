"""Billing: RQ's way into the invoice run."""

from __future__ import annotations

from core import jobs
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
