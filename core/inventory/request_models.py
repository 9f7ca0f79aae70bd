"""What technicians ask for, and what was counted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Owned
from core.ids import Id
from core.inventory.models import ItemType


class RestockRequest(Owned, Base):
    """A technician asks for stock: asked → approved → issued, or refused, or withdrawn by himself."""

    __tablename__ = "restock_request"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("state IN ('asked', 'approved', 'refused', 'issued', 'withdrawn')", name="state"),
        CheckConstraint("(state IN ('approved', 'refused', 'issued')) <= (decided_by IS NOT NULL)", name="decided"),
        CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name="issued"),
    )
    number: Mapped[str]
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="asked", index=True)
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it was refused or withdrawn."""
    warehouse_id: Mapped[Id | None] = mapped_column(ForeignKey("warehouse.id"))
    """From where it was issued."""
    issued_by: Mapped[str | None]
    issued_at: Mapped[datetime | None]
    idempotency_key: Mapped[str]
    lines: Mapped[list[RestockLine]] = relationship(order_by="RestockLine.position")


class RestockLine(Owned, Base):
    """A type and how much of it; `approved` is what the manager grants, zero for nothing."""

    __tablename__ = "restock_line"
    __table_args__ = (
        UniqueConstraint("company_id", "request_id", "type_id"),
        CheckConstraint("quantity > 0 AND (approved IS NULL OR approved >= 0)", name="quantity"),
    )
    request_id: Mapped[Id] = mapped_column(ForeignKey("restock_request.id"), index=True)
    position: Mapped[int]
    type_id: Mapped[Id] = mapped_column(ForeignKey("item_type.id"))
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    approved: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    type: Mapped[ItemType] = relationship(lazy="joined", innerjoin=True)


class StockTake(Owned, Base):
    """A place is counted: open → approved, which books the differences, or dropped."""

    __tablename__ = "stock_take"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("place_kind IN ('warehouse', 'technician')", name="place_kind"),
        CheckConstraint("state IN ('open', 'approved', 'dropped')", name="state"),
        CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided"),
    )
    number: Mapped[str]
    place_kind: Mapped[str]
    place_id: Mapped[Id]
    state: Mapped[str] = mapped_column(default="open")
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[StockTakeLine]] = relationship(order_by="StockTakeLine.created_at")


class StockTakeLine(Owned, Base):
    """What was counted of a type beside what the books said at that moment; what moves later changes neither."""

    __tablename__ = "stock_take_line"
    __table_args__ = (
        UniqueConstraint("company_id", "take_id", "type_id"),
        CheckConstraint("counted >= 0 AND expected >= 0", name="quantity"),
    )
    take_id: Mapped[Id] = mapped_column(ForeignKey("stock_take.id"), index=True)
    type_id: Mapped[Id] = mapped_column(ForeignKey("item_type.id"))
    counted: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    expected: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    missing: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    """Serials the books had here and nobody saw."""
    found: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    """Serials that were seen here and the books have elsewhere or not at all."""
    counted_by: Mapped[str]
    type: Mapped[ItemType] = relationship(lazy="joined", innerjoin=True)
