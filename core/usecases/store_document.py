"""A file that people sent has arrived in the vault: what it proves is looked at once it can be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.claims import compare_picture
from core.clock import utc_now
from core.crm.models import Document
from core.ids import Id
from core.service_desk.proofs import compare_proofs_of
from core.usecases.offer_shown_pieces import offer_shown_pieces


def pending_document(session: Session, document_id: Id) -> Document | None:
    """The document, locked, while it waits for its file; None once it was stored or given up."""
    return session.scalars(
        select(Document).where(Document.id == document_id, Document.state == "pending").with_for_update()
    ).one_or_none()


def store_document(
    session: Session, *, document_id: Id, sha256: str, size: int, mime_type: str, image_hash: str,
    image_print: bytes = b"", serials: Collection[str] = (), now: datetime | None = None,
) -> None:  # fmt: skip
    """Note that the file is in the vault, and compare a picture with earlier proofs of payment and of jobs.

    A document that is no longer pending is left alone. `image_hash` and `image_print` are empty for what is no
    picture; `serials` are what `core.inventory.barcodes` read in it.
    """
    document = pending_document(session, document_id)
    if document is None:
        return
    document.state, document.error, document.next_try_at = "stored", "", None
    document.sha256, document.size, document.image_hash = sha256, size, image_hash
    document.image_print = image_print
    document.mime_type = mime_type or document.mime_type
    session.flush()
    compare_picture(session, document_id=document_id)
    compare_proofs_of(session, document_id)
    offer_shown_pieces(session, document_id=document_id, serials=serials, now=now or utc_now())
