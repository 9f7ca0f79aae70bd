"""The books as of a day, and what moved in a span: trial balance, profit and loss, balance sheet, revenue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.companies import current_company
from core.ids import Id
from core.ledger.accounts import AccountFacts, accounts_by_code
from core.ledger.sums import Span, Sum, sums
from core.ledger.year_close import fiscal_year_span
from core.money import ZERO

RESULT = ("income", "expense")
DIRECT_COST = "5"
"""Accounts that begin with it are what the service itself costs; income less these is the gross margin."""


@dataclass(frozen=True)
class TrialRow:
    """An account and its balance, on the side it stands; `code` drills down to the general ledger."""

    code: str
    name: str
    type: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True)
class MovementRow:
    """An account over a span: opening and closing with debit positive, and both sides in between."""

    code: str
    name: str
    type: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal


@dataclass(frozen=True)
class ResultRow:
    """Income or cost of one account under one key; what raises the profit is positive income."""

    code: str
    name: str
    type: str
    key: date | Id | None
    amount: Decimal


@dataclass(frozen=True)
class ResultTotals:
    """The sums of a profit and loss under one key: margin = income - direct costs, profit = margin - expenses."""

    key: date | Id | None
    income: Decimal
    direct_costs: Decimal
    expenses: Decimal

    @property
    def margin(self) -> Decimal:
        """What is left after what the service itself costs."""
        return self.income - self.direct_costs

    @property
    def profit(self) -> Decimal:
        """Income less all costs."""
        return self.margin - self.expenses


@dataclass(frozen=True)
class ProfitAndLoss:
    """Rows by account and key; `columns` has the totals per key, in order, `total` those of the span."""

    span: Span
    by: str
    rows: Sequence[ResultRow]
    columns: Sequence[ResultTotals]
    total: ResultTotals


@dataclass(frozen=True)
class BalanceSheet:
    """assets = liabilities + equity + result; each section with what it owns or owes positive.

    `result` is what no year closing has moved to equity: of this fiscal year so far and of earlier ones.
    """

    as_of: date
    assets: Sequence[TrialRow]
    liabilities: Sequence[TrialRow]
    equity: Sequence[TrialRow]
    total_assets: Decimal
    total_liabilities: Decimal
    total_equity: Decimal
    result_of_year: Decimal
    result_of_earlier_years: Decimal

    @property
    def result(self) -> Decimal:
        """The income less expense that stands outside equity."""
        return self.result_of_year + self.result_of_earlier_years

    @property
    def off_by(self) -> Decimal:
        """Zero when the equation holds."""
        return self.total_assets - self.total_liabilities - self.total_equity - self.result


@dataclass(frozen=True)
class RevenueRow:
    """Income of one plan in one area; None is what was posted without."""

    plan_id: Id | None
    area_id: Id | None
    amount: Decimal


def trial_balance(session: Session, *, as_of: date) -> list[TrialRow]:
    """Every account with postings up to and including `as_of`; debits equal credits."""
    return [_trial_row(row.account, row.amount) for row in sums(session, span=Span(None, as_of))]


def movement_balance(session: Session, *, first: date, last: date) -> list[MovementRow]:
    """Opening, both sides and closing of every account that has any of them between the two days."""
    before = date.fromordinal(first.toordinal() - 1)
    opening = {row.account: row.amount for row in sums(session, span=Span(None, before))}
    moved = {row.account: row for row in sums(session, span=Span(first, last))}
    rows = []
    for account in sorted({*opening, *moved}, key=lambda account: account.code):
        start = opening.get(account, ZERO)
        debit, credit = (moved[account].debit, moved[account].credit) if account in moved else (ZERO, ZERO)
        end = start + debit - credit
        rows.append(MovementRow(account.code, account.name, account.type, start, debit, credit, end))
    return rows


def profit_and_loss(session: Session, *, first: date, last: date, by: str = "") -> ProfitAndLoss:
    """Income and costs of a span, split by `month`, `area` or `plan` when asked; year closings are left out."""
    dimension = {"": (), "month": ("month",), "area": ("area_id",), "plan": ("plan_id",)}[by]
    moved = sums(session, span=Span(first, last), by=dimension, accounts=_of_types(session, RESULT), closings=False)
    rows = [_result_row(row, dimension[0] if dimension else "") for row in moved if row.amount]
    keys = sorted({row.key for row in rows}, key=lambda key: (key is None, str(key)))
    return ProfitAndLoss(
        span=Span(first, last), by=by, rows=rows, total=_totals(None, rows),
        columns=[_totals(key, [row for row in rows if row.key == key]) for key in keys],
    )  # fmt: skip


def balance_sheet(session: Session, *, as_of: date) -> BalanceSheet:
    """What the company owns and owes at the end of `as_of`."""
    rows = sums(session, span=Span(None, as_of))
    first, _ = fiscal_year_span(as_of, current_company(session).fiscal_year_start_month)
    before = Span(None, date.fromordinal(first.toordinal() - 1))
    earlier = -_total(sums(session, span=before, accounts=_of_types(session, RESULT)), *RESULT)
    sections = {
        kind: [_section_row(row) for row in rows if row.account.type == kind and row.amount]
        for kind in ("asset", "liability", "equity")
    }
    return BalanceSheet(
        as_of=as_of, assets=sections["asset"], liabilities=sections["liability"], equity=sections["equity"],
        total_assets=_total(rows, "asset"), total_liabilities=-_total(rows, "liability"),
        total_equity=-_total(rows, "equity"), result_of_year=-_total(rows, *RESULT) - earlier,
        result_of_earlier_years=earlier,
    )  # fmt: skip


def revenue_by_plan_and_area(session: Session, *, first: date, last: date) -> list[RevenueRow]:
    """The income of a span by the plan and the area it was posted with, the largest first."""
    moved = sums(session, span=Span(first, last), by=("area_id", "plan_id"),
                 accounts=_of_types(session, ("income",)), closings=False)  # fmt: skip
    amounts: dict[tuple[Id | None, Id | None], Decimal] = {}
    for row in moved:
        key = (row.plan_id, row.area_id)
        amounts[key] = amounts.get(key, ZERO) - row.amount
    rows = [RevenueRow(plan, area, amount) for (plan, area), amount in amounts.items() if amount]
    return sorted(rows, key=lambda row: row.amount, reverse=True)


def _of_types(session: Session, types: Iterable[str]) -> list[AccountFacts]:
    return [account for account in accounts_by_code(session).values() if account.type in types]


def _total(rows: Iterable[Sum], *types: str) -> Decimal:
    return sum((row.amount for row in rows if row.account.type in types), ZERO)


def _trial_row(account: AccountFacts, amount: Decimal) -> TrialRow:
    return TrialRow(account.code, account.name, account.type, max(amount, ZERO), max(-amount, ZERO))


def _section_row(row: Sum) -> TrialRow:
    return _trial_row(row.account, row.amount)


def _result_row(row: Sum, dimension: str) -> ResultRow:
    amount = -row.amount if row.account.type == "income" else row.amount
    key = getattr(row, dimension) if dimension else None
    return ResultRow(row.account.code, row.account.name, row.account.type, key, amount)


def _totals(key: date | Id | None, rows: Sequence[ResultRow]) -> ResultTotals:
    income = [row.amount for row in rows if row.type == "income"]
    direct = [row.amount for row in rows if row.type == "expense" and row.code.startswith(DIRECT_COST)]
    other = [row.amount for row in rows if row.type == "expense" and not row.code.startswith(DIRECT_COST)]
    return ResultTotals(key, sum(income, ZERO), sum(direct, ZERO), sum(other, ZERO))
