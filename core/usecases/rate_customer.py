"""A customer's reliability, from his promises, his invoices and his bounced payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.payment_models import Allocation, Payment
from core.ids import Id
from core.recovery.case_models import Promise
from core.recovery.policy import policy_of
from core.recovery.reliability import Record, Score, score_of

YEAR = timedelta(days=365)


def rate_customer(session: Session, *, customer_id: Id, today: date) -> Score:
    """The score from 0 to 100 with its reasons in plain words."""
    return rate_customers(session, [customer_id], today=today)[customer_id]


def rate_customers(session: Session, customer_ids: Sequence[Id], *, today: date) -> dict[Id, Score]:
    """The scores of many customers in three statements."""
    policy = policy_of(session)
    return {key: score_of(record, policy) for key, record in records_of(session, customer_ids, today=today).items()}


def records_of(session: Session, customer_ids: Sequence[Id], *, today: date) -> dict[Id, Record]:
    """What is known of each customer; all promises, and the last twelve months of invoices and payments."""
    records = {customer_id: Record() for customer_id in customer_ids}
    for customer_id, kept, partial, broken, promised, in_time in session.execute(_promises(customer_ids)):
        records[customer_id] = Record(kept, partial, broken, promised, in_time)
    for customer_id, invoices, late_days in session.execute(_lateness(customer_ids, today)):
        records[customer_id] = replace(records[customer_id], invoices=invoices, late_days=Decimal(late_days))
    for customer_id, bounces in session.execute(_bounces(customer_ids, today)):
        records[customer_id] = replace(records[customer_id], bounces=bounces)
    return records


def _promises(customer_ids: Sequence[Id]) -> Select[Id, int, int, int, Decimal, Any]:
    def having(state: str) -> ColumnElement[int]:
        return func.count().filter(Promise.state == state)

    return (
        select(
            Promise.customer_id, having("kept"), having("partial"), having("broken"), func.sum(Promise.amount),
            func.sum(func.least(Promise.received, Promise.amount)),
        )
        .where(Promise.customer_id.in_(customer_ids), Promise.state.in_(("kept", "partial", "broken")))
        .group_by(Promise.customer_id)
    )  # fmt: skip


def _lateness(customer_ids: Sequence[Id], today: date) -> Select[Id, int, Any]:
    settled_on = (
        select(func.max(Allocation.allocated_on))
        .where(Allocation.invoice_id == Invoice.id, Allocation.amount > 0)
        .correlate(Invoice)
        .scalar_subquery()
    )
    until = case((Invoice.balance == 0, func.coalesce(settled_on, Invoice.due_on)), else_=today)
    return (
        select(Invoice.customer_id, func.count(), func.avg(func.greatest(until - Invoice.due_on, 0)))
        .where(Invoice.customer_id.in_(customer_ids), Invoice.due_on < today, Invoice.due_on >= today - YEAR,
               Invoice.total > 0, Invoice.state.in_((*OPEN_STATES, "paid", "written_off")))
        .group_by(Invoice.customer_id)
    )  # fmt: skip


def _bounces(customer_ids: Sequence[Id], today: date) -> Select[Id, int]:
    return (
        select(Payment.customer_id, func.count())
        .where(Payment.customer_id.in_(customer_ids), Payment.state == "bounced", Payment.received_on >= today - YEAR)
        .group_by(Payment.customer_id)
    )
