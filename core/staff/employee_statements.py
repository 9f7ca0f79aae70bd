"""An employee's statement: every posting that names him, on all his accounts, with running balances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.models import Account, JournalEntry, Posting
from core.money import ZERO
from core.staff.people import staff_named


@dataclass(frozen=True)
class StatementLine:
    """A posting; `balance` is the account's after it, debit positive."""

    posted_on: date
    kind: str
    memo: str
    origin: str
    entry_id: Id
    source_id: Id
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class AccountStatement:
    """One account of the employee: opening + the lines = closing; debit positive, so 2400 is mostly negative."""

    code: str
    name: str
    opening: Decimal
    lines: tuple[StatementLine, ...]
    closing: Decimal


@dataclass(frozen=True)
class EmployeeStatement:
    """All accounts that name the employee."""

    staff_id: Id
    name: str
    first: date
    last: date
    accounts: tuple[AccountStatement, ...]

    @property
    def owed_to_employee(self) -> Decimal:
        """Over all accounts; negative where he owes the company."""
        return -sum((account.closing for account in self.accounts), ZERO)


def employee_statement(session: Session, *, staff_id: Id, first: date, last: date) -> EmployeeStatement:
    """The postings from `first` to `last` on 1040, 1300, 1310 and 2400, whatever wrote them. Raises NotFound."""
    staff = staff_named(session, staff_id)
    accounts = session.execute(
        select(Account.id, Account.code, Account.name).where(Account.control == "staff").order_by(Account.code)
    ).all()
    before = session.execute(
        select(Posting.account_id, func.sum(Posting.amount))
        .where(Posting.party_id == staff_id, Posting.posted_on < first)
        .group_by(Posting.account_id)
    )
    opening = dict(before.all())
    rows = session.execute(
        select(Posting.account_id, Posting.amount, JournalEntry)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.party_id == staff_id, Posting.posted_on >= first, Posting.posted_on <= last)
        .order_by(Posting.posted_on, JournalEntry.id, Posting.id)
    ).all()  # fmt: skip
    statements = []
    for account_id, code, name in accounts:
        balance = start = opening.get(account_id, ZERO)
        lines = []
        for _, amount, entry in (row for row in rows if row[0] == account_id):
            balance += amount
            lines.append(
                StatementLine(
                    entry.posted_on, entry.kind, entry.memo, entry.origin, entry.id, entry.source_id, amount, balance
                )
            )
        statements.append(AccountStatement(code, name, start, tuple(lines), balance))
    return EmployeeStatement(staff_id, staff.name, first, last, tuple(statements))
