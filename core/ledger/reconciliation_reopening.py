"""A saved reconciliation taken back: the owner says why, and its matches can be corrected again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id
from core.ledger.cash_accounts import cash_account
from core.ledger.periods import REOPENING_ROLES, OwnerOnly, ReasonMissing
from core.ledger.reconciliation import last_reconciliation
from core.ledger.reconciliation_models import BankLine, BankMatch, Reconciliation


class LaterReconciled(DomainError):
    """A later day is reconciled, or this one was reopened: the newest is reopened first."""


def saved_reconciliations(session: Session, *, cash_account_id: Id) -> Sequence[Reconciliation]:
    """What was saved of an account, with what was reopened since; the newest first."""
    saved = select(Reconciliation).where(Reconciliation.cash_account_id == cash_account_id)
    return session.scalars(saved.order_by(Reconciliation.statement_on.desc(), Reconciliation.closed_at.desc())).all()


def reopen_reconciliation(
    session: Session, *, reconciliation_id: Id, reason: str, by: str, by_role: str, now: datetime
) -> Reconciliation:
    """Reopen the newest reconciliation of an account; the caller has made sure that `by` acts in the role `by_role`.

    It stays as it was saved, with who reopened it and why; its matches may be undone, and the day be saved again.
    Raises NotFound, OwnerOnly, ReasonMissing, LaterReconciled.
    """
    saved = session.get(Reconciliation, reconciliation_id)
    if saved is None:
        raise NotFound("There is no such reconciliation")
    if by_role not in REOPENING_ROLES:
        raise OwnerOnly("A saved reconciliation is reopened by the owner only")
    if not reason.strip():
        raise ReasonMissing("Say why it is reopened: the reason is kept with it")
    account = cash_account(session, saved.cash_account_id, lock=True)
    session.refresh(saved)
    newest = last_reconciliation(session, cash_account_id=account.id)
    if newest is None or newest.id != saved.id:
        raise LaterReconciled(
            f"{account.name} is reconciled to {newest.statement_on if newest else 'no day'}: only the newest standing "
            f"reconciliation is reopened, not that of {saved.statement_on}"
        )
    saved.reopened_at, saved.reopened_by, saved.reopen_reason = now, by, reason.strip()
    session.flush()
    for table in (BankLine, BankMatch):
        session.execute(
            update(table)
            .where(table.reconciliation_id == saved.id)
            .values(reconciliation_id=None)
            .execution_options(synchronize_session="fetch")
        )
    return saved
