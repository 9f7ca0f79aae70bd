"""How much of what was billed came in: by month, area, plan or agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, Select, Subquery, case, cast, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Allocation, Payment
from core.billing.subscription_models import Subscription
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.ledger.models import JournalEntry
from core.money import ZERO, rounded


@dataclass(frozen=True)
class CollectionRow:
    """Invoices issued in the span under one key, and what became of them by the as-of day.

    `billed` is without what was voided by then; billed = collected + credited + forgiven + open.
    """

    key: date | Id | None
    billed: Decimal
    collected: Decimal
    credited: Decimal
    forgiven: Decimal

    @property
    def open(self) -> Decimal:
        """Neither paid nor taken back by the as-of day; written-off debts are part of it."""
        return self.billed - self.collected - self.credited - self.forgiven

    @property
    def rate(self) -> Decimal | None:
        """Percent collected of what was billed and not credited, to two places; None where that is nothing."""
        due = self.billed - self.credited
        return rounded(self.collected * 100 / due) if due else None


@dataclass(frozen=True)
class AgentCollection:
    """What one agent took in the span, bounced payments left out; None is what came in without an agent."""

    agent_id: Id | None
    payments: int
    amount: Decimal


def collection_rate(
    session: Session, *, first: date, last: date, as_of: date, by: str = "month"
) -> list[CollectionRow]:
    """Invoices issued from `first` to `last`, by `month`, `area` or `plan`, and their settlement up to `as_of`.

    The plan is that of the subscription; the area that of the invoice.
    """
    bills = _bills(first, last, as_of)
    key: ColumnElement[Any] = {
        "month": cast(func.date_trunc(literal_column("'month'"), cast(bills.c.issued_on, DateTime())), Date()),
        "area": bills.c.area_id,
        "plan": bills.c.plan_id,
    }[by]
    settled = _settled(as_of)
    query = (
        select(key, func.sum(bills.c.total), *(func.coalesce(func.sum(settled.c[name]), ZERO)
               for name in ("collected", "credited", "forgiven")))
        .select_from(bills)
        .outerjoin(settled, settled.c.invoice_id == bills.c.id)
        .group_by(key)
    )  # fmt: skip
    rows = [CollectionRow(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (row.key is None, str(row.key)))


def collected_by_agents(session: Session, *, first: date, last: date) -> list[AgentCollection]:
    """Payments received from `first` to `last` that stand today, by who took them, the most first."""
    taken = func.sum(Payment.amount)
    rows = session.execute(
        select(Payment.collected_by, func.count(), taken)
        .where(Payment.received_on.between(first, last), Payment.state == "received")
        .group_by(Payment.collected_by)
        .order_by(taken.desc())
    )
    return [AgentCollection(*row) for row in rows]


def _bills(first: date, last: date, as_of: date) -> Subquery:
    booked, reversal = aliased(JournalEntry), aliased(JournalEntry)
    voided = (
        select(booked.id)
        .join(reversal, reversal.reverses_id == booked.id)
        .where(booked.kind == "invoice", booked.source_id == Invoice.id, reversal.posted_on <= as_of)
    )
    query: Select[*tuple[Any, ...]] = (
        select(Invoice.id, Invoice.issued_on, Invoice.total, Subscription.plan_id,
               func.coalesce(Invoice.area_id, SubZone.area_id).label("area_id"))
        .join(Customer, Customer.id == Invoice.customer_id)
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .outerjoin(Subscription, Subscription.id == Invoice.subscription_id)
        .where(Invoice.issued_on.between(first, last), Invoice.issued_on <= as_of, Invoice.state != "draft",
               ~((Invoice.state == "void") & voided.exists()))
    )  # fmt: skip
    return query.subquery()


def _settled(as_of: date) -> Subquery:
    """By invoice: money, the invoice's own credit notes, small rests. Another note's rest that pays it is money."""
    own = CreditNote.invoice_id == Allocation.invoice_id
    credited = case((own, Allocation.amount), else_=ZERO)
    return (
        select(Allocation.invoice_id, func.sum(Allocation.amount - credited).label("collected"),
               func.sum(credited).label("credited"), func.sum(Allocation.written_off).label("forgiven"))
        .outerjoin(CreditNote, CreditNote.id == Allocation.credit_note_id)
        .where(Allocation.invoice_id.is_not(None), Allocation.allocated_on <= as_of)
        .group_by(Allocation.invoice_id)
        .subquery()
    )  # fmt: skip
