"""Opening balances: what the company, its vendors and its employees brought into these books, against 3990.

What customers brought is opened with documents (core.usecases.open_customer_accounts and open_customer_deposits), so
that it can be paid or given back; what is owed to vendors best too (core.ledger.vendor_openings).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.accounts import account_of
from core.ledger.book_models import OpeningBalance
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.kinds import OPENING
from core.ledger.models import JournalEntry
from core.money import parse_amount

OPENING_EQUITY = "3990"
BY_DOCUMENT = ("1100", "2200", "2210")


class OpenedAlready(DomainError):
    """The account, or that party of it, has its opening balance."""


class OpenedByDocument(DomainError):
    """Customers' balances are opened with an invoice or a payment of their own."""


class NothingToOpen(DomainError):
    """No amount is given."""


@dataclass(frozen=True)
class Opening:
    """A balance brought in: debit positive, credit negative; control accounts name the party."""

    account_code: str
    amount: Decimal
    party_id: Id | None = None


def open_balances(
    session: Session, *, posted_on: date, balances: Sequence[Opening], by: str, origin: str, memo: str = ""
) -> JournalEntry:
    """One entry of kind `opening_balance`, the rest of it on 3990; zero amounts are left out.

    Raises OpenedAlready, OpenedByDocument, NothingToOpen, AmountInvalid and what core.ledger.guards refuses.
    """
    brought = [opening for opening in balances if parse_amount(opening.amount) != 0]
    _refuse(session, brought)
    total = sum((opening.amount for opening in brought), Decimal(0))
    lines = [Line(opening.account_code, opening.amount, opening.party_id) for opening in brought]
    entry = post_entry(
        session, kind=OPENING, source_id=new_id(), posted_on=posted_on, actor=by, origin=origin,
        memo=memo or "Opening balances", lines=[*lines, Line(OPENING_EQUITY, -total)],
    )  # fmt: skip
    session.add_all(
        OpeningBalance(
            id=new_id(), account_id=account_of(session, opening.account_code).id, party_id=opening.party_id,
            amount=opening.amount, entry_id=entry.id,
        )
        for opening in brought
    )  # fmt: skip
    session.flush()
    return entry


def withdraw_opening(session: Session, *, entry_id: Id, posted_on: date, by: str, origin: str) -> JournalEntry:
    """Reverse an opening entry whose figures were wrong; its accounts may then be opened anew.

    Raises NotFound, AlreadyReversed, PeriodClosed.
    """
    rows = session.scalars(select(OpeningBalance).where(OpeningBalance.entry_id == entry_id)).all()
    if not rows:
        raise NotFound("There is no such opening entry")
    reversal = reverse_entry(session, entry_id=entry_id, posted_on=posted_on, actor=by, origin=origin)
    for row in rows:
        row.withdrawn_on = posted_on
    session.flush()
    return reversal


def _refuse(session: Session, brought: Sequence[Opening]) -> None:
    if not brought:
        raise NothingToOpen("No balance was given that is not zero")
    for code in sorted({opening.account_code for opening in brought}):
        if code in BY_DOCUMENT:
            raise OpenedByDocument(f"{code} {account_of(session, code).name} is opened customer by customer, with what "
                                   "each owes, has paid ahead or deposited")  # fmt: skip
        if code == OPENING_EQUITY:
            raise OpenedAlready(f"{OPENING_EQUITY} takes the other side of what is opened: leave it out")
    _refuse_second(session, brought)


def _refuse_second(session: Session, brought: Iterable[Opening]) -> None:
    live = select(OpeningBalance.account_id, OpeningBalance.party_id).where(OpeningBalance.withdrawn_on.is_(None))
    opened = {(row.account_id, row.party_id) for row in session.execute(live)}
    for opening in brought:
        account = account_of(session, opening.account_code)
        if (account.id, opening.party_id) in opened:
            whose = f" of {account.control} {opening.party_id}" if opening.party_id else ""
            raise OpenedAlready(f"{account.code} {account.name}{whose} has its opening balance: withdraw that entry "
                                "first, or write an adjustment")  # fmt: skip
        opened.add((account.id, opening.party_id))
