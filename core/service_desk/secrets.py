"""What only the technician of a ticket may read, kept encrypted and only while the ticket is open."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import vault
from core.ids import Id, new_id
from core.service_desk.models import TicketSecret


def keep_secret(session: Session, *, ticket_id: Id, words: str) -> None:
    """Keep words for the ticket's technician in place of earlier ones; resolving the ticket deletes them."""
    kept = session.scalar(select(TicketSecret).where(TicketSecret.ticket_id == ticket_id))
    if kept is None:
        kept = TicketSecret(id=new_id(), ticket_id=ticket_id)
        session.add(kept)
    kept.sealed = vault.seal(words)
    session.flush()


def read_secret(session: Session, *, ticket_id: Id) -> str | None:
    """The words kept for the ticket, or None; raises `core.vault.DocumentUnreadable`. The caller knows who asks."""
    sealed = session.scalar(select(TicketSecret.sealed).where(TicketSecret.ticket_id == ticket_id))
    return vault.unseal(sealed) if sealed is not None else None
