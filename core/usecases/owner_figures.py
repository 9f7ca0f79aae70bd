"""What only an owner asks: the result of a span, where the money lies, who owes us and whom we owe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.ageing import BUCKETS, receivable_ageing
from core.ledger.bills import unpaid_bills
from core.ledger.cash_accounts import balances
from core.ledger.statements import ResultTotals, profit_and_loss
from core.ledger.treasury_models import Vendor
from core.money import ZERO
from core.staff.balances import CASH_IN_HAND, balances_of
from core.usecases.figures_of_period import Share

LARGEST = 5


@dataclass(frozen=True)
class Position:
    """Money by account on a day; what agents hold stands beside the accounts."""

    accounts: Sequence[Share]
    with_agents: Decimal

    @property
    def total(self) -> Decimal:
        """Of all accounts and of agents' hands."""
        return sum((amount for _, amount in self.accounts), self.with_agents)


@dataclass(frozen=True)
class Receivable:
    """What customers owe on a day, by age; advances are never netted."""

    buckets: Sequence[Share]
    total: Decimal
    overdue: Decimal
    advance: Decimal


@dataclass(frozen=True)
class Payables:
    """Bills of vendors that are not paid."""

    total: Decimal
    overdue: Decimal
    bills: int
    next_due_on: date | None
    largest: Sequence[Share]
    """By vendor."""


def result_of(session: Session, *, first: date, last: date) -> ResultTotals:
    """Income, direct costs and expenses of a span (reference money 5.4)."""
    return profit_and_loss(session, first=first, last=last).total


def cash_position(session: Session, *, as_of: date) -> Position:
    """Every cash, bank and wallet account with what the books say lies on it at the end of the day."""
    held = balances_of(session, CASH_IN_HAND, as_of=as_of)
    accounts = [(account.name, amount) for account, amount in balances(session, as_of=as_of)]
    return Position(accounts, sum(held.values(), ZERO))


def receivable_position(session: Session, *, as_of: date) -> Receivable:
    """What is owed to us at the end of the day, in the buckets of the ageing report."""
    rows = receivable_ageing(session, as_of=as_of)
    if not rows:
        return Receivable([(bucket, ZERO) for bucket in BUCKETS], ZERO, ZERO, ZERO)
    row = rows[0]
    return Receivable(list(zip(BUCKETS, row.buckets, strict=True)), row.total, row.overdue, row.advance)


def payables_position(session: Session, *, today: date) -> Payables:
    """What is to be paid to vendors, as it stands."""
    bills = unpaid_bills(session)
    names = {row.id: row.name for row in session.execute(select(Vendor.id, Vendor.name))}
    owed: dict[str, Decimal] = {}
    for bill in bills:
        owed[names[bill.vendor_id]] = owed.get(names[bill.vendor_id], ZERO) + bill.balance
    return Payables(
        total=sum(owed.values(), ZERO), bills=len(bills), next_due_on=bills[0].due_on if bills else None,
        overdue=sum((bill.balance for bill in bills if bill.due_on < today), ZERO),
        largest=sorted(owed.items(), key=lambda row: (-row[1], row[0]))[:LARGEST],
    )  # fmt: skip
