"""A customer's use of his line beside what his plan includes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.periods import period_containing
from core.billing.rating import UNIT_BYTES
from core.billing.subscription_models import Subscription
from core.ids import Id
from core.network.usage import DayUse, daily_use, measured_since, total_use


@dataclass(frozen=True)
class Allowance:
    """What a plan includes in the period that runs, and what of it is used; bytes."""

    plan: str
    included: int
    used: int
    since: date
    until: date
    """The first day of the next period."""
    throttled_mbps: int | None
    """The speed once it is used up; None where nothing is slowed down."""
    metered: bool
    """Whether what exceeds it is charged."""

    @property
    def percent(self) -> int:
        """Whole percents used, never rounded up to full."""
        return self.used * 100 // self.included if self.included else 0


@dataclass(frozen=True)
class CustomerUse:
    """Use by day of a month, of all the customer's lines together; `known_since` is None where nothing is measured."""

    days: Sequence[DayUse]
    total: int
    allowances: Sequence[Allowance]
    known_since: date | None


def use_of_month(session: Session, *, customer_id: Id, month: date, today: date) -> CustomerUse:
    """The days of the calendar month up to `today`, and how far each plan's allowance of the running period is used."""
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return _use(session, customer_id, first, min(following, today + timedelta(days=1)), today)


def use_of_days(session: Session, *, customer_id: Id, days: int, today: date) -> CustomerUse:
    """The same for the last `days` days, today among them."""
    return _use(session, customer_id, today - timedelta(days=days - 1), today + timedelta(days=1), today)


def _use(session: Session, customer_id: Id, since: date, until: date, today: date) -> CustomerUse:
    lines = session.scalars(
        select(Subscription).where(Subscription.customer_id == customer_id).order_by(Subscription.started_on)
    ).all()
    ids = [line.id for line in lines]
    if not ids or since >= until:
        return CustomerUse([], 0, [], None)
    days = daily_use(session, subscription_ids=ids, since=since, until=until)
    running = [line for line in lines if line.state != "ended"]
    allowances = [found for line in running if (found := _allowance(session, line, today)) is not None]
    return CustomerUse(days, total_use(days), allowances, measured_since(session, subscription_ids=ids))


def _allowance(session: Session, line: Subscription, today: date) -> Allowance | None:
    plan = line.plan
    if not plan.allowance_gb:
        return None
    period = period_containing(today, line.billing_day)
    days = daily_use(session, subscription_ids=[line.id], since=period.start, until=today + timedelta(days=1))
    return Allowance(
        plan.name, plan.allowance_gb * UNIT_BYTES[plan.unit], total_use(days), period.start, period.end,
        plan.throttled_mbps, metered=plan.kind == "metered",
    )  # fmt: skip
