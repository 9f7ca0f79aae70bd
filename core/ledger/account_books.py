"""An account line by line, and what one customer, employee or vendor has with the company."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.accounts import account_of
from core.ledger.kinds import label_of
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.sums import Span, sums
from core.money import ZERO

PAGE = 500
CUSTOMER_ACCOUNTS = ("1100", "2200")
EMPLOYEE_ACCOUNTS = ("1040", "1300", "1310", "2400")
VENDOR_ACCOUNTS = ("2300",)


@dataclass(frozen=True)
class LedgerLine:
    """A posting with the balance after it; `entry_id` opens the entry, `source_id` with `kind` its document."""

    posting_id: Id
    entry_id: Id
    posted_on: date
    kind: str
    label: str
    source_id: Id
    memo: str
    actor: str
    origin: str
    party_id: Id | None
    debit: Decimal
    credit: Decimal
    balance: Decimal


@dataclass(frozen=True)
class GeneralLedger:
    """An account over a span, debit positive; `next_after` continues a page, None at its end.

    `opening` and `closing` are those of the span, whatever page is shown.
    """

    code: str
    name: str
    span: Span
    opening: Decimal
    lines: Sequence[LedgerLine]
    closing: Decimal
    next_after: tuple[date, Id] | None


@dataclass(frozen=True)
class StatementLine:
    """One event of a party: what it owes more (debit) or less (credit), and the balance after it.

    `balance` is positive when the party owes the company.
    """

    entry_id: Id
    posted_on: date
    kind: str
    label: str
    source_id: Id
    memo: str
    debit: Decimal
    credit: Decimal
    balance: Decimal


@dataclass(frozen=True)
class PartyStatement:
    """A party's account over a span; `by_account` has what stands on each account at its end."""

    party_id: Id
    span: Span
    opening: Decimal
    lines: Sequence[StatementLine]
    closing: Decimal
    by_account: dict[str, Decimal]


def general_ledger(
    session: Session, *, code: str, first: date, last: date, party_id: Id | None = None,
    after: tuple[date, Id] | None = None, limit: int = PAGE,
) -> GeneralLedger:  # fmt: skip
    """The postings of an account in order of day and writing, a page at a time; raises UnknownAccount."""
    account = account_of(session, code)
    before = date.fromordinal(first.toordinal() - 1)
    opening = _balance(session, code, party_id, before)
    here = [Posting.account_id == account.id, Posting.posted_on >= first, Posting.posted_on <= last]
    if party_id is not None:
        here.append(Posting.party_id == party_id)
    rows = session.execute(_lines(here, after).limit(limit + 1)).all()
    start = opening
    if after is not None:
        shown = tuple_(Posting.posted_on, Posting.id) <= tuple_(*after)
        start += session.scalar(select(func.sum(Posting.amount)).where(*here, shown)) or ZERO
    lines = _with_balances(start, [_ledger_line(row) for row in rows[:limit]])
    more = (lines[-1].posted_on, lines[-1].posting_id) if len(rows) > limit else None
    return GeneralLedger(code, account.name, Span(first, last), opening, lines,
                         _balance(session, code, party_id, last), more)  # fmt: skip


def ledger_lines(session: Session, *, code: str, first: date, last: date, opening: Decimal) -> Iterator[LedgerLine]:
    """Every posting of an account in order, read in parts, with the balance after it from `opening` on."""
    account = account_of(session, code)
    here = [Posting.account_id == account.id, Posting.posted_on >= first, Posting.posted_on <= last]
    for row in session.execute(_lines(here, None), execution_options={"yield_per": 2000}):
        opening += row.amount
        yield replace(_ledger_line(row), balance=opening)


def party_statement(
    session: Session, *, party_id: Id, accounts: Sequence[str], first: date, last: date
) -> PartyStatement:
    """Every event that changed what the party owes over the accounts together, such as CUSTOMER_ACCOUNTS.

    What only moves between the accounts (an advance applied to an invoice) changes nothing and is left out.
    Raises UnknownAccount.
    """
    ids = [account_of(session, code).id for code in accounts]
    here = [Posting.party_id == party_id, Posting.account_id.in_(ids)]
    before = select(func.sum(Posting.amount)).where(*here, Posting.posted_on < first)
    opening = session.scalar(before) or ZERO
    amount = func.sum(Posting.amount)
    events = session.execute(
        select(JournalEntry, amount)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(*here, Posting.posted_on >= first, Posting.posted_on <= last)
        .group_by(JournalEntry.id)
        .having(amount != 0)
        .order_by(JournalEntry.posted_on, JournalEntry.id)
    )
    lines, balance = [], opening
    for entry, moved in events:
        balance += moved
        lines.append(StatementLine(
            entry.id, entry.posted_on, entry.kind, label_of(entry.kind), entry.source_id, entry.memo,
            max(moved, ZERO), max(-moved, ZERO), balance,
        ))  # fmt: skip
    standing = session.execute(
        select(Account.code, func.sum(Posting.amount)).join(Posting, Posting.account_id == Account.id)
        .where(*here, Posting.posted_on <= last).group_by(Account.code).order_by(Account.code)
    )  # fmt: skip
    return PartyStatement(party_id, Span(first, last), opening, lines, balance, {row[0]: row[1] for row in standing})


def _balance(session: Session, code: str, party_id: Id | None, day: date) -> Decimal:
    account = account_of(session, code)
    if party_id is None:
        return sum((row.amount for row in sums(session, span=Span(None, day), accounts=[account])), ZERO)
    of_party = select(func.sum(Posting.amount)).where(
        Posting.account_id == account.id, Posting.party_id == party_id, Posting.posted_on <= day
    )
    return session.scalar(of_party) or ZERO


def _lines(here: list[Any], after: tuple[date, Id] | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(Posting.id, Posting.entry_id, Posting.posted_on, JournalEntry.kind, JournalEntry.source_id,
               JournalEntry.memo, JournalEntry.actor, JournalEntry.origin, Posting.party_id, Posting.amount)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(*here)
        .order_by(Posting.posted_on, Posting.id)
    )  # fmt: skip
    return query if after is None else query.where(tuple_(Posting.posted_on, Posting.id) > tuple_(*after))


def _ledger_line(row: Any) -> LedgerLine:
    return LedgerLine(
        posting_id=row.id, entry_id=row.entry_id, posted_on=row.posted_on, kind=row.kind, label=label_of(row.kind),
        source_id=row.source_id, memo=row.memo, actor=row.actor, origin=row.origin, party_id=row.party_id,
        debit=max(row.amount, ZERO), credit=max(-row.amount, ZERO), balance=ZERO,
    )  # fmt: skip


def _with_balances(start: Decimal, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
    counted = []
    for line in lines:
        start += line.debit - line.credit
        counted.append(replace(line, balance=start))
    return counted
