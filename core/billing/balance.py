"""What a customer owes today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.allocation import by_number
from core.db import run
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


_BALANCE = """
    SELECT number, balance, due_on FROM invoice
     WHERE customer_id = %(customer)s AND balance > 0 AND state IN ('issued', 'part_paid')
    UNION ALL
    SELECT NULL, sum(unallocated), NULL FROM payment
     WHERE customer_id = %(customer)s AND unallocated > 0 AND state = 'received'
    UNION ALL
    SELECT NULL, sum(unallocated), NULL FROM credit_note WHERE customer_id = %(customer)s AND unallocated > 0
"""


def account_balance(session: Session, *, customer_id: Id, today: date) -> AccountBalance:
    """One statement: unpaid invoices, the oldest due first, and the advance."""
    session.flush()
    rows = run(session, _BALANCE, {"customer": customer_id}).fetchall()
    advance = sum((amount for number, amount, _ in rows if number is None and amount is not None), ZERO)
    unpaid = (UnpaidInvoice(number, balance, due_on) for number, balance, due_on in rows if number is not None)
    return balance_from(unpaid, advance=advance, today=today)


def balance_from(unpaid: Iterable[UnpaidInvoice], *, advance: Decimal, today: date) -> AccountBalance:
    """The balance that these unpaid invoices and this advance come to."""
    unpaid = sorted(unpaid, key=lambda invoice: (invoice.due_on, by_number(invoice.number)))
    return AccountBalance(
        due=sum((invoice.balance for invoice in unpaid), ZERO),
        overdue=sum((invoice.balance for invoice in unpaid if invoice.due_on < today), ZERO),
        oldest_due_on=unpaid[0].due_on if unpaid else None,
        advance=advance,
        unpaid=unpaid,
    )
