"""Everything that happened to one invoice or one payment, with the journal entries that say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from core.billing.credit_notes import credit_notes_of, credited_by_line
from core.billing.debt_models import LateFee, WriteOff
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.invoices import invoice_by_number
from core.billing.payment_models import Allocation, Payment, Refund
from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id
from core.ledger.models import JournalEntry


@dataclass(frozen=True)
class InvoiceHistory:
    """`settled` has rows of (Allocation, payment number, credit note number); `credited` is by line, taxes included.

    `fee` is the late fee that this invoice charges, `fees` those that were charged for it.
    """

    invoice: Invoice
    customer: Customer
    settled: Sequence[Row[Allocation, str, str]]
    notes: Sequence[CreditNote]
    credited: Mapping[Id, Decimal]
    fee: LateFee | None
    fees: Sequence[LateFee]
    write_offs: Sequence[WriteOff]
    entries: Sequence[JournalEntry]


@dataclass(frozen=True)
class PaymentHistory:
    """`settled` has rows of (Allocation, invoice number, refund number)."""

    payment: Payment
    customer: Customer
    settled: Sequence[Row[Allocation, str | None, str]]
    entries: Sequence[JournalEntry]


def invoice_history(session: Session, *, number: str) -> InvoiceHistory:
    """The invoice printed as `number`; raises NotFound."""
    invoice = invoice_by_number(session, number=number)
    settled = session.execute(
        select(Allocation, Payment.number, CreditNote.number)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(CreditNote, CreditNote.id == Allocation.credit_note_id)
        .where(Allocation.invoice_id == invoice.id)
        .order_by(Allocation.id)
    ).all()
    notes = credit_notes_of(session, invoice_id=invoice.id)
    write_offs = session.scalars(select(WriteOff).where(WriteOff.invoice_id == invoice.id).order_by(WriteOff.id)).all()
    sources = {invoice.id, *(note.id for note in notes), *(given_up.id for given_up in write_offs)}
    sources |= {row[0].id for row in settled} | {row[0].payment_id for row in settled if row[0].payment_id}
    return InvoiceHistory(
        invoice, session.get_one(Customer, invoice.customer_id), settled, notes,
        credited_by_line(session, invoice.id),
        fee=session.scalar(select(LateFee).where(LateFee.fee_invoice_id == invoice.id)),
        fees=session.scalars(select(LateFee).where(LateFee.invoice_id == invoice.id).order_by(LateFee.round)).all(),
        write_offs=write_offs, entries=_entries(session, sources),
    )  # fmt: skip


def payment_by_number(session: Session, *, number: str) -> Payment:
    """The payment whose receipt is printed as `number`; raises NotFound."""
    payment = session.scalar(select(Payment).where(Payment.number == number))
    if payment is None:
        raise NotFound(f"There is no receipt {number}")
    return payment


def payment_history(session: Session, *, number: str) -> PaymentHistory:
    """The payment whose receipt is printed as `number`; raises NotFound."""
    payment = payment_by_number(session, number=number)
    settled = session.execute(
        select(Allocation, Invoice.number, Refund.number)
        .outerjoin(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(Refund, Refund.id == Allocation.refund_id)
        .where(Allocation.payment_id == payment.id)
        .order_by(Allocation.id)
    ).all()
    sources = {payment.id, *(row[0].id for row in settled)}
    customer = session.get_one(Customer, payment.customer_id)
    return PaymentHistory(payment, customer, settled, _entries(session, sources))


def _entries(session: Session, sources: Collection[Id]) -> Sequence[JournalEntry]:
    """What books these documents, and what reverses that, in order of posting."""
    undone = aliased(JournalEntry)
    booking = (
        select(JournalEntry)
        .outerjoin(undone, undone.id == JournalEntry.reverses_id)
        .where(JournalEntry.source_id.in_(sources) | undone.source_id.in_(sources))
        .order_by(JournalEntry.posted_on, JournalEntry.id)
    )
    return session.scalars(booking).all()
