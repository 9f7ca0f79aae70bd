"""Bringing bank lines and postings together, and taking them apart again until a reconciliation is saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from core.ledger.treasury_models import CashAccount
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


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """Lines and postings that are said to be the same money; without lines, postings that cancel each other."""

    line_ids: Collection[Id] = ()
    posting_ids: Collection[Id]
    kind: str = "existing"
    source_id: Id | None = None
    reason: str = ""


def match(
    session: Session, *, cash_account_id: Id, pairing: Pairing, matched_by: str, now: datetime
) -> BankMatch:  # fmt: skip
    """The lines and the postings are the same money from here on; their sums must be equal.

    Locks the account. Raises MatchInvalid.
    """
    matches, refused = match_all(
        session, cash_account_id=cash_account_id, pairings=[pairing], matched_by=matched_by, now=now
    )
    if refused:
        raise MatchInvalid(refused[0][1])
    return matches[0]


def match_all(
    session: Session, *, cash_account_id: Id, pairings: Sequence[Pairing], matched_by: str, now: datetime
) -> tuple[list[BankMatch], list[tuple[Pairing, str]]]:
    """Match every pairing that is right, and say what is wrong with the others. Locks the account."""
    account = cash_account(session, cash_account_id, lock=True)
    session.flush()
    lines, postings = _free_lines(session, account.id, pairings), _free_postings(session, account, pairings)
    matches, refused = [], []
    for pairing in pairings:
        fault = _fault(pairing, lines, postings)
        if fault:
            refused.append((pairing, fault))
            continue
        made = BankMatch(
            id=new_id(), cash_account_id=account.id, kind=pairing.kind if pairing.line_ids else "set_off",
            source_id=pairing.source_id, reason=pairing.reason, matched_by=matched_by, matched_at=now,
        )  # fmt: skip
        matches.append((made, [lines.pop(id) for id in set(pairing.line_ids)], set(pairing.posting_ids)))
        for posting_id in pairing.posting_ids:
            postings.pop(posting_id, None)
    session.add_all(made for made, _, _ in matches)
    session.flush()
    for made, own_lines, posting_ids in matches:
        for line in own_lines:
            line.match_id = made.id
        session.add_all(MatchedPosting(id=new_id(), match_id=made.id, posting_id=id) for id in posting_ids)
    session.flush()
    return [made for made, _, _ in matches], refused


def _free_lines(session: Session, account_id: Id, pairings: Sequence[Pairing]) -> dict[Id, BankLine]:
    """The account's lines among those asked for that are not matched."""
    ids = {id for pairing in pairings for id in pairing.line_ids}
    wanted = select(BankLine).where(
        BankLine.id.in_(ids), BankLine.cash_account_id == account_id, BankLine.match_id.is_(None)
    )
    return {line.id: line for line in session.scalars(wanted.execution_options(populate_existing=True))}


def _free_postings(session: Session, account: CashAccount, pairings: Sequence[Pairing]) -> dict[Id, Decimal]:
    """The amounts of the account's postings among those asked for that are not matched."""
    ids = {id for pairing in pairings for id in pairing.posting_ids}
    wanted = select(Posting.id, Posting.amount).where(
        Posting.id.in_(ids), Posting.account_id == account_ids(session)[account.account_code],
        ~select(MatchedPosting.id).where(MatchedPosting.posting_id == Posting.id).exists(),
    )  # fmt: skip
    return dict(session.execute(wanted).all())


def _fault(pairing: Pairing, lines: Mapping[Id, BankLine], postings: Mapping[Id, Decimal]) -> str:
    if not set(pairing.line_ids) <= lines.keys():
        return "A line is not of this account, or is matched already: undo that match first"
    if not set(pairing.posting_ids) <= postings.keys():
        return "An entry is not of this account, or is matched already: undo that match first"
    said = sum((lines[id].amount for id in set(pairing.line_ids)), ZERO)
    booked = sum((postings[id] for id in set(pairing.posting_ids)), ZERO)
    if said != booked:
        return f"The bank says {said} and the books {booked}: they are off by {said - booked}"
    if not pairing.posting_ids or (not pairing.line_ids and len(set(pairing.posting_ids)) < 2):
        return "A match needs something of the books, and without a bank line at least two entries"
    return ""


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
    match(session, cash_account_id=cash_account_id, pairing=Pairing(posting_ids=both, reason="Taken back"),
          matched_by=matched_by, now=now)  # fmt: skip


@dataclass(frozen=True)
class Matched:
    """A match with the bank's lines it answers; those of entries set off against each other have none."""

    match: BankMatch
    lines: Sequence[BankLine]


def recent_matches(session: Session, *, cash_account_id: Id, limit: int = 50) -> list[Matched]:
    """What was matched last on the account, the newest first."""
    newest = select(BankMatch).where(BankMatch.cash_account_id == cash_account_id)
    matches = session.scalars(newest.order_by(BankMatch.matched_at.desc(), BankMatch.id.desc()).limit(limit)).all()
    lines: dict[Id | None, list[BankLine]] = {}
    answered = select(BankLine).where(BankLine.match_id.in_([match.id for match in matches]))
    for line in session.scalars(answered.order_by(BankLine.booked_on, BankLine.position)):
        lines.setdefault(line.match_id, []).append(line)
    return [Matched(match, lines.get(match.id, ())) for match in matches]
