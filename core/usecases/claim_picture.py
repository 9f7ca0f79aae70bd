"""The picture that a customer sent with his claim of payment."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.billing.payment_models import PaymentClaim
from core.errors import NotFound
from core.ids import Id
from core.usecases.load_attachment import load_attachment


def claim_picture(session: Session, *, claim_id: Id) -> tuple[str, str, bytes]:
    """(file name, MIME type, bytes); raises NotFound where there is none, and what `load_attachment` raises."""
    claim = session.get(PaymentClaim, claim_id)
    if claim is None or claim.document_id is None:
        raise NotFound("There is no picture of such a claim")
    return load_attachment(session, {"source": "document", "id": str(claim.document_id)})
