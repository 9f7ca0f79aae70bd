"""A customer promises to pay: what he may promise, and the promise itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.balance import account_balance
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.recovery.case_models import Promise
from core.recovery.cases import log_attempt
from core.recovery.policy import policy_of
from core.recovery.promise_terms import History, PromiseTerms, terms_for
from core.recovery.promises import make_promise, open_promise
from core.usecases.judge_promises import judge_promises_of
from core.usecases.rate_customer import rate_customer
from core.usecases.restore_service import restore_service


def promise_offers(session: Session, *, customer_id: Id, today: date) -> PromiseTerms:
    """The days and amounts the customer may promise today, with the reasons for their limits; no days, no promise."""
    policy = policy_of(session)
    owed = account_balance(session, customer_id=customer_id, today=today)
    running = open_promise(session, customer_id=customer_id)
    history = History(
        score=rate_customer(session, customer_id=customer_id, today=today).value,
        broken_lately=_broken_since(session, customer_id, today - timedelta(days=policy.broken_window_days)),
        extensions=running.extension_no if running else None,
    )
    return terms_for(policy, overdue=owed.overdue, due=owed.due, history=history, today=today)


def log_promise(
    session: Session, *, customer_id: Id, amount: Decimal, due_on: date, taken_by: str, channel: str, now: datetime,
    agent_id: Id | None = None, extend: bool = False, origin: str = "",
) -> Promise:  # fmt: skip
    """Record a promise that `promise_offers` allows, and hold the ladder until its limit.

    `extend` puts it in the place of the open one. An agent's promise counts as his attempt as well. Where the policy
    says so, a suspended service comes back at once. Sends nothing: the caller tells the customer. Locks the customer.
    Raises PromiseStillRunning, ExtensionsUsedUp, PromiseRefused, AmountInvalid.
    """
    judge_promises_of(session, customer_id=customer_id, now=now)
    today = business_day(now, current_company(session).timezone)
    terms = promise_offers(session, customer_id=customer_id, today=today)
    promise = make_promise(
        session, customer_id=customer_id, amount=amount, due_on=due_on, terms=terms, taken_by=taken_by,
        agent_id=agent_id, channel=channel, extend=extend, today=today, now=now, origin=origin,
    )  # fmt: skip
    if agent_id is not None and promise.case_id is not None:
        log_attempt(
            session, customer_id=customer_id, agent_id=agent_id, channel=channel, outcome="promised", now=now,
            note=f"{promise.amount} by {promise.due_on}", next_action_on=promise.due_on, origin=origin,
        )  # fmt: skip
    if policy_of(session).restore_on_promise:
        restore_service(session, customer_id=customer_id, reason="promise", actor=taken_by, origin=origin, now=now)
    return promise


def _broken_since(session: Session, customer_id: Id, since: date) -> int:
    broken = select(func.count()).where(
        Promise.customer_id == customer_id, Promise.state == "broken", Promise.limit_on >= since
    )
    return session.scalar(broken) or 0
