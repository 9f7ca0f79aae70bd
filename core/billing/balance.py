"""What a customer owes today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from core.billing.allocation import by_number
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Payment
from core.ids import Id
from core.money import ZERO


@dataclass(frozen=True)
class UnpaidInvoice:
    """An invoice with something left to pay."""

    number: str
    balance: Decimal
    due_on: date


@dataclass(frozen=True)
class AccountBalance:
    """Amounts in the company's currency; `advance` is beside what is due, never netted inside."""

    due: Decimal
    overdue: Decimal
    oldest_due_on: date | None
    advance: Decimal
    unpaid: Sequence[UnpaidInvoice]


_BALANCE: CompoundSelect[Any] = union_all(
    select(Invoice.number, Invoice.balance, Invoice.due_on).where(
        Invoice.customer_id == bindparam("customer"), Invoice.balance > 0,
        Invoice.state.in_(("issued", "part_paid")),
    ),
    select(literal(None), func.sum(Payment.unallocated), null()).where(
        Payment.customer_id == bindparam("customer"), Payment.unallocated > 0, Payment.state == "received"
    ),
    select(literal(None), func.sum(CreditNote.unallocated), null()).where(
        CreditNote.customer_id == bindparam("customer"), CreditNote.unallocated > 0
    ),
)  # fmt: skip


def account_balance(session: Session, *, customer_id: Id, today: date) -> AccountBalance:
    """One statement: unpaid invoices, the oldest due first, and the advance."""
    rows = session.execute(_BALANCE, {"customer": customer_id}).all()
    advance = sum((amount for number, amount, _ in rows if number is None and amount is not None), ZERO)
    unpaid = sorted(
        (UnpaidInvoice(number, balance, due_on) for number, balance, due_on in rows if number is not None),
        key=lambda invoice: (invoice.due_on, by_number(invoice.number)),
    )
    return AccountBalance(
        due=sum((invoice.balance for invoice in unpaid), ZERO),
        overdue=sum((invoice.balance for invoice in unpaid if invoice.due_on < today), ZERO),
        oldest_due_on=unpaid[0].due_on if unpaid else None,
        advance=advance,
        unpaid=unpaid,
    )
