"""Papers that do not belong in a chat: a link of one person's own, good once and for a day."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import vault
from core.crm.models import Document
from core.crm.papers import clean_picture
from core.crm.upload_models import DocumentAccess, LeadDocument, UploadLink
from core.errors import DomainError, NotFound
from core.ids import Id, new_id

LINK_LIFE = timedelta(hours=24)
LINKS_A_DAY = 6
SECRET_BYTES = 24
KINDS = ("cnic_front", "cnic_back")


class TooManyUploadLinks(DomainError):
    """The person got as many links today as one may."""


class UploadLinkOver(DomainError):
    """The link is used, has expired, or never was one; which of them is not told."""


def make_upload_link(
    session: Session, *, contact_id: Id, lead_id: Id | None, customer_id: Id | None, language: str, now: datetime
) -> str:
    """The token of a new link; earlier ones of the person open nothing any more. Raises TooManyUploadLinks.

    The token is signed, so that one made up is turned away before the database is asked; only its hash is kept.
    """
    mine = select(func.count()).where(UploadLink.contact_id == contact_id, UploadLink.made_at > now - LINK_LIFE)
    if (session.scalar(mine) or 0) >= LINKS_A_DAY:
        raise TooManyUploadLinks("Too many links today: the last one still works for a day")
    session.execute(
        update(UploadLink).where(UploadLink.contact_id == contact_id, UploadLink.used_at.is_(None)).values(used_at=now)
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = f"{secret}.{_signature(secret)}"
    session.add(
        UploadLink(
            id=new_id(),
            contact_id=contact_id,
            lead_id=lead_id,
            customer_id=customer_id,
            token_hash=_hash(token),
            language=language,
            made_at=now,
            expires_at=now + LINK_LIFE,
        )
    )  # fmt: skip
    session.flush()
    return token


def _signature(secret: str) -> str:
    return vault.fingerprint(f"upload:{secret}")[:32]


def is_signed(token: str) -> bool:
    """Whether we made the token, whatever became of it."""
    secret, _, signature = token.partition(".")
    return vault.has_signature(f"upload:{secret}", signature)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_upload_link(session: Session, *, token: str, now: datetime, lock: bool = False) -> UploadLink:
    """The link behind a token while it may be used; raises UploadLinkOver."""
    if not is_signed(token):
        raise UploadLinkOver("This link opens nothing")
    query = select(UploadLink).where(UploadLink.token_hash == _hash(token))
    link = session.scalar(query.with_for_update() if lock else query)
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise UploadLinkOver("This link opens nothing")
    link.opened_at = link.opened_at or now
    return link


def keep_papers(session: Session, *, token: str, pictures: Mapping[str, bytes], now: datetime) -> Sequence[Document]:
    """Put the pictures of a CNIC's two sides into the vault and end the link.

    Nothing is kept unless both can be. Raises UploadLinkOver, PaperRefused, and DomainError for other kinds.
    """
    if set(pictures) != set(KINDS):
        raise DomainError(f"Both sides are needed: {', '.join(KINDS)}")
    link = open_upload_link(session, token=token, now=now, lock=True)
    clean = {kind: clean_picture(pictures[kind]) for kind in KINDS}
    link.used_at = now
    documents = [
        Document(
            id=new_id(), state="stored", kind=kind, sha256=vault.put(data), size=len(data), mime_type="image/jpeg",
            filename=f"{kind}.jpg", contact_id=link.contact_id, customer_id=link.customer_id,
        )
        for kind, data in clean.items()
    ]  # fmt: skip
    session.add_all(documents)
    session.flush()
    for document in documents:
        if link.lead_id is not None:
            session.add(LeadDocument(id=new_id(), lead_id=link.lead_id, document_id=document.id))
        note_access(session, document_id=document.id, actor=f"contact:{link.contact_id}", what="upload", now=now)
    session.flush()
    return documents


def papers_of_lead(session: Session, *, lead_id: Id) -> Sequence[Document]:
    """The papers that came for a request, oldest first."""
    return session.scalars(
        select(Document).join(LeadDocument, LeadDocument.document_id == Document.id)
        .where(LeadDocument.lead_id == lead_id).order_by(Document.id)
    ).all()  # fmt: skip


def view_paper(session: Session, *, lead_id: Id, document_id: Id, actor: str, now: datetime) -> tuple[Document, bytes]:
    """A paper of a request with its bytes; that the actor looked at it is kept. Raises NotFound, DocumentUnreadable."""
    document = session.scalar(
        select(Document).join(LeadDocument, LeadDocument.document_id == Document.id)
        .where(LeadDocument.lead_id == lead_id, Document.id == document_id, Document.state == "stored")
    )  # fmt: skip
    if document is None:
        raise NotFound("There is no such paper")
    data = vault.get(document.sha256)
    note_access(session, document_id=document.id, actor=actor, what="view", now=now)
    return document, data


def note_access(session: Session, *, document_id: Id, actor: str, what: str, now: datetime) -> None:
    """Keep that somebody put in (`upload`) or looked at (`view`) a document."""
    session.add(DocumentAccess(id=new_id(), document_id=document_id, actor=actor, what=what, at=now))
    session.flush()


def accesses_of(session: Session, *, document_ids: Sequence[Id]) -> Sequence[DocumentAccess]:
    """Who put in or looked at these documents, the newest first."""
    return session.scalars(
        select(DocumentAccess).where(DocumentAccess.document_id.in_(document_ids)).order_by(DocumentAccess.at.desc())
    ).all()
