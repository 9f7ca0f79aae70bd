"""The office looks at a payment that a customer claims, and he is told what became of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.claims import approve_claim, reject_claim
from core.billing.payment_models import PaymentClaim
from core.companies import current_company
from core.ids import Id
from core.messaging.receipts import rejected_text
from core.usecases.take_payment import Taken, complete_payment, tell_customer


def accept_claim(
    session: Session, *, claim_id: Id, method: str, received_on: date, approved_by: str, now: datetime,
    origin: str = "", amount: Decimal | None = None, account_code: str = "",
) -> Taken:  # fmt: skip
    """Book the claim as `approve_claim` does, with its refusals, and queue the receipt."""
    payment = approve_claim(
        session, claim_id=claim_id, method=method, received_on=received_on, approved_by=approved_by, now=now,
        origin=origin, amount=amount, account_code=account_code,
    )  # fmt: skip
    return complete_payment(session, payment=payment, now=now, origin=origin)


def refuse_claim(session: Session, *, claim_id: Id, reason: str, rejected_by: str, now: datetime) -> PaymentClaim:
    """Reject the claim as `reject_claim` does, with its refusals, and tell the customer why."""
    claim = reject_claim(session, claim_id=claim_id, reason=reason, rejected_by=rejected_by, now=now)
    company = current_company(session)
    tell_customer(
        session, customer_id=claim.customer_id, company=company, dedupe_key=f"claim_rejected:{claim.id}", now=now,
        words=lambda language: rejected_text(
            number=claim.number, amount=claim.amount, reason=claim.decision_note, currency=company.currency,
            language=language,
        ),
    )  # fmt: skip
    return claim
