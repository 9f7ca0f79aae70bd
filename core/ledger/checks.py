"""Holding the books against themselves and against the documents (reference money 5.3), party by party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.account_books import StatementLine, party_statement
from core.ledger.accounts import account_of
from core.ledger.book_models import OpeningBalance
from core.ledger.guards import EARLIEST
from core.ledger.models import JournalEntry, Posting
from core.ledger.periods import books_state
from core.money import ZERO

EXPLAINED = 20
"""Of so many parties with a difference the beginning is looked for; the others are reported without."""


@dataclass(frozen=True)
class Tie:
    """A control account and what its documents say: `expected(session, as_of, party_id)` gives balances by party,
    debit positive, of everybody or of one."""

    account_code: str
    documents: str
    expected: Callable[[Session, date, Id | None], dict[Id | None, Decimal]]


@dataclass(frozen=True)
class Difference:
    """One thing that does not hold. For a party: what the books and the documents say, the day since when they
    differ, and the entry with which it began (None where a document has no entry)."""

    check: str
    words: str
    account_code: str = ""
    party_id: Id | None = None
    booked: Decimal = ZERO
    documented: Decimal = ZERO
    began_on: date | None = None
    entry_id: Id | None = None


def unbalanced_entries(session: Session) -> list[Difference]:
    """Entries that do not add up to zero or have fewer than two lines."""
    rows = session.execute(text(
        "SELECT e.id, e.kind, e.posted_on, coalesce(sum(p.amount), 0) AS off, count(p.id) AS lines"
        " FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id"
        " GROUP BY e.id HAVING coalesce(sum(p.amount), 0) <> 0 OR count(p.id) < 2 ORDER BY e.id LIMIT 100"
    ))  # fmt: skip
    words = "The entry {0.kind} of {0.posted_on} has {0.lines} lines and is off by {0.off}"
    return [Difference("balance", words.format(row), booked=row.off, began_on=row.posted_on, entry_id=row.id)
            for row in rows]  # fmt: skip


def unnamed_sources(session: Session) -> list[Difference]:
    """Entries that name no message, panel action or run."""
    row = session.execute(text(
        "SELECT count(*) AS entries, min(posted_on) AS first, (array_agg(id ORDER BY id))[1] AS id"
        " FROM journal_entry WHERE origin = ''"
    )).one()  # fmt: skip
    if not row.entries:
        return []
    words = f"{row.entries} entries do not say what caused them"
    return [Difference("origin", words, began_on=row.first, entry_id=row.id)]


def wrong_totals(session: Session) -> list[Difference]:
    """Closed months whose totals are not what their postings add up to."""
    through = books_state(session).totals_through
    if through is None:
        return []
    rows = session.execute(text("""
        SELECT a.code, coalesce(t.month, j.month) AS month, coalesce(t.amount, 0) AS kept,
               coalesce(j.amount, 0) AS booked
          FROM (SELECT account_id, month, sum(debit - credit) AS amount FROM account_month GROUP BY 1, 2) t
          FULL JOIN (SELECT account_id, date_trunc('month', posted_on::timestamp)::date AS month, sum(amount) AS amount
                       FROM posting WHERE posted_on <= :through GROUP BY 1, 2) j
            ON j.account_id = t.account_id AND j.month = t.month
          JOIN account a ON a.id = coalesce(t.account_id, j.account_id)
         WHERE coalesce(t.amount, 0) <> coalesce(j.amount, 0) ORDER BY 2, 1 LIMIT 100
    """), {"through": through})  # fmt: skip
    words = "The totals of {0.month:%B %Y} say {0.kept} for {0.code}, its postings {0.booked}"
    return [Difference("totals", words.format(row), row.code, booked=row.booked, documented=row.kept,
                       began_on=row.month) for row in rows]  # fmt: skip


def differences(session: Session, tie: Tie, as_of: date) -> list[Difference]:
    """Every party whose books and documents differ at the end of `as_of`, with where it began."""
    booked = _booked(session, tie.account_code, as_of)
    documented = _documented(session, tie, as_of, None)
    off = sorted((party for party in {*booked, *documented} if booked.get(party, ZERO) != documented.get(party, ZERO)),
                 key=str)  # fmt: skip
    found = []
    for place, party in enumerate(off):
        began, entry = _beginning(session, tie, party, as_of) if party and place < EXPLAINED else (None, None)
        has, should = booked.get(party, ZERO), documented.get(party, ZERO)
        words = f"{tie.account_code} stands at {has}, {tie.documents} say {should}"
        found.append(Difference("subledger", words, tie.account_code, party, has, should, began, entry))
    return found


def _documented(session: Session, tie: Tie, as_of: date, party: Id | None) -> dict[Id | None, Decimal]:
    """What the documents say and what was brought into these books; an opening withdrawn counts until then."""
    documented = tie.expected(session, as_of, party)
    brought = (
        select(OpeningBalance.party_id, func.sum(OpeningBalance.amount))
        .join(JournalEntry, JournalEntry.id == OpeningBalance.entry_id)
        .where(OpeningBalance.account_id == account_of(session, tie.account_code).id, JournalEntry.posted_on <= as_of,
               or_(OpeningBalance.withdrawn_on.is_(None), OpeningBalance.withdrawn_on > as_of))
        .group_by(OpeningBalance.party_id)
    )  # fmt: skip
    for party_id, amount in session.execute(brought):
        documented[party_id] = documented.get(party_id, ZERO) + amount
    return documented


def _booked(session: Session, code: str, as_of: date) -> dict[Id | None, Decimal]:
    by_party = (
        select(Posting.party_id, func.sum(Posting.amount))
        .where(Posting.account_id == account_of(session, code).id, Posting.posted_on <= as_of)
        .group_by(Posting.party_id)
    )
    return {row[0]: row[1] for row in session.execute(by_party) if row[1]}


def _beginning(session: Session, tie: Tie, party: Id, as_of: date) -> tuple[date | None, Id | None]:
    """The day on which books and documents parted, and that day's entry which explains the step.

    Found by halving between a day on which they agreed (before everything) and `as_of`, on which they do not.
    """
    lines = party_statement(session, party_id=party, accounts=[tie.account_code], first=EARLIEST, last=as_of).lines

    def off_by(day: date) -> Decimal:
        booked = sum((line.debit - line.credit for line in lines if line.posted_on <= day), ZERO)
        return booked - _documented(session, tie, day, party).get(party, ZERO)

    days = sorted({line.posted_on for line in lines} | _eves(lines, as_of))
    agreed, parted = -1, len(days) - 1
    while parted - agreed > 1:
        middle = (agreed + parted) // 2
        if off_by(days[middle]) == ZERO:
            agreed = middle
        else:
            parted = middle
    day = days[parted]
    return day, _culprit([line for line in lines if line.posted_on == day], off_by(day))


def _eves(lines: Sequence[StatementLine], as_of: date) -> set[date]:
    """A document without an entry shows on a day between two entries: look at the eve of each, and at the end."""
    return {date.fromordinal(line.posted_on.toordinal() - 1) for line in lines} | {as_of}


def _culprit(lines: list[StatementLine], step: Decimal) -> Id | None:
    exact = [line.entry_id for line in lines if line.debit - line.credit == step]
    return exact[-1] if exact else lines[0].entry_id if lines else None
