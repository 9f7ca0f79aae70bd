"""The people who work for a company and how they sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Keyed, Owned
from core.ids import Id

ROLES = ("owner", "manager", "recovery_agent", "technician")


class Staff(Owned, Base):
    """An employee; `area_id` narrows the work of agents and technicians."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("company_id", "phone"),
        CheckConstraint("role IN ('owner', 'manager', 'recovery_agent', 'technician')", name="role"),
        CheckConstraint("extra_roles <@ ARRAY['owner', 'manager', 'recovery_agent', 'technician']::varchar[]",
                        name="extra_roles"),
        CheckConstraint("state IN ('active', 'left')", name="state"),
    )  # fmt: skip
    name: Mapped[str]
    role: Mapped[str]
    extra_roles: Mapped[list[str]] = mapped_column(ARRAY(String), default=list, server_default="{}")
    """What he may also work as in chat, one role at a time; in a small company the manager repairs lines too."""
    phone: Mapped[str]
    """E.164 with the plus."""
    phone_opens_chat: Mapped[bool] = mapped_column(default=True, server_default="true")
    """False once a code made another WhatsApp number his: the one on file is for calls only."""
    state: Mapped[str] = mapped_column(default="active")
    area_id: Mapped[Id | None] = mapped_column(ForeignKey("area.id"))


class PanelLogin(Keyed, Base):
    """A sign-in of the panel; without a company it is a super admin's. Read in a platform session."""

    __tablename__ = "panel_login"
    company_id: Mapped[Id | None] = mapped_column(ForeignKey("company.id"))
    staff_id: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
