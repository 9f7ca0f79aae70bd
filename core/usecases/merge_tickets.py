"""A customer's two tickets become one, their visits too, and he hears which one to ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.outbox import queue_message
from core.recovery.reminders import recipients
from core.service_desk import merging, words
from core.service_desk.jobs import cancel_job, locked_job, open_job_of_ticket
from core.service_desk.models import PICK_UP, Ticket
from core.usecases.tell_technician import tell_technician


def merge_tickets(session: Session, *, duplicate_id: Id, kept_id: Id, actor: str, now: datetime) -> Ticket:
    """Merge as `core.service_desk.merging.merge_tickets` does; a visit too many is called off, for one is enough.

    The customer is told, but not of the office's own pick-ups. Raises NotFound, MergeRefused, JobMoveRefused.
    """
    needless = open_job_of_ticket(session, duplicate_id)
    if needless is not None and duplicate_id != kept_id and open_job_of_ticket(session, kept_id) is not None:
        cancel_job(session, job_id=needless.id, actor=actor, now=now, reason="its ticket is merged into another")
        if needless.assigned_to is not None:
            tell_technician(session, needless, "called_off", now=now)
    kept = merging.merge_tickets(session, duplicate_id=duplicate_id, kept_id=kept_id, actor=actor)
    visit = open_job_of_ticket(session, kept.id)
    if visit is not None and kept.priority == "high":
        locked_job(session, visit.id).priority = "high"
    _tell(session, session.get_one(Ticket, duplicate_id), kept, now)
    return kept


def _tell(session: Session, merged: Ticket, kept: Ticket, now: datetime) -> None:
    if PICK_UP in (merged.category, kept.category):
        return
    company, customer = current_company(session), session.get_one(Customer, kept.customer_id)
    person = recipients(session, [customer], company=company)[customer.id]
    if person.silence or person.contact_id is None or person.business_number_id is None:
        return
    facts = {"company": company.name, "merged": merged.number, "ticket": kept.number}
    body, twin = words.merged_words(person.language, facts), words.merged_twin(person.language, facts)
    in_window = window.is_open(person.last_inbound_at, now)
    queue_message(
        session, contact_id=person.contact_id, business_number_id=person.business_number_id, lane="notice",
        payload=payloads.text(body) if in_window else payloads.template(**twin), text=body,
        dedupe_key=f"ticket_merged:{merged.id}", now=now, template=twin if in_window else None,
    )  # fmt: skip
