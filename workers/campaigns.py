"""Campaigns that run: RQ's way to the next slices."""

from __future__ import annotations

import structlog

from core import jobs
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.usecases.run_campaigns import queue_next_slice, running_campaigns
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)

SLICES_MAX = 20
"""Of one campaign in one job, so that several campaigns take turns."""


def ring_campaigns() -> None:
    """Ring for every company's campaigns."""
    ring_every_company("run_campaigns", queue="bulk")


def run_campaigns_of(company_id: str) -> None:
    """Queue what the company's running campaigns have room for, each slice in a transaction of its own."""
    jobs.answer_bell("run_campaigns", company_id=company_id)
    company = Id(company_id)
    with company_session(company) as session:
        running = running_campaigns(session, now=utc_now())
    for campaign_id in running:
        slices = 0
        while slices < SLICES_MAX:
            with company_session(company) as session:
                if not queue_next_slice(session, campaign_id=campaign_id, now=utc_now()):
                    break
            slices += 1
        log.info("campaign_queued", company_id=company_id, campaign_id=str(campaign_id), slices=slices)
