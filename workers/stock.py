"""Stock: RQ's way into the daily word about what runs out."""

from __future__ import annotations

import structlog

from core import jobs
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.staff.alerts import alert_policy
from core.usecases.tell_shortages import tell_shortages
from workers.companies import ring_every_company

log = structlog.get_logger(__name__)


def ring_shortages() -> None:
    """Ring for every company's stock."""
    ring_every_company("tell_shortages", queue="bulk")


def tell_shortages_of(company_id: str) -> None:
    """Tell the company's managers what runs out; safe to repeat."""
    jobs.answer_bell("tell_shortages", company_id=company_id)
    with company_session(Id(company_id)) as session:
        is_off = "stock" in alert_policy(session).off["alerts"]
        told = 0 if is_off else tell_shortages(session, now=utc_now())
    log.info("shortages_told", company_id=company_id, managers=told)
