"""Two tickets of one customer about one matter become one: what was said and shown goes on in the one that is kept."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id
from core.service_desk.desk_models import GuidedCheck
from core.service_desk.job_models import Job
from core.service_desk.jobs import open_job_of_ticket
from core.service_desk.models import OPEN_STATES, Ticket, TicketDocument, TicketNote, TicketSecret
from core.service_desk.tickets import add_note


class MergeRefused(DomainError):
    """These two tickets cannot become one; the text says why."""


def merge_tickets(session: Session, *, duplicate_id: Id, kept_id: Id, actor: str) -> Ticket:
    """Notes, files, visits and the wished Wi-Fi go to the kept ticket; the duplicate is closed and points to it.

    The kept one is as urgent, and due as early, as the more pressing of the two. Raises NotFound, MergeRefused.
    """
    duplicate, kept = _both(session, duplicate_id, kept_id)
    if open_job_of_ticket(session, duplicate.id) and open_job_of_ticket(session, kept.id):
        raise MergeRefused("Both have a visit that is not finished: call one of them off first")
    _move_what_hangs_on_it(session, duplicate.id, kept.id)
    if kept.latitude is None:
        kept.latitude, kept.longitude = duplicate.latitude, duplicate.longitude
    if duplicate.priority == "high" and kept.priority != "high":
        kept.priority, kept.priority_why = "high", duplicate.priority_why or f"{duplicate.number} was urgent"
    kept.due_at = min(kept.due_at, duplicate.due_at)
    kept.invoice_id = kept.invoice_id or duplicate.invoice_id
    kept.outage_id = kept.outage_id or duplicate.outage_id
    if kept.assigned_to is None and duplicate.assigned_to is not None:
        kept.assigned_to, kept.state = duplicate.assigned_to, duplicate.state
    duplicate.state, duplicate.merged_into_id = "closed", kept.id
    words = f"{duplicate.number} ({duplicate.category.replace('_', ' ')}) is merged into this: {duplicate.description}"
    add_note(session, ticket_id=kept.id, author=actor, body=words.strip(" :"), public=False)
    session.expire(kept, ["notes"])
    session.expire(duplicate, ["notes"])
    return kept


def may_merge(session: Session, ticket: Ticket) -> list[Ticket]:
    """The customer's other open tickets, the oldest first: those it could become one with."""
    if ticket.state not in OPEN_STATES:
        return []
    others = select(Ticket).where(
        Ticket.customer_id == ticket.customer_id, Ticket.id != ticket.id, Ticket.state.in_(OPEN_STATES)
    )
    return list(session.scalars(others.order_by(Ticket.opened_at)))


def ticket_in_place_of(session: Session, *, number: str, customer_id: Id) -> Ticket | None:
    """The ticket that goes on in the place of the customer's merged one of that number."""
    merged = select(Ticket).where(Ticket.number == number, Ticket.customer_id == customer_id)
    ticket = session.scalar(merged.where(Ticket.merged_into_id.is_not(None)))
    while ticket is not None and ticket.merged_into_id is not None:
        ticket = session.get(Ticket, ticket.merged_into_id)
    return ticket


def _both(session: Session, duplicate_id: Id, kept_id: Id) -> tuple[Ticket, Ticket]:
    """Locked in the order of their ids, so that two merges do not wait for each other."""
    rows = session.scalars(
        select(Ticket).where(Ticket.id.in_((duplicate_id, kept_id))).order_by(Ticket.id)
        .with_for_update().execution_options(populate_existing=True)
    ).all()  # fmt: skip
    found = {ticket.id: ticket for ticket in rows}
    if duplicate_id not in found or kept_id not in found:
        raise NotFound("There is no such ticket")
    duplicate, kept = found[duplicate_id], found[kept_id]
    if duplicate is kept:
        raise MergeRefused("A ticket is not merged with itself: choose another one of the customer")
    if duplicate.customer_id != kept.customer_id:
        raise MergeRefused(f"{duplicate.number} and {kept.number} are of different customers")
    for ticket in (duplicate, kept):
        if ticket.state not in OPEN_STATES:
            raise MergeRefused(f"Ticket {ticket.number} is {ticket.state}: only open tickets are merged")
    return duplicate, kept


def _move_what_hangs_on_it(session: Session, source: Id, target: Id) -> None:
    session.flush()
    session.execute(update(TicketNote).where(TicketNote.ticket_id == source).values(ticket_id=target))
    shown = select(TicketDocument.document_id).where(TicketDocument.ticket_id == target)
    mine = TicketDocument.ticket_id == source
    session.execute(delete(TicketDocument).where(mine, TicketDocument.document_id.in_(shown)))
    session.execute(update(TicketDocument).where(mine).values(ticket_id=target))
    session.execute(update(GuidedCheck).where(GuidedCheck.ticket_id == source).values(ticket_id=target))
    if session.scalar(select(TicketSecret.id).where(TicketSecret.ticket_id == target)) is None:
        session.execute(update(TicketSecret).where(TicketSecret.ticket_id == source).values(ticket_id=target))
    session.execute(delete(TicketSecret).where(TicketSecret.ticket_id == source))
    session.execute(update(Job).where(Job.ticket_id == source).values(ticket_id=target))
    session.flush()
