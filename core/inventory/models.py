"""Serialised equipment and where it is: a ledger of movements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class Item(Owned, Base):
    """One piece of equipment with a serial number."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("company_id", "serial"),
        CheckConstraint("ownership IN ('company', 'rented', 'sold', 'customer')", name="ownership"),
        CheckConstraint("holder_kind IN ('warehouse', 'technician', 'customer', 'scrap')", name="holder_kind"),
    )
    kind: Mapped[str]
    """onu, router, dish, set_top_box, splicing_box."""
    model: Mapped[str]
    serial: Mapped[str]
    mac: Mapped[str] = mapped_column(default="")
    ownership: Mapped[str] = mapped_column(default="company")
    holder_kind: Mapped[str] = mapped_column(default="warehouse")
    holder_id: Mapped[Id | None] = mapped_column(index=True)


class Movement(Owned, Base):
    """An item changed hands; append only."""

    __tablename__ = "movement"
    item_id: Mapped[Id] = mapped_column(ForeignKey("item.id"), index=True)
    from_kind: Mapped[str]
    from_id: Mapped[Id | None]
    to_kind: Mapped[str]
    to_id: Mapped[Id | None]
    reason: Mapped[str]
    actor: Mapped[str]
    moved_at: Mapped[datetime]
