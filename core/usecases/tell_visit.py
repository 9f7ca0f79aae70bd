"""A customer, or somebody who wants to become one, hears how far the visit to him is."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import BusinessNumber, current_company
from core.crm.lead_models import Lead
from core.crm.models import Contact, Customer
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.models import Conversation
from core.messaging.outbox import queue_message
from core.printing.figures import day_text
from core.recovery.reminders import recipients
from core.service_desk.job_models import Job
from core.service_desk.job_words import Visit, visit_buttons, visit_twin, visit_words
from core.staff.models import Staff

LANE = "notice"


class Hearer(NamedTuple):
    """Who hears about a visit."""

    contact_id: Id
    business_number_id: Id
    language: str
    last_inbound_at: datetime | None


def tell_visit(session: Session, job: Job, step: str, *, now: datetime, code: str = "", mark: str = "") -> bool:
    """Queue the message of a step once (`mark` tells repeats apart); False where nobody can be reached.

    Steps are those of `core.service_desk.job_words.MESSAGES`. In the open window it is a session message, else the
    template of the step.
    """
    person = hearer_of(session, job)
    if person is None:
        return False
    visit = _visit(session, job, person.language, payloads.CODE_PLACE if code else "")
    body, keys = visit_words(step, person.language, visit), visit_buttons(step, person.language, visit)
    twin = visit_twin(step, person.language, visit)
    in_window = window.is_open(person.last_inbound_at, now)
    said = payloads.buttons(body, keys) if keys else payloads.text(body)
    queue_message(
        session, contact_id=person.contact_id, business_number_id=person.business_number_id, lane=LANE,
        payload=said if in_window else payloads.template(**twin), text=body,
        dedupe_key=f"visit:{job.id}:{step}:{mark}", now=now, template=twin if in_window else None, code=code or None,
    )  # fmt: skip
    return True


def hearer_of(session: Session, job: Job) -> Hearer | None:
    """The account's person who wrote last, or the one who asked for a connection; nobody who opted out."""
    if job.customer_id is not None:
        customer = session.get_one(Customer, job.customer_id)
        person = recipients(session, [customer], company=current_company(session))[customer.id]
        if person.silence or person.contact_id is None or person.business_number_id is None:
            return None
        return Hearer(person.contact_id, person.business_number_id, person.language, person.last_inbound_at)
    lead = session.get_one(Lead, job.lead_id)
    contact = session.get(Contact, lead.contact_id) if lead.contact_id else None
    number = session.scalars(select(BusinessNumber.id).order_by(BusinessNumber.id).limit(1)).one_or_none()
    if contact is None or number is None or contact.opted_out_at is not None:
        return None
    heard = session.scalar(select(Conversation.last_inbound_at).where(Conversation.contact_id == contact.id))
    language = contact.language or current_company(session).default_language
    return Hearer(contact.id, number, language, heard)


def _visit(session: Session, job: Job, language: str, code: str) -> Visit:
    company = current_company(session)
    zone = ZoneInfo(company.timezone)
    person = session.get(Staff, job.assigned_to) if job.assigned_to else None
    start, end = job.window_start, job.window_end
    if start is None or end is None:
        return Visit(job.number, job.kind, company.name, person.name if person else "", code=code)
    return Visit(
        job.number, job.kind, company.name, person.name if person else "",
        day_text(start.astimezone(zone).date(), language), f"{start.astimezone(zone):%H:%M}",
        f"{end.astimezone(zone):%H:%M}", code,
    )  # fmt: skip
