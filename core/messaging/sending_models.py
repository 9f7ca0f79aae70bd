"""What sending may cost and reach: the company's limits, Meta's prices, the state of a number, what is held and why."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned, Rate
from core.ids import Id

RECIPIENTS_AT_START = 250
"""What Meta lets a new portfolio reach outside the window in 24 hours (reference whatsapp 4.2)."""
CATEGORIES = ("marketing", "utility", "authentication", "service")
"""What Meta bills by; `service` is everything but a template."""
CAUSES = ("code", "quality", "account", "budget", "person")
"""Why a lane is held: an error code of Meta, the number's quality, a webhook on the account, money, an employee."""


class SendingPolicy(Owned, Base):
    """A company's limits for sending; one row, made on first use. Reservations of the company take turns on it."""

    __tablename__ = "sending_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("recipients_per_day > 0", name="recipients"),
        CheckConstraint("reserve_percent BETWEEN 0 AND 90 AND bulk_percent BETWEEN 1 AND 100", name="shares"),
        CheckConstraint("budget_per_day >= 0", name="budget"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until", name="quiet"),
        CheckConstraint("window_hours BETWEEN 0 AND 72", name="window_hours"),
        CheckConstraint("recipients_from IN ('start', 'meta', 'person')", name="recipients_from"),
    )
    recipients_per_day: Mapped[int | None]
    """People whom the portfolio may reach outside the window in any 24 hours; None is without limit."""
    recipients_from: Mapped[str]
    """Who said so: `start` is what Meta gives a new portfolio, `meta` its API or webhook, `person` the panel."""
    reserve_percent: Mapped[int]
    """Of those, so many are kept for the lanes urgent, reply and notice."""
    budget_per_day: Mapped[Money | None]
    """For one of the company's days; None is without limit."""
    bulk_percent: Mapped[int]
    """The lane bulk stops at so much of the budget, billing at the whole of it, the others never."""
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    """On the company's clock; billing and bulk wait until it is over. May reach past midnight."""
    window_hours: Mapped[int]
    """Kept for sending early, to who is writing, what is due within so many hours; nothing reads it yet."""


class MessagePrice(Owned, Base):
    """What a delivered message of a category costs from a day on, in the company's currency; the newest day holds."""

    __tablename__ = "message_price"
    __table_args__ = (
        UniqueConstraint("company_id", "country", "category", "from_day"),
        CheckConstraint("category IN ('marketing', 'utility', 'authentication', 'service')", name="category"),
        CheckConstraint("price >= 0", name="price"),
    )
    country: Mapped[str]
    """Of the person's phone, two letters; `*` is every other."""
    category: Mapped[str]
    from_day: Mapped[date]
    price: Mapped[Rate]


class NumberState(Owned, Base):
    """What Meta last told of a business number, by webhook or when asked."""

    __tablename__ = "number_state"
    __table_args__ = (UniqueConstraint("company_id", "business_number_id"),)
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    quality: Mapped[str] = mapped_column(default="")
    """GREEN, YELLOW, RED or UNKNOWN; empty while nobody told."""
    status: Mapped[str] = mapped_column(default="")
    """CONNECTED, FLAGGED, RESTRICTED and so on."""
    tier: Mapped[str] = mapped_column(default="")
    """TIER_250 to TIER_UNLIMITED."""
    throughput: Mapped[int] = mapped_column(default=80)
    """Messages a second in and out together."""
    review: Mapped[str] = mapped_column(default="")
    """Meta's last decision on the account."""
    told_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    """When the API was asked last, answered or not."""
    error: Mapped[str] = mapped_column(default="")
    """Why the last question had no answer."""


class LaneHold(Owned, Base):
    """A lane that is not sent from, from when, why, and how it ended."""

    __tablename__ = "lane_hold"
    __table_args__ = (
        CheckConstraint("lane IN ('urgent', 'reply', 'notice', 'billing', 'bulk')", name="lane"),
        CheckConstraint("cause IN ('code', 'quality', 'account', 'budget', 'person')", name="cause"),
        Index("uq_lane_hold_open", "company_id", "business_number_id", "lane", "cause", unique=True,
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    lane: Mapped[str]
    cause: Mapped[str]
    detail: Mapped[str]
    """In words, for people."""
    code: Mapped[int | None]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    """When the lane tries again by itself; None waits for a rule or a person."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    """The actor, `rule` or `time`."""
    end_reason: Mapped[str] = mapped_column(default="")


class QueueAction(Owned, Base):
    """What somebody did to queued messages: cancelled, put into another lane, held or resumed a lane."""

    __tablename__ = "queue_action"
    __table_args__ = (
        CheckConstraint("action IN ('cancel', 'reprioritise', 'hold', 'resume')", name="action"),
    )  # fmt: skip
    action: Mapped[str]
    chosen: Mapped[Json]
    """By what they were chosen: `{"key"}`, `{"contact_id"}`, `{"lane"}`, and the lane they went to."""
    messages: Mapped[int]
    actor: Mapped[str]
    reason: Mapped[str]
    done_at: Mapped[datetime]
