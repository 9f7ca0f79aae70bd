"""One customer for who is asked about him: found by number, phone or spoken name, with the facts of an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rapidfuzz import fuzz, utils
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance
from core.billing.payment_models import Payment
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.crm.customers import search_customers
from core.crm.models import Customer
from core.ids import Id
from core.recovery.case_models import Promise
from core.recovery.promises import open_promise
from core.service_desk.models import OPEN_STATES, Ticket

FOUND_MAX = 10
ALIKE_MIN = 82
"""From so much on, of 100, a name in the words is a customer's."""
NEAR = 4
"""Who is no farther behind the best is offered beside it."""
LAST_PAYMENTS = 3


@dataclass(frozen=True)
class Found:
    """A customer as a search shows him."""

    id: Id
    number: str
    name: str
    sub_zone: str
    phone: str | None


@dataclass(frozen=True)
class CustomerFacts:
    """What an answer about a customer needs, as it stands."""

    balance: AccountBalance
    promise: Promise | None
    kept: int
    broken: int
    lines: Sequence[tuple[str, str]]
    """Plan and state of each line that has not ended, or of the last one that has."""
    open_tickets: Sequence[tuple[str, str]]
    payments: Sequence[tuple[date, Decimal, str]]
    """The newest first: day, amount, method."""


def find_by_code(session: Session, *, wanted: str) -> Sequence[Found]:
    """By customer number or phone; a whole number finds that one alone."""
    rows = [_found(row) for row in search_customers(session, wanted=wanted, limit=FOUND_MAX)]
    exact = [row for row in rows if row.number.casefold() == wanted.casefold()]
    return exact or rows


def find_by_name(session: Session, *, words: str) -> Sequence[Found]:
    """By a name anywhere in the words, however it is spelt; the most alike first, none where nothing is like it."""
    said = utils.default_process(words)
    if not said:
        return ()
    names = {row.id: row.name for row in session.execute(select(Customer.id, Customer.name))}
    scored = sorted(
        ((_likeness(said.split(), utils.default_process(name)), customer_id) for customer_id, name in names.items()),
        key=lambda row: -row[0],
    )
    best = scored[0][0] if scored else 0.0
    if best < ALIKE_MIN:
        return ()
    near = [customer_id for score, customer_id in scored if score >= max(ALIKE_MIN, best - NEAR)][:FOUND_MAX]
    found = {
        row.id: _found(row)
        for number in near
        for row in search_customers(session, wanted=_number(session, number), limit=1)
    }
    return [found[customer_id] for customer_id in near if customer_id in found]


def _likeness(said: Sequence[str], name: str) -> float:
    """How well each word of the name is found among the words, the first name counting even alone."""
    parts = [part for part in re.split(r"\s+", name) if len(part) > 1]
    if not parts:
        return 0.0
    scores = [max((fuzz.ratio(part, word) for word in said if len(word) > 2), default=0.0) for part in parts]
    alone = scores[0] - 2 if scores[0] >= ALIKE_MIN else 0.0
    return max(alone, sum(scores) / len(scores) + (2 if len(parts) > 1 else 0))


def _number(session: Session, customer_id: Id) -> str:
    return session.get_one(Customer, customer_id).number


def _found(row: object) -> Found:
    return Found(row.id, row.number, row.name, row.sub_zone, row.phone)  # type: ignore[attr-defined]


def customer_facts(session: Session, *, customer_id: Id, today: date) -> CustomerFacts:
    """Balance, lines, promises, open tickets and the last payments of a customer."""
    judged = session.execute(
        select(Promise.state, func.count()).where(Promise.customer_id == customer_id).group_by(Promise.state)
    )
    counts = {row[0]: row[1] for row in judged}
    lines = session.execute(
        select(Plan.name, Subscription.state).join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.customer_id == customer_id).order_by(Subscription.started_on.desc())
    ).all()  # fmt: skip
    running = [(row[0], row[1]) for row in lines if row[1] != "ended"]
    tickets = session.execute(
        select(Ticket.number, Ticket.category)
        .where(Ticket.customer_id == customer_id, Ticket.state.in_(OPEN_STATES)).order_by(Ticket.due_at)
    )  # fmt: skip
    paid = session.execute(
        select(Payment.received_on, Payment.amount, Payment.method)
        .where(Payment.customer_id == customer_id, Payment.state == "received")
        .order_by(Payment.received_on.desc(), Payment.id.desc()).limit(LAST_PAYMENTS)
    )  # fmt: skip
    return CustomerFacts(
        balance=account_balance(session, customer_id=customer_id, today=today),
        promise=open_promise(session, customer_id=customer_id),
        kept=counts.get("kept", 0), broken=counts.get("broken", 0) + counts.get("partial", 0),
        lines=running or [(row[0], row[1]) for row in lines[:1]],
        open_tickets=[(row[0], row[1]) for row in tickets],
        payments=[(row[0], row[1], row[2]) for row in paid],
    )  # fmt: skip
