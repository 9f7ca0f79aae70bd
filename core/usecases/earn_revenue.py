"""Month by month, what was billed in advance becomes income once its days are over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.deferral_models import RevenueMonth
from core.billing.earning import RevenueNotEarned, earn_month, month_to_earn
from core.money import ZERO

MONTHS_MAX = 24


@dataclass(frozen=True)
class MonthToEarn:
    """A month that is over and whose revenue still stands in 2220; `problem` says why it cannot be earned."""

    month: date
    amount: Decimal
    problem: str = ""


def revenue_to_earn(session: Session, *, today: date) -> Sequence[MonthToEarn]:
    """What `earn_revenue` would earn, month by month, the oldest first; earned on trial and taken back.

    A month whose books are closed ends the list with its problem: nothing after it can be earned either.
    """
    found: list[MonthToEarn] = []
    trial = session.begin_nested()
    try:
        while len(found) < MONTHS_MAX:
            month = month_to_earn(session)
            if month is None or month >= today.replace(day=1):
                break
            try:
                earned = earn_month(session, month=month, today=today, actor="trial")
            except RevenueNotEarned as closed:
                found.append(MonthToEarn(month, ZERO, str(closed)))
                break
            found.append(MonthToEarn(month, earned.earned))
    finally:
        trial.rollback()
        session.expire_all()
    return [each for each in found if each.amount or each.problem]


def earn_revenue(session: Session, *, today: date, actor: str) -> RevenueMonth | None:
    """Earn the oldest month that is over and not earned yet; None when nothing is left to earn before `today`.

    The caller goes on in new transactions until None: missed months are caught up one by one, a run that was killed
    goes on where it stood, and two at once take turns. Raises RevenueNotEarned for a month whose books are closed.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('revenue:' || taar_company(), 0))"))
    month = month_to_earn(session)
    if month is None or month >= today.replace(day=1):
        return None
    return earn_month(session, month=month, today=today, actor=actor)
