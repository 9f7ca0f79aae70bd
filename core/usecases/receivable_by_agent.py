"""What is owed by the agent who was after it on a day; what nobody was after stands under None."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.billing.ageing import AgeingRow, receivable_ageing, regrouped
from core.companies import current_company
from core.ids import Id
from core.recovery.case_models import CaseAssignment, RecoveryCase


def receivable_by_agent(session: Session, *, as_of: date) -> list[AgeingRow]:
    """The ageing of the day by agent, the largest debt first; adds up to the ageing of all."""
    return regrouped(receivable_ageing(session, as_of=as_of, by="customer"), agents_of_customers(session, as_of=as_of))


def agents_of_customers(session: Session, *, as_of: date) -> dict[Id, Id | None]:
    """Customer → the agent whose case it was at the end of the day, in the company's time zone."""
    zone = ZoneInfo(current_company(session).timezone)
    end = datetime.combine(as_of + timedelta(days=1), time.min, zone)
    rows = session.execute(
        select(RecoveryCase.customer_id, CaseAssignment.agent_id)
        .join(CaseAssignment, CaseAssignment.case_id == RecoveryCase.id)
        .where(CaseAssignment.from_at < end, or_(CaseAssignment.until_at.is_(None), CaseAssignment.until_at >= end))
        .order_by(CaseAssignment.from_at)
    )
    return {row[0]: row[1] for row in rows}
