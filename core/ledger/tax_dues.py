"""What the company owes to the tax authority: collected from customers, deducted from others, less what it paid in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.ledger.accounts import AccountFacts, accounts_by_code
from core.ledger.statements import movement_balance
from core.ledger.sums import Span
from core.money import ZERO

INPUT_TAX = "113"


@dataclass(frozen=True)
class TaxDue:
    """One tax account: opening + accrued - paid = due; what is owed is positive, input tax that may be set off
    negative (its `accrued` is what was paid to suppliers, its `paid` what was set off)."""

    code: str
    name: str
    opening: Decimal
    accrued: Decimal
    paid: Decimal
    due: Decimal


@dataclass(frozen=True)
class TaxDues:
    """The accounts that have anything, and what is owed over all of them."""

    span: Span
    rows: Sequence[TaxDue]

    @property
    def total_due(self) -> Decimal:
        """What would have to be paid over if all input tax could be set off."""
        return sum((row.due for row in self.rows), ZERO)


def is_tax(account: AccountFacts) -> bool:
    """2100 to 2199, what is owed, and 1130 to 1139, input tax; tax withheld by customers waits for certificates."""
    return account.code.startswith(("21", INPUT_TAX))


def tax_dues(session: Session, *, first: date, last: date) -> TaxDues:
    """The tax accounts from the day before `first` to `last`."""
    taxes = {account.code for account in accounts_by_code(session).values() if is_tax(account)}
    rows = []
    for row in movement_balance(session, first=first, last=last):
        if row.code not in taxes:
            continue
        owed = row.code.startswith("2")
        accrued, paid = (row.credit, row.debit) if owed else (-row.debit, -row.credit)
        rows.append(TaxDue(row.code, row.name, -row.opening, accrued, paid, -row.closing))
    return TaxDues(Span(first, last), rows)
