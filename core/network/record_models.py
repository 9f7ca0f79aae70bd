"""What was done to the network, and what was found there that nobody here asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned
from core.ids import Id


class NetworkChange(Owned, Base):
    """One change that was sent to a device; never altered afterwards."""

    __tablename__ = "network_change"
    __table_args__ = (Index("ix_network_change_device", "company_id", "device_id", "at"),)
    device_id: Mapped[Id] = mapped_column(ForeignKey("network_device.id"))
    access_id: Mapped[Id | None] = mapped_column(ForeignKey("access.id"), index=True)
    pass_id: Mapped[Id]
    """All changes of one pass share it."""
    at: Mapped[datetime]
    move: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    before: Mapped[Json]
    """Without passwords."""
    after: Mapped[Json]
    cause: Mapped[str]
    outcome: Mapped[str]
    """done, refused, or unknown: the connection broke before the answer."""
    error: Mapped[str] = mapped_column(default="")


class NetworkDrift(Owned, Base):
    """An account on a device that differs from what is wanted although nobody here changed it."""

    __tablename__ = "network_drift"
    __table_args__ = (
        CheckConstraint("what IN ('changed', 'taken', 'orphan', 'missing')", name="what"),
        CheckConstraint("state IN ('open', 'adopted', 'overwritten', 'ignored', 'corrected', 'gone')", name="state"),
        Index("uq_network_drift_open", "company_id", "device_id", "kind", "key", unique=True,
              postgresql_where=text("state IN ('open', 'ignored')")),
    )  # fmt: skip
    device_id: Mapped[Id] = mapped_column(ForeignKey("network_device.id"))
    access_id: Mapped[Id | None] = mapped_column(ForeignKey("access.id"), index=True)
    what: Mapped[str]
    """`changed` by hand; `taken`: our name, but not our mark; `orphan`: our mark, but no such account here."""
    kind: Mapped[str]
    key: Mapped[str]
    fields: Mapped[str] = mapped_column(default="")
    """Which fields differ, by comma."""
    seen: Mapped[Json]
    wanted: Mapped[Json]
    state: Mapped[str] = mapped_column(default="open")
    found_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]


class LineSession(Owned, Base):
    """Somebody's time online on a device, from the first reading that had it to the first that had it not."""

    __tablename__ = "line_session"
    __table_args__ = (
        UniqueConstraint("company_id", "device_id", "reference", "started_at"),
        Index("ix_line_session_running", "company_id", "device_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_line_session_subscription", "company_id", "subscription_id", "started_at"),
        CheckConstraint("bytes_down >= 0 AND bytes_up >= 0", name="never_negative"),
    )
    device_id: Mapped[Id] = mapped_column(ForeignKey("network_device.id"))
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    kind: Mapped[str]
    key: Mapped[str]
    reference: Mapped[str]
    """The device's id of the session; devices start over after a reboot, so the start belongs to it."""
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    """When the counters below were read."""
    bytes_down: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_up: Mapped[int] = mapped_column(BigInteger, default=0)
    """What it moved in all, counted over wraps and resets."""
    counter_down: Mapped[int] = mapped_column(BigInteger, default=0)
    counter_up: Mapped[int] = mapped_column(BigInteger, default=0)
    """The device's counters as last read."""
    address: Mapped[str] = mapped_column(default="")
    mac: Mapped[str] = mapped_column(default="")


class SuspectReading(Owned, Base):
    """A counter that grew faster than the line can carry; kept for a person and not billed."""

    __tablename__ = "suspect_reading"
    device_id: Mapped[Id] = mapped_column(ForeignKey("network_device.id"))
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    read_at: Mapped[datetime]
    bytes_down: Mapped[int] = mapped_column(BigInteger)
    bytes_up: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str]
