"""Employees: hired, and known to the bot by their phone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.staff.models import ROLES, Staff


def add_staff(
    session: Session, *, name: str, role: str, phone: str, area_id: Id | None = None, extra_roles: Sequence[str] = ()
) -> Staff:
    """An active employee; `phone` is E.164 with the plus, from which he writes to the bot.

    He works in his `role` and can switch to one of the `extra_roles` in chat.
    """
    for wanted in (role, *extra_roles):
        if wanted not in ROLES:
            raise DomainError(f"{wanted!r} is no role: use one of {', '.join(ROLES)}")
    also = [wanted for wanted in dict.fromkeys(extra_roles) if wanted != role]
    staff = Staff(id=new_id(), name=name, role=role, extra_roles=also, phone=phone, area_id=area_id, state="active")
    session.add(staff)
    session.flush()
    return staff
