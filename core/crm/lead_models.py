"""People who want to be connected."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.crm.models import SubZone
from core.db import Base, Money, Owned
from core.ids import Id

LEAD_STATES = ("new", "survey", "approved", "refused", "installed")
OPEN_LEADS = ("new", "survey", "approved")


class Lead(Owned, Base):
    """A request for a new connection, by somebody who is no customer yet or by one who wants a second line."""

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("state IN ('new', 'survey', 'approved', 'refused', 'installed')", name="state"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place"),
        Index("ix_lead_open", "company_id", "asked_at",
              postgresql_where=text("state IN ('new', 'survey', 'approved')")),
    )  # fmt: skip
    number: Mapped[str]
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    customer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"), index=True)
    """The account of an existing customer who asks; once installed, the account it became."""
    state: Mapped[str] = mapped_column(default="new")
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="", index=True)
    """Where to call, E.164 with the plus."""
    sub_zone_id: Mapped[Id | None] = mapped_column(ForeignKey("sub_zone.id"))
    """None where the place named is none of ours."""
    sub_zone: Mapped[SubZone | None] = relationship(lazy="joined")
    place: Mapped[str] = mapped_column(default="")
    """The area in the person's own words."""
    address: Mapped[str] = mapped_column(default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    plan_id: Mapped[Id | None] = mapped_column(ForeignKey("plan.id"))
    wished_on: Mapped[date | None]
    installation_fee: Mapped[Money | None]
    """As it was agreed; None takes the company's."""
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    """The place of the account that was opened for it."""
    asked_at: Mapped[datetime]
    opened_by: Mapped[str]
    """The actor, as in the audit trail."""
    notes: Mapped[list[LeadNote]] = relationship(order_by="LeadNote.written_at, LeadNote.id")


class LeadNote(Owned, Base):
    """What was said or done about a lead, moves of its state among them; never changed."""

    __tablename__ = "lead_note"
    lead_id: Mapped[Id] = mapped_column(ForeignKey("lead.id"), index=True)
    author: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="")
    """The state it moved to with this note; empty where it stayed."""
    written_at: Mapped[datetime]
