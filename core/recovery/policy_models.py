"""How a company recovers what it is owed: its ladder, its limits, its holidays, its agents' territories and caps."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Integer, String

from core.db import Base, Money, Owned
from core.ids import Id

KINDS = (
    "reminder", "agent", "final_notice", "suspension", "supervisor", "pick_up", "termination", "write_off_proposal",
)  # fmt: skip
"""Steps of the ladder, from the mildest to the last."""


class RecoveryPolicy(Owned, Base):
    """A company's choices (reference money 4); one row, made on first use. Weekdays are ISO: 1 is Monday."""

    __tablename__ = "recovery_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("contact_from < contact_to", name="contact_hours"),
        CheckConstraint("break_from < break_to", name="break_hours"),
        CheckConstraint("promise_share_min BETWEEN 0 AND 100", name="promise_share_min"),
        CheckConstraint("cut_share_max BETWEEN 0 AND 100", name="cut_share_max"),
        CheckConstraint("tolerance >= 0", name="tolerance"),
        CheckConstraint(
            "least(grace_days, suspension_notice_days, promise_days_max, promise_grace_days, promise_extensions_max,"
            " messages_a_day_max, messages_a_week_max, cut_count_free, ticket_hold_days) >= 0",
            name="counts",
        ),
        CheckConstraint(
            "least(weight_promises, weight_timeliness, weight_bounces) >= 0"
            " AND weight_promises + weight_timeliness + weight_bounces > 0",
            name="weights",
        ),
    )
    grace_days: Mapped[int] = mapped_column(default=0)
    """Days after the due date before a case is opened; the ladder counts from the due date all the same."""
    tolerance: Mapped[Money] = mapped_column(default=Decimal("50.00"))
    """A debt up to this opens no case, closes an open one and restores the service."""
    suspension_notice_days: Mapped[int] = mapped_column(default=7)
    """Days between the written notice and the suspension; a lawyer should look at it."""

    contact_from: Mapped[time] = mapped_column(default=time(9))
    contact_to: Mapped[time] = mapped_column(default=time(20))
    break_weekday: Mapped[int] = mapped_column(default=5)
    break_from: Mapped[time] = mapped_column(default=time(12, 30))
    break_to: Mapped[time] = mapped_column(default=time(14, 30))
    """Nothing about money is sent in the break: Friday prayer."""
    messages_a_day_max: Mapped[int] = mapped_column(default=1)
    messages_a_week_max: Mapped[int] = mapped_column(default=3)
    """Counted per customer over seven days, over everything in the billing lane of the outbox."""

    rest_weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=lambda: [7])
    """No working days: a promise's limit on one moves to the next working day."""
    no_cut_weekdays: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=lambda: [5])
    no_cut_on_holidays: Mapped[bool] = mapped_column(default=True)
    no_cut_before_holidays: Mapped[bool] = mapped_column(default=True)
    uncut_classes: Mapped[list[str]] = mapped_column(ARRAY(String), default=lambda: ["hospital", "vip"])
    """Customer classes that are reminded but never suspended."""
    ticket_hold_days: Mapped[int] = mapped_column(default=7)
    """An open service ticket younger than this halts the ladder."""
    cut_share_max: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("10.00"))
    """More than this percent of the customers of an area, or of all, suspended in a day need a manager's yes."""
    cut_count_free: Mapped[int] = mapped_column(default=10)
    """So many a day need none, whatever their share."""

    promise_days_max: Mapped[int] = mapped_column(default=14)
    promise_share_min: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal("50.00"))
    """The least part of what is overdue that may be promised, in percent."""
    promise_grace_days: Mapped[int] = mapped_column(default=1)
    promise_extensions_max: Mapped[int] = mapped_column(default=2)
    unreliable_below: Mapped[int] = mapped_column(default=40)
    """Under this score a promise must be for all that is overdue, and soon."""
    unreliable_days_max: Mapped[int] = mapped_column(default=3)
    broken_max: Mapped[int] = mapped_column(default=3)
    broken_window_days: Mapped[int] = mapped_column(default=90)
    """Who broke so many promises within so many days is offered none."""
    restore_on_promise: Mapped[bool] = mapped_column(default=False)

    weight_promises: Mapped[int] = mapped_column(default=50)
    weight_timeliness: Mapped[int] = mapped_column(default=35)
    weight_bounces: Mapped[int] = mapped_column(default=15)
    """What counts how much in the reliability score."""

    agent_cases_max: Mapped[int] = mapped_column(default=150)
    agent_amount_max: Mapped[Money | None]
    agent_cash_max: Mapped[Money | None] = mapped_column(default=Decimal("50000.00"))
    """An agent with more cash than this in hand gets no new cases until he hands it over."""
    cost_of_call: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    cost_of_visit: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    cost_of_chat: Mapped[Money] = mapped_column(default=Decimal("0.00"))

    age_at: Mapped[time] = mapped_column(default=time(1))
    remind_at: Mapped[time] = mapped_column(default=time(10))
    cut_at: Mapped[time] = mapped_column(default=time(11))
    """Local times from which the day's ageing, ladder and suspensions may run."""


class LadderStep(Owned, Base):
    """What happens so many days after the due date; before it, where `day` is negative."""

    __tablename__ = "ladder_step"
    __table_args__ = (
        UniqueConstraint("company_id", "day", "kind"),
        CheckConstraint(
            "kind IN ('reminder', 'agent', 'final_notice', 'suspension', 'supervisor', 'pick_up', 'termination',"
            " 'write_off_proposal')",
            name="kind",
        ),
        CheckConstraint("day > 0 OR kind = 'reminder'", name="only_reminders_before_due"),
        CheckConstraint("(message_key = '') = (kind NOT IN ('reminder', 'final_notice'))", name="message_key"),
    )
    day: Mapped[int]
    kind: Mapped[str]
    min_balance: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """The step is left out for a smaller debt."""
    message_key: Mapped[str] = mapped_column(default="")
    """The words of a reminder or notice, see `core.recovery.words`."""


class HolidayChange(Owned, Base):
    """A day the company adds to its country's holidays, or takes away; Eid is known only when announced."""

    __tablename__ = "holiday_change"
    __table_args__ = (UniqueConstraint("company_id", "day"),)
    day: Mapped[date]
    is_holiday: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")
    changed_by: Mapped[str]


class AgentTerms(Owned, Base):
    """One agent's own caps; None takes the company's."""

    __tablename__ = "agent_terms"
    __table_args__ = (UniqueConstraint("company_id", "agent_id"),)
    agent_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    cases_max: Mapped[int | None]
    amount_max: Mapped[Money | None]
    cash_max: Mapped[Money | None]


class AgentZone(Owned, Base):
    """A sub-zone that is worked by certain agents of an area; one without rows is worked by all of them."""

    __tablename__ = "agent_zone"
    __table_args__ = (UniqueConstraint("company_id", "agent_id", "sub_zone_id"),)
    agent_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    sub_zone_id: Mapped[Id] = mapped_column(ForeignKey("sub_zone.id"), index=True)
