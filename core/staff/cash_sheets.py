"""The sheet of an agent's cash from day to day: opening, what came in, what went out, closing, the oldest money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.ids import Id
from core.ledger.accounts import account_ids
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO
from core.staff.agent_cash import HeldCash, cash_in_hand, money_in_hand
from core.staff.balances import CASH_IN_HAND
from core.staff.people import staff_named

COLLECTED, TAKEN_BACK, HANDED_OVER, OTHER = "collected", "taken_back", "handed_over", "other"


@dataclass(frozen=True)
class SheetLine:
    """One entry on the agent's cash; money in is positive."""

    part: str
    """collected, taken_back (a receipt bounced or void), handed_over, or other (differences, corrections)."""
    memo: str
    """Of the entry: the handover's number, the customer's reference, the reason of a difference."""
    source_id: Id
    """The payment, handover or difference; of a reversal, what the reversed entry came from."""
    posted_on: date
    amount: Decimal
    origin: str


@dataclass(frozen=True)
class CashSheet:
    """`opening` plus the lines is `closing`, which is the agent's balance on 1040 that evening."""

    staff_id: Id
    name: str
    first: date
    last: date
    opening: Decimal
    lines: tuple[SheetLine, ...]
    closing: Decimal
    held: tuple[HeldCash, ...]
    """What the closing consists of, the oldest first."""

    def total(self, part: str) -> Decimal:
        """The sum of the lines of one part."""
        return sum((line.amount for line in self.lines if line.part == part), ZERO)

    @property
    def oldest_on(self) -> date | None:
        """Since when the oldest money is in his hands."""
        return self.held[0].collected_on if self.held else None


def cash_sheet(session: Session, *, staff_id: Id, first: date, last: date | None = None) -> CashSheet:
    """The agent's sheet of a day, or of the days from `first` to `last`. Raises NotFound."""
    last = last or first
    staff = staff_named(session, staff_id)
    opening = cash_in_hand(session, staff_id=staff_id, as_of=first - timedelta(days=1))
    lines = tuple(_lines(session, staff_id, first, last))
    held = money_in_hand(session, staff_ids=[staff_id], as_of=last).get(staff_id, [])
    closing = opening + sum((line.amount for line in lines), ZERO)
    return CashSheet(staff_id, staff.name, first, last, opening, lines, closing, tuple(held))


def _lines(session: Session, staff_id: Id, first: date, last: date) -> Iterable[SheetLine]:
    entry, original = aliased(JournalEntry), aliased(JournalEntry)
    rows = session.execute(
        select(entry, original, func.sum(Posting.amount))
        .join(Posting, Posting.entry_id == entry.id)
        .outerjoin(original, original.id == entry.reverses_id)
        .where(
            Posting.account_id == account_ids(session)[CASH_IN_HAND], Posting.party_id == staff_id,
            entry.posted_on >= first, entry.posted_on <= last,
        )
        .group_by(entry.id, original.id)
        .order_by(entry.posted_on, entry.id)
    )  # fmt: skip
    for row, reversed_row, amount in rows:
        of = reversed_row or row
        yield SheetLine(_part(of.kind, reversed_row is not None), of.memo or row.memo, of.source_id, row.posted_on,
                        amount, row.origin)  # fmt: skip


def _part(kind: str, reversal: bool) -> str:
    if kind == "payment":
        return TAKEN_BACK if reversal else COLLECTED
    return HANDED_OVER if kind == "cash_handover" else OTHER
