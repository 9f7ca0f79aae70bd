"""What the books say of employees: sums of postings on the accounts that carry them as party."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.ledger.accounts import account_ids
from core.ledger.models import Account, Posting
from core.money import ZERO

CASH_IN_HAND, ADVANCES, CHARGES, PAYABLE, TAX = "1040", "1300", "1310", "2400", "2120"


class NoMoneyAccount(DomainError):
    """The code is no account that money is kept in."""


def balance_of(session: Session, code: str, staff_id: Id, *, as_of: date | None = None) -> Decimal:
    """The debit balance of one employee on a control account; negative where the company owes him."""
    return balances_of(session, code, [staff_id], as_of=as_of).get(staff_id, ZERO)


def balances_of(
    session: Session, code: str, staff_ids: Sequence[Id] | None = None, *, as_of: date | None = None
) -> dict[Id, Decimal]:
    """Debit balances by employee, of those who have postings; `as_of` counts that day."""
    query = (
        select(Posting.party_id, func.sum(Posting.amount))
        .where(Posting.account_id == account_ids(session)[code], Posting.party_id.is_not(None))
        .group_by(Posting.party_id)
    )
    if staff_ids is not None:
        query = query.where(Posting.party_id.in_(staff_ids))
    if as_of is not None:
        query = query.where(Posting.posted_on <= as_of)
    return {party: total for party, total in session.execute(query) if party is not None}


def require_money_account(session: Session, code: str) -> str:
    """`code` if it is cash, a bank, a wallet or 1050; raises NoMoneyAccount."""
    account = session.scalar(select(Account).where(Account.code == code))
    if account is None or account.type != "asset" or account.control or not code.startswith("10"):
        raise NoMoneyAccount(f"{code!r} is no cash or bank account: use 1010 for the office or a bank's own code")
    return code
