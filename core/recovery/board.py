"""The recovery board: open cases by stage, age, hold and agent, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from core.crm.models import Area
from core.ids import Id
from core.money import ZERO
from core.recovery.case_models import Promise, Proposal, RecoveryCase, ServiceCut, StepRecord
from core.recovery.ladder import BUCKETS
from core.recovery.policy_models import KINDS
from core.staff.models import Staff


@dataclass(frozen=True)
class Share:
    """Cases and what is overdue in them."""

    cases: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Board:
    """Every mapping holds the same open cases, split another way."""

    stages: Mapping[str, Share]
    buckets: Mapping[str, Share]
    """By the age of the oldest due date."""
    held: Mapping[str, Share]
    """By what halts the ladder; empty for those that go on."""
    agents: Mapping[str, Share]
    """By the agent's name; empty for those that have none."""
    areas: Mapping[str, Share]
    promises_open: Share
    suspended: int
    notices_to_bring: int
    proposals: Mapping[str, int]


def board(session: Session, *, today: date, area_id: Id | None = None) -> Board:
    """The company's board, or one area's, as of the last ageing run."""
    where = [RecoveryCase.state == "open", *([RecoveryCase.area_id == area_id] if area_id else [])]
    age = literal(today) - RecoveryCase.oldest_due_on
    bucket = case((age <= 0, BUCKETS[0]), (age <= 30, BUCKETS[1]), (age <= 60, BUCKETS[2]), (age <= 90, BUCKETS[3]),
                  else_=BUCKETS[4])  # fmt: skip
    open_ids = select(RecoveryCase.id).where(*where)
    stages = _split(session, RecoveryCase.stage, where)
    promised = session.execute(
        select(func.count(), func.coalesce(func.sum(Promise.amount), 0))
        .where(Promise.state == "open", Promise.case_id.in_(open_ids))
    ).one()  # fmt: skip
    suspended = select(func.count()).where(ServiceCut.restored_at.is_(None), ServiceCut.case_id.in_(open_ids))
    to_bring = select(func.count()).where(StepRecord.state == "by_hand", StepRecord.case_id.in_(open_ids))
    waiting = session.execute(
        select(Proposal.kind, func.count()).where(Proposal.state == "open", Proposal.case_id.in_(open_ids))
        .group_by(Proposal.kind)
    )  # fmt: skip
    return Board(
        stages={stage: stages[stage] for stage in ("new", *KINDS) if stage in stages},
        buckets=dict.fromkeys(BUCKETS[1:], Share()) | _split(session, bucket, where),
        held=_split(session, RecoveryCase.held_by, where),
        agents=_split(session, func.coalesce(Staff.name, ""), where),
        areas=_split(session, Area.name, where),
        promises_open=Share(promised[0], promised[1]),
        suspended=session.scalar(suspended) or 0,
        notices_to_bring=session.scalar(to_bring) or 0,
        proposals={row[0]: row[1] for row in waiting},
    )


def _split(session: Session, by: ColumnElement[Any] | Any, where: list[ColumnElement[bool]]) -> dict[str, Share]:
    rows = session.execute(
        select(by, func.count(), func.sum(RecoveryCase.amount))
        .select_from(RecoveryCase)
        .outerjoin(Staff, Staff.id == RecoveryCase.agent_id)
        .join(Area, Area.id == RecoveryCase.area_id)
        .where(*where)
        .group_by(by)
        .order_by(func.sum(RecoveryCase.amount).desc())
    )
    return {row[0]: Share(row[1], row[2]) for row in rows}
