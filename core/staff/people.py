"""Employees: hired, and known to the bot by their phone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.staff.models import ROLES, Staff


class StaffInvalid(DomainError):
    """The role, the name or the phone will not do."""


def add_staff(
    session: Session, *, name: str, role: str, phone: str, area_id: Id | None = None, extra_roles: Sequence[str] = ()
) -> Staff:
    """An active employee; `phone` is E.164 with the plus, from which he writes to the bot.

    He works in his `role` and can switch to one of the `extra_roles` in chat. Raises StaffInvalid.
    """
    for wanted in (role, *extra_roles):
        if wanted not in ROLES:
            raise StaffInvalid(f"{wanted!r} is no role: use one of {', '.join(ROLES)}")
    if not name.strip():
        raise StaffInvalid("An employee needs a name")
    known = session.scalar(select(Staff.name).where(Staff.phone == phone))
    if known is not None:
        raise StaffInvalid(f"{phone} is the phone of {known}")
    also = [wanted for wanted in dict.fromkeys(extra_roles) if wanted != role]
    staff = Staff(id=new_id(), name=name, role=role, extra_roles=also, phone=phone, area_id=area_id, state="active")
    session.add(staff)
    session.flush()
    return staff


def lock_staff(session: Session, staff_id: Id) -> Staff:
    """The employee, locked until the transaction ends, so that what he is owed or holds is decided in turn.

    Take this lock before any row of his pay or cash. Raises NotFound.
    """
    staff = session.scalar(select(Staff).where(Staff.id == staff_id).with_for_update(key_share=True))
    if staff is None:
        raise NotFound("There is no such employee")
    return staff


def staff_named(session: Session, staff_id: Id) -> Staff:
    """The employee; raises NotFound."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("There is no such employee")
    return staff


def active_staff(session: Session) -> list[Staff]:
    """Who works for the company, by name."""
    return list(session.scalars(select(Staff).where(Staff.state == "active").order_by(Staff.name, Staff.id)))


def staff_names(session: Session) -> dict[Id, str]:
    """Everybody's name, whoever has left among them."""
    return {row.id: row.name for row in session.execute(select(Staff.id, Staff.name))}
