"""A technician's photo of a job has arrived: the pieces whose labels it shows are offered to him as used there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.crm.models import Contact, Document
from core.ids import Id
from core.inventory.models import Item
from core.inventory.using import pieces_shown
from core.messaging import payloads
from core.messaging.outbox import queue_message
from core.service_desk.job_models import OPEN_JOBS, Job, JobProof
from core.service_desk.job_words import known
from core.service_desk.proofs import LABEL

BUTTONS_MAX, TITLE_MAX = 3, 20
SHOWN: Mapping[str, str] = {
    "en": "The photo shows %(pieces)s, which you carry. Did you use it at *%(job)s*? Please tap.",
    "ur_Latn": "Photo mein %(pieces)s nazar aa raha hai jo aap ke paas hai. Kya yeh *%(job)s* par laga? Tap karein.",
    "ur": "تصویر میں %(pieces)s نظر آ رہا ہے جو آپ کے پاس ہے۔ کیا یہ *%(job)s* پر لگا؟ ٹیپ کریں۔",
}
UNREAD: Mapping[str, str] = {
    "en": "I could not read the serial of a piece that you carry. Please take the label closer, or write the serial.",
    "ur_Latn": "Aap ke kisi saman ka serial photo se nahi parha gaya. Label qareeb se lein, ya serial likh dein.",
    "ur": "آپ کے کسی سامان کا سیریل تصویر سے نہیں پڑھا گیا۔ لیبل قریب سے لیں، یا سیریل لکھ دیں۔",
}


def offer_shown_pieces(session: Session, *, document_id: Id, serials: Collection[str], now: datetime) -> None:
    """Ask once whether the shown pieces were used; a tap does it. Of a photo that was to show a label, say that none
    could be read.
    """
    for proof, job in session.execute(
        select(JobProof, Job).join(Job, Job.id == JobProof.job_id)
        .where(JobProof.document_id == document_id, Job.state.in_(OPEN_JOBS), Job.assigned_to.is_not(None))
    ):  # fmt: skip
        assert job.assigned_to is not None
        pieces = pieces_shown(session, staff_id=job.assigned_to, serials=serials)[:BUTTONS_MAX]
        if pieces or proof.what == LABEL:
            _tell(session, document_id, job, pieces, now)


def _tell(session: Session, document_id: Id, job: Job, pieces: list[Item], now: datetime) -> None:
    document = session.get_one(Document, document_id)
    contact = session.get(Contact, document.contact_id) if document.contact_id else None
    if contact is None or document.business_number_id is None:
        return
    language = known(contact.language or current_company(session).default_language)
    named = ", ".join(f"{piece.type.name} *{piece.serial}*" for piece in pieces)
    body = SHOWN[language] % {"pieces": named, "job": job.number} if pieces else UNREAD[language]
    buttons = [(f"piece:{job.number}:{piece.serial}", piece.serial[-TITLE_MAX:]) for piece in pieces]
    queue_message(
        session, contact_id=contact.id, business_number_id=document.business_number_id, lane="reply", text=body,
        payload=payloads.buttons(body, buttons) if buttons else payloads.text(body),
        dedupe_key=f"pieces:{document_id}:{job.id}", now=now,
    )  # fmt: skip
