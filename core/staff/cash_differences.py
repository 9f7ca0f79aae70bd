"""Cash missing or too much at a count: noted, then decided by a person who is not the agent.

A shortage is left on the agent, or moved to what he owes as an employee (1310). Too much is explained (a receipt
was recorded late), or becomes cash over (4095) after review (reference money 4.6).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount
from core.staff.agent_cash import OVER_AT_HANDOVER, cash_in_hand
from core.staff.balances import CASH_IN_HAND
from core.staff.cash_models import CashDifference
from core.staff.cashiers import require_cashier
from core.staff.employee_debts import owe_missing_cash
from core.staff.people import lock_staff, staff_named
from core.staff.wording import currency_sign, shown

CASH_OVER = "4095"


class DifferenceDecided(DomainError):
    """Somebody has decided over it already."""


class NotTheReviewer(DomainError):
    """Who counted is reviewed by another person, unless he is the owner."""


class CountInvalid(DomainError):
    """A count is zero or more."""


class NothingToBook(DomainError):
    """The agent's cash shows no such difference any more."""


def note_difference(
    session: Session, *, staff_id: Id, kind: str, amount: Decimal, found_on: date, found_by: Id,
    handover_id: Id | None = None,
) -> CashDifference:  # fmt: skip
    """Put a difference on the list for review; `kind` is short or over. Posts nothing."""
    difference = CashDifference(
        id=new_id(), staff_id=staff_id, handover_id=handover_id, kind=kind, amount=amount, found_on=found_on,
        found_by=found_by, state="open",
    )  # fmt: skip
    session.add(difference)
    session.flush()
    return difference


def count_agent(
    session: Session, *, staff_id: Id, found: Decimal, counted_by: Id, counted_on: date
) -> CashDifference | None:
    """Compare what the agent shows on a surprise count with his balance, and note the difference, if there is one.

    Raises NotTheCashier, CountInvalid, NotFound.
    """
    require_cashier(session, cashier_id=counted_by, agent_id=staff_id)
    found = parse_amount(found)
    if found < ZERO:
        raise CountInvalid(f"{found} cannot be counted: zero or more")
    lock_staff(session, staff_id)
    missing = max(cash_in_hand(session, staff_id=staff_id), ZERO) - found
    if missing == ZERO:
        return None
    kind = "short" if missing > ZERO else "over"
    return note_difference(
        session, staff_id=staff_id, kind=kind, amount=abs(missing), found_on=counted_on, found_by=counted_by
    )


def leave_difference(
    session: Session, *, difference_id: Id, decided_by: Id, decided_on: date, reason: str
) -> CashDifference:
    """Book nothing: a shortage stays the agent's to hand over, an overage is explained.

    Raises NotTheCashier, NotTheReviewer, DifferenceDecided, NotFound.
    """
    difference = _open(session, difference_id, decided_by)
    return _decide(session, difference, "left", None, decided_by, decided_on, reason)


def book_difference(
    session: Session, *, difference_id: Id, decided_by: Id, decided_on: date, reason: str, actor: str,
    amount: Decimal | None = None, instalment: Decimal | None = None, origin: str = "",
) -> CashDifference:  # fmt: skip
    """Move a shortage to what the agent owes (1310 to 1040), or an overage to income (1040 to 4095).

    All of it, or `amount` where a part is explained; of a shortage at most what he still holds by the books.
    `instalment` is what each month's pay gives back of a shortage.
    Raises NotTheCashier, NotTheReviewer, DifferenceDecided, NothingToBook, NotFound.
    """
    difference = _open(session, difference_id, decided_by)
    amount = _amount_to_book(session, difference, amount)
    if difference.kind == "short":
        owe_missing_cash(
            session, staff_id=difference.staff_id, amount=amount, reason=reason or "Cash short", charged_on=decided_on,
            approved_by=decided_by, idempotency_key=f"cash_difference:{difference.id}", actor=actor,
            instalment=instalment, origin=origin,
        )  # fmt: skip
    else:
        post_entry(
            session, kind=OVER_AT_HANDOVER if difference.handover_id else "cash_found", source_id=difference.id,
            posted_on=decided_on, actor=actor, origin=origin, memo=reason,
            lines=[Line(CASH_IN_HAND, amount, difference.staff_id), Line(CASH_OVER, -amount)],
        )  # fmt: skip
    return _decide(session, difference, "booked", amount, decided_by, decided_on, reason)


def _amount_to_book(session: Session, difference: CashDifference, amount: Decimal | None) -> Decimal:
    amount = difference.amount if amount is None else parse_amount(amount)
    if not ZERO < amount <= difference.amount:
        raise NothingToBook(f"Book more than zero and at most the difference of {difference.amount}")
    if difference.kind == "over":
        return amount
    held = cash_in_hand(session, staff_id=difference.staff_id)
    if held <= ZERO:
        name, sign = staff_named(session, difference.staff_id).name, currency_sign(session)
        raise NothingToBook(f"{name} holds {shown(held, sign)} by the books: leave the difference, it is settled")
    return min(amount, held)


def _open(session: Session, difference_id: Id, decided_by: Id) -> CashDifference:
    difference = session.get(CashDifference, difference_id)
    if difference is None:
        raise NotFound("There is no such difference")
    lock_staff(session, difference.staff_id)
    session.refresh(difference, with_for_update=True)
    person = require_cashier(session, cashier_id=decided_by, agent_id=difference.staff_id)
    if decided_by == difference.found_by and person.role != "owner":
        raise NotTheReviewer("Who counted does not decide over the difference: another manager or the owner does")
    if difference.state != "open":
        raise DifferenceDecided(f"The difference is {difference.state} already")
    return difference


def _decide(
    session: Session, difference: CashDifference, state: str, booked: Decimal | None, by: Id, day: date, reason: str
) -> CashDifference:
    difference.state, difference.booked = state, booked
    difference.decided_by, difference.decided_on, difference.reason = by, day, reason
    session.flush()
    return difference


def open_differences(session: Session, *, staff_id: Id | None = None) -> list[CashDifference]:
    """What waits for a decision, the oldest first; of one agent, or of all."""
    query = select(CashDifference).where(CashDifference.state == "open").order_by(CashDifference.id)
    if staff_id is not None:
        query = query.where(CashDifference.staff_id == staff_id)
    return list(session.scalars(query))
