"""Billing: RQ's way into the invoice run."""

from __future__ import annotations

from datetime import date

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


def run_invoices_by_hand(company_id: str, day: str, started_by: str) -> None:
    """Bill a company for a day that somebody asked for, also where the day has a run already."""
    jobs.answer_bell("run_invoices_by_hand", company_id=company_id, day=day, started_by=started_by)
    run_invoices(Id(company_id), date.fromisoformat(day), started_by=started_by, now=utc_now())
