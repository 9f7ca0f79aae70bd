"""Templates and campaigns: RQ's way to them."""

from __future__ import annotations

import structlog

from core import jobs
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.messaging.template_sync import NoAccount, account_id, sync_templates
from core.messaging.whatsapp import GraphFailed
from workers.companies import ring_every_company
from workers.gateways import account_of

log = structlog.get_logger(__name__)


def ring_templates() -> None:
    """Ring in every company for its templates."""
    ring_every_company("sync_templates", queue="notice")


def sync_templates_of(company_id: str) -> None:
    """Hand the company's wishes to Meta and read what it has; without an account on file nothing is done."""
    jobs.answer_bell("sync_templates", company_id=company_id)
    company = Id(company_id)
    with company_session(company) as session:
        try:
            waba_id = account_id(session)
        except NoAccount:
            return
    try:
        changed = sync_templates(company, account_of(waba_id), now=utc_now())
    except GraphFailed as failed:
        log.warning("templates_not_read", company_id=company_id, error=str(failed))
        return
    if changed:
        log.info("templates_changed", company_id=company_id, count=changed)
