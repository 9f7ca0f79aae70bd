"""Finding invoices, payments, refunds and claims: what a person remembers of them, page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.billing.debt_models import WriteOff
from core.billing.invoice_models import OPEN_STATES, Invoice
from core.billing.payment_models import Payment, PaymentClaim, Refund
from core.billing.references import reference_key
from core.crm.models import Customer
from core.ids import Id

PAGE = 50
Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])


def search_invoices(
    session: Session, *, wanted: str = "", state: str = "", kind: str = "", overdue_on: date | None = None,
    after: Id | None = None, limit: int = PAGE,
) -> Sequence[Row[Invoice, str]]:  # fmt: skip
    """Rows of (Invoice, customer number), the newest first, those older than `after`; drafts are left out.

    `wanted` is a part of an invoice number or of a name, or a whole customer number. `overdue_on` leaves what was
    unpaid and due before that day.
    """
    query = select(Invoice, Customer.number).join(Customer, Customer.id == Invoice.customer_id)
    query = query.where(Invoice.number.is_not(None))
    if wanted.strip():
        part = _part(wanted)
        query = query.where(or_(Invoice.number.ilike(part), Invoice.customer_name.ilike(part), _numbered(wanted)))
    if state:
        query = query.where(Invoice.state == state)
    if kind:
        query = query.where(Invoice.kind == kind)
    if overdue_on is not None:
        query = query.where(Invoice.balance > 0, Invoice.due_on < overdue_on, Invoice.state.in_(OPEN_STATES))
    return session.execute(_page(query, Invoice.id, after, limit)).all()


def search_payments(
    session: Session, *, wanted: str = "", method: str = "", state: str = "", after: Id | None = None,
    limit: int = PAGE,
) -> Sequence[Row[Payment, str, str]]:  # fmt: skip
    """Rows of (Payment, customer number, customer name), the newest first, those older than `after`.

    `wanted` is a part of a receipt number or of a name, a whole customer number, or a reference however it is spaced.
    """
    query = select(Payment, Customer.number, Customer.name).join(Customer, Customer.id == Payment.customer_id)
    if wanted.strip():
        part, key = _part(wanted), reference_key(wanted)
        same = Payment.reference_key == key if key else Payment.reference.ilike(part)
        query = query.where(or_(Payment.number.ilike(part), Customer.name.ilike(part), same, _numbered(wanted)))
    if method:
        query = query.where(Payment.method == method)
    if state:
        query = query.where(Payment.state == state)
    return session.execute(_page(query, Payment.id, after, limit)).all()


def refunds_with_customers(session: Session, *, limit: int = PAGE) -> Sequence[Row[Refund, str, str]]:
    """Rows of (Refund, customer number, customer name): those that wait first, then the newest."""
    query = select(Refund, Customer.number, Customer.name).join(Customer, Customer.id == Refund.customer_id)
    return session.execute(query.order_by(Refund.state != "asked", Refund.id.desc()).limit(limit)).all()


def write_offs_with_invoices(
    session: Session, *, limit: int = 4 * PAGE
) -> Sequence[Row[WriteOff, str | None, str, str]]:
    """Rows of (WriteOff, invoice, customer number, customer name) that wait for a second person, the oldest first."""
    query = (
        select(WriteOff, Invoice.number, Customer.number, Customer.name)
        .join(Invoice, Invoice.id == WriteOff.invoice_id)
        .join(Customer, Customer.id == WriteOff.customer_id)
        .where(WriteOff.state == "asked")
    )
    return session.execute(query.order_by(WriteOff.id).limit(limit)).all()


def claims_with_customers(
    session: Session, *, pending: bool, limit: int = 4 * PAGE
) -> Sequence[Row[PaymentClaim, str, str, str, str]]:
    """Rows of (PaymentClaim, customer number, name, number of the claim it repeats, receipt paid under its reference).

    The oldest first of those that are pending, else the newest of those that are decided.
    """
    first = aliased(PaymentClaim)
    query = (
        select(PaymentClaim, Customer.number, Customer.name, first.number, Payment.number)
        .join(Customer, Customer.id == PaymentClaim.customer_id)
        .outerjoin(first, first.id == PaymentClaim.duplicate_of)
        .outerjoin(Payment, Payment.id == PaymentClaim.paid_already)
    )
    if pending:
        query = query.where(PaymentClaim.state == "pending").order_by(PaymentClaim.claimed_at, PaymentClaim.id)
    else:
        query = query.where(PaymentClaim.state != "pending").order_by(PaymentClaim.id.desc())
    return session.execute(query.limit(limit)).all()


def _page(query: Statement, key: Any, after: Id | None, limit: int) -> Statement:
    return (query if after is None else query.where(key < after)).order_by(key.desc()).limit(limit)


def _part(wanted: str) -> str:
    return f"%{wanted.strip().replace('%', '').replace('_', '')}%"


def _numbered(wanted: str) -> ColumnElement[bool]:
    return Customer.number == func.upper(wanted.strip())
