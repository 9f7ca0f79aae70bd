"""Tickets: a complaint is opened once, assigned, noted upon and resolved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.numbering import next_number
from core.service_desk.models import CATEGORIES, OPEN_STATES, PICK_UP, Ticket, TicketDocument, TicketNote

HOURS_TO_RESOLVE = {
    "no_internet": 12, "cable_damage": 24, "intermittent": 24, "slow_speed": 24, "router_wifi": 24,
    "billing_dispute": 48, "other": 48, PICK_UP: 72,
}  # fmt: skip


class TicketAlreadyOpen(DomainError):
    """The customer has an open ticket of that category; the text names it."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(f"Ticket {ticket.number} is already open for {ticket.category}: add a note to it")
        self.ticket = ticket


class TicketClosed(DomainError):
    """The ticket is resolved already."""


def open_ticket(
    session: Session, *, customer_id: Id, category: str, description: str, opened_by: str, now: datetime,
    site_id: Id | None = None, document_ids: Sequence[Id] = (), priority: str = "normal",
) -> Ticket:  # fmt: skip
    """Register a complaint, or a pick-up, with its due time; raises TicketAlreadyOpen for the same category.

    Locks the customer's complaints for the length of the transaction, so two messages open one ticket.
    """
    if category not in (*CATEGORIES, PICK_UP):
        raise DomainError(f"{category!r} is no complaint category: {', '.join(CATEGORIES)}")
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"tickets:{customer_id}"})
    running = session.scalar(
        select(Ticket).where(
            Ticket.customer_id == customer_id, Ticket.category == category, Ticket.state.in_(OPEN_STATES)
        ).limit(1)
    )  # fmt: skip
    if running is not None:
        raise TicketAlreadyOpen(running)
    ticket = Ticket(
        id=new_id(), number=next_number(session, "ticket"), customer_id=customer_id, site_id=site_id,
        category=category, priority=priority, state="open", description=description, opened_by=opened_by,
        opened_at=now, due_at=now + timedelta(hours=HOURS_TO_RESOLVE[category]),
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    attach(session, ticket_id=ticket.id, document_ids=document_ids)
    return ticket


def attach(session: Session, *, ticket_id: Id, document_ids: Sequence[Id]) -> None:
    """Put documents of the vault on a ticket."""
    session.add_all(TicketDocument(id=new_id(), ticket_id=ticket_id, document_id=document) for document in document_ids)
    session.flush()


def tickets_of(session: Session, *, customer_id: Id, limit: int = 10) -> list[Ticket]:
    """A customer's tickets, open ones first, then the newest."""
    newest = select(Ticket).where(Ticket.customer_id == customer_id)
    is_open = Ticket.state.in_(OPEN_STATES)
    return list(session.scalars(newest.order_by(is_open.desc(), Ticket.opened_at.desc()).limit(limit)))


def ticket_by_number(session: Session, *, number: str) -> Ticket:
    """The ticket people call `number`; raises NotFound."""
    ticket = session.scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None:
        raise NotFound(f"There is no ticket {number}")
    return ticket


def assigned_to(session: Session, *, staff_id: Id, limit: int = 10) -> list[Ticket]:
    """A technician's open tickets, the most urgent first."""
    mine = select(Ticket).where(Ticket.assigned_to == staff_id, Ticket.state.in_(OPEN_STATES))
    return list(session.scalars(mine.order_by(Ticket.due_at).limit(limit)))


def assign_ticket(session: Session, *, ticket_id: Id, staff_id: Id) -> Ticket:
    """Give an open ticket to a technician; raises TicketClosed."""
    ticket = _open_ticket(session, ticket_id)
    ticket.assigned_to = staff_id
    ticket.state = "assigned"
    return ticket


def resolve_ticket(session: Session, *, ticket_id: Id, now: datetime) -> Ticket:
    """Mark the fault as repaired; raises TicketClosed."""
    ticket = _open_ticket(session, ticket_id)
    ticket.state = "resolved"
    ticket.resolved_at = now
    return ticket


def add_note(session: Session, *, ticket_id: Id, author: str, body: str, public: bool) -> TicketNote:
    """Write a note; a public one is shown to the customer with the status."""
    note = TicketNote(id=new_id(), ticket_id=ticket_id, author=author, body=body, public=public)
    session.add(note)
    return note


def _open_ticket(session: Session, ticket_id: Id) -> Ticket:
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise NotFound("There is no such ticket")
    if ticket.state not in OPEN_STATES:
        raise TicketClosed(f"Ticket {ticket.number} is {ticket.state}: open a new one instead")
    return ticket
