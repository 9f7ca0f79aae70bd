"""An employee gets another role: it holds from his next message and click on, and his old work goes to others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import any_, or_, select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.staff.leaving import require_no_cash
from core.staff.models import ROLES, Staff
from core.staff.people import lock_staff
from core.usecases.end_employment import Left, hand_on


class RoleInvalid(DomainError):
    """There is no such role, or the employee has left."""


class LastOwner(DomainError):
    """Somebody has to own the company: make another one an owner first."""


def change_role(
    session: Session, *, staff_id: Id, role: str, extra_roles: Sequence[str] = (), actor: str, now: datetime,
    area_id: Id | None = None,
) -> Left:  # fmt: skip
    """Give the employee this role and what he may also work as in chat; returns where the work of lost roles went.

    An agent who still holds cash stays one until it is counted: nobody else could hand it over. Locks the owners, then
    the employee. Raises RoleInvalid, LastOwner, CashStillInHand, NotFound.
    """
    owners = _lock_owners(session)
    staff = lock_staff(session, staff_id)
    session.refresh(staff)
    wanted = tuple(dict.fromkeys((role, *extra_roles)))
    unknown = [each for each in wanted if each not in ROLES]
    if unknown:
        raise RoleInvalid(f"{unknown[0]!r} is no role: use one of {', '.join(ROLES)}")
    if staff.state != "active":
        raise RoleInvalid(f"{staff.name} has left: hire him again with his new role")
    lost = {staff.role, *staff.extra_roles} - set(wanted)
    if "owner" in lost and not owners - {staff.id}:
        raise LastOwner(f"{staff.name} is the last owner of the company: make somebody else an owner first")
    if "recovery_agent" in lost:
        require_no_cash(session, staff)
    staff.role, staff.extra_roles, staff.area_id = wanted[0], list(wanted[1:]), area_id
    session.flush()
    return hand_on(
        session, staff_id=staff_id, lost=lost, kept=wanted, reason="the agent has another role", actor=actor, now=now
    )


def _lock_owners(session: Session) -> set[Id]:
    """Everybody who owns the company, locked, so that two of them cannot step down side by side."""
    owner = or_(Staff.role == "owner", any_(Staff.extra_roles) == "owner")
    owners = select(Staff.id).where(Staff.state == "active", owner).order_by(Staff.id)
    return set(session.scalars(owners.with_for_update(key_share=True)))
