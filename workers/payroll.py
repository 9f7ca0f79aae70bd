"""Commissions and incentives: RQ's way into the evening's accrual."""

from __future__ import annotations

from datetime import timedelta

import structlog

from core import jobs
from core.clock import business_day, utc_now
from core.companies import current_company
from core.db import company_session
from core.ids import Id
from core.usecases.accrue_commissions import accrue_commissions
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)

LOOKS_BACK = timedelta(days=35)
"""So that an evening that was missed, and what was entered late, are made good."""
BATCH = 500


def ring_commissions() -> None:
    """Ring for every company's commissions."""
    ring_every_company("accrue_commissions", queue="bulk")


def accrue_commissions_of(company_id: str) -> None:
    """Post what was earned and take back what no longer is, batch by batch; safe to repeat."""
    jobs.answer_bell("accrue_commissions", company_id=company_id)
    left = 1
    while left > 0:
        with company_session(Id(company_id)) as session:
            today = business_day(utc_now(), current_company(session).timezone)
            settled = accrue_commissions(session, since=today - LOOKS_BACK, until=today, actor="system",
                                         origin=f"run:commissions:{today}", limit=BATCH)  # fmt: skip
        left = settled.left
    log.info("commissions_accrued", company_id=company_id)
