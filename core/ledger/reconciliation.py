"""Books and bank side by side on a day, explained, saved, and locked from then on (reference money 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, func, or_, select, update
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.cash_accounts import balance_of, cash_account
from core.ledger.models import JournalEntry, Posting
from core.ledger.reconciliation_models import BankLine, BankMatch, MatchedPosting, Reconciliation, ReconciliationItem
from core.money import ZERO, parse_amount


class StatementIncomplete(DomainError):
    """The bank's balance is not what its imported lines make: some are missing."""


class ReconciliationOutOfOrder(DomainError):
    """The account is reconciled to that day or a later one already."""


@dataclass(frozen=True)
class Unanswered:
    """What stands on one side only: a posting the bank has not shown, or a line the books do not have."""

    id: Id
    day: date
    amount: Decimal
    text: str


@dataclass(frozen=True)
class Comparison:
    """book_balance - statement_balance = sum of book_only - sum of statement_only + unexplained."""

    as_of: date
    book_balance: Decimal
    statement_balance: Decimal
    book_only: Sequence[Unanswered]
    statement_only: Sequence[Unanswered]
    unexplained: Decimal
    """What no imported line accounts for; zero when the statement is complete."""


@dataclass(frozen=True)
class Drift:
    """What came into a reconciled time afterwards."""

    saved_balance: Decimal
    book_balance: Decimal
    postings: Sequence[Unanswered]
    lines: Sequence[Unanswered]


def compare(
    session: Session, *, cash_account_id: Id, as_of: date, statement_balance: Decimal | None = None
) -> Comparison:
    """Books and bank on `as_of`, and why they differ.

    `statement_balance` is what the bank printed; without it, what the imported lines make, which explains itself.
    """
    book = balance_of(session, cash_account_id=cash_account_id, as_of=as_of)
    lines = session.scalar(
        select(func.sum(BankLine.amount)).where(
            BankLine.cash_account_id == cash_account_id, BankLine.booked_on <= as_of
        )
    ) or ZERO  # fmt: skip
    said = lines if statement_balance is None else parse_amount(statement_balance)
    book_only, statement_only = _book_only(session, cash_account_id, as_of), _bank_only(session, cash_account_id, as_of)
    explained = sum((item.amount for item in book_only), ZERO) - sum((item.amount for item in statement_only), ZERO)
    return Comparison(as_of, book, said, book_only, statement_only, book - said - explained)


def _book_only(session: Session, cash_account_id: Id, as_of: date) -> list[Unanswered]:
    """Postings up to the day whose match is missing, or has a part after the day."""
    code = cash_account(session, cash_account_id).account_code
    rows = session.execute(
        select(Posting.id, Posting.posted_on, Posting.amount, JournalEntry.kind, JournalEntry.memo)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .outerjoin(MatchedPosting, MatchedPosting.posting_id == Posting.id)
        .where(Posting.account_id == account_ids(session)[code], Posting.posted_on <= as_of)
        .where(or_(MatchedPosting.id.is_(None), MatchedPosting.match_id.in_(_reaching_past(cash_account_id, as_of))))
        .order_by(Posting.posted_on, Posting.id)
    )
    return [Unanswered(id, day, amount, memo or kind.replace("_", " ")) for id, day, amount, kind, memo in rows]


def _bank_only(session: Session, cash_account_id: Id, as_of: date) -> list[Unanswered]:
    rows = session.scalars(
        select(BankLine)
        .where(BankLine.cash_account_id == cash_account_id, BankLine.booked_on <= as_of, BankLine.amount != 0)
        .where(or_(BankLine.match_id.is_(None), BankLine.match_id.in_(_reaching_past(cash_account_id, as_of))))
        .order_by(BankLine.booked_on, BankLine.position)
    )
    return [Unanswered(line.id, line.booked_on, line.amount, line.text or line.reference) for line in rows]


def _reaching_past(cash_account_id: Id, as_of: date) -> CompoundSelect[Any]:
    """Matches with a line or a posting after the day: until then each side stands alone."""
    lines = select(BankLine.match_id).where(
        BankLine.cash_account_id == cash_account_id, BankLine.booked_on > as_of, BankLine.match_id.is_not(None)
    )
    postings = (
        select(MatchedPosting.match_id)
        .join(Posting, Posting.id == MatchedPosting.posting_id)
        .join(BankMatch, BankMatch.id == MatchedPosting.match_id)
        .where(BankMatch.cash_account_id == cash_account_id, Posting.posted_on > as_of)
    )
    return lines.union(postings)


def save_reconciliation(
    session: Session, *, cash_account_id: Id, statement_on: date, statement_balance: Decimal, closed_by: str,
    now: datetime, note: str = "",
) -> Reconciliation:  # fmt: skip
    """Keep the comparison of the day with its items; the matches up to that day can no longer be undone.

    What stands on one side only is listed and stays open. Raises StatementIncomplete, ReconciliationOutOfOrder.
    """
    account = cash_account(session, cash_account_id, lock=True)
    last = last_reconciliation(session, cash_account_id=cash_account_id)
    if last is not None and last.statement_on >= statement_on:
        raise ReconciliationOutOfOrder(f"{account.name} is reconciled to {last.statement_on} already")
    found = compare(session, cash_account_id=cash_account_id, as_of=statement_on, statement_balance=statement_balance)
    if found.unexplained:
        raise StatementIncomplete(
            f"The bank's {found.statement_balance} is off by {-found.unexplained} from what its lines make: import the "
            "missing lines, or enter the balance before the first of them"
        )
    saved = Reconciliation(
        id=new_id(), cash_account_id=cash_account_id, statement_on=statement_on, book_balance=found.book_balance,
        statement_balance=found.statement_balance, book_only=sum((i.amount for i in found.book_only), ZERO),
        statement_only=sum((i.amount for i in found.statement_only), ZERO), note=note, closed_by=closed_by,
        closed_at=now,
    )  # fmt: skip
    session.add(saved)
    session.flush()
    session.add_all(
        [ReconciliationItem(id=new_id(), reconciliation_id=saved.id, posting_id=i.id, amount=i.amount)
         for i in found.book_only]
        + [ReconciliationItem(id=new_id(), reconciliation_id=saved.id, line_id=i.id, amount=i.amount)
           for i in found.statement_only]
    )  # fmt: skip
    _lock(session, saved)
    return saved


def _lock(session: Session, saved: Reconciliation) -> None:
    """Lock every match that lies wholly within the reconciled time, its lines with it."""
    covered = (
        BankMatch.cash_account_id == saved.cash_account_id, BankMatch.reconciliation_id.is_(None),
        BankMatch.id.not_in(_reaching_past(saved.cash_account_id, saved.statement_on)),
    )  # fmt: skip
    matches = select(BankMatch.id).where(*covered)
    session.execute(
        update(BankLine)
        .where(BankLine.match_id.in_(matches))
        .values(reconciliation_id=saved.id)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(BankMatch)
        .where(*covered)
        .values(reconciliation_id=saved.id)
        .execution_options(synchronize_session="fetch")
    )
    session.flush()


def last_reconciliation(session: Session, *, cash_account_id: Id) -> Reconciliation | None:
    """The account's newest saved reconciliation that was not reopened."""
    newest = select(Reconciliation).where(
        Reconciliation.cash_account_id == cash_account_id, Reconciliation.reopened_at.is_(None)
    )
    return session.scalars(newest.order_by(Reconciliation.statement_on.desc()).limit(1)).first()


def drift(session: Session, *, reconciliation_id: Id) -> Drift:
    """What was dated into the reconciled time after it was saved, so that its figures no longer hold.

    The saved figures never change; a difference is shown here until the next reconciliation takes it in.
    """
    saved = session.get(Reconciliation, reconciliation_id)
    if saved is None:
        raise NotFound("There is no such reconciliation")
    locked = select(Reconciliation.id).where(
        Reconciliation.cash_account_id == saved.cash_account_id, Reconciliation.statement_on <= saved.statement_on,
        Reconciliation.reopened_at.is_(None),
    )  # fmt: skip
    listed = select(ReconciliationItem.id).where(ReconciliationItem.reconciliation_id == saved.id)
    settled = (
        select(MatchedPosting.id)
        .join(BankMatch, BankMatch.id == MatchedPosting.match_id)
        .where(MatchedPosting.posting_id == Posting.id, BankMatch.reconciliation_id.in_(locked))
    )
    account = cash_account(session, saved.cash_account_id)
    postings = session.execute(
        select(Posting.id, Posting.posted_on, Posting.amount, JournalEntry.memo)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account_id == account_ids(session)[account.account_code])
        .where(Posting.posted_on <= saved.statement_on, ~settled.exists())
        .where(~listed.where(ReconciliationItem.posting_id == Posting.id).exists())
        .order_by(Posting.posted_on, Posting.id)
    )
    lines = session.execute(
        select(BankLine.id, BankLine.booked_on, BankLine.amount, BankLine.text)
        .where(BankLine.cash_account_id == account.id, BankLine.booked_on <= saved.statement_on, BankLine.amount != 0)
        .where(or_(BankLine.reconciliation_id.is_(None), BankLine.reconciliation_id.not_in(locked)))
        .where(~listed.where(ReconciliationItem.line_id == BankLine.id).exists())
        .order_by(BankLine.booked_on, BankLine.position)
    )
    book = balance_of(session, cash_account_id=account.id, as_of=saved.statement_on)
    return Drift(saved.book_balance, book, [Unanswered(*row) for row in postings], [Unanswered(*row) for row in lines])
