"""What the network should look like: rows that a reconciler makes true."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class Access(Owned, Base):
    """The desired account of a subscription on a device of the network."""

    __tablename__ = "access"
    __table_args__ = (
        UniqueConstraint("company_id", "username"),
        UniqueConstraint("company_id", "subscription_id"),
        CheckConstraint("state IN ('allowed', 'blocked', 'absent')", name="state"),
        CheckConstraint("kind IN ('pppoe', 'hotspot', 'dhcp', 'wifi')", name="kind"),
        Index("uq_access_address", "company_id", "address", unique=True,
              postgresql_where=text("address <> '' AND state <> 'absent'")),
    )  # fmt: skip
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    device_id: Mapped[Id | None] = mapped_column(ForeignKey("network_device.id"), index=True)
    """None until a device serves the place; the account then waits."""
    kind: Mapped[str] = mapped_column(default="pppoe", server_default="pppoe")
    username: Mapped[str]
    """The account's key on the device: a name, or the MAC of a lease or Wi-Fi client."""
    state: Mapped[str] = mapped_column(default="allowed")
    profile: Mapped[str]
    """The speed profile's name on the router."""
    sealed_password: Mapped[str] = mapped_column(default="", server_default="")
    """As `core.vault.seal` made it; empty leaves the password that stands on the device."""
    address: Mapped[str] = mapped_column(default="", server_default="")
    """A fixed IPv4 address, which no other account of the company has."""
    mac: Mapped[str] = mapped_column(default="", server_default="")
    """The only equipment that may use the account."""
    throttled_kbps: Mapped[int | None]
    """The speed after the fair-use allowance is used up, until the period ends."""
    adopted: Mapped[bool] = mapped_column(default=False, server_default="false")
    """A person said that the account of that name on the device, which is not marked as ours, is this one."""


class AccessSync(Base):
    """How far the device follows an account.

    The database counts `generation` up whenever what is wanted changes; the reconciler notes which generation it last
    made true, so nothing that was asked for is ever lost between the two. Written by every pass, so not audited.
    """

    __tablename__ = "access_sync"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'in_sync', 'failed', 'conflict', 'held')", name="state"),
        Index("ix_access_sync_waiting", "company_id", "next_try_at", postgresql_where=text("state <> 'in_sync'")),
    )
    access_id: Mapped[Id] = mapped_column(ForeignKey("access.id", ondelete="CASCADE"), primary_key=True)
    company_id: Mapped[Id] = mapped_column(server_default=text("taar_company()"))
    generation: Mapped[int] = mapped_column(default=1, server_default="1")
    applied_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    """`conflict` waits for a person, `held` for a manager's yes, `failed` for its next try."""
    problem: Mapped[str] = mapped_column(default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None]
    wanted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the present wish was written: how long a payer waits is counted from here."""
    wanted_by: Mapped[str] = mapped_column(default="", server_default="")
    """Who or what wrote it, as in the audit trail."""
    applied_at: Mapped[datetime | None]
    password_print: Mapped[str] = mapped_column(default="", server_default="")
    """Of the password that a pass saw on the device and knew for the sealed one: the next need not unseal it."""
