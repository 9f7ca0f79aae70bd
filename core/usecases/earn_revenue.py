"""Month by month, what was billed in advance becomes income once its days are over."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.deferral_models import RevenueMonth
from core.billing.earning import earn_month, month_to_earn


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
