"""Bringing bank lines and postings together, and taking them apart again until a reconciliation is saved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_ids
from core.ledger.cash_accounts import cash_account
from core.ledger.models import JournalEntry, Posting
from core.ledger.reconciliation_models import BankLine, BankMatch, MatchedPosting
from core.money import ZERO


class MatchInvalid(DomainError):
    """The lines and postings are of other accounts, matched already, or not the same money."""


class MatchLocked(DomainError):
    """A saved reconciliation covers the match."""


@dataclass(frozen=True)
class OpenPosting:
    """A posting on the account that no bank line answers to yet."""

    posting_id: Id
    entry_id: Id
    posted_on: date
    amount: Decimal
    kind: str
    source_id: Id
    memo: str
    reverses_id: Id | None


def open_postings(session: Session, *, cash_account_id: Id) -> list[OpenPosting]:
    """What the books say of the account and the bank has not confirmed, oldest first."""
    account = cash_account(session, cash_account_id)
    rows = session.execute(
        select(
            Posting.id, Posting.entry_id, Posting.posted_on, Posting.amount, JournalEntry.kind, JournalEntry.source_id,
            JournalEntry.memo, JournalEntry.reverses_id,
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account_id == account_ids(session)[account.account_code])
        .where(~select(MatchedPosting.id).where(MatchedPosting.posting_id == Posting.id).exists())
        .order_by(Posting.posted_on, Posting.id)
    )  # fmt: skip
    return [OpenPosting(*row) for row in rows]


def open_lines(session: Session, *, cash_account_id: Id) -> list[BankLine]:
    """What the bank says and the books have not confirmed, oldest first."""
    lines = select(BankLine).where(
        BankLine.cash_account_id == cash_account_id, BankLine.match_id.is_(None), BankLine.amount != 0
    )
    return list(session.scalars(lines.order_by(BankLine.booked_on, BankLine.position)))


def open_line(session: Session, line_id: Id) -> BankLine:
    """The line, its account locked until the transaction ends; raises NotFound, MatchInvalid if it is matched."""
    line = session.get(BankLine, line_id)
    if line is None:
        raise NotFound("There is no such line of a bank statement")
    cash_account(session, line.cash_account_id, lock=True)
    session.refresh(line)
    if line.match_id is not None:
        raise MatchInvalid(f"The line of {line.booked_on} over {line.amount} is matched already")
    return line


def match(
    session: Session, *, cash_account_id: Id, line_ids: Collection[Id], posting_ids: Collection[Id], matched_by: str,
    now: datetime, kind: str = "existing", source_id: Id | None = None, reason: str = "",
) -> BankMatch:  # fmt: skip
    """The lines and the postings are the same money from here on; their sums must be equal.

    Without lines the postings are set off against each other. Locks the account. Raises MatchInvalid.
    """
    cash_account(session, cash_account_id, lock=True)
    lines = _lines(session, cash_account_id, line_ids)
    postings = _postings(session, cash_account_id, posting_ids)
    said, booked = sum((line.amount for line in lines), ZERO), sum((p.amount for p in postings), ZERO)
    if said != booked:
        raise MatchInvalid(f"The bank says {said} and the books {booked}: they are off by {said - booked}")
    if not postings or (not lines and len(postings) < 2):
        raise MatchInvalid("A match needs something of the books, and without a bank line at least two entries")
    made = BankMatch(
        id=new_id(), cash_account_id=cash_account_id, kind=kind if lines else "set_off", source_id=source_id,
        reason=reason, matched_by=matched_by, matched_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    for line in lines:
        line.match_id = made.id
    session.add_all(MatchedPosting(id=new_id(), match_id=made.id, posting_id=posting.id) for posting in postings)
    session.flush()
    return made


def _lines(session: Session, cash_account_id: Id, line_ids: Collection[Id]) -> Sequence[BankLine]:
    wanted = select(BankLine).where(BankLine.id.in_(set(line_ids))).execution_options(populate_existing=True)
    lines = session.scalars(wanted).all()
    if len(lines) != len(set(line_ids)) or any(line.cash_account_id != cash_account_id for line in lines):
        raise MatchInvalid("A line is not of this account")
    if any(line.match_id is not None for line in lines):
        raise MatchInvalid("A line is matched already: undo that match first")
    return lines


def _postings(session: Session, cash_account_id: Id, posting_ids: Collection[Id]) -> Sequence[Posting]:
    code = cash_account(session, cash_account_id).account_code
    wanted = select(Posting).where(Posting.id.in_(set(posting_ids)), Posting.account_id == account_ids(session)[code])
    postings = session.scalars(wanted).all()
    if len(postings) != len(set(posting_ids)):
        raise MatchInvalid("An entry is not of this account")
    if session.scalar(select(MatchedPosting.id).where(MatchedPosting.posting_id.in_(set(posting_ids))).limit(1)):
        raise MatchInvalid("An entry is matched already: undo that match first")
    return postings


def take_apart(session: Session, *, match_id: Id) -> BankMatch:
    """The lines and postings of a match are open again; what was booked for it stays booked.

    Returns the match as it was. Raises MatchLocked, NotFound.
    """
    found = session.get(BankMatch, match_id)
    if found is None:
        raise NotFound("There is no such match")
    cash_account(session, found.cash_account_id, lock=True)
    session.refresh(found)
    if found.reconciliation_id is not None:
        raise MatchLocked("The match is part of a saved reconciliation: correct it by entries of today")
    for line in session.scalars(select(BankLine).where(BankLine.match_id == match_id)).all():
        line.match_id = None
    for matched in session.scalars(select(MatchedPosting).where(MatchedPosting.match_id == match_id)).all():
        session.delete(matched)
    session.flush()
    session.delete(found)
    session.flush()
    return found


def postings_of(session: Session, *, entry_id: Id, cash_account_id: Id) -> list[Id]:
    """An entry's postings on the account."""
    code = cash_account(session, cash_account_id).account_code
    return list(session.scalars(
        select(Posting.id).where(Posting.entry_id == entry_id, Posting.account_id == account_ids(session)[code])
    ))  # fmt: skip


def set_off_reversal(session: Session, *, entry_id: Id, cash_account_id: Id, matched_by: str, now: datetime) -> None:
    """An entry and its reversal no longer wait for the bank, since it will never show them."""
    reversal_id = session.scalars(select(JournalEntry.id).where(JournalEntry.reverses_id == entry_id)).one()
    both = [
        posting_id
        for each in (entry_id, reversal_id)
        for posting_id in postings_of(session, entry_id=each, cash_account_id=cash_account_id)
    ]
    match(session, cash_account_id=cash_account_id, line_ids=(), posting_ids=both, matched_by=matched_by, now=now,
          reason="Taken back")  # fmt: skip
