"""Who recovers what: by territory, then balanced by amount; a case stays with its agent while it is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO
from core.recovery.case_models import CaseAssignment, RecoveryCase
from core.recovery.policy import policy_of
from core.recovery.policy_models import AgentTerms, AgentZone
from core.staff.models import Staff

ROLE = "recovery_agent"


class AgentUnfit(DomainError):
    """The person is no recovery agent at work."""


@dataclass
class Load:
    """An agent, where he works, what he has and how much he may have. None is no limit."""

    agent_id: Id
    name: str
    area_id: Id | None
    sub_zones: frozenset[Id] = frozenset()
    cases: int = 0
    amount: Decimal = ZERO
    cases_max: int | None = None
    amount_max: Decimal | None = None
    stopped: bool = False
    """Too much cash in hand: nothing new until he hands it over."""

    def has_room(self, amount: Decimal) -> bool:
        """Whether one more case of that amount stays within the caps."""
        fits_count = self.cases_max is None or self.cases < self.cases_max
        fits_amount = self.amount_max is None or self.amount + amount <= self.amount_max
        return not self.stopped and fits_count and fits_amount


@dataclass(frozen=True)
class Waiting:
    """A case without an agent."""

    case_id: Id
    amount: Decimal
    area_id: Id
    sub_zone_id: Id
    number: str = field(default="")
    """The customer's number: the order of equal amounts."""


def share_out(waiting: Iterable[Waiting], agents: Sequence[Load]) -> dict[Id, Id]:
    """Case → agent (reference money 4.3): the largest first, each to the agent with the smallest total, ties by name.

    The agents of the sub-zone come first, then those of the area, then those without an area. A case for which
    nobody has room is left out. The loads are counted up.
    """
    given: dict[Id, Id] = {}
    for case in sorted(waiting, key=lambda case: (-case.amount, len(case.number), case.number, case.case_id)):
        for pool in _pools(case, agents):
            able = [agent for agent in pool if agent.has_room(case.amount)]
            if able:
                agent = min(able, key=lambda agent: (agent.amount, agent.name, agent.agent_id))
                agent.cases += 1
                agent.amount += case.amount
                given[case.case_id] = agent.agent_id
                break
    return given


def _pools(case: Waiting, agents: Sequence[Load]) -> list[list[Load]]:
    of_zone = [agent for agent in agents if case.sub_zone_id in agent.sub_zones]
    of_area = [agent for agent in agents if agent.area_id == case.area_id and not agent.sub_zones]
    anywhere = [agent for agent in agents if agent.area_id is None and not agent.sub_zones]
    return [of_zone, of_area, anywhere]


def loads(session: Session, *, cash_in_hand: Mapping[Id, Decimal]) -> list[Load]:
    """The agents at work with their open cases; `cash_in_hand` is by agent."""
    policy = policy_of(session)
    zones: dict[Id, set[Id]] = defaultdict(set)
    for agent_id, sub_zone_id in session.execute(select(AgentZone.agent_id, AgentZone.sub_zone_id)):
        zones[agent_id].add(sub_zone_id)
    terms = {row.agent_id: row for row in session.scalars(select(AgentTerms))}
    has = {agent_id: (count, amount) for agent_id, count, amount in session.execute(
        select(RecoveryCase.agent_id, func.count(), func.sum(RecoveryCase.amount))
        .where(RecoveryCase.state == "open", RecoveryCase.agent_id.is_not(None)).group_by(RecoveryCase.agent_id)
    )}  # fmt: skip
    found = []
    for staff in session.scalars(select(Staff).where(Staff.role == ROLE, Staff.state == "active").order_by(Staff.name)):
        own = terms.get(staff.id)
        count, amount = has.get(staff.id, (0, ZERO))
        cash_max = own.cash_max if own and own.cash_max is not None else policy.agent_cash_max
        found.append(Load(
            staff.id, staff.name, staff.area_id, frozenset(zones[staff.id]), count, amount,
            cases_max=own.cases_max if own and own.cases_max is not None else policy.agent_cases_max,
            amount_max=own.amount_max if own and own.amount_max is not None else policy.agent_amount_max,
            stopped=cash_max is not None and cash_in_hand.get(staff.id, ZERO) > cash_max,
        ))  # fmt: skip
    return found


@dataclass(frozen=True)
class Territory:
    """What an agent was given of his own; None takes the company's cap, no sub-zones his whole area."""

    sub_zone_ids: frozenset[Id] = frozenset()
    cases_max: int | None = None
    amount_max: Decimal | None = None
    cash_max: Decimal | None = None


def territories(session: Session) -> dict[Id, Territory]:
    """Agents with sub-zones or caps of their own, by agent."""
    zones: dict[Id, set[Id]] = defaultdict(set)
    for agent_id, sub_zone_id in session.execute(select(AgentZone.agent_id, AgentZone.sub_zone_id)):
        zones[agent_id].add(sub_zone_id)
    terms = {row.agent_id: row for row in session.scalars(select(AgentTerms))}
    found = {}
    for agent_id in zones.keys() | terms.keys():
        own = terms.get(agent_id)
        caps = (own.cases_max, own.amount_max, own.cash_max) if own else (None, None, None)
        found[agent_id] = Territory(frozenset(zones[agent_id]), *caps)
    return found


def set_territory(
    session: Session, *, agent_id: Id, sub_zone_ids: Iterable[Id], cases_max: int | None = None,
    amount_max: Decimal | None = None, cash_max: Decimal | None = None,
) -> AgentTerms:  # fmt: skip
    """An agent's sub-zones (none: his whole area) and own caps (None: the company's), in place of those before."""
    refuse_unfit(session, agent_id)
    session.execute(table_of(AgentZone).delete().where(AgentZone.agent_id == agent_id))
    session.add_all(AgentZone(id=new_id(), agent_id=agent_id, sub_zone_id=zone) for zone in set(sub_zone_ids))
    terms = session.scalar(select(AgentTerms).where(AgentTerms.agent_id == agent_id))
    if terms is None:
        terms = AgentTerms(id=new_id(), agent_id=agent_id)
        session.add(terms)
    terms.cases_max, terms.amount_max, terms.cash_max = cases_max, amount_max, cash_max
    session.flush()
    return terms


def release_unfit(session: Session, *, now: datetime) -> int:
    """Take their open cases from agents who left or do other work; returns how many."""
    fit = select(Staff.id).where(Staff.role == ROLE, Staff.state == "active")
    theirs = session.scalars(
        select(RecoveryCase.id).where(
            RecoveryCase.state == "open", RecoveryCase.agent_id.is_not(None), RecoveryCase.agent_id.not_in(fit)
        )
    ).all()
    _release(session, theirs, now)
    return len(theirs)


def open_cases_of(session: Session, *, agent_id: Id) -> int:
    """How many debts the agent is working on."""
    mine = (RecoveryCase.agent_id == agent_id) & (RecoveryCase.state == "open")
    return session.scalar(select(func.count()).where(mine)) or 0


def release_agent(session: Session, *, agent_id: Id, now: datetime) -> int:
    """Take all open cases from one agent, to be shared out anew; returns how many."""
    theirs = session.scalars(
        select(RecoveryCase.id).where(RecoveryCase.state == "open", RecoveryCase.agent_id == agent_id)
    ).all()
    _release(session, theirs, now)
    return len(theirs)


def _release(session: Session, case_ids: Sequence[Id], now: datetime) -> None:
    if not case_ids:
        return
    running = CaseAssignment.case_id.in_(case_ids) & CaseAssignment.until_at.is_(None)
    session.execute(update(CaseAssignment).where(running).values(until_at=now))
    session.execute(update(RecoveryCase).where(RecoveryCase.id.in_(case_ids)).values(agent_id=None))
    session.flush()


def give(session: Session, given: Mapping[Id, Id], *, reason: str, assigned_by: str, now: datetime) -> None:
    """Write down who got which case; the cases have no agent before."""
    if not given:
        return
    rows = session.execute(select(RecoveryCase.id, RecoveryCase.amount).where(RecoveryCase.id.in_(given)))
    amounts = {row.id: row.amount for row in rows}
    by_agent: dict[Id, list[Id]] = defaultdict(list)
    for case_id, agent_id in given.items():
        by_agent[agent_id].append(case_id)
    for agent_id, case_ids in by_agent.items():
        session.execute(update(RecoveryCase).where(RecoveryCase.id.in_(case_ids)).values(agent_id=agent_id))
    session.execute(table_of(CaseAssignment).insert(), [
        {"id": new_id(), "case_id": case_id, "agent_id": agent_id, "amount": amounts[case_id], "from_at": now,
         "reason": reason, "assigned_by": assigned_by}
        for case_id, agent_id in given.items()
    ])  # fmt: skip


def reassign_case(
    session: Session, *, case_id: Id, agent_id: Id, reason: str, assigned_by: str, now: datetime
) -> RecoveryCase:  # fmt: skip
    """A manager gives an open case to another agent; the history keeps both. Raises AgentUnfit, NotFound."""
    refuse_unfit(session, agent_id)
    case = session.get(RecoveryCase, case_id, with_for_update=True)
    if case is None or case.state != "open":
        raise NotFound("There is no such open case")
    if case.agent_id == agent_id:
        return case
    _release(session, [case_id], now)
    give(session, {case_id: agent_id}, reason=reason, assigned_by=assigned_by, now=now)
    session.refresh(case)
    return case


def refuse_unfit(session: Session, agent_id: Id) -> Staff:
    """The agent; raises AgentUnfit for one who left or does other work."""
    staff = session.get(Staff, agent_id)
    if staff is None or staff.role != ROLE or staff.state != "active":
        raise AgentUnfit("Cases go to recovery agents at work: choose one from the list")
    return staff


def unassigned(session: Session) -> list[Waiting]:
    """Open cases without an agent."""
    waiting = (
        select(RecoveryCase, Customer.number)
        .join(Customer, Customer.id == RecoveryCase.customer_id)
        .where(RecoveryCase.state == "open", RecoveryCase.agent_id.is_(None))
    )
    return [
        Waiting(case.id, case.amount, case.area_id, case.sub_zone_id, number)
        for case, number in session.execute(waiting)
    ]


def history_of(session: Session, *, case_id: Id) -> Sequence[CaseAssignment]:
    """Who had the case from when to when, the first first."""
    had = select(CaseAssignment).where(CaseAssignment.case_id == case_id)
    return session.scalars(had.order_by(CaseAssignment.from_at, CaseAssignment.id)).all()
