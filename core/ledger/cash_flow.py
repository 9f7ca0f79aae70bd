"""Where cash came from and went: the direct method, by what stands against cash in each entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.ids import Id
from core.ledger.accounts import AccountFacts, accounts_by_code
from core.ledger.models import Posting
from core.ledger.sums import Span, sums
from core.money import ZERO

SECTIONS = ("operating", "investing", "financing")
CLASSES = (
    ("operating", "Customers", ("106", "11", "22", "4")),
    ("operating", "Suppliers and expenses", ("14", "23", "5", "61", "62", "63", "64", "65", "66", "67", "68")),
    ("operating", "Employees", ("13", "24", "60")),
    ("operating", "Taxes", ("113", "21")),
    ("investing", "Equipment", ("12", "15")),
    ("financing", "Owners", ("3",)),
)
"""Which account codes belong to which class; the longest beginning that fits decides, the rest is "Other"."""


@dataclass(frozen=True)
class CashFlowRow:
    """Cash that came in (positive) or went out against one account."""

    section: str
    kind: str
    code: str
    name: str
    amount: Decimal


@dataclass(frozen=True)
class CashFlow:
    """opening + the sum of the rows = closing; transfers between cash accounts show nowhere."""

    span: Span
    accounts: Sequence[str]
    opening: Decimal
    rows: Sequence[CashFlowRow]
    closing: Decimal

    @property
    def net(self) -> Decimal:
        """What the rows add up to."""
        return sum((row.amount for row in self.rows), ZERO)

    def section_total(self, section: str) -> Decimal:
        """The net of operating, investing or financing."""
        return sum((row.amount for row in self.rows if row.section == section), ZERO)


def is_cash(account: AccountFacts) -> bool:
    """Cash in office, banks, wallets, agents' cash and money on its way between them: assets 1010 to 1059."""
    return account.type == "asset" and "1010" <= account.code < "1060"


def cash_flow(session: Session, *, first: date, last: date) -> CashFlow:
    """The cash of the span, tied to the cash accounts; year closings never touch cash."""
    accounts = accounts_by_code(session)
    cash = {account.id: account for account in accounts.values() if is_cash(account)}
    facts = {account.id: account for account in accounts.values() if account.id not in cash}
    against = _against_cash(session, list(cash), list(facts), first, last)
    rows = [CashFlowRow(*class_of(facts[id].code), facts[id].code, facts[id].name, amount)
            for id, amount in against if amount]  # fmt: skip
    order = {section: place for place, section in enumerate(SECTIONS)}
    return CashFlow(
        span=Span(first, last), accounts=sorted(account.code for account in cash.values()),
        opening=_held(session, list(cash.values()), date.fromordinal(first.toordinal() - 1)),
        rows=sorted(rows, key=lambda row: (order[row.section], row.kind, row.code)),
        closing=_held(session, list(cash.values()), last),
    )  # fmt: skip


def class_of(code: str) -> tuple[str, str]:
    """The section and the class of an account that stands against cash."""
    fits = [(len(start), section, kind) for section, kind, starts in CLASSES for start in starts
            if code.startswith(start)]  # fmt: skip
    return max(fits)[1:] if fits else ("operating", "Other")


def _held(session: Session, cash: list[AccountFacts], day: date) -> Decimal:
    return sum((row.amount for row in sums(session, span=Span(None, day), accounts=cash)), ZERO)


def _against_cash(
    session: Session, cash: list[Id], others: list[Id], first: date, last: date
) -> list[tuple[Id, Decimal]]:
    """By account, the other side of every entry that moves cash.

    The entry adds up to zero, so its lines outside cash are what its cash moved, with the other sign.
    """
    moved = aliased(Posting)
    of_cash = select(moved.entry_id).where(
        moved.account_id.in_(cash), moved.posted_on >= first, moved.posted_on <= last
    )
    query = (
        select(Posting.account_id, -func.sum(Posting.amount))
        .where(Posting.posted_on >= first, Posting.posted_on <= last, Posting.account_id.in_(others),
               Posting.entry_id.in_(of_cash))
        .group_by(Posting.account_id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session.execute(query)]
