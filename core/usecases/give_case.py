"""A recovery case is given to another agent, who hears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.ids import Id
from core.recovery.assignment import ROLE, reassign_case
from core.recovery.case_models import CaseAssignment, RecoveryCase
from core.staff.models import Staff
from core.staff.wording import currency_sign, shown
from core.usecases.tell_office import tell_employee

SAID = {
    "en": "The case of *{customer}* ({amount}) is yours now. It is in your worklist.",
    "ur_Latn": "*{customer}* ({amount}) ka case ab aap ke paas hai. Aap ki list mein hai.",
    "ur": "*{customer}* ({amount}) کا کیس اب آپ کے پاس ہے۔ آپ کی فہرست میں ہے۔",
}


@dataclass(frozen=True)
class AgentLoad:
    """A recovery agent and the open cases he has."""

    staff_id: Id
    name: str
    cases: int
    amount: Decimal


@dataclass(frozen=True)
class OpenCase:
    """An open case as a list shows it."""

    case_id: Id
    number: str
    name: str
    amount: Decimal
    agent_id: Id | None


def agent_loads(session: Session) -> Sequence[AgentLoad]:
    """Recovery agents at work, whoever has least first."""
    rows = session.execute(
        select(Staff.id, Staff.name, func.count(RecoveryCase.id), func.coalesce(func.sum(RecoveryCase.amount), 0))
        .outerjoin(RecoveryCase, (RecoveryCase.agent_id == Staff.id) & (RecoveryCase.state == "open"))
        .where(Staff.role == ROLE, Staff.state == "active").group_by(Staff.id, Staff.name)
    )  # fmt: skip
    return sorted((AgentLoad(*row) for row in rows), key=lambda load: (load.amount, load.name))


def open_cases(session: Session, *, limit: int = 200) -> Sequence[OpenCase]:
    """Open cases, those of nobody first, then the largest."""
    rows = session.execute(
        select(RecoveryCase.id, Customer.number, Customer.name, RecoveryCase.amount, RecoveryCase.agent_id)
        .join(Customer, Customer.id == RecoveryCase.customer_id).where(RecoveryCase.state == "open")
        .order_by(RecoveryCase.agent_id.is_not(None), RecoveryCase.amount.desc(), Customer.number).limit(limit)
    )  # fmt: skip
    return [OpenCase(*row) for row in rows]


def give_case(session: Session, *, case_id: Id, agent_id: Id, actor: str, now: datetime) -> RecoveryCase:
    """Give an open case to the agent and tell him; the history keeps who had it. Raises AgentUnfit, NotFound."""
    had = session.scalar(select(RecoveryCase.agent_id).where(RecoveryCase.id == case_id))
    case = reassign_case(
        session, case_id=case_id, agent_id=agent_id, reason="given by the office", assigned_by=actor, now=now
    )
    if had == agent_id:
        return case
    running = session.scalars(
        select(CaseAssignment.id).where(CaseAssignment.case_id == case_id, CaseAssignment.until_at.is_(None))
    ).one()
    customer = session.get_one(Customer, case.customer_id)
    facts = {"customer": f"{customer.number} {customer.name}", "amount": shown(case.amount, currency_sign(session))}
    tell_employee(
        session, staff=session.get_one(Staff, agent_id), dedupe_key=f"case_given:{running}", now=now,
        words=lambda language: SAID.get(language, SAID["en"]).format(**facts),
    )  # fmt: skip
    return case
