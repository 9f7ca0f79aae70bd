"""What the treasury tests share: accounts to pay from and into, and questions to the books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.ledger.cash_accounts import ledger_balance, open_cash_account
from core.ledger.statements import trial_balance
from core.ledger.treasury_models import CashAccount
from core.money import ZERO

OPENED = date(2026, 7, 1)
END = date(2030, 12, 31)


def a_bank(session: Session, *, name: str = "Meezan Bank", opening: str = "100000.00", number: str = "") -> CashAccount:
    return open_cash_account(
        session, name=name, kind="bank", opened_on=OPENED, actor="staff:hamid", opening_balance=Decimal(opening),
        bank_number=number, origin="panel:test",
    )  # fmt: skip


def the_office(session: Session, *, opening: str = "20000.00") -> CashAccount:
    return open_cash_account(
        session, name="Office drawer", kind="cash", opened_on=OPENED, actor="staff:hamid",
        opening_balance=Decimal(opening), origin="panel:test",
    )  # fmt: skip


def stands(session: Session, *codes: str) -> list[str]:
    """The signed balances of ledger accounts, debit positive."""
    return [str(ledger_balance(session, code=code)) for code in codes]


def the_books_balance(session: Session) -> bool:
    rows = trial_balance(session, as_of=END)
    return sum((row.debit - row.credit for row in rows), ZERO) == ZERO
