"""What becomes of debts that are not paid: fees for being late, and what is written off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
from core.ids import Id


class LateFee(Owned, Base):
    """A fee for one overdue invoice in one round, on an invoice of its own; charged once a round."""

    __tablename__ = "late_fee"
    __table_args__ = (
        UniqueConstraint("company_id", "invoice_id", "round"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("round >= 1", name="round"),
    )
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"))
    """The overdue invoice."""
    round: Mapped[int]
    """1 once the grace is over, then one more each time the policy's days have passed."""
    amount: Mapped[Money]
    """Before tax; what the cap of the policy limits."""
    charged_on: Mapped[date]
    fee_invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    waived_by: Mapped[str] = mapped_column(default="")
    waived_at: Mapped[datetime | None]


class WriteOff(Owned, Base):
    """A debt given up, with its reason; above the company's limit a second person approves it."""

    __tablename__ = "write_off"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('asked', 'booked', 'refused')", name="state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name="two_persons"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("uq_write_off_open", "company_id", "invoice_id", unique=True,
              postgresql_where=text("state = 'asked'")),
    )  # fmt: skip
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    amount: Mapped[Money]
    """The balance when it was asked for, then what was booked."""
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    asked_by: Mapped[str]
    approved_by: Mapped[str | None]
    """Who decided, when it was not who asked."""
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    """Why it was refused."""
