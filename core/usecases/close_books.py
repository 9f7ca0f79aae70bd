"""The books are closed through a day, after the months among them have earned what was billed in advance."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.billing.earning import month_to_earn
from core.clock import business_day
from core.companies import current_company
from core.inventory.wear import month_to_wear, wear_equipment
from core.ledger.book_models import PeriodEvent
from core.ledger.periods import close_period
from core.usecases.earn_revenue import earn_revenue


def close_books(session: Session, *, through: date, hard: bool = False, by: str, now: datetime) -> PeriodEvent:
    """Close as `core.ledger.periods.close_period` does, with its refusals.

    A month that ends by then first releases its deferred revenue and takes the wear of rented equipment: afterwards
    they could only be told in a later one.
    Raises RevenueNotEarned for a month that was closed before without it.
    """
    today = business_day(now, current_company(session).timezone)
    while (month := month_to_wear(session, today=today)) is not None and _last_day(month) <= through:
        wear_equipment(session, today=today, actor=by)
    while (month := month_to_earn(session)) is not None and _last_day(month) <= min(through, today - timedelta(days=1)):
        if earn_revenue(session, today=today, actor=by) is None:
            break
    return close_period(session, through=through, hard=hard, by=by, now=now)


def _last_day(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
