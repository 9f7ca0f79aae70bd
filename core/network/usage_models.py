"""How much of the line is used."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class UsageDay(Owned, Base):
    """What one subscription moved on one day of the company's calendar; grows as the pollers read the counters."""

    __tablename__ = "usage_day"
    __table_args__ = (
        UniqueConstraint("company_id", "subscription_id", "day"),
        CheckConstraint("bytes_down >= 0 AND bytes_up >= 0 AND session_seconds >= 0", name="never_negative"),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    day: Mapped[date]
    bytes_down: Mapped[int] = mapped_column(BigInteger, default=0)
    """To the customer."""
    bytes_up: Mapped[int] = mapped_column(BigInteger, default=0)
    session_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
