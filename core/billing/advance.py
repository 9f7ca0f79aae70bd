"""Money paid before it was owed: kept as the customer's advance, used by the next invoice."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.payment_models import Allocation, Payment
from core.ids import new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO


def apply_advance(session: Session, *, invoice: Invoice, day: date, actor: str, origin: str) -> None:
    """Settle `invoice` from payments that have something left, the oldest first; posts 2200 to 1100."""
    left_over = (
        select(Payment)
        .where(Payment.customer_id == invoice.customer_id, Payment.unallocated > 0, Payment.state == "received")
        .order_by(Payment.received_on, Payment.number)
        .with_for_update()
    )
    for payment in session.scalars(left_over).all():
        if invoice.balance <= ZERO:
            break
        allocation = allocate(session, payment, invoice, day)
        post_entry(
            session, kind="advance_applied", source_id=allocation.id, posted_on=day, actor=actor, origin=origin,
            lines=[
                Line("2200", allocation.amount, invoice.customer_id),
                Line("1100", -allocation.amount, invoice.customer_id),
            ],
        )  # fmt: skip


def allocate(session: Session, payment: Payment, invoice: Invoice, day: date) -> Allocation:
    """Let a payment settle what it can of an invoice; both rows are locked by the caller."""
    amount = min(payment.unallocated, invoice.balance)
    payment.unallocated -= amount
    invoice.balance -= amount
    invoice.state = "paid" if invoice.balance == ZERO else "part_paid"
    allocation = Allocation(id=new_id(), payment_id=payment.id, invoice_id=invoice.id, amount=amount, allocated_on=day)
    session.add(allocation)
    session.flush()
    return allocation
