"""Employees: hired, and known to the bot by their phone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.models import ROLES, Staff


def add_staff(session: Session, *, name: str, role: str, phone: str, area_id: Id | None = None) -> Staff:
    """An active employee; `phone` is E.164 with the plus, from which he writes to the bot."""
    if role not in ROLES:
        raise DomainError(f"{role!r} is no role: use one of {', '.join(ROLES)}")
    staff = Staff(id=new_id(), name=name, role=role, phone=phone, area_id=area_id, state="active")
    session.add(staff)
    session.flush()
    return staff
