"""Open cases as a list, and one case with everything that was done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id
from core.recovery.assignment import ROLE, history_of
from core.recovery.case_models import (
    Attempt,
    CaseAssignment,
    NeverCut,
    Promise,
    Proposal,
    RecoveryCase,
    ServiceCut,
    StepRecord,
)
from core.recovery.cases import attempts_of
from core.staff.models import Staff

LISTED_MAX = 500


@dataclass(frozen=True)
class CaseLine:
    """An open case in a list; the promise is the one that runs."""

    case_id: Id
    number: str
    name: str
    stage: str
    held_by: str
    agent: str
    amount: Decimal
    days: int
    promised: Decimal | None
    promised_by: date | None


@dataclass(frozen=True)
class CaseFile:
    """A case, open or closed, and its records, the newest first."""

    case: RecoveryCase
    customer: Customer
    agent: str
    attempts: Sequence[Attempt]
    promises: Sequence[Promise]
    steps: Sequence[StepRecord]
    assignments: Sequence[CaseAssignment]
    protections: Sequence[NeverCut]
    proposals: Sequence[Proposal]
    cuts: Sequence[ServiceCut]


def open_cases(
    session: Session, *, today: date, stage: str = "", held_by: str | None = None, agent_id: Id | None = None,
    limit: int = LISTED_MAX,
) -> list[CaseLine]:  # fmt: skip
    """Open cases, the largest first; of one stage, hold (empty: of those that go on) or agent where these are named."""
    query = (
        select(RecoveryCase, Customer.number, Customer.name, Staff.name.label("agent"), Promise)
        .join(Customer, Customer.id == RecoveryCase.customer_id)
        .outerjoin(Staff, Staff.id == RecoveryCase.agent_id)
        .outerjoin(Promise, (Promise.customer_id == Customer.id) & (Promise.state == "open"))
        .where(RecoveryCase.state == "open")
    )
    if stage:
        query = query.where(RecoveryCase.stage == stage)
    if held_by is not None:
        query = query.where(RecoveryCase.held_by == held_by)
    if agent_id is not None:
        query = query.where(RecoveryCase.agent_id == agent_id)
    rows = session.execute(query.order_by(RecoveryCase.amount.desc(), Customer.number).limit(limit))
    return [
        CaseLine(
            case.id, number, name, case.stage, case.held_by, agent or "", case.amount,
            (today - case.oldest_due_on).days, promise.amount if promise else None, promise.due_on if promise else None,
        )
        for case, number, name, agent, promise in rows
    ]  # fmt: skip


def case_file(session: Session, *, case_id: Id) -> CaseFile:
    """One case with its records; raises NotFound."""
    case = session.get(RecoveryCase, case_id)
    if case is None:
        raise NotFound("There is no such case")
    agent = session.get(Staff, case.agent_id) if case.agent_id else None
    promises = select(Promise).where(Promise.customer_id == case.customer_id)
    steps = select(StepRecord).where(StepRecord.case_id == case_id)
    flags = select(NeverCut).where(NeverCut.customer_id == case.customer_id)
    proposals = select(Proposal).where(Proposal.case_id == case_id)
    cuts = select(ServiceCut).where(ServiceCut.case_id == case_id)
    return CaseFile(
        case, session.get_one(Customer, case.customer_id), agent.name if agent else "",
        attempts_of(session, customer_id=case.customer_id, limit=100),
        session.scalars(promises.order_by(Promise.id.desc())).all(),
        session.scalars(steps.order_by(StepRecord.id.desc())).all(),
        history_of(session, case_id=case_id),
        session.scalars(flags.order_by(NeverCut.id.desc())).all(),
        session.scalars(proposals.order_by(Proposal.id.desc())).all(),
        session.scalars(cuts.order_by(ServiceCut.id.desc())).all(),
    )  # fmt: skip


def agents_at_work(session: Session) -> Sequence[Staff]:
    """Who may be given a case, by name."""
    return session.scalars(
        select(Staff).where(Staff.role == ROLE, Staff.state == "active").order_by(Staff.name)
    ).all()  # fmt: skip
