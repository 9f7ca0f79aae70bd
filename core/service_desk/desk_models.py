"""How the desk works: its hours, and what customers checked before a ticket."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id

URGENT_CLASSES = ("hospital", "corporate")
REPEAT_COUNT, REPEAT_DAYS = 3, 30


class GuidedCheck(Owned, Base):
    """A check the bot asked a customer to make before a ticket, and whether it helped."""

    __tablename__ = "guided_check"
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    category: Mapped[str]
    light: Mapped[str]
    """What the customer saw on the box."""
    helped: Mapped[bool]
    ticket_id: Mapped[Id | None] = mapped_column(ForeignKey("ticket.id"))
    """The ticket that was opened because it did not help."""
    checked_at: Mapped[datetime]


class DeskPolicy(Owned, Base):
    """When the desk works, what is urgent, and for how long a ticket can be reopened; else the defaults hold."""

    __tablename__ = "desk_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("opens < closes", name="hours"),
        CheckConstraint("reopen_days >= 0", name="reopen_days"),
        CheckConstraint("cardinality(rest_weekdays) < 7", name="rest_weekdays"),
        CheckConstraint("repeat_count >= 0 AND repeat_days > 0", name="repeats"),
    )
    opens: Mapped[time] = mapped_column(default=time(9))
    closes: Mapped[time] = mapped_column(default=time(21))
    rest_weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    """ISO weekdays without field work; 7 is Sunday."""
    reopen_days: Mapped[int] = mapped_column(default=7)
    """For so many days after it was resolved a ticket goes on when the fault comes back."""
    urgent_categories: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """Tickets of these are urgent whoever has them."""
    urgent_classes: Mapped[list[str]] = mapped_column(
        ARRAY(String), default=lambda: list(URGENT_CLASSES), server_default="{hospital,corporate}"
    )
    """Faults of these classes of customers are urgent."""
    repeat_count: Mapped[int] = mapped_column(default=REPEAT_COUNT, server_default=str(REPEAT_COUNT))
    """A customer's so many-th fault within `repeat_days` is urgent; 0 is never."""
    repeat_days: Mapped[int] = mapped_column(default=REPEAT_DAYS, server_default=str(REPEAT_DAYS))
