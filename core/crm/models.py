"""Customers, where they are, the people who write to us, and their documents."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, LargeBinary, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Owned
from core.ids import Id


class Area(Owned, Base):
    """A part of town, the unit of assignment for recovery and field work."""

    __tablename__ = "area"
    __table_args__ = (UniqueConstraint("company_id", "name"),)
    name: Mapped[str]
    jurisdiction: Mapped[str] = mapped_column(default="", server_default="")
    """Whose taxes hold here, an ISO 3166-2 code such as `PK-PB`; empty takes the rows for any place."""


class SubZone(Owned, Base):
    """The streets behind one distribution point; outages are counted here."""

    __tablename__ = "sub_zone"
    __table_args__ = (
        UniqueConstraint("company_id", "area_id", "name"),
        CheckConstraint("coverage IN ('served', 'planned', 'closed')", name="coverage"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place"),
    )
    area_id: Mapped[Id] = mapped_column(ForeignKey("area.id"))
    name: Mapped[str]
    other_names: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """How people also write it, in any script."""
    coverage: Mapped[str] = mapped_column(default="served", server_default="served")
    """Whether new connections are taken: `served`, `planned` for later, or `closed`."""
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    """The distribution point; without it the connected sites tell where the sub-zone is."""
    area: Mapped[Area] = relationship(lazy="joined")


class Customer(Owned, Base):
    """One account; a person may hold several."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("state IN ('active', 'suspended', 'left')", name="state"),
    )
    number: Mapped[str]
    name: Mapped[str] = mapped_column(index=True)
    cnic: Mapped[str] = mapped_column(default="")
    """13 digits without dashes; never shown in full in chat or logs."""
    tax_number: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    customer_class: Mapped[str] = mapped_column(default="residential")
    state: Mapped[str] = mapped_column(default="active")
    sub_zone_id: Mapped[Id] = mapped_column(ForeignKey("sub_zone.id"), index=True)
    sub_zone: Mapped[SubZone] = relationship(lazy="joined")
    sites: Mapped[list[Site]] = relationship(back_populates="customer")
    phones: Mapped[list[CustomerPhone]] = relationship()


class CustomerPhone(Owned, Base):
    """A number the company has on file for a customer; whoever writes from it may see the account."""

    __tablename__ = "customer_phone"
    __table_args__ = (UniqueConstraint("company_id", "customer_id", "phone"),)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    phone: Mapped[str] = mapped_column(index=True)
    """E.164 with the plus."""
    label: Mapped[str] = mapped_column(default="")
    opens_account: Mapped[bool] = mapped_column(default=True, server_default="true")
    """False once the person at this number gave the account up: it is for calls only."""


class Site(Owned, Base):
    """A place that is connected."""

    __tablename__ = "site"
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    address: Mapped[str]
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    connection_type: Mapped[str] = mapped_column(default="fibre")
    fibre_metres: Mapped[int | None]
    customer: Mapped[Customer] = relationship(back_populates="sites")


class Contact(Owned, Base):
    """A person on WhatsApp, known by Meta's user id, by phone, or by both."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("company_id", "phone"),
        UniqueConstraint("company_id", "user_id"),
        CheckConstraint("phone IS NOT NULL OR user_id IS NOT NULL", name="reachable"),
    )
    phone: Mapped[str | None]
    """E.164 with the plus; absent when the person withholds it."""
    user_id: Mapped[str | None]
    """Meta's business-scoped user id (BSUID)."""
    name: Mapped[str] = mapped_column(default="")
    """What the person calls himself; never proof of identity."""
    username: Mapped[str] = mapped_column(default="")
    phone_trusted: Mapped[bool] = mapped_column(default=True)
    """False once the number came back with another user id (a recycled number): links need a person."""
    staff_id: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    language: Mapped[str | None]
    language_chosen: Mapped[bool] = mapped_column(default=False)
    opted_out_at: Mapped[datetime | None]
    """No marketing and no reminders after this instant; answers to what he asks still go out."""
    marketing_stopped_at: Mapped[datetime | None]
    """No marketing after this instant; notices about his own service still go out."""


class ContactAccount(Owned, Base):
    """This person may act for this account."""

    __tablename__ = "contact_account"
    __table_args__ = (UniqueConstraint("company_id", "contact_id", "customer_id"),)
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    linked_by: Mapped[str] = mapped_column(default="phone_on_file")


class Document(Owned, Base):
    """A file in the vault, or one that waits to be fetched from Meta (`pending`)."""

    __tablename__ = "document"
    __table_args__ = (CheckConstraint("state IN ('pending', 'stored', 'failed')", name="state"),)
    state: Mapped[str] = mapped_column(default="pending", index=True)
    kind: Mapped[str] = mapped_column(default="photo")
    sha256: Mapped[str] = mapped_column(default="", index=True)
    image_hash: Mapped[str] = mapped_column(default="", server_default="")
    """Perceptual hash of a picture in hex, filled once it is stored; similar pictures are near in bits."""
    image_print: Mapped[bytes] = mapped_column(LargeBinary, default=b"", server_default="")
    """What tells a picture from another one of the same hash; empty for what was stored before there were prints."""
    mime_type: Mapped[str] = mapped_column(default="")
    filename: Mapped[str] = mapped_column(default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    media_id: Mapped[str] = mapped_column(default="")
    business_number_id: Mapped[Id | None] = mapped_column(ForeignKey("business_number.id"))
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    customer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
