"""The people who work for a company and how they sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
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
        CheckConstraint("state IN ('active', 'left')", name="state"),
    )
    name: Mapped[str]
    role: Mapped[str]
    phone: Mapped[str]
    """E.164 with the plus."""
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
