"""What a day's runs of recovery would do by a policy and ladder that are not saved; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, Invoice
from core.ids import Id
from core.recovery.calendar import WorkCalendar, calendar_of
from core.recovery.case_models import RecoveryCase
from core.recovery.ladder import Standing, decide
from core.recovery.policy import Step, change_policy, ladder_of, policy_of, set_ladder
from core.usecases.recovery_facts import standings
from core.usecases.suspend_overdue import plan_cuts

READ_AT_ONCE = 500


@dataclass(frozen=True)
class DayOfRecovery:
    """What the runs of one day would do, at most: messages beyond a customer's limits wait for another day."""

    opened: int
    """Cases for customers who have none yet; their steps begin with the next day."""
    closed: int
    taken: Mapping[str, int]
    """Kind of step → how many customers would take it; suspensions apart."""
    held: Mapping[str, int]
    """What halts a case → how many: promise, claim, dispute, outage, ticket, advance, class, never_cut, notice and
    so on."""
    cut: int
    """Services suspended without asking anybody."""
    stopped: int
    """Suspensions that would wait for a manager's yes."""


def preview_recovery(
    session: Session, *, today: date, now: datetime, settings: Mapping[str, Any] | None = None,
    steps: Sequence[Step] | None = None,
) -> DayOfRecovery:  # fmt: skip
    """The day as it would go with these settings and this ladder, or with those that hold.

    Raises PolicyInvalid like saving them would. The caller's transaction keeps nothing of it.
    """
    trial = session.begin_nested()
    try:
        if settings:
            change_policy(session, **settings)
        if steps is not None:
            set_ladder(session, steps)
        return _day(session, today, now)
    finally:
        trial.rollback()
        session.expire_all()


def _day(session: Session, today: date, now: datetime) -> DayOfRecovery:
    calendar, ladder = calendar_of(session), ladder_of(session)
    opened, closed = _cases(session, today)
    taken: Counter[str] = Counter()
    held: Counter[str] = Counter()
    after: Id | None = None
    query = select(RecoveryCase).where(RecoveryCase.state == "open").order_by(RecoveryCase.id).limit(READ_AT_ONCE)
    while cases := session.scalars(query.where(RecoveryCase.id > after) if after else query).all():
        after = cases[-1].id
        for standing in standings(session, cases, today=today, now=now, calendar=calendar).values():
            if standing.amount > calendar.policy.tolerance:
                kinds, halt = _steps_of(ladder, standing, today, calendar)
                taken.update(kinds)
                held.update([halt] if halt else [])
    plan = plan_cuts(session, today=today, now=now)
    return DayOfRecovery(opened, closed, taken, held, len(plan.ready), len(plan.stopped))


def _steps_of(ladder: Sequence[Step], standing: Standing, today: date, calendar: WorkCalendar) -> tuple[list[str], str]:
    """The kinds of the steps that a case would take, one after the other, and what halts it then."""
    kinds: list[str] = []
    waiting: frozenset[tuple[int, str]] = frozenset()
    while True:
        decision = decide(ladder, standing, today=today, calendar=calendar, waiting=waiting)
        step = decision.step
        if step is None:
            return kinds, "" if decision.held_by == "not_today" else decision.held_by
        overtaken = {each.key for each in decision.overtaken}
        if step.kind == "suspension":
            waiting |= {step.key}
        else:
            kinds.append(step.kind)
            overtaken.add(step.key)
        standing = replace(standing, taken=standing.taken | overtaken, hastened=False)


def _cases(session: Session, today: date) -> tuple[int, int]:
    """How many cases the ageing would open and close."""
    policy = policy_of(session)
    debts = (
        select(Invoice.customer_id, func.sum(Invoice.balance).label("amount"), func.min(Invoice.due_on).label("oldest"))
        .where(Invoice.state.in_(OPEN_STATES), Invoice.balance > 0, Invoice.due_on < today)
        .group_by(Invoice.customer_id).subquery()
    )  # fmt: skip
    has_case = select(RecoveryCase.id).where(
        RecoveryCase.customer_id == debts.c.customer_id, RecoveryCase.state == "open"
    )
    opened = select(func.count()).select_from(debts).where(
        debts.c.amount > policy.tolerance, today - debts.c.oldest > policy.grace_days, ~has_case.exists()
    )  # fmt: skip
    owes = select(debts.c.customer_id).where(
        debts.c.customer_id == RecoveryCase.customer_id, debts.c.amount > policy.tolerance
    )
    closed = select(func.count()).select_from(RecoveryCase).where(RecoveryCase.state == "open", ~owes.exists())
    return session.scalar(opened) or 0, session.scalar(closed) or 0
