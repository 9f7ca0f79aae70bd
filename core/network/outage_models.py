"""Outages: where, since when, how sure, and who told us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
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
    told_at: Mapped[datetime | None]
    """When its customers were told of it, all at once and only once."""
    device_id: Mapped[Id | None] = mapped_column(ForeignKey("network_device.id"), index=True)
    """The router on which it was seen; None where people told of it."""
    lines_before: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many lines were online there before it, as far as the network saw it."""
    recovered_at: Mapped[datetime | None]
    """Since when most of them are online again; the outage runs until a person ends it."""
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


class OutageTold(Owned, Base):
    """A person who was told of a confirmed outage unasked, and hears when it ends."""

    __tablename__ = "outage_told"
    __table_args__ = (UniqueConstraint("company_id", "outage_id", "contact_id"),)
    outage_id: Mapped[Id] = mapped_column(ForeignKey("outage.id"))
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    message_id: Mapped[Id]
    """The message in the outbox; one that has not left when the outage ends never does."""


class OutageCredit(Owned, Base):
    """What a subscription got back for an outage: once for each."""

    __tablename__ = "outage_credit"
    __table_args__ = (
        UniqueConstraint("company_id", "outage_id", "subscription_id"),
        CheckConstraint("units > 0 AND net > 0", name="some"),
    )
    outage_id: Mapped[Id] = mapped_column(ForeignKey("outage.id"))
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    credit_note_id: Mapped[Id] = mapped_column(ForeignKey("credit_note.id"))
    units: Mapped[int]
    """Full hours or days, as the policy counted them."""
    net: Mapped[Money]
    """Before taxes, which follow at the invoice's own rates."""


class OutagePolicy(Owned, Base):
    """When reports make an outage, who is told and what is given back; a company without a row takes the defaults."""

    __tablename__ = "outage_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("reports_min >= 2 AND within_minutes > 0", name="sensible"),
        CheckConstraint(
            "drop_min >= 2 AND drop_share BETWEEN 1 AND 100 AND drop_within_minutes BETWEEN 6 AND 60"
            " AND dead_after_minutes BETWEEN 1 AND 1440",
            name="seen",
        ),
        CheckConstraint("credit_unit IN ('hour', 'day')", name="credit_unit"),
        CheckConstraint("credit_after_hours BETWEEN 0 AND 720", name="credit_after"),
    )
    reports_min: Mapped[int] = mapped_column(default=3)
    """So many customers of one sub-zone without internet are no coincidence."""
    within_minutes: Mapped[int] = mapped_column(default=30)
    drop_min: Mapped[int] = mapped_column(default=5, server_default="5")
    drop_share: Mapped[int] = mapped_column(default=30, server_default="30")
    drop_within_minutes: Mapped[int] = mapped_column(default=10, server_default="10")
    """So many lines of a sub-zone, and so many percent of those online, dropped together; longer than two polls."""
    dead_after_minutes: Mapped[int] = mapped_column(default=10, server_default="10")
    """A router that is silent for so long takes its lines with it."""
    tells_customers: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Whether a confirmed outage is told to everybody whom it hits."""
    gives_credit: Mapped[bool] = mapped_column(default=False, server_default="false")
    credit_after_hours: Mapped[int] = mapped_column(default=24, server_default="24")
    """So many hours without service are borne by the customer; what goes beyond is credited."""
    credit_unit: Mapped[str] = mapped_column(default="day", server_default="day")
    """`hour` or `day`: only full ones are credited."""
