"""Outages: where, since when, how sure, and who told us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id

RUNNING = ("suspected", "confirmed")


class Outage(Owned, Base):
    """The service is down in some sub-zones; suspected until a person or the network confirms it."""

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint("state IN ('suspected', 'confirmed', 'ended', 'dismissed')", name="state"),
        CheckConstraint("(state IN ('ended', 'dismissed')) = (ended_at IS NOT NULL)", name="ended_when_over"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="span"),
        Index("ix_outage_running", "company_id", postgresql_where=text("state IN ('suspected', 'confirmed')")),
    )
    state: Mapped[str] = mapped_column(default="suspected")
    """`dismissed` is a suspicion that was wrong: nothing was down."""
    cause: Mapped[str] = mapped_column(default="")
    """As it is told to customers; empty while nobody knows."""
    started_at: Mapped[datetime]
    expected_end: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    opened_by: Mapped[str]
    confirmed_by: Mapped[str] = mapped_column(default="")
    ended_by: Mapped[str] = mapped_column(default="")


class OutageSubZone(Owned, Base):
    """A sub-zone that an outage hits."""

    __tablename__ = "outage_sub_zone"
    __table_args__ = (UniqueConstraint("company_id", "outage_id", "sub_zone_id"),)
    outage_id: Mapped[Id] = mapped_column(ForeignKey("outage.id"))
    sub_zone_id: Mapped[Id] = mapped_column(ForeignKey("sub_zone.id"), index=True)


class OutageReport(Owned, Base):
    """A customer told us about an outage, counted once; he hears when it ends."""

    __tablename__ = "outage_report"
    __table_args__ = (UniqueConstraint("company_id", "outage_id", "customer_id"),)
    outage_id: Mapped[Id] = mapped_column(ForeignKey("outage.id"))
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    business_number_id: Mapped[Id | None] = mapped_column(ForeignKey("business_number.id"))
    """Who wrote, and to which of our numbers."""
    reported_at: Mapped[datetime]


class OutagePolicy(Owned, Base):
    """When reports make an outage; a company without a row takes the defaults of `core.network.outages`."""

    __tablename__ = "outage_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("reports_min >= 2 AND within_minutes > 0", name="sensible"),
    )
    reports_min: Mapped[int] = mapped_column(default=3)
    """So many customers of one sub-zone without internet are no coincidence."""
    within_minutes: Mapped[int] = mapped_column(default=30)
