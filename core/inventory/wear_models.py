"""What rented equipment loses of its worth month by month."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
from core.ids import Id


class WearMonth(Owned, Base):
    """A month whose wear of rented equipment is booked: one entry for all pieces, on its last day; append only."""

    __tablename__ = "wear_month"
    __table_args__ = (
        UniqueConstraint("company_id", "month"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("amount >= 0 AND pieces >= 0", name="amount"),
    )
    month: Mapped[date]
    """Its first day."""
    amount: Mapped[Money]
    pieces: Mapped[int]
    """How many lost something; without any there is no entry."""


class ItemWear(Owned, Base):
    """What a month took of the cost of one piece at a customer; append only."""

    __tablename__ = "item_wear"
    __table_args__ = (
        UniqueConstraint("company_id", "movement_id", "worn_on"),
        CheckConstraint("amount > 0", name="amount"),
    )
    movement_id: Mapped[Id] = mapped_column(ForeignKey("movement.id"))
    """The movement that brought it to the customer: a piece that goes out again begins anew."""
    worn_on: Mapped[date]
    """The month's last day, on which it is booked."""
    amount: Mapped[Money]
