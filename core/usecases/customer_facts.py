"""One customer for who is asked about him: found by number, phone or spoken name, with the facts of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance
from core.billing.payment_models import Payment
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.crm.customers import search_customers
from core.crm.models import Customer
from core.crm.spoken_names import most_alike, words_of
from core.ids import Id
from core.recovery.case_models import Promise
from core.recovery.promises import open_promise
from core.service_desk.models import OPEN_STATES, Ticket

FOUND_MAX = 10
WRITTEN_MAX = 500
"""So many whose name holds one of the words are compared before all others are."""
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
    said = words_of(words)
    if not said:
        return ()
    written = or_(*(Customer.name.ilike(f"%{word}%") for word in said))
    names = select(Customer.id, Customer.name)
    near = _near(session, said, names.where(written).limit(WRITTEN_MAX)) or _near(session, said, names)
    numbers = {row.id: row.number for row in session.execute(
        select(Customer.id, Customer.number).where(Customer.id.in_(near))
    )}  # fmt: skip
    return [found for key in near for found in find_by_code(session, wanted=numbers[key])]


def _near(session: Session, said: Sequence[str], names: Any) -> Sequence[Id]:
    known = {row.id: row.name for row in session.execute(names)}
    return most_alike(said, known)[:FOUND_MAX]


def _found(row: Row[Any]) -> Found:
    return Found(row.id, row.number, row.name, row.sub_zone, row.phone)


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
