"""What accounts moved in a span of days: closed months from their totals, all other days from the postings.

Every report of the books adds up from here, so all of them are right in every state of closing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, Select, cast, func, literal_column, null, select, union, union_all
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.accounts import AccountFacts, accounts_by_code
from core.ledger.book_models import AccountMonth
from core.ledger.kinds import YEAR_CLOSE
from core.ledger.models import JournalEntry, Posting
from core.ledger.periods import books_state, last_whole_month_end

DIMENSIONS = ("month", "area_id", "plan_id")
BEGINNING = date(2000, 1, 1)


@dataclass(frozen=True)
class Span:
    """Accounting days from `first` (None: from the beginning) to `last`, both included."""

    first: date | None
    last: date


@dataclass(frozen=True)
class Sum:
    """What one account moved; the dimensions not asked for are None. Drill down with the general ledger."""

    account: AccountFacts
    month: date | None
    area_id: Id | None
    plan_id: Id | None
    debit: Decimal
    credit: Decimal

    @property
    def amount(self) -> Decimal:
        """Debit positive, credit negative."""
        return self.debit - self.credit


def sums(
    session: Session, *, span: Span, by: Collection[str] = (), accounts: Iterable[AccountFacts] | None = None,
    closings: bool = True,
) -> list[Sum]:  # fmt: skip
    """Movements by account, and by any of DIMENSIONS, in order of account code; `closings` False leaves year
    closings out. Accounts that did not move are left out.
    """
    chosen = list(accounts_by_code(session).values() if accounts is None else accounts)
    facts = {account.id: account for account in chosen}
    closed, live = _divide(span, books_state(session).totals_through)
    parts = [_from_totals(*closed, by, closings)] if closed else []
    parts += [_from_postings(days, by, list(facts)) for days in live]
    parts += [_without_closings(days, by) for days in live if not closings]
    if not parts:
        return []
    moved = union_all(*parts).subquery()
    keys = [moved.c.account_id, moved.c.month, moved.c.area_id, moved.c.plan_id]
    query = select(*keys, func.sum(moved.c.debit), func.sum(moved.c.credit)).group_by(*keys)
    rows = session.execute(query.where(moved.c.account_id.in_(list(facts)))).all()
    found = [Sum(facts[row[0]], row[1], row[2], row[3], row[4], row[5]) for row in rows if row[4] or row[5]]
    return sorted(found, key=lambda row: (row.account.code, row.month or BEGINNING, str(row.area_id), str(row.plan_id)))


def _divide(span: Span, totals_through: date | None) -> tuple[tuple[date, date] | None, list[Span]]:
    """The first and last day of the whole months that totals cover, and the spans that remain."""
    if totals_through is None:
        return None, [span]
    first = span.first or BEGINNING
    start = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    end = min(totals_through, last_whole_month_end(span.last))
    if start > end:
        return None, [span]
    day = timedelta(days=1)
    before, after = Span(span.first, start - day), Span(end + day, span.last)
    return (start, end), [part for part in (before, after) if (part.first or BEGINNING) <= part.last]


def _keys(by: Collection[str], month: ColumnElement[Any], area: Any, plan: Any) -> list[ColumnElement[Any]]:
    nothing = cast(null(), Posting.area_id.type)
    return [
        (month if "month" in by else cast(null(), Date())).label("month"),
        (area if "area_id" in by else nothing).label("area_id"),
        (plan if "plan_id" in by else nothing).label("plan_id"),
    ]


def _grouped(by: Collection[str], keys: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [key.element for key, name in zip(keys, DIMENSIONS, strict=True) if name in by]


def _from_totals(first: date, last: date, by: Collection[str], closings: bool) -> Select[Any]:
    keys = _keys(by, AccountMonth.month.expression, AccountMonth.area_id, AccountMonth.plan_id)
    query = (
        select(AccountMonth.account_id, *keys, func.sum(AccountMonth.debit).label("debit"),
               func.sum(AccountMonth.credit).label("credit"))
        .where(AccountMonth.month >= first, AccountMonth.month <= last)
        .group_by(AccountMonth.account_id, *_grouped(by, keys))
    )  # fmt: skip
    return query if closings else query.where(AccountMonth.closing.is_(False))


def _from_postings(days: Span, by: Collection[str], accounts: list[Id], sign: int = 1) -> Select[Any]:
    month = cast(func.date_trunc(literal_column("'month'"), cast(Posting.posted_on, DateTime())), Date())
    keys = _keys(by, month, Posting.area_id, Posting.plan_id)
    debit = func.coalesce(func.sum(Posting.amount).filter(Posting.amount > 0), 0) * sign
    credit = func.coalesce(func.sum(Posting.amount).filter(Posting.amount < 0), 0) * -sign
    query = select(Posting.account_id, *keys, debit.label("debit"), credit.label("credit")).where(
        Posting.posted_on <= days.last
    )
    if accounts:
        query = query.where(Posting.account_id.in_(accounts))
    if days.first is not None:
        query = query.where(Posting.posted_on >= days.first)
    return query.group_by(Posting.account_id, *_grouped(by, keys))


def _without_closings(days: Span, by: Collection[str]) -> Select[Any]:
    # One list of ids: an OR of two would read every posting.
    closing = select(JournalEntry.id).where(JournalEntry.kind == YEAR_CLOSE)
    undone = select(JournalEntry.id).where(JournalEntry.reverses_id.in_(closing))
    return _from_postings(days, by, [], sign=-1).where(Posting.entry_id.in_(union(closing, undone)))
