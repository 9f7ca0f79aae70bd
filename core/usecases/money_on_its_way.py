"""What a customer has promised to pay, and what he says he has paid and nobody has checked yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.db import run
from core.ids import Id


@dataclass(frozen=True)
class Promised:
    """The promise that runs."""

    amount: Decimal
    due_on: date


@dataclass(frozen=True)
class Claimed:
    """A payment that waits for the office."""

    number: str
    amount: Decimal


@dataclass(frozen=True)
class OnItsWay:
    """Money that is expected; most customers have neither."""

    promise: Promised | None
    claims: Sequence[Claimed]
    """The oldest first."""


_EXPECTED = """
    SELECT amount, due_on, NULL, made_at AS told_at FROM promise WHERE customer_id = %(customer)s AND state = 'open'
    UNION ALL
    SELECT amount, NULL, number, claimed_at FROM payment_claim WHERE customer_id = %(customer)s AND state = 'pending'
    ORDER BY told_at, 3
"""


def money_on_its_way(session: Session, *, customer_id: Id) -> OnItsWay:
    """One statement, because everybody who asks for his balance is told."""
    session.flush()
    rows = run(session, _EXPECTED, {"customer": customer_id}).fetchall()
    promises = [Promised(amount, due_on) for amount, due_on, number, _ in rows if number is None]
    return OnItsWay(
        promise=promises[0] if promises else None,
        claims=[Claimed(number, amount) for amount, _, number, _ in rows if number is not None],
    )
