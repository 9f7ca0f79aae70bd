"""What people want to be told, and when and how they said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id

CATEGORIES = ("marketing", "notices")
CHOICES = ("stop", "resume")


class ConsentChange(Owned, Base):
    """One stop or resume; what holds now stands on the contact."""

    __tablename__ = "consent_change"
    __table_args__ = (
        CheckConstraint("category IN ('marketing', 'notices')", name="category"),
        CheckConstraint("choice IN ('stop', 'resume')", name="choice"),
        UniqueConstraint("company_id", "contact_id", "category", "choice", "told_at"),
        Index("ix_consent_change_contact", "company_id", "contact_id"),
    )
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    category: Mapped[str]
    choice: Mapped[str]
    how: Mapped[str]
    """`message:<id>` in chat, `meta` in WhatsApp's own settings, `refused` where Meta refused a send for it."""
    told_at: Mapped[datetime]
