"""Complaints and what is done about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Owned
from core.ids import Id

CATEGORIES = (
    "no_internet", "slow_speed", "intermittent", "router_wifi", "cable_damage", "billing_dispute", "other",
)  # fmt: skip
PICK_UP = "pick_up"
"""A job of the office's own: equipment of ours is fetched back. No complaint, so it holds nothing up."""
OPEN_STATES = ("open", "assigned", "in_progress")


class Ticket(Owned, Base):
    """One complaint of one customer."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint(
            "state IN ('open', 'assigned', 'in_progress', 'resolved', 'closed')", name="state"
        ),
        Index("ix_ticket_open", "company_id", "due_at",
              postgresql_where=text("state IN ('open', 'assigned', 'in_progress')")),
    )  # fmt: skip
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    category: Mapped[str]
    priority: Mapped[str] = mapped_column(default="normal")
    state: Mapped[str] = mapped_column(default="open")
    description: Mapped[str] = mapped_column(default="")
    opened_by: Mapped[str]
    """The actor, as in the audit trail: `contact:<id>`, `staff:<id>`."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    assigned_to: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"), index=True)
    resolved_at: Mapped[datetime | None]
    notes: Mapped[list[TicketNote]] = relationship(order_by="TicketNote.created_at")


class TicketNote(Owned, Base):
    """Something said about a ticket; the customer sees the public ones."""

    __tablename__ = "ticket_note"
    ticket_id: Mapped[Id] = mapped_column(ForeignKey("ticket.id"), index=True)
    author: Mapped[str]
    body: Mapped[str]
    public: Mapped[bool] = mapped_column(default=False)


class TicketDocument(Owned, Base):
    """A photo or file that belongs to a ticket."""

    __tablename__ = "ticket_document"
    __table_args__ = (UniqueConstraint("company_id", "ticket_id", "document_id"),)
    ticket_id: Mapped[Id] = mapped_column(ForeignKey("ticket.id"), index=True)
    document_id: Mapped[Id] = mapped_column(ForeignKey("document.id"), index=True)
