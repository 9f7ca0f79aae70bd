"""Money that turns out not to be there: taken back with the commissions it earned and the promises it kept."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing import taking_back
from core.billing.cash_proof import end_proofs
from core.billing.taking_back import TakenBack
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.money import ZERO
from core.usecases.accrue_commissions import take_back_commissions
from core.usecases.follow_payment import follow_payment


def bounce_payment(
    session: Session, *, payment_id: Id, reason: str, actor: str, now: datetime, origin: str = "",
    bank_charge: Decimal = ZERO,
) -> TakenBack:  # fmt: skip
    """As `core.billing.taking_back.bounce_payment`, with what the payment earned and kept; raises the same."""
    taken = taking_back.bounce_payment(
        session, payment_id=payment_id, reason=reason, actor=actor, now=now, origin=origin, bank_charge=bank_charge
    )
    _undo_consequences(session, taken, actor=actor, now=now, origin=origin)
    return taken


def reverse_payment(
    session: Session, *, payment_id: Id, reason: str, actor: str, now: datetime, origin: str = ""
) -> TakenBack:
    """As `core.billing.taking_back.reverse_payment`, with what the payment earned and kept; raises the same."""
    taken = taking_back.reverse_payment(
        session, payment_id=payment_id, reason=reason, actor=actor, now=now, origin=origin
    )
    _undo_consequences(session, taken, actor=actor, now=now, origin=origin)
    return taken


def _undo_consequences(session: Session, taken: TakenBack, *, actor: str, now: datetime, origin: str) -> None:
    today = business_day(now, current_company(session).timezone)
    take_back_commissions(session, payment_ids=taken.claw_back, today=today, actor=actor, origin=origin)
    end_proofs(session, payment_ids=[taken.payment.id], actor=actor, now=now)
    follow_payment(session, customer_id=taken.payment.customer_id, now=now, actor=actor, origin=origin)
