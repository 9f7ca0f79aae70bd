"""Judge promises by the payments that came: at once for a customer who paid, nightly for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.recovery.case_models import Promise
from core.recovery.promises import Received, judge, lock_customer
from core.usecases.climb_ladder import lock_customers

BATCH = 500
LOOK_BACK = timedelta(days=60)
"""Nightly, promises whose limit is longer past are left as they are; a payment of the customer judges them still."""


@dataclass(frozen=True)
class Judged:
    """How far a batch came; `last` is None when nothing was left."""

    last: Id | None
    changed: int


def judge_promises_of(session: Session, *, customer_id: Id, now: datetime) -> list[Promise]:
    """Judge all promises of one customer; returns those whose outcome changed. For use right after a payment, a
    bounce or a reversal, in the same transaction. Locks the customer.
    """
    lock_customer(session, customer_id)
    today = business_day(now, current_company(session).timezone)
    return _judge_all(session, [customer_id], today, now)


def judge_promises(
    session: Session, *, today: date, now: datetime, after: Id | None = None, limit: int = BATCH
) -> Judged:  # fmt: skip
    """One batch of customers, by id, with promises that are open or came to their limit lately."""
    query = (
        select(Promise.customer_id).distinct()
        .where((Promise.state == "open") | ((Promise.limit_on >= today - LOOK_BACK) & (Promise.state != "replaced")))
        .order_by(Promise.customer_id).limit(limit)
    )  # fmt: skip
    if after is not None:
        query = query.where(Promise.customer_id > after)
    customer_ids = session.scalars(query).all()
    if not customer_ids:
        return Judged(None, 0)
    lock_customers(session, customer_ids)
    return Judged(customer_ids[-1], len(_judge_all(session, customer_ids, today, now)))


def _judge_all(session: Session, customer_ids: Sequence[Id], today: date, now: datetime) -> list[Promise]:
    promises: dict[Id, list[Promise]] = defaultdict(list)
    for promise in session.scalars(
        select(Promise).where(Promise.customer_id.in_(customer_ids)).execution_options(populate_existing=True)
    ):
        promises[promise.customer_id].append(promise)
    if not promises:
        return []
    earliest = min(promise.made_on for theirs in promises.values() for promise in theirs)
    money = _money(session, list(promises), earliest)
    changed = []
    for customer_id, theirs in promises.items():
        changed += judge(session, theirs, money[customer_id], today=today, now=now)
    return changed


def _money(session: Session, customer_ids: Sequence[Id], since: date) -> dict[Id, list[Received]]:
    settled = Payment.amount + Payment.withheld_income_tax + Payment.withheld_sales_tax
    rows = session.execute(
        select(Payment.customer_id, Payment.id, Payment.received_on, settled).where(
            Payment.customer_id.in_(customer_ids), Payment.state == "received", Payment.received_on >= since
        )
    )
    money: dict[Id, list[Received]] = defaultdict(list)
    for customer_id, payment_id, received_on, amount in rows:
        money[customer_id].append(Received(payment_id, received_on, amount))
    return money
