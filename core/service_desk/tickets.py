"""Tickets: a complaint is opened once, assigned, noted upon, resolved, and goes on when the fault comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.numbering import next_number
from core.service_desk.hours import desk_policy_of, due_at
from core.service_desk.models import (
    CATEGORIES,
    DONE_STATES,
    OPEN_STATES,
    PICK_UP,
    REQUESTS,
    Ticket,
    TicketDocument,
    TicketNote,
    TicketSecret,
)
from core.service_desk.priorities import why_urgent


class TicketAlreadyOpen(DomainError):
    """The customer has an open ticket of that category; the text names it."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(f"Ticket {ticket.number} is already open for {ticket.category}: add a note to it")
        self.ticket = ticket


class TicketClosed(DomainError):
    """The ticket is resolved already."""


class TicketNotDone(DomainError):
    """The ticket is still being worked on."""


class ReopenTooLate(DomainError):
    """The ticket was resolved too long ago to go on with."""


def open_ticket(
    session: Session, *, customer_id: Id, category: str, description: str, opened_by: str, now: datetime,
    site_id: Id | None = None, document_ids: Sequence[Id] = (), priority: str = "normal",
    place: tuple[Decimal, Decimal] | None = None, invoice_id: Id | None = None, outage_id: Id | None = None,
) -> Ticket:  # fmt: skip
    """Register a complaint, request or pick-up with its due time in working hours.

    It is urgent where `priority` is `high` or a rule of the company says so. `place` is (latitude, longitude) as the
    customer shared it. Locks the customer's complaints for the length of the
    transaction, so two messages open one ticket. Raises TicketAlreadyOpen for the same category.
    """
    known = (*CATEGORIES, *REQUESTS, PICK_UP)
    if category not in known:
        raise DomainError(f"{category!r} is no category of tickets: {', '.join(known)}")
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"tickets:{customer_id}"})
    running = session.scalar(
        select(Ticket).where(
            Ticket.customer_id == customer_id, Ticket.category == category, Ticket.state.in_(OPEN_STATES)
        ).limit(1)
    )  # fmt: skip
    if running is not None:
        raise TicketAlreadyOpen(running)
    why = "" if priority == "high" else why_urgent(session, customer_id=customer_id, category=category, now=now)
    priority = "high" if why else priority
    ticket = Ticket(
        id=new_id(), number=next_number(session, "ticket"), customer_id=customer_id, site_id=site_id,
        category=category, priority=priority, priority_why=why, state="open", description=description,
        opened_by=opened_by, opened_at=now, due_at=due_at(session, category=category, priority=priority, opened_at=now),
        latitude=place[0] if place else None, longitude=place[1] if place else None, invoice_id=invoice_id,
        outage_id=outage_id,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    attach(session, ticket_id=ticket.id, document_ids=document_ids)
    return ticket


def attach(session: Session, *, ticket_id: Id, document_ids: Sequence[Id]) -> None:
    """Put documents of the vault on a ticket."""
    session.add_all(TicketDocument(id=new_id(), ticket_id=ticket_id, document_id=document) for document in document_ids)
    session.flush()


def add_to_ticket(
    session: Session, *, ticket_id: Id, author: str, words: str, document_ids: Sequence[Id] = (),
    place: tuple[Decimal, Decimal] | None = None,
) -> Ticket:  # fmt: skip
    """What the customer says of a fault that is registered already goes to its ticket; raises TicketClosed."""
    ticket = _open_ticket(session, ticket_id)
    if words:
        add_note(session, ticket_id=ticket.id, author=author, body=words, public=False)
    attach(session, ticket_id=ticket.id, document_ids=document_ids)
    if place is not None:
        ticket.latitude, ticket.longitude = place
    session.flush()
    return ticket


def tickets_of(session: Session, *, customer_id: Id, limit: int = 10) -> list[Ticket]:
    """A customer's tickets, open ones first, then the newest; pick-ups are the office's own, merged ones are gone."""
    newest = select(Ticket).where(
        Ticket.customer_id == customer_id, Ticket.category != PICK_UP, Ticket.merged_into_id.is_(None)
    )
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
    session.execute(delete(TicketSecret).where(TicketSecret.ticket_id == ticket.id))
    session.flush()
    return ticket


def reopen_ticket(session: Session, *, ticket_id: Id, author: str, words: str, now: datetime) -> Ticket:
    """The fault came back: the ticket goes on, urgent, with its technician. Raises NotFound, TicketNotDone,
    ReopenTooLate, TicketAlreadyOpen.
    """
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise NotFound("There is no such ticket")
    if ticket.state not in DONE_STATES:
        raise TicketNotDone(f"Ticket {ticket.number} is {ticket.state}: add a note to it")
    if not may_reopen(session, ticket, now=now):
        raise ReopenTooLate(f"Ticket {ticket.number} was resolved on {ticket.resolved_at:%d %b}: open a new one")
    running = session.scalar(
        select(Ticket).where(
            Ticket.customer_id == ticket.customer_id, Ticket.category == ticket.category, Ticket.state.in_(OPEN_STATES)
        ).limit(1)
    )  # fmt: skip
    if running is not None:
        raise TicketAlreadyOpen(running)
    ticket.state = "assigned" if ticket.assigned_to else "open"
    ticket.priority, ticket.reopened_at, ticket.resolved_at = "high", now, None
    ticket.times_reopened += 1
    ticket.rating, ticket.rated_at = None, None
    ticket.due_at = due_at(session, category=ticket.category, priority="high", opened_at=now)
    add_note(session, ticket_id=ticket.id, author=author, body=words, public=False)
    session.flush()
    return ticket


def may_reopen(session: Session, ticket: Ticket, *, now: datetime) -> bool:
    """Whether the ticket is done, and not for longer than the company's days."""
    if ticket.state not in DONE_STATES or ticket.resolved_at is None:
        return False
    return now - ticket.resolved_at <= timedelta(days=desk_policy_of(session).reopen_days)


def reopenable(session: Session, *, customer_id: Id, category: str | None, now: datetime) -> Ticket | None:
    """The complaint resolved last that may still go on, of that category if one is named."""
    since = now - timedelta(days=desk_policy_of(session).reopen_days)
    done = select(Ticket).where(
        Ticket.customer_id == customer_id, Ticket.state.in_(DONE_STATES), Ticket.resolved_at >= since,
        Ticket.category.not_in(REQUESTS),
    )  # fmt: skip
    if category is not None:
        done = done.where(Ticket.category == category)
    return session.scalars(done.order_by(Ticket.resolved_at.desc()).limit(1)).first()


def add_note(session: Session, *, ticket_id: Id, author: str, body: str, public: bool) -> TicketNote:
    """Write a note; a public one is shown to the customer with the status."""
    note = TicketNote(id=new_id(), ticket_id=ticket_id, author=author, body=body, public=public)
    session.add(note)
    session.flush()
    return note


def _open_ticket(session: Session, ticket_id: Id) -> Ticket:
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise NotFound("There is no such ticket")
    if ticket.state not in OPEN_STATES:
        raise TicketClosed(f"Ticket {ticket.number} is {ticket.state}: open a new one instead")
    return ticket
