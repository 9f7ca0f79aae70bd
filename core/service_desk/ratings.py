"""What customers think of how their complaint was solved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id
from core.service_desk.models import DONE_STATES, RATING_MAX, Ticket
from core.service_desk.tickets import TicketNotDone

COMMENT_MAX = 1000


class RatingInvalid(DomainError):
    """The number of stars is none."""


def rate_ticket(session: Session, *, ticket_id: Id, rating: int, now: datetime) -> Ticket:
    """Keep 1 to 5 for a resolved ticket, in place of an earlier rating.

    Raises NotFound, RatingInvalid, TicketNotDone.
    """
    if not 1 <= rating <= RATING_MAX:
        raise RatingInvalid(f"{rating} is no rating: give 1 to {RATING_MAX}")
    ticket = _done(session, ticket_id)
    ticket.rating, ticket.rated_at = rating, now
    session.flush()
    return ticket


def comment_on_rating(session: Session, *, ticket_id: Id, comment: str) -> Ticket:
    """Keep the words that go with a rating. Raises NotFound, TicketNotDone."""
    ticket = _done(session, ticket_id)
    ticket.rating_comment = comment.strip()[:COMMENT_MAX]
    session.flush()
    return ticket


def _done(session: Session, ticket_id: Id) -> Ticket:
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise NotFound("There is no such ticket")
    if ticket.state not in DONE_STATES:
        raise TicketNotDone(f"Ticket {ticket.number} is {ticket.state}: it is rated once it is resolved")
    return ticket
