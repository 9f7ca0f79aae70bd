"""What the books say as of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger.models import Account, Posting
from core.money import ZERO


@dataclass(frozen=True)
class TrialRow:
    """An account and its balance, on the side it stands."""

    code: str
    name: str
    type: str
    debit: Decimal
    credit: Decimal


def trial_balance(session: Session, *, as_of: date) -> list[TrialRow]:
    """Every account with postings up to and including `as_of`; debits equal credits."""
    rows = session.execute(
        select(Account.code, Account.name, Account.type, func.sum(Posting.amount))
        .join(Posting, Posting.account_id == Account.id)
        .where(Posting.posted_on <= as_of)
        .group_by(Account.id)
        .order_by(Account.code)
    )
    return [TrialRow(code, name, kind, max(total, ZERO), max(-total, ZERO)) for code, name, kind, total in rows]
