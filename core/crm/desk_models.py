"""How a company's people answer in chat."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned

WEEKDAYS = ("1", "2", "3", "4", "5", "6", "7")
OFFICE_HOURS: Json = {day: [] if day == "7" else ["09:00", "18:00"] for day in WEEKDAYS}


class DeskSettings(Owned, Base):
    """A company's choices for its chats; one row, made on first use."""

    __tablename__ = "desk_settings"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("answer_hours BETWEEN 1 AND 72", name="answer_hours"),
        CheckConstraint("coverage_metres BETWEEN 10 AND 20000", name="coverage_metres"),
    )
    office_hours: Mapped[Json] = mapped_column(default=lambda: dict(OFFICE_HOURS))
    """ISO weekday → `["09:00", "18:00"]` on the company's clock; an empty list is a day off."""
    answer_hours: Mapped[int] = mapped_column(default=4)
    """Office hours without an answer after which a chat that waits for a person returns to the bot."""
    coverage_metres: Mapped[int] = mapped_column(default=500)
    """A place is covered when a connected site, or the point of a sub-zone, is no farther."""
