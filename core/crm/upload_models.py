"""Papers sent through a link of their own rather than in chat, and who looked at them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class UploadLink(Owned, Base):
    """A page that one person may use once; only the hash of its token is kept."""

    __tablename__ = "upload_link"
    __table_args__ = (
        UniqueConstraint("company_id", "token_hash"),
        Index("ix_upload_link_contact", "company_id", "contact_id", "made_at"),
    )
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    lead_id: Mapped[Id | None] = mapped_column(ForeignKey("lead.id"))
    customer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    token_hash: Mapped[str]
    language: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """When the papers came, or a newer link took its place: it opens nothing any more."""


class LeadDocument(Owned, Base):
    """A paper that belongs to a request for a connection."""

    __tablename__ = "lead_document"
    __table_args__ = (UniqueConstraint("company_id", "lead_id", "document_id"),)
    lead_id: Mapped[Id] = mapped_column(ForeignKey("lead.id"), index=True)
    document_id: Mapped[Id] = mapped_column(ForeignKey("document.id"), index=True)


class DocumentAccess(Owned, Base):
    """Somebody put in or looked at a document that shows who a person is."""

    __tablename__ = "document_access"
    __table_args__ = (Index("ix_document_access_document", "company_id", "document_id", "at"),)
    document_id: Mapped[Id] = mapped_column(ForeignKey("document.id"))
    actor: Mapped[str]
    what: Mapped[str]
    """`upload` or `view`."""
    at: Mapped[datetime]
