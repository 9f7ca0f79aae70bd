"""Codes that make a WhatsApp number an employee's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class StaffInvite(Owned, Base):
    """One code for one employee, shown once; only its hash is kept."""

    __tablename__ = "staff_invite"
    __table_args__ = (UniqueConstraint("company_id", "code_hash"),)
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    code_hash: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When it was typed, or a newer one took its place."""
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))


class InviteTry(Owned, Base):
    """A code that was typed and is none: too many of them and no more are read."""

    __tablename__ = "invite_try"
    __table_args__ = (Index("ix_invite_try_contact", "company_id", "contact_id", "tried_at"),)
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    tried_at: Mapped[datetime]
