"""What the office is told unasked: the daily summary at its hour, and alerts."""

from __future__ import annotations

import structlog

from bot.office_news import send_alerts, send_summaries
from core import jobs
from core.clock import utc_now
from core.db import company_session, platform_session
from core.ids import Id
from core.usecases.find_troubles import failed_inbound, own_numbers
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)


def ring_office() -> None:
    """Ring in every company for what its office should hear."""
    ring_every_company("tell_office", queue="notice")


def tell_office_of(company_id: str) -> None:
    """Send the company's due summaries and new alerts, each in a transaction of its own; safe to repeat."""
    jobs.answer_bell("tell_office", company_id=company_id)
    company, now = Id(company_id), utc_now()
    with company_session(company) as session:
        summaries, numbers = send_summaries(session, now=now), own_numbers(session)
    with platform_session() as session:
        failed = failed_inbound(session, numbers=numbers, now=now)
    with company_session(company) as session:
        kinds = send_alerts(session, failed_events=failed, failed_jobs=jobs.jobs_failed_of(company_id), now=now)
    if summaries or kinds:
        log.info("office_told", company_id=company_id, summaries=summaries, alerts=kinds)
