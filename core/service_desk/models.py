"""Complaints and what is done about them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Owned
from core.ids import Id

CATEGORIES = (
    "no_internet", "slow_speed", "intermittent", "router_wifi", "cable_damage", "billing_dispute", "other",
)  # fmt: skip
PICK_UP = "pick_up"
"""A job of the office's own: equipment of ours is fetched back. No complaint, so it holds nothing up."""
REQUESTS = ("relocation", "disconnect", "pause")
"""What a customer asks for; nothing is broken, so the debt goes on being collected."""
OPEN_STATES = ("open", "assigned", "in_progress")
DONE_STATES = ("resolved", "closed")
RATING_MAX = 5


class Ticket(Owned, Base):
    """One complaint or request of one customer."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint(
            "state IN ('open', 'assigned', 'in_progress', 'resolved', 'closed')", name="state"
        ),
        Index("ix_ticket_open", "company_id", "due_at",
              postgresql_where=text("state IN ('open', 'assigned', 'in_progress')")),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("priority IN ('normal', 'high')", name="priority"),
        CheckConstraint("merged_into_id IS NULL OR (state = 'closed' AND merged_into_id <> id)", name="merged"),
    )  # fmt: skip
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    category: Mapped[str]
    priority: Mapped[str] = mapped_column(default="normal")
    priority_why: Mapped[str] = mapped_column(default="", server_default="")
    """The rule that made it urgent; empty where somebody asked for it."""
    state: Mapped[str] = mapped_column(default="open")
    description: Mapped[str] = mapped_column(default="")
    opened_by: Mapped[str]
    """The actor, as in the audit trail: `contact:<id>`, `staff:<id>`."""
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """By when it shall be solved, in working hours of the desk from when it was opened."""
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    """Where the customer says it is, when he shared his location."""
    invoice_id: Mapped[Id | None] = mapped_column(ForeignKey("invoice.id"))
    """The bill that is disputed."""
    outage_id: Mapped[Id | None] = mapped_column(ForeignKey("outage.id"))
    """The outage that ran in his sub-zone when he insisted on a ticket of his own."""
    assigned_to: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"), index=True)
    resolved_at: Mapped[datetime | None]
    reopened_at: Mapped[datetime | None]
    times_reopened: Mapped[int] = mapped_column(default=0, server_default="0")
    rating: Mapped[int | None]
    """1 to 5 from the customer, once it is resolved."""
    rating_comment: Mapped[str] = mapped_column(default="", server_default="")
    rated_at: Mapped[datetime | None]
    merged_into_id: Mapped[Id | None] = mapped_column(ForeignKey("ticket.id"))
    """The customer's other ticket that goes on in its place."""
    notes: Mapped[list[TicketNote]] = relationship(order_by="TicketNote.created_at, TicketNote.id")


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


class TicketSecret(Owned, Base):
    """What a technician needs and nobody else may read: the wished Wi-Fi name and password, encrypted.

    Gone once the ticket is resolved.
    """

    __tablename__ = "ticket_secret"
    __table_args__ = (UniqueConstraint("company_id", "ticket_id"),)
    ticket_id: Mapped[Id] = mapped_column(ForeignKey("ticket.id"))
    sealed: Mapped[str]
    """As `core.vault.seal` made it."""
