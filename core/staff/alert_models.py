"""What managers and owners are told unasked: the day's summary, and alerts when something goes wrong."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned
from core.ids import Id

ALERTS = ("outage", "cash_limit", "inbound", "outbox", "number", "stock", "sla", "night_jobs")
"""What may be alerted about, in the order in which the panel shows the switches."""
HEARERS = ("managers", "owners", "both")


class AlertPolicy(Owned, Base):
    """A company's choices for summary and alerts; one row, made on first use."""

    __tablename__ = "alert_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("summary_to IN ('managers', 'owners', 'both')", name="summary_to"),
        CheckConstraint("alerts_to IN ('managers', 'owners', 'both')", name="alerts_to"),
        CheckConstraint(
            "inbound_min > 0 AND outbox_min > 0 AND sla_min > 0 AND cash_percent BETWEEN 1 AND 1000"
            " AND quiet_minutes BETWEEN 5 AND 1440",
            name="thresholds",
        ),
    )
    summary_on: Mapped[bool] = mapped_column(default=True)
    summary_at: Mapped[time] = mapped_column(default=time(20))
    """On the company's clock; each person may have an hour of his own."""
    summary_weekdays: Mapped[Json] = mapped_column(default=lambda: {"days": [1, 2, 3, 4, 5, 6, 7]})
    """`{"days": [1, ...]}`, 1 for Monday."""
    summary_to: Mapped[str] = mapped_column(default="both")
    alerts_to: Mapped[str] = mapped_column(default="both")
    off: Mapped[Json] = mapped_column(default=lambda: {"alerts": []})
    """`{"alerts": ["sla"]}`: those of `ALERTS` that are switched off."""
    inbound_min: Mapped[int] = mapped_column(default=1)
    """So many messages of people that could not be answered make an alert."""
    outbox_min: Mapped[int] = mapped_column(default=10)
    """So many messages of ours that failed within a day."""
    sla_min: Mapped[int] = mapped_column(default=1)
    """So many open complaints past their due time."""
    cash_percent: Mapped[int] = mapped_column(default=100)
    """From so much of his limit on, in percent, an agent's cash makes an alert."""
    quiet_minutes: Mapped[int] = mapped_column(default=60)
    """After an alert of a kind the next one of it waits so long, and then tells all that came meanwhile."""
    changed_at: Mapped[datetime | None]
    """When the summary's hour was set last: one that had passed by then begins to count the next day."""


class SummaryChoice(Owned, Base):
    """One person's own choice; where he has none, the company's policy holds."""

    __tablename__ = "summary_choice"
    __table_args__ = (UniqueConstraint("company_id", "staff_id"),)
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    wanted: Mapped[bool | None]
    """None is as the policy says."""
    at: Mapped[time | None]
    chosen_at: Mapped[datetime]
    """An hour that had passed by then begins to count the next day."""


class SummarySent(Owned, Base):
    """The summary of a day went to a person: once, whatever restarts and whenever he changes his hour."""

    __tablename__ = "summary_sent"
    __table_args__ = (UniqueConstraint("company_id", "staff_id", "day"),)
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[date]


class AlertTold(Owned, Base):
    """A fact that was alerted about, so that it is told once; the newest one of a kind begins its quiet time."""

    __tablename__ = "alert_told"
    __table_args__ = (UniqueConstraint("company_id", "kind", "fact"),)
    kind: Mapped[str]
    fact: Mapped[str]
    """What makes it one: `<ticket>`, `<agent>:<day>`, `<run>`."""
    told_at: Mapped[datetime]
