"""Fetching the files people send, before Meta forgets them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from core import jobs, vault
from core.clock import utc_now
from core.crm.pictures import difference_hash, picture_print
from core.db import company_session
from core.ids import Id
from core.inventory.barcodes import serials_in_picture
from core.messaging.whatsapp import MediaFailed
from core.usecases.store_document import pending_document, store_document
from workers.gateways import gateway_of

log = structlog.get_logger(__name__)

SIZE_MAX = 100 * 1024 * 1024
RETRY_AFTER = (30, 120, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds to the next try; Meta keeps a file for seven days."""
LEASE = timedelta(minutes=5)
"""How long the sweep leaves a document alone that a worker is fetching."""


@dataclass(frozen=True)
class _Wanted:
    kind: str
    media_id: str
    business_number_id: Id


def fetch_document(company_id: str, document_id: str) -> None:
    """Download a pending document into the vault; a document that is no longer pending is left alone."""
    jobs.answer_bell("fetch_document", company_id=company_id, document_id=document_id)
    company, document = Id(company_id), Id(document_id)
    with company_session(company) as session:
        wanted = _take(session, document, utc_now())
    if wanted is None:
        return
    try:
        media = gateway_of(company, wanted.business_number_id).download_media(wanted.media_id, size_max=SIZE_MAX)
        digest = vault.put(media.data)
        is_picture = media.mime_type.startswith("image/")
        likeness, fine = (difference_hash(media.data), picture_print(media.data)) if is_picture else ("", b"")
        serials = serials_in_picture(media.data) if is_picture and wanted.kind == "job" else []
    except (MediaFailed, OSError) as failed:
        with company_session(company) as session:
            _put_off(session, document, failed, utc_now())
        return
    with company_session(company) as session:
        store_document(
            session, document_id=document, sha256=digest, size=len(media.data), mime_type=media.mime_type,
            image_hash=likeness, image_print=fine, serials=serials,
        )  # fmt: skip


def _take(session: Session, document_id: Id, now: datetime) -> _Wanted | None:
    document = pending_document(session, document_id)
    if document is None or (document.next_try_at is not None and document.next_try_at > now):
        return None
    if document.business_number_id is None or not document.media_id:
        document.state, document.error = "failed", "There is nothing to fetch: no media id, no business number"
        return None
    document.attempts += 1
    document.next_try_at = now + LEASE
    return _Wanted(document.kind, document.media_id, document.business_number_id)


def _put_off(session: Session, document_id: Id, failed: MediaFailed | OSError, now: datetime) -> None:
    document = pending_document(session, document_id)
    if document is None:
        return
    document.error = str(failed)[:500]
    hopeless = isinstance(failed, MediaFailed) and failed.permanent
    if hopeless or document.attempts > len(RETRY_AFTER):
        document.state, document.next_try_at = "failed", None
        log.warning("document_lost", document_id=str(document_id), attempts=document.attempts)
    else:
        document.next_try_at = now + timedelta(seconds=RETRY_AFTER[document.attempts - 1])
