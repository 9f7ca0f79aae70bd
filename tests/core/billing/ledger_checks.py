"""What must hold in the books after anything that happened to invoices and advances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice
from core.billing.payment_models import Payment
from core.ledger.models import Account, Posting
from core.money import ZERO
from core.usecases.check_books import check_books


def booked(session: Session, code: str) -> Decimal:
    total = select(func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id).where(Account.code == code)
    return session.scalar(total) or ZERO


def assert_books_tie(session: Session) -> None:
    """Open invoices are 1100, advances are 2200, and all postings add up to zero."""
    session.flush()
    open_balance = session.scalar(select(func.sum(Invoice.balance)).where(Invoice.state.in_(OPEN_STATES))) or ZERO
    paid_ahead = session.scalar(select(func.sum(Payment.unallocated)).where(Payment.state == "received")) or ZERO
    credited_ahead = session.scalar(select(func.sum(CreditNote.unallocated))) or ZERO
    assert booked(session, "1100") == open_balance
    assert -booked(session, "2200") == paid_ahead + credited_ahead
    assert (session.scalar(select(func.sum(Posting.amount))) or ZERO) == ZERO
    assert [each for each in check_books(session, as_of=date(2027, 12, 31)) if each.check != "origin"] == []


def assert_never_more_credited_than_billed(session: Session) -> None:
    notes = select(CreditNote.invoice_id, func.sum(CreditNote.total).label("credited")).group_by(CreditNote.invoice_id)
    credited = notes.subquery()
    over = select(Invoice.number).join(credited, credited.c.invoice_id == Invoice.id)
    assert session.scalars(over.where(credited.c.credited > Invoice.total)).all() == []
