"""A customer says he has paid: a claim, not money, until a person confirms it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment, PaymentClaim
from core.billing.payments import record_payment
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import parse_amount
from core.numbering import next_number

DIGITS_OF_A_REFERENCE_MIN = 6
"""Shorter words, such as "cash", are no reference that could be used twice."""


class DuplicateReference(DomainError):
    """The transaction reference was seen before in this company."""


class ClaimDecided(DomainError):
    """The claim is approved or rejected already."""


def claim_payment(
    session: Session, *, customer_id: Id, amount: Decimal, reference: str, method: str, document_id: Id | None,
    now: datetime,
) -> PaymentClaim:  # fmt: skip
    """A pending claim with its number; raises DuplicateReference, AmountInvalid."""
    reference = " ".join(reference.split())
    if sum(c.isdigit() for c in reference) >= DIGITS_OF_A_REFERENCE_MIN:
        _refuse_known(session, reference)
    claim = PaymentClaim(
        id=new_id(), number=next_number(session, "claim"), customer_id=customer_id, amount=parse_amount(amount),
        reference=reference, method=method, document_id=document_id, state="pending", claimed_at=now,
    )  # fmt: skip
    session.add(claim)
    session.flush()
    return claim


def _refuse_known(session: Session, reference: str) -> None:
    claimed = select(PaymentClaim.id).where(
        func.lower(PaymentClaim.reference) == reference.lower(), PaymentClaim.state != "rejected"
    )
    paid = select(Payment.id).where(func.lower(Payment.reference) == reference.lower())
    if session.scalar(select(or_(claimed.exists(), paid.exists()))):
        raise DuplicateReference(f"The reference {reference} was sent before: check the earlier one")


def approve_claim(
    session: Session, *, claim_id: Id, method: str, received_on: date, approved_by: str, now: datetime, origin: str = ""
) -> Payment:
    """Turn a pending claim into a payment; raises ClaimDecided. The claim's id is the idempotency key."""
    claim = session.get_one(PaymentClaim, claim_id, with_for_update=True)
    if claim.state != "pending":
        raise ClaimDecided(f"Claim {claim.number} is {claim.state} already")
    payment = record_payment(
        session, customer_id=claim.customer_id, amount=claim.amount, method=method, received_on=received_on,
        idempotency_key=f"claim:{claim.id}", taken_by=approved_by, reference=claim.reference, origin=origin,
        now=now,
    )  # fmt: skip
    claim.state = "approved"
    claim.payment_id = payment.id
    return payment
