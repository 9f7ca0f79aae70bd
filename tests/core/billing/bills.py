"""Invoices of any total and day, and what the books say of them; shared by the tests of money coming in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.allocation import allocate, lock_customers
from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice, InvoiceLine
from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import Account, JournalEntry, Posting
from core.money import ZERO
from core.numbering import next_number
from tests.cast import NOW, TODAY


def owe(session: Session, customer_id: Id, total: str, *, due: date, reason: str = "one_off") -> Invoice:
    """An issued invoice over `total`, without tax, issued nine days before it is due."""
    amount = Decimal(total)
    issued = date.fromordinal(due.toordinal() - 9)
    invoice = Invoice(
        id=new_id(), customer_id=customer_id, kind="other", reason=reason, net=amount, tax=ZERO, total=amount,
        balance=amount,
    )  # fmt: skip
    line = InvoiceLine(
        id=new_id(), invoice_id=invoice.id, position=1, description="Service", quantity=Decimal(1), unit_price=amount,
        amount=amount, account_code="4000",
    )  # fmt: skip
    session.add(invoice)
    session.flush()
    session.add(line)
    session.flush()
    invoice.number, invoice.state = next_number(session, "invoice", fiscal_year="2026-27"), "issued"
    invoice.issued_on, invoice.due_on = issued, due
    session.flush()
    post_entry(
        session, kind="invoice", source_id=invoice.id, posted_on=issued, actor="test",
        lines=[Line("1100", amount, customer_id), Line("4000", -amount)],
    )  # fmt: skip
    return invoice


def write_off(session: Session, invoice: Invoice) -> None:
    """The debt leaves the receivable and stays on the invoice."""
    post_entry(
        session, kind="write_off", source_id=invoice.id, posted_on=TODAY, actor="test",
        lines=[Line("6820", invoice.balance), Line("1100", -invoice.balance, invoice.customer_id)],
    )  # fmt: skip
    invoice.state = "written_off"
    session.flush()


def credit(session: Session, invoice: Invoice, amount: str, *, issued_on: date = TODAY) -> CreditNote:
    """A credit note on a paid invoice: all of it becomes advance."""
    total = Decimal(amount)
    note = CreditNote(
        id=new_id(), number=next_number(session, "credit_note"), invoice_id=invoice.id,
        customer_id=invoice.customer_id, reason="test", issued_on=issued_on, net=total, tax=ZERO, total=total,
        unallocated=total, idempotency_key=str(new_id()), made_by="test",
    )  # fmt: skip
    session.add(note)
    session.flush()
    post_entry(
        session, kind="credit_note", source_id=note.id, posted_on=issued_on, actor="test",
        lines=[Line("4000", total), Line("2200", -total, invoice.customer_id)],
    )  # fmt: skip
    return note


def pay(session: Session, customer_id: Id, amount: str, *, key: str = "", method: str = "bank", day: date = TODAY,
        **more: object) -> Payment:  # fmt: skip
    """A payment recorded on the tests' day."""
    return record_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method=method, received_on=day,
        idempotency_key=key or str(new_id()), taken_by="test", now=NOW, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def booked(session: Session, code: str, party_id: Id | None = None) -> Decimal:
    """The balance of an account, debit positive, of one party if given."""
    total = select(func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id).where(Account.code == code)
    if party_id is not None:
        total = total.where(Posting.party_id == party_id)
    return session.scalar(total) or ZERO


def balances(session: Session, *invoices: Invoice) -> list[tuple[str, str]]:
    """(balance, state) of invoices as the database has them."""
    rows = session.execute(select(Invoice.id, Invoice.balance, Invoice.state)).all()
    found = {row.id: (str(row.balance), row.state) for row in rows}
    return [found[invoice.id] for invoice in invoices]


def assert_ties(session: Session) -> None:
    """Open invoices are the receivable, what is left of payments and credit notes is the advance."""
    owed = session.scalar(select(func.sum(Invoice.balance)).where(Invoice.state.in_(OPEN_STATES))) or ZERO
    left = session.scalar(select(func.sum(Payment.unallocated)).where(Payment.state == "received")) or ZERO
    left += session.scalar(select(func.sum(CreditNote.unallocated))) or ZERO
    assert (booked(session, "1100"), -booked(session, "2200")) == (owed, left)


def credit_part(session: Session, invoice_id: Id, amount: str) -> None:
    """A credit note on what is unpaid first, the rest as advance, under the customer's lock."""
    invoice = session.get_one(Invoice, invoice_id)
    lock_customers(session, [invoice.customer_id])
    session.refresh(invoice)
    credited = select(func.sum(CreditNote.total)).where(CreditNote.invoice_id == invoice.id)
    if invoice.state not in (*OPEN_STATES, "paid") or (session.scalar(credited) or ZERO) + Decimal(amount) > (
        invoice.total
    ):
        return
    total = Decimal(amount)
    unpaid = min(total, invoice.balance)
    post_entry(
        session, kind="credit_note", source_id=(note_id := new_id()), posted_on=TODAY, actor="test",
        lines=[Line("4000", total), Line("1100", -unpaid, invoice.customer_id),
               Line("2200", unpaid - total, invoice.customer_id)],
    )  # fmt: skip
    note = CreditNote(
        id=note_id, number=next_number(session, "credit_note"), invoice_id=invoice.id,
        customer_id=invoice.customer_id, reason="test", issued_on=TODAY, net=total, tax=ZERO, total=total,
        unallocated=total, idempotency_key=str(note_id), made_by="test",
    )  # fmt: skip
    session.add(note)
    session.flush()
    if unpaid:
        allocate(session, note, invoice, TODAY)


def void(session: Session, invoice_id: Id) -> None:
    """Only an invoice to which nothing happened, under the customer's lock."""
    invoice = session.get_one(Invoice, invoice_id)
    lock_customers(session, [invoice.customer_id])
    session.refresh(invoice)
    if invoice.state != "issued" or invoice.balance != invoice.total:
        return
    entry = select(JournalEntry.id).where(JournalEntry.kind == "invoice", JournalEntry.source_id == invoice.id)
    reverse_entry(session, entry_id=session.scalars(entry).one(), posted_on=TODAY, actor="test")
    invoice.state, invoice.balance = "void", ZERO
    session.flush()
