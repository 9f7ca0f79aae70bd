"""What the books must say before a payment can be posted, for its own statements: hundreds a second ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from sqlalchemy.orm import Session

from core.ledger.accounts import AccountFacts, remember_accounts
from core.ledger.periods import BooksState, remember_state

HOLD: LiteralString = "pg_try_advisory_xact_lock_shared(taar_books_lock())"
"""A column for a statement that comes first: holds off closings and reopenings, false while one is under way."""
BOOKS: LiteralString = """
    SELECT a.id, a.code, a.name, a.type, a.control, e.soft_through, e.hard_through, e.totals_through
      FROM account a
      LEFT JOIN LATERAL (
        SELECT soft_through, hard_through, totals_through FROM period_event ORDER BY serial DESC LIMIT 1) e ON true
     WHERE a.code = ANY(%(codes)s)
"""
"""A part of a statement that comes after `HOLD`: the accounts of `codes`, each with what is closed."""


def remember_books(session: Session, rows: Sequence[Sequence[Any]], *, held: bool) -> None:
    """Keep the rows of `BOOKS` for the rest of the session, if closings are `held` off.

    Else, and for accounts that do not exist, whoever needs them reads for himself, and waits or is told.
    """
    if not held:
        return
    remember_accounts(session, [AccountFacts(*row[:5]) for row in rows])
    if rows:
        remember_state(session, BooksState(*rows[0][5:]))
