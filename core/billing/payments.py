"""Money received: recorded once per key, settling the oldest invoices first, the rest kept as advance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.billing.advance import allocate
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount
from core.numbering import next_number

ACCOUNT_OF_METHOD = {
    "cash": "1010", "cheque": "1010", "bank": "1020", "card": "1030", "jazzcash": "1030", "easypaisa": "1030",
}  # fmt: skip


class PaymentInvalid(DomainError):
    """The amount or the method cannot be booked."""


class KeyReused(DomainError):
    """The idempotency key was used for another payment."""


def record_payment(
    session: Session, *, customer_id: Id, amount: Decimal, method: str, received_on: date, idempotency_key: str,
    taken_by: str, reference: str = "", origin: str = "", invoice_ids: Sequence[Id] = (),
) -> Payment:  # fmt: skip
    """Book a payment, its allocations and its journal entry; a repeat of the key returns the first.

    Locks the customer, so payments of one customer queue up. Raises PaymentInvalid, KeyReused.
    """
    amount = parse_amount(amount)
    if amount <= 0 or method not in ACCOUNT_OF_METHOD:
        raise PaymentInvalid(f"A payment of {amount} by {method!r} cannot be booked: "
                             f"more than zero, by one of {', '.join(ACCOUNT_OF_METHOD)}")  # fmt: skip
    session.execute(text("SELECT 1 FROM customer WHERE id = :id FOR UPDATE"), {"id": customer_id})
    first = session.scalar(select(Payment).where(Payment.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, customer_id, amount, method)
    payment = Payment(
        id=new_id(), number=next_number(session, "receipt"), customer_id=customer_id, method=method,
        account_code=ACCOUNT_OF_METHOD[method], amount=amount, unallocated=amount, received_on=received_on,
        reference=reference, idempotency_key=idempotency_key, taken_by=taken_by, state="received",
    )  # fmt: skip
    session.add(payment)
    session.flush()
    _settle(session, payment, invoice_ids)
    _post(session, payment, origin)
    return payment


def _same(first: Payment, customer_id: Id, amount: Decimal, method: str) -> Payment:
    if (first.customer_id, first.amount, first.method) != (customer_id, amount, method):
        raise KeyReused(f"The key of receipt {first.number} came with another payment: use a new key")
    return first


def _settle(session: Session, payment: Payment, invoice_ids: Sequence[Id]) -> None:
    unpaid = (
        select(Invoice)
        .where(Invoice.customer_id == payment.customer_id, Invoice.balance > 0,
               Invoice.state.in_(("issued", "part_paid")))
        .order_by(Invoice.due_on, Invoice.issued_on, Invoice.number)
        .with_for_update()
    )  # fmt: skip
    invoices = sorted(session.scalars(unpaid).all(), key=lambda invoice: invoice.id not in invoice_ids)
    for invoice in invoices:
        if payment.unallocated <= ZERO:
            return
        allocate(session, payment, invoice, payment.received_on)


def _post(session: Session, payment: Payment, origin: str) -> None:
    settled = payment.amount - payment.unallocated
    post_entry(
        session, kind="payment", source_id=payment.id, posted_on=payment.received_on, actor=payment.taken_by,
        origin=origin, memo=payment.number,
        lines=[
            Line(payment.account_code, payment.amount),
            Line("1100", -settled, payment.customer_id),
            Line("2200", -payment.unallocated, payment.customer_id),
        ],
    )  # fmt: skip


def payments_of(session: Session, *, customer_id: Id, limit: int = 12) -> list[Payment]:
    """A customer's payments, the newest first."""
    newest = select(Payment).where(Payment.customer_id == customer_id)
    return list(session.scalars(newest.order_by(Payment.received_on.desc(), Payment.number.desc()).limit(limit)))
