"""Who owes past the due date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.crm.models import Customer, SubZone
from core.ids import Id


@dataclass(frozen=True)
class OverdueCustomer:
    """A customer with what is overdue; `days` count from the oldest due date."""

    customer_id: Id
    number: str
    name: str
    sub_zone: str
    amount: Decimal
    oldest_due_on: date
    days: int


def overdue_customers(
    session: Session, *, today: date, area_id: Id | None = None, limit: int = 50
) -> Sequence[OverdueCustomer]:
    """The largest debts first, of one area or of all; `today` is the company's day."""
    owed = func.sum(Invoice.balance)
    oldest = func.min(Invoice.due_on)
    query = (
        select(Customer.id, Customer.number, Customer.name, SubZone.name, owed, oldest)
        .join(Invoice, Invoice.customer_id == Customer.id)
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .where(Invoice.balance > 0, Invoice.due_on < today, Invoice.state.in_(("issued", "part_paid")))
        .group_by(Customer.id, SubZone.name)
        .order_by(owed.desc(), Customer.number)
        .limit(limit)
    )
    if area_id is not None:
        query = query.where(SubZone.area_id == area_id)
    return [
        OverdueCustomer(customer_id, number, name, sub_zone, amount, due_on, (today - due_on).days)
        for customer_id, number, name, sub_zone, amount, due_on in session.execute(query)
        if due_on is not None
    ]
