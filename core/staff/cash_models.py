"""Cash in agents' hands: limits, handovers counted by a second person, and differences that need a decision."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
from core.ids import Id


class CashLimit(Owned, Base):
    """An agent's own limits in place of the company's."""

    __tablename__ = "cash_limit"
    __table_args__ = (
        UniqueConstraint("company_id", "staff_id"),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount"),
        CheckConstraint("age_days IS NULL OR age_days >= 0", name="age_days"),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """None: no limit for him."""
    age_days: Mapped[int | None]
    """None: no limit for him."""


class Handover(Owned, Base):
    """Cash an agent says he gives, and what another person counted: the count is what is booked."""

    __tablename__ = "handover"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("state IN ('announced', 'confirmed', 'refused', 'cancelled')", name="state"),
        CheckConstraint("announced > 0 AND (counted IS NULL OR counted > 0)", name="amount"),
        CheckConstraint("(state = 'confirmed') = (counted IS NOT NULL)", name="counted_when_confirmed"),
        CheckConstraint("state <> 'confirmed' OR counted_by IS NOT NULL", name="counted_by"),
        CheckConstraint("counted_by <> staff_id", name="two_persons"),
        Index("ix_handover_waiting", "company_id", "staff_id", postgresql_where=text("state = 'announced'")),
        Index("uq_handover_slip", "company_id", "account_code", "slip", unique=True,
              postgresql_where=text("slip <> '' AND state IN ('announced', 'confirmed')")),
    )  # fmt: skip
    number: Mapped[str]
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    announced: Mapped[Money]
    account_code: Mapped[str]
    """Where it goes: the office (1010), a bank account, or 1050 until the bank's statement shows it."""
    slip: Mapped[str] = mapped_column(default="")
    """The number on the bank's deposit slip; the same slip counts once."""
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    """A picture of the slip."""
    announced_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="announced")
    counted: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    counted_by: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    """Who counted, or refused to take it."""
    decided_at: Mapped[datetime | None]
    posted_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    idempotency_key: Mapped[str]


class CashDifference(Owned, Base):
    """Cash missing or too much when it was counted; it stays on the agent until somebody decides."""

    __tablename__ = "cash_difference"
    __table_args__ = (
        CheckConstraint("kind IN ('short', 'over')", name="kind"),
        CheckConstraint("state IN ('open', 'left', 'booked')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by <> staff_id", name="two_persons"),
        Index("ix_cash_difference_open", "company_id", "staff_id", postgresql_where=text("state = 'open'")),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    handover_id: Mapped[Id | None] = mapped_column(ForeignKey("handover.id"), index=True)
    """None for a count without a handover."""
    kind: Mapped[str]
    amount: Mapped[Money]
    found_on: Mapped[date]
    found_by: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(default="open")
    """`left`: stays on the agent's cash account; `booked`: moved to 1310, or to 4095."""
    booked: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    decided_by: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    decided_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(default="")
