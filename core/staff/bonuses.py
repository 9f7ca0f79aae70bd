"""Bonuses: owed from the day they are given, taken back when they were a mistake."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import JournalEntry
from core.money import ZERO, parse_amount
from core.staff.balances import PAYABLE, TAX
from core.staff.pay_models import Bonus
from core.staff.people import lock_staff

BONUSES = "6030"


class BonusInvalid(DomainError):
    """The bonus cannot be booked."""


class BonusReversed(DomainError):
    """That bonus is taken back already."""


def give_bonus(
    session: Session, *, staff_id: Id, amount: Decimal, reason: str, given_on: date, idempotency_key: str, actor: str,
    tax: Decimal = ZERO, origin: str = "",
) -> Bonus:  # fmt: skip
    """Owe the employee a bonus, 6030 to 2400 and 2120; a repeat of the key returns the first. Raises BonusInvalid."""
    amount, tax = parse_amount(amount), parse_amount(tax)
    if amount <= 0 or not ZERO <= tax < amount or not reason.strip():
        raise BonusInvalid("A bonus is more than zero and more than its tax, and says what it is for")
    lock_staff(session, staff_id)
    first = session.scalar(select(Bonus).where(Bonus.idempotency_key == idempotency_key))
    if first is not None:
        if (first.staff_id, first.amount, first.tax) != (staff_id, amount, tax):
            raise BonusInvalid("The key came with another bonus before: use a new key")
        return first
    bonus = Bonus(
        id=new_id(), staff_id=staff_id, amount=amount, tax=tax, reason=reason.strip(), given_on=given_on,
        state="given", idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(bonus)
    session.flush()
    post_entry(
        session, kind="bonus", source_id=bonus.id, posted_on=given_on, actor=actor, origin=origin, memo=bonus.reason,
        lines=[Line(BONUSES, amount), Line(PAYABLE, tax - amount, staff_id), Line(TAX, -tax)],
    )  # fmt: skip
    return bonus


def reverse_bonus(
    session: Session, *, bonus_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> Bonus:
    """Take a bonus back that should not have been given; what was paid of it stays as a debt on 2400.

    Raises NotFound, BonusReversed.
    """
    bonus = session.get(Bonus, bonus_id)
    if bonus is None:
        raise NotFound("There is no such bonus")
    lock_staff(session, bonus.staff_id)
    session.refresh(bonus)
    if bonus.state == "reversed":
        raise BonusReversed(f"The bonus for {bonus.reason} is taken back already")
    entry_id = session.scalars(
        select(JournalEntry.id).where(JournalEntry.kind == "bonus", JournalEntry.source_id == bonus_id)
    ).one()
    reverse_entry(session, entry_id=entry_id, posted_on=reversed_on, actor=actor, origin=origin, memo=reason)
    bonus.state = "reversed"
    session.flush()
    return bonus
