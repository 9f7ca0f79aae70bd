"""What Meta says of the business numbers: RQ's way into the question."""

from __future__ import annotations

from sqlalchemy import select

from core import jobs
from core.clock import utc_now
from core.companies import BusinessNumber
from core.db import company_session
from core.ids import Id
from core.messaging.number_state import note_facts, note_unanswered
from core.messaging.whatsapp import NotTold
from workers.companies import ring_every_company
from workers.gateways import gateway_of


def ring_numbers() -> None:
    """Ask in every company for its numbers' quality, limits and status."""
    ring_every_company("ask_numbers", queue="notice")


def ask_numbers_of(company_id: str) -> None:
    """Take over what Meta says of each number; one that is not told keeps what was known. Safe to repeat."""
    jobs.answer_bell("ask_numbers", company_id=company_id)
    company = Id(company_id)
    with company_session(company) as session:
        numbers = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id)).all()
    for number in numbers:
        try:
            facts = gateway_of(company, number).number_facts()
        except NotTold as silent:
            with company_session(company) as session:
                note_unanswered(session, business_number_id=number, error=str(silent), now=utc_now())
        else:
            with company_session(company) as session:
                note_facts(session, business_number_id=number, facts=facts, now=utc_now())
