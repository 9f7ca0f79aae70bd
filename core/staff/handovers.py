"""Handovers: an agent says what he gives, another person counts it, and the count is booked.

announced ──confirm──> confirmed   posts the counted amount, 1010 or a bank to 1040
    ├──refuse──> refused           the cashier did not take it
    └──cancel──> cancelled         the agent took it back
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, parse_amount
from core.numbering import next_number
from core.staff.agent_cash import cash_in_hand
from core.staff.balances import CASH_IN_HAND, require_money_account
from core.staff.cash_differences import note_difference
from core.staff.cash_models import Handover
from core.staff.cashiers import require_cashier
from core.staff.models import Staff
from core.staff.people import lock_staff
from core.staff.wording import currency_sign, shown

OFFICE = "1010"
MOVES = {"confirm": "confirmed", "refuse": "refused", "cancel": "cancelled"}
"""All three only from `announced`."""


class HandoverInvalid(DomainError):
    """The amount, the slip or the account cannot be handed over so."""


class MoreThanInHand(DomainError):
    """The agent holds less than he announces; the text says how much."""


class HandoverNotWaiting(DomainError):
    """Somebody has counted, refused or cancelled it already."""


class SlipUsed(DomainError):
    """The bank's slip was handed in before."""


class HandoverKeyReused(DomainError):
    """The idempotency key was used for another handover."""


def announce_handover(
    session: Session, *, staff_id: Id, amount: Decimal, idempotency_key: str, now: datetime,
    account_code: str = OFFICE, slip: str = "", document_id: Id | None = None, note: str = "",
) -> Handover:  # fmt: skip
    """The agent gives cash to the office, or has paid it into a bank with a slip; nothing is booked before the count.

    A part of what he holds is enough; what other handovers of his announce is no longer his to give. A repeat of
    the key returns the first. Locks the agent. Raises MoreThanInHand, HandoverInvalid, SlipUsed, NoMoneyAccount,
    HandoverKeyReused, NotFound.
    """
    amount, slip = parse_amount(amount), slip.strip()
    if amount <= 0:
        raise HandoverInvalid("A handover is more than zero")
    staff = lock_staff(session, staff_id)
    first = session.scalar(select(Handover).where(Handover.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, staff_id, amount, account_code)
    require_money_account(session, account_code)
    _check_slip(session, account_code, slip)
    _refuse_more_than_in_hand(session, staff, amount)
    handover = Handover(
        id=new_id(), number=next_number(session, "handover"), staff_id=staff_id, announced=amount,
        account_code=account_code, slip=slip, document_id=document_id, announced_at=now, state="announced",
        note=note, idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(handover)
    session.flush()
    return handover


def _same(first: Handover, staff_id: Id, amount: Decimal, account_code: str) -> Handover:
    if (first.staff_id, first.announced, first.account_code) != (staff_id, amount, account_code):
        raise HandoverKeyReused(f"The key of {first.number} came with another handover before: use a new key")
    return first


def _check_slip(session: Session, account_code: str, slip: str) -> None:
    if account_code != OFFICE and not slip:
        raise HandoverInvalid("A deposit into the bank needs the number of its slip")
    if not slip:
        return
    before = session.scalar(
        select(Handover.number).where(
            Handover.account_code == account_code, Handover.slip == slip, Handover.state.in_(("announced", "confirmed"))
        )
    )
    if before is not None:
        raise SlipUsed(f"Slip {slip} was handed in with {before}: a slip counts once")


def _refuse_more_than_in_hand(session: Session, staff: Staff, amount: Decimal) -> None:
    waiting = session.scalar(
        select(func.sum(Handover.announced)).where(Handover.staff_id == staff.id, Handover.state == "announced")
    ) or ZERO  # fmt: skip
    held = cash_in_hand(session, staff_id=staff.id)
    if amount > held - waiting:
        sign = currency_sign(session)
        also = f", of which {shown(waiting, sign)} waits to be counted" if waiting else ""
        raise MoreThanInHand(
            f"{staff.name} holds {shown(held, sign)} by his receipts{also}: announce at most"
            f" {shown(max(held - waiting, ZERO), sign)}, or record the missing receipts first",
            held=max(held - waiting, ZERO), amount=amount,
        )  # fmt: skip


def confirm_handover(
    session: Session, *, handover_id: Id, counted: Decimal, counted_by: Id, now: datetime, actor: str,
    origin: str = "", note: str = "",
) -> Handover:  # fmt: skip
    """Book what another person counted: 1010 (or the bank) to 1040, by the count and not by the announcement.

    What is missing stays on the agent, what is too much stands against him below zero, and either is noted as a
    difference for review. Locks the agent, then the handover. Raises NotTheCashier, HandoverNotWaiting,
    HandoverInvalid, NotFound.
    """
    counted = parse_amount(counted)
    if counted <= 0:
        raise HandoverInvalid("Count more than zero, or refuse the handover")
    handover = _waiting(session, handover_id, counted_by)
    before = cash_in_hand(session, staff_id=handover.staff_id)
    day = business_day(now, current_company(session).timezone)
    _decide(handover, "confirm", counted_by, now, note)
    handover.counted, handover.posted_on = counted, day
    session.flush()
    slip = f" slip {handover.slip}" if handover.slip else ""
    post_entry(
        session, kind="cash_handover", source_id=handover.id, posted_on=day, actor=actor, origin=origin,
        memo=f"{handover.number}{slip}",
        lines=[Line(handover.account_code, counted), Line(CASH_IN_HAND, -counted, handover.staff_id)],
    )  # fmt: skip
    over = counted - max(before, ZERO)
    short = min(handover.announced - counted, before - counted)
    if over > ZERO:
        note_difference(session, staff_id=handover.staff_id, kind="over", amount=min(over, counted), found_on=day,
                        found_by=counted_by, handover_id=handover.id)  # fmt: skip
    elif short > ZERO:
        note_difference(session, staff_id=handover.staff_id, kind="short", amount=short, found_on=day,
                        found_by=counted_by, handover_id=handover.id)  # fmt: skip
    return handover


def refuse_handover(session: Session, *, handover_id: Id, refused_by: Id, reason: str, now: datetime) -> Handover:
    """The cashier got nothing: the cash stays with the agent. Raises NotTheCashier, HandoverNotWaiting, NotFound."""
    handover = _waiting(session, handover_id, refused_by)
    _decide(handover, "refuse", refused_by, now, reason)
    session.flush()
    return handover


def cancel_handover(session: Session, *, handover_id: Id, staff_id: Id, now: datetime) -> Handover:
    """The agent takes his announcement back before it is counted. Raises HandoverNotWaiting, NotFound."""
    handover = _waiting(session, handover_id, None)
    if handover.staff_id != staff_id:
        raise NotFound("There is no such handover of yours")
    _decide(handover, "cancel", None, now, "")
    session.flush()
    return handover


def _waiting(session: Session, handover_id: Id, cashier_id: Id | None) -> Handover:
    handover = session.get(Handover, handover_id)
    if handover is None:
        raise NotFound("There is no such handover")
    lock_staff(session, handover.staff_id)
    session.refresh(handover, with_for_update=True)
    if cashier_id is not None:
        require_cashier(session, cashier_id=cashier_id, agent_id=handover.staff_id)
    if handover.state != "announced":
        raise HandoverNotWaiting(f"{handover.number} is {handover.state} already", number=handover.number)
    return handover


def _decide(handover: Handover, move: str, by: Id | None, now: datetime, note: str) -> None:
    handover.state = MOVES[move]
    handover.counted_by, handover.decided_at = by, now
    handover.note = "; ".join(part for part in (handover.note, note.strip()) if part)


def handover_numbered(session: Session, *, number: str) -> Handover:
    """The handover printed as `number`; raises NotFound."""
    handover = session.scalar(select(Handover).where(Handover.number == number))
    if handover is None:
        raise NotFound(f"There is no handover {number}")
    return handover


def waiting_handovers(session: Session, *, staff_id: Id | None = None) -> list[Handover]:
    """What is announced and not counted yet, the oldest first; of one agent, or of all."""
    query = select(Handover).where(Handover.state == "announced").order_by(Handover.announced_at, Handover.id)
    if staff_id is not None:
        query = query.where(Handover.staff_id == staff_id)
    return list(session.scalars(query))
