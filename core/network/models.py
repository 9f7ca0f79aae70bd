"""What the network should look like: rows that a reconciler makes true."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class Access(Owned, Base):
    """The desired PPPoE account of a subscription."""

    __tablename__ = "access"
    __table_args__ = (
        UniqueConstraint("company_id", "username"),
        UniqueConstraint("company_id", "subscription_id"),
        CheckConstraint("state IN ('allowed', 'blocked', 'absent')", name="state"),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    username: Mapped[str]
    state: Mapped[str] = mapped_column(default="allowed")
    profile: Mapped[str]
    """The speed profile's name on the router."""
