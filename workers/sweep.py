"""The safety net under the doorbell: find what waits and ring again, whatever became of the first ring."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import jobs
from core.billing.run_requests import due_requests
from core.clock import utc_now
from core.companies import Company
from core.crm.models import Document
from core.db import company_session, platform_session
from core.ids import Id
from core.messaging import batches
from core.messaging.models import WebhookEvent

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Events or documents rung for in one sweep; the next one follows in seconds."""


def sweep() -> None:
    """Ring for due webhook events, and in every company for due messages, documents and runs.

    A company whose sweep fails does not stop the others.
    """
    now = utc_now()
    with platform_session() as session:
        events = _due_events(session, now)
        companies = session.scalars(select(Company.id)).all()
    for event_id in events:
        jobs.ring_now("process_event", queue="inbound", event_id=str(event_id))
    for company_id in companies:
        try:
            sweep_company(company_id, now)
        except SQLAlchemyError:
            log.exception("sweep_failed", company_id=str(company_id))


def sweep_company(company_id: Id, now: datetime) -> None:
    """Settle doubtful messages of one company, then ring for what is due in it."""
    with company_session(company_id) as session:
        batches.release_doubtful(session, now=now)
        numbers = batches.waiting_numbers(session, now=now)
        documents = _due_documents(session, now)
        runs = due_requests(session, now=now)
    company = str(company_id)
    for number, lane in numbers.items():
        jobs.ring_now("drain_number", queue=lane, company_id=company, business_number_id=str(number))
    for document_id in documents:
        jobs.ring_now("fetch_document", queue="inbound", company_id=company, document_id=str(document_id))
    for request_id in runs:
        jobs.ring_now("run_invoices_by_hand", queue="billing", company_id=company, request_id=str(request_id))


def _due_events(session: Session, now: datetime) -> list[Id]:
    return list(
        session.scalars(
            select(WebhookEvent.id)
            .where(WebhookEvent.state != "done", WebhookEvent.next_try_at <= now)
            .order_by(WebhookEvent.next_try_at)
            .limit(AT_ONCE)
        )
    )


def _due_documents(session: Session, now: datetime) -> list[Id]:
    due = or_(Document.next_try_at.is_(None), Document.next_try_at <= now)
    return list(session.scalars(select(Document.id).where(Document.state == "pending", due).limit(AT_ONCE)))
