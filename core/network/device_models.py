"""Routers and controllers: where they are, how they are spoken with, and how they were last found."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned
from core.ids import Id

VENDORS = ("mikrotik", "unifi", "radius")


class NetworkDevice(Owned, Base):
    """A device that lets customers in, and the circuit breaker of the line to it."""

    __tablename__ = "network_device"
    __table_args__ = (
        UniqueConstraint("company_id", "name"),
        CheckConstraint("vendor IN ('mikrotik', 'unifi', 'radius')", name="vendor"),
        CheckConstraint("state IN ('ready', 'unreachable', 'misconfigured', 'retired')", name="state"),
        CheckConstraint("drift IN ('correct', 'report')", name="drift"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port"),
        CheckConstraint("changes_free >= 0 AND changes_share_max BETWEEN 0 AND 100", name="guard"),
    )
    name: Mapped[str]
    vendor: Mapped[str]
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"), index=True)
    """Whose customers it serves; None serves whoever is put on it by hand."""
    host: Mapped[str]
    port: Mapped[int]
    tls: Mapped[bool] = mapped_column(default=True)
    fingerprint: Mapped[str] = mapped_column(default="")
    """SHA-256 of its certificate, pinned at the first successful test."""
    login: Mapped[str]
    sealed_password: Mapped[str]
    options: Mapped[Json] = mapped_column(default=dict)
    """What only its vendor has: kinds of accounts, pool, site, how a line is suspended."""
    drift: Mapped[str] = mapped_column(default="correct")
    """What is done about changes made by hand: corrected, or reported and left for a person."""
    changes_free: Mapped[int] = mapped_column(default=20)
    changes_share_max: Mapped[int] = mapped_column(default=5)
    """More cuts and deletions than `changes_free` and than this percent of its accounts need a manager's yes."""
    serial: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(default="")
    version: Mapped[str] = mapped_column(default="")
    """As it last told them. Another serial number is another device: nothing is written to it."""
    state: Mapped[str] = mapped_column(default="ready")
    problem: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(default=0)
    """Transport failures in a row."""
    closed_until: Mapped[datetime | None]
    """The breaker: not tried before."""
    seen_at: Mapped[datetime | None]
    booted_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    """When all of it was last compared with what is wanted."""
    prepared: Mapped[str] = mapped_column(default="")
    """A digest of the speed profiles it was last given."""
    foreign_accounts: Mapped[int] = mapped_column(default=0)
    """Accounts on it that are not ours."""


class NetworkYes(Owned, Base):
    """A manager's yes to so many cuts and deletions on a device on one day."""

    __tablename__ = "network_yes"
    device_id: Mapped[Id] = mapped_column(ForeignKey("network_device.id"), index=True)
    day: Mapped[date]
    count_max: Mapped[int]
    given_by: Mapped[str]
