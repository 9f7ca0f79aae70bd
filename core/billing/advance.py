"""Money paid before it was owed: kept as the customer's advance, used by the next invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, literal, select, union_all, update
from sqlalchemy.orm import Session

from core.billing.allocation import (
    OpenInvoice,
    Share,
    in_order,
    lock_customers,
    open_invoice,
    open_invoices,
    shares_of,
    write_shares,
)
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Payment
from core.billing.plan_models import BillingPolicy
from core.ids import Id
from core.ledger.journal import Line, post_entry
from core.money import ZERO


@dataclass(frozen=True)
class Advance:
    """What is left of one payment or credit note."""

    model: type[Payment] | type[CreditNote]
    id: Id
    left: Decimal

    @property
    def key(self) -> str:
        """The column of an allocation that names it."""
        return "payment_id" if self.model is Payment else "credit_note_id"


def customer_advance(session: Session, customer_id: Id) -> Decimal:
    """What is left of the customer's payments and credit notes, in the company's currency."""
    left = union_all(
        select(func.sum(Payment.unallocated)).where(Payment.customer_id == customer_id, Payment.state == "received"),
        select(func.sum(CreditNote.unallocated)).where(CreditNote.customer_id == customer_id),
    )
    return sum((part for part in session.scalars(left) if part is not None), ZERO)


def advances_of(session: Session, *, customer_id: Id) -> list[Advance]:
    """Where the customer's advance comes from, the oldest first; the customer is locked by the caller."""
    paid = select(literal("payment"), Payment.id, Payment.unallocated, Payment.received_on.label("since")).where(
        Payment.customer_id == customer_id, Payment.unallocated > 0, Payment.state == "received"
    )
    credited = select(literal("credit"), CreditNote.id, CreditNote.unallocated, CreditNote.issued_on).where(
        CreditNote.customer_id == customer_id, CreditNote.unallocated > 0
    )
    session.flush()
    rows = session.execute(union_all(paid, credited)).all()
    return [
        Advance(Payment if kind == "payment" else CreditNote, identifier, left)
        for kind, identifier, left, _ in sorted(rows, key=lambda row: (row[3], row[1]))
    ]


def lower(session: Session, advance: Advance, amount: Decimal) -> None:
    """Take `amount` off what is left of a payment or credit note; copies in the session see it."""
    session.execute(
        update(advance.model)
        .where(advance.model.id == advance.id)
        .values(unallocated=advance.model.unallocated - amount)
        .execution_options(synchronize_session="fetch")
    )


def apply_advance(session: Session, *, invoice: Invoice, day: date, actor: str, origin: str) -> None:
    """Settle `invoice` from the customer's advance, the oldest first; posts 2200 to 1100 for each part.

    Locks the customer: a batch of many customers locks them all first, before it reserves numbers.
    """
    if invoice.balance <= ZERO:
        return
    lock_customers(session, [invoice.customer_id])
    unpaid = open_invoice(session, invoice_id=invoice.id)
    if unpaid is not None:
        _settle(session, invoice.customer_id, [unpaid], day=day, actor=actor, origin=origin)


def use_advance(session: Session, *, customer_id: Id, day: date, actor: str, origin: str) -> None:
    """Settle everything that is open from the customer's advance, for example after a credit note; posts each part."""
    lock_customers(session, [customer_id])
    fees = session.scalars(select(BillingPolicy.fees_settle)).one()
    unpaid = in_order(open_invoices(session, customer_id=customer_id), fees_settle=fees)
    _settle(session, customer_id, unpaid, day=day, actor=actor, origin=origin)


def _settle(
    session: Session, customer_id: Id, invoices: list[OpenInvoice], *, day: date, actor: str, origin: str
) -> None:
    for advance in advances_of(session, customer_id=customer_id):
        shares = shares_of(advance.left, invoices)
        if not shares:
            return
        lower(session, advance, sum((share.amount for share in shares), ZERO))
        written = write_shares(session, shares, day=day, from_advance=True, **{advance.key: advance.id})
        for allocation_id, share in zip(written, shares, strict=True):
            post_entry(
                session, kind="advance_applied", source_id=allocation_id, posted_on=day, actor=actor, origin=origin,
                memo=share.invoice.number,
                lines=[
                    Line("2200", share.amount, customer_id),
                    Line("6820", -share.amount) if share.recovers else Line("1100", -share.amount, customer_id),
                ],
            )  # fmt: skip
        invoices = _still_open(invoices, shares)


def _still_open(invoices: list[OpenInvoice], shares: list[Share]) -> list[OpenInvoice]:
    after = {share.invoice.id: share for share in shares}
    moved = (
        OpenInvoice(i.id, i.number, i.reason, after[i.id].state_after, after[i.id].balance_after, i.due_on, i.issued_on)
        if i.id in after
        else i
        for i in invoices
    )
    return [invoice for invoice in moved if invoice.balance > ZERO]
