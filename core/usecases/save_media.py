"""Register a file that a person sent; a worker fetches it from Meta after the turn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.crm.models import Document
from core.ids import Id, new_id
from core.jobs import ring


def save_media(
    session: Session, *, company_id: Id, business_number_id: Id, contact_id: Id, customer_id: Id | None,
    media_id: str, mime_type: str, filename: str, kind: str, now: datetime,
) -> Document:  # fmt: skip
    """A pending document; rings the job that downloads it once this transaction commits."""
    document = Document(
        id=new_id(), state="pending", kind=kind, media_id=media_id, mime_type=mime_type, filename=filename,
        business_number_id=business_number_id, contact_id=contact_id, customer_id=customer_id,
        next_try_at=now,
    )  # fmt: skip
    session.add(document)
    session.flush()
    ring(session, "fetch_document", queue="inbound", company_id=str(company_id), document_id=str(document.id))
    return document
