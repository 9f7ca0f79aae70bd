"""The customer's word on cash that an agent took, with what it does to the agent's incentive."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import cash_proof
from core.billing.cash_proof import Heard
from core.billing.cash_proof_models import CashProof
from core.billing.payment_models import Payment
from core.clock import business_day
from core.companies import current_company
from core.errors import NotFound
from core.ids import Id
from core.staff.accruals import lock_accruals
from core.usecases.accrue_commissions import take_back_commissions
from core.usecases.take_back_payment import reverse_payment


def say_paid(
    session: Session, *, receipt: str, contact_id: Id, how: str, now: datetime, origin: str = ""
) -> Heard:  # fmt: skip
    """As `core.billing.cash_proof.say_paid`; who takes a dispute back frees the incentive. Raises the same."""
    if _is_disputed(session, receipt):
        lock_accruals(session)
    heard = cash_proof.say_paid(session, receipt=receipt, contact_id=contact_id, how=how, now=now)
    return _weighed(session, heard, actor=f"contact:{contact_id}", now=now, origin=origin)


def say_otherwise(
    session: Session, *, receipt: str, contact_id: Id, now: datetime, amount: Decimal | None = None, note: str = "",
    origin: str = "",
) -> Heard:  # fmt: skip
    """As `core.billing.cash_proof.say_otherwise`; the incentive of the payment waits from now on. Raises the same."""
    lock_accruals(session)
    heard = cash_proof.say_otherwise(session, receipt=receipt, contact_id=contact_id, now=now, amount=amount, note=note)
    return _weighed(session, heard, actor=f"contact:{contact_id}", now=now, origin=origin)


def note_call(
    session: Session, *, receipt: str, agrees: bool, note: str, actor: str, now: datetime,
    amount: Decimal | None = None, origin: str = "",
) -> Heard:  # fmt: skip
    """The office called the customer: he agrees, or says otherwise (`amount`, or nothing where that is None).

    Raises what `core.billing.cash_proof.confirm_by_office` and `dispute_by_office` raise.
    """
    lock_accruals(session)
    if agrees:
        heard = cash_proof.confirm_by_office(session, receipt=receipt, note=note, actor=actor, now=now)
    else:
        heard = cash_proof.dispute_by_office(session, receipt=receipt, note=note, actor=actor, now=now, amount=amount)
    return _weighed(session, heard, actor=actor, now=now, origin=origin)


def settle_cash(
    session: Session, *, receipt: str, note: str, actor: str, now: datetime, origin: str = ""
) -> Heard:  # fmt: skip
    """The office decides for the agent, and what he earns by the payment is free again. Raises as `settle` does."""
    lock_accruals(session)
    heard = cash_proof.settle(session, receipt=receipt, note=note, actor=actor, now=now)
    return _weighed(session, heard, actor=actor, now=now, origin=origin)


def undo_cash(session: Session, *, receipt: str, note: str, actor: str, now: datetime, origin: str = "") -> Payment:
    """The office decides for the customer: the receipt is reversed, with what it earned and kept, and its proof ends.

    Raises NotFound, OwnReceipt, and what `reverse_payment` raises.
    """
    payment = session.scalar(select(Payment).where(Payment.number == receipt))
    proof = cash_proof.proof_of(session, payment_id=payment.id) if payment is not None else None
    if payment is None or proof is None:
        raise NotFound("There is no receipt of an agent with that number")
    cash_proof.refuse_own(proof, actor)
    return reverse_payment(
        session, payment_id=payment.id, reason=note, actor=actor, now=now, origin=origin
    ).payment  # fmt: skip


def _is_disputed(session: Session, receipt: str) -> bool:
    state = select(CashProof.state).join(Payment, Payment.id == CashProof.payment_id).where(Payment.number == receipt)
    return session.scalar(state) == "disputed"


def _weighed(session: Session, heard: Heard, *, actor: str, now: datetime, origin: str) -> Heard:
    """The incentive follows at once where a dispute began or is over."""
    if heard.changed and (heard.was == "disputed") != (heard.proof.state == "disputed"):
        today = business_day(now, current_company(session).timezone)
        take_back_commissions(session, payment_ids=[heard.payment.id], today=today, actor=actor, origin=origin)
    return heard
