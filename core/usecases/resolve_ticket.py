"""A complaint is solved: the customer hears it and is asked how satisfied he is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.messaging import payloads, window
from core.messaging.outbox import queue_message
from core.recovery.reminders import recipients
from core.service_desk import tickets, words
from core.service_desk.jobs import cancel_job, open_job_of_ticket
from core.service_desk.models import Ticket
from core.usecases.tell_technician import tell_technician


def resolve_ticket(
    session: Session, *, ticket_id: Id, actor: str, now: datetime, told: str = ""
) -> Ticket:  # fmt: skip
    """Resolve it as `core.service_desk.tickets.resolve_ticket` does, and queue the question for a rating.

    `told` is what was done, for the customer to read; it is kept as a public note. Who opted out or cannot be reached
    is not asked. A visit that is still to come is called off. Raises NotFound, TicketClosed.
    """
    ticket = tickets.resolve_ticket(session, ticket_id=ticket_id, now=now)
    _call_off_visit(session, ticket, actor=actor, now=now)
    if told.strip():
        tickets.add_note(session, ticket_id=ticket.id, author=actor, body=told.strip(), public=True)
    company, customer = current_company(session), session.get_one(Customer, ticket.customer_id)
    person = recipients(session, [customer], company=company)[customer.id]
    if person.silence or person.contact_id is None or person.business_number_id is None:
        return ticket
    facts = {"company": company.name, "ticket": ticket.number, "note": told.strip()}
    body, template = words.resolved_words(person.language, facts), words.twin(person.language, facts)
    asking = payloads.list_message(
        body, words.list_button(person.language), [("", words.choices(person.language, ticket.number))]
    )
    in_window = window.is_open(person.last_inbound_at, now)
    queue_message(
        session, contact_id=person.contact_id, business_number_id=person.business_number_id, lane="notice",
        payload=asking if in_window else payloads.template(**template), text=body,
        dedupe_key=f"ticket_resolved:{ticket.id}:{ticket.times_reopened}", now=now,
        template=template if in_window else None,
    )  # fmt: skip
    return ticket


def _call_off_visit(session: Session, ticket: Ticket, *, actor: str, now: datetime) -> None:
    """The customer hears that it is solved; the technician, that he need not go."""
    visit = open_job_of_ticket(session, ticket.id)
    if visit is None:
        return
    cancel_job(session, job_id=visit.id, actor=actor, now=now, reason=f"{ticket.number} is solved without it")
    if visit.assigned_to is not None:
        tell_technician(session, visit, "called_off", now=now)
