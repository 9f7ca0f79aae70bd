"""An employee leaves: he is settled, and what he still had to do goes to others or back to the board."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.ids import Id
from core.messaging.human import chats_in_hand, release_chats
from core.recovery.assignment import open_cases_of, release_agent
from core.service_desk.job_models import OPEN_JOBS, Job
from core.service_desk.models import OPEN_STATES, Ticket
from core.staff.agent_cash import cash_in_hand
from core.staff.invites import void_invites
from core.staff.leaving import LeavingSettlement, leave_without_pay, settle_leaving
from core.staff.models import ROLES
from core.staff.permissions import may
from core.usecases.assign_cases import assign_cases
from core.usecases.plan_visit import free_technician


@dataclass(frozen=True)
class OpenWork:
    """What somebody has to do that is not finished."""

    jobs: Sequence[Job]
    tickets: Sequence[Ticket]
    cases: int
    """Debts he recovers."""
    chats: int
    """Customers' chats he has taken over."""
    cash: Decimal
    """The company's cash in his hands: it has to be handed over before he can leave."""

    def __bool__(self) -> bool:
        return bool(self.jobs or self.tickets or self.cases or self.chats or self.cash)


@dataclass(frozen=True)
class Left:
    """He has left, and where his work went."""

    settlement: LeavingSettlement | None
    """None for somebody who was not paid."""
    given: Sequence[Job]
    """His jobs that another technician has now."""
    waiting: Sequence[Job]
    """His jobs that are back on the board."""
    tickets: Sequence[Ticket]
    """His tickets without a visit, given back."""
    cases: int
    """His cases of recovery, shared out to the agents with room."""
    chats: int
    """Chats he had taken over; they wait for any colleague in the inbox."""

    @property
    def told(self) -> str:
        """Where his work went, in one line."""
        parts = [
            f"{len(self.given)} jobs went to others" if self.given else "",
            f"{len(self.waiting)} jobs are on the board" if self.waiting else "",
            f"{len(self.tickets)} tickets have nobody now" if self.tickets else "",
            f"{self.cases} cases are shared out" if self.cases else "",
            f"{self.chats} chats wait in the inbox" if self.chats else "",
        ]
        return "; ".join(part for part in parts if part) or "He had nothing open"


def end_employment(
    session: Session, *, staff_id: Id, last_day_worked: date, account_code: str, paid_on: date, now: datetime,
    idempotency_key: str, actor: str, origin: str = "",
) -> Left:  # fmt: skip
    """Settle as `core.staff.leaving.settle_leaving` does, with its refusals, and hand on what he had to do.

    From then on he opens neither chat nor panel.
    """
    settlement = settle_leaving(
        session, staff_id=staff_id, last_day_worked=last_day_worked, account_code=account_code, paid_on=paid_on,
        idempotency_key=idempotency_key, actor=actor, origin=origin,
    )  # fmt: skip
    return _gone(session, staff_id, settlement, actor, now)


def end_unpaid_work(session: Session, *, staff_id: Id, actor: str, now: datetime) -> Left:
    """The same for somebody without terms of pay. Raises CashStillInHand, HasLeft, OnThePayroll, NotFound."""
    leave_without_pay(session, staff_id=staff_id)
    return _gone(session, staff_id, None, actor, now)


def open_work_of(session: Session, *, staff_id: Id) -> OpenWork:
    """What he has not finished, jobs and tickets the oldest first, and the cash he holds."""
    return OpenWork(
        session.scalars(
            select(Job).where(Job.assigned_to == staff_id, Job.state.in_(OPEN_JOBS)).order_by(Job.opened_at)
        ).all(),
        session.scalars(_tickets_of(staff_id)).all(),
        open_cases_of(session, agent_id=staff_id), chats_in_hand(session, staff_id=staff_id),
        cash_in_hand(session, staff_id=staff_id),
    )  # fmt: skip


def _gone(session: Session, staff_id: Id, settlement: LeavingSettlement | None, actor: str, now: datetime) -> Left:
    void_invites(session, staff_id=staff_id, now=now)
    handed_on = hand_on(session, staff_id=staff_id, lost=ROLES, kept=(), reason="the agent left", actor=actor, now=now)
    return replace(handed_on, settlement=settlement)


def hand_on(
    session: Session, *, staff_id: Id, lost: Collection[str], kept: Collection[str], reason: str, actor: str,
    now: datetime,
) -> Left:  # fmt: skip
    """Give his open work in the roles he lost to others: jobs, tickets, cases, and the chats he has taken over."""
    jobs, tickets, cases, chats = [], [], 0, 0
    if "technician" in lost:
        jobs = free_technician(session, staff_id=staff_id, actor=actor, now=now)
        tickets = _free_tickets(session, staff_id)
    if "recovery_agent" in lost and (cases := release_agent(session, agent_id=staff_id, now=now)):
        assign_cases(session, reason=reason, assigned_by=actor, now=now)
    if not any(may(role, "inbox.answer") for role in kept):
        chats = release_chats(session, staff_id=staff_id)
    return Left(
        None, given=[job for job in jobs if job.assigned_to is not None],
        waiting=[job for job in jobs if job.assigned_to is None], tickets=tickets, cases=cases, chats=chats,
    )  # fmt: skip


def _free_tickets(session: Session, staff_id: Id) -> list[Ticket]:
    """Those whose visit went to somebody else have his name by now."""
    mine = list(session.scalars(_tickets_of(staff_id).with_for_update()))
    for ticket in mine:
        ticket.assigned_to, ticket.state = None, "open"
    session.flush()
    return mine


def _tickets_of(staff_id: Id) -> Select[Ticket]:
    mine = select(Ticket).where(Ticket.assigned_to == staff_id, Ticket.state.in_(OPEN_STATES))
    return mine.order_by(Ticket.opened_at)
