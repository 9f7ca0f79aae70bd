"""A customer says he has paid: a claim, not money, until a person or the bank confirms it (reference money 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.allocation import lock_customers
from core.billing.payment_models import Payment, PaymentClaim
from core.billing.payments import record_payment
from core.billing.references import mentions, reference_key
from core.clock import business_day
from core.crm.likeness import pictures_like
from core.crm.models import Document
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO, parse_amount
from core.numbering import next_number

BANK_DAYS_MAX = 3
"""How far the bank's day may lie from the claim's for an equal amount to be proposed."""


class ClaimInvalid(DomainError):
    """The amount or the reason cannot stand."""


class ClaimDecided(DomainError):
    """The claim is approved or rejected already."""


@dataclass(frozen=True)
class ClaimMatch:
    """A pending claim that a bank line may confirm; `sure` where the reference itself is in the line."""

    claim: PaymentClaim
    sure: bool


def claim_payment(
    session: Session, *, customer_id: Id, amount: Decimal, reference: str, method: str, document_id: Id | None,
    now: datetime,
) -> PaymentClaim:  # fmt: skip
    """A pending claim with its number; the same customer's pending claim of that reference is returned instead.

    A reference or picture that was seen before is kept, and marked for who decides. Raises ClaimInvalid, NotFound,
    AmountInvalid.
    """
    amount = parse_amount(amount)
    if amount <= ZERO:
        raise ClaimInvalid("A claim needs the amount that was paid")
    lock_customers(session, [customer_id])
    key = reference_key(reference)
    alike = _same_reference(session, key)
    repeated = next((c for c in alike if c.customer_id == customer_id and c.state == "pending"), None)
    if repeated is not None:
        repeated.document_id = repeated.document_id or document_id
        _mark_picture(session, repeated)
        return repeated
    claim = PaymentClaim(
        id=new_id(), number=next_number(session, "claim"), customer_id=customer_id, amount=amount,
        reference=" ".join(reference.split()), reference_key=key, method=method, document_id=document_id,
        state="pending", claimed_at=now, duplicate_of=alike[0].id if alike else None,
        paid_already=_paid_with(session, key),
    )  # fmt: skip
    session.add(claim)
    session.flush()
    _mark_picture(session, claim)
    return claim


def _same_reference(session: Session, key: str) -> Sequence[PaymentClaim]:
    """Claims of that reference, those that stand first, the oldest first."""
    if not key:
        return []
    same = select(PaymentClaim).where(PaymentClaim.reference_key == key)
    return session.scalars(same.order_by(PaymentClaim.state == "rejected", PaymentClaim.id)).all()


def _paid_with(session: Session, key: str) -> Id | None:
    if not key:
        return None
    paid = select(Payment.id).where(Payment.reference_key == key, Payment.state == "received")
    return session.scalar(paid.order_by(Payment.id).limit(1))


def compare_picture(session: Session, *, document_id: Id) -> list[PaymentClaim]:
    """Once a claim's picture is in the vault with its hash: mark its claims; returns those that are duplicates."""
    claims = session.scalars(select(PaymentClaim).where(PaymentClaim.document_id == document_id)).all()
    for claim in claims:
        _mark_picture(session, claim)
    return [claim for claim in claims if claim.duplicate_of is not None]


def _mark_picture(session: Session, claim: PaymentClaim) -> None:
    document = session.get(Document, claim.document_id) if claim.document_id else None
    if document is None or document.state != "stored":
        return
    claim.image_hash = document.image_hash
    session.flush()
    if claim.duplicate_of is not None:
        return
    alike = [document.id, *pictures_like(session, document)]
    earlier = (
        select(PaymentClaim.id)
        .join(Document, Document.id == PaymentClaim.document_id)
        .where(PaymentClaim.id < claim.id, PaymentClaim.document_id.in_(alike))
        .order_by(Document.sha256 != document.sha256, PaymentClaim.state == "rejected", PaymentClaim.id)
        .limit(1)
    )
    claim.duplicate_of = session.scalar(earlier)
    session.flush()


def approve_claim(
    session: Session, *, claim_id: Id, method: str, received_on: date, approved_by: str, now: datetime,
    origin: str = "", amount: Decimal | None = None, account_code: str = "",
) -> Payment:  # fmt: skip
    """Turn a pending claim into a payment; `amount` corrects what the customer said.

    The claim's id is the payment's key. Raises ClaimDecided, NotFound and what `record_payment` raises.
    """
    claim = _pending(session, claim_id)
    counted = claim.amount if amount is None else parse_amount(amount)
    payment = record_payment(
        session, customer_id=claim.customer_id, amount=counted, method=method, received_on=received_on,
        idempotency_key=f"claim:{claim.id}", taken_by=approved_by, reference=claim.reference, origin=origin, now=now,
        account_code=account_code,
    )  # fmt: skip
    note = "" if counted == claim.amount else f"{counted} in place of {claim.amount}"
    _decide(session, claim, "approved", approved_by, note, now)
    claim.payment_id = payment.id
    session.flush()
    return payment


def reject_claim(session: Session, *, claim_id: Id, reason: str, rejected_by: str, now: datetime) -> PaymentClaim:
    """Say no, with a reason that the customer is told. Raises ClaimDecided, ClaimInvalid, NotFound."""
    if not reason.strip():
        raise ClaimInvalid("Say why the claim is rejected: the customer will be told")
    claim = _pending(session, claim_id)
    _decide(session, claim, "rejected", rejected_by, reason.strip(), now)
    return claim


def _pending(session: Session, claim_id: Id) -> PaymentClaim:
    claim = session.get(PaymentClaim, claim_id)
    if claim is None:
        raise NotFound("There is no such claim in this company")
    lock_customers(session, [claim.customer_id])
    session.refresh(claim, with_for_update=True)
    if claim.state != "pending":
        raise ClaimDecided(f"Claim {claim.number} is {claim.state} already, by {claim.decided_by}", number=claim.number)
    return claim


def _decide(session: Session, claim: PaymentClaim, state: str, by: str, note: str, now: datetime) -> None:
    claim.state, claim.decided_by, claim.decided_at, claim.decision_note = state, by, now, note
    session.flush()


def match_claim(session: Session, *, amount: Decimal, narrative: str, booked_on: date, zone: str) -> ClaimMatch | None:
    """The pending claim that a bank line of money received speaks of; confirm it with `approve_claim`.

    `narrative` is everything the line says, its reference among it; `booked_on` its day in `zone`, the company's. An
    equal reference and amount is sure; an equal amount within a few days is a proposal, and only of a single claim.
    """
    same = select(PaymentClaim).where(PaymentClaim.state == "pending", PaymentClaim.amount == parse_amount(amount))
    pending = session.scalars(same.order_by(PaymentClaim.claimed_at, PaymentClaim.id)).all()
    named = [claim for claim in pending if mentions(narrative, claim.reference_key)]
    if len(named) == 1:
        return ClaimMatch(named[0], sure=named[0].duplicate_of is None and named[0].paid_already is None)
    spread = timedelta(days=BANK_DAYS_MAX)
    near = [claim for claim in pending if abs(business_day(claim.claimed_at, zone) - booked_on) <= spread]
    possible = named or near
    return ClaimMatch(possible[0], sure=False) if len(possible) == 1 else None


def pending_claims(session: Session) -> list[PaymentClaim]:
    """What waits for a decision, the oldest first."""
    waiting = select(PaymentClaim).where(PaymentClaim.state == "pending")
    return list(session.scalars(waiting.order_by(PaymentClaim.claimed_at, PaymentClaim.id)))


def customers_with_pending_claims(session: Session) -> set[Id]:
    """Customers whose claim nobody has decided: they are not reminded until somebody has."""
    return set(session.scalars(select(PaymentClaim.customer_id).where(PaymentClaim.state == "pending").distinct()))
