"""A former employee comes back: the same person with his history and debts, on new terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.staff.models import ROLES, Staff
from core.staff.pay_terms import Tax, set_pay_terms, terms_of
from core.staff.people import lock_staff
from core.staff.wording import shown_day


class NotGone(DomainError):
    """Only who has left is hired again."""


class RehireInvalid(DomainError):
    """The day, the role or the phone will not do."""


def rehire(
    session: Session, *, staff_id: Id, starts_on: date, monthly_salary: Decimal, role: str = "", phone: str = "",
    area_id: Id | None = None, extra_roles: Sequence[str] = (), allowances: Mapping[str, Decimal] | None = None,
    tax: Tax | None = None, plan_id: Id | None = None,
) -> Staff:  # fmt: skip
    """Make an employee who left active again, paid from `starts_on`; an empty `role` or `phone` keeps the old one.

    What he still owes is deducted from his pay again. Somebody who comes back within a month whose salary is settled
    has that salary reversed first, so that it is accrued for both parts. Raises NotFound, NotGone, RehireInvalid and
    what `set_pay_terms` raises.
    """
    staff = lock_staff(session, staff_id)
    session.refresh(staff)
    if staff.state != "left":
        raise NotGone(f"{staff.name} works here already: change his terms instead")
    ended = [terms.ends_on for terms in terms_of(session, staff_id=staff_id) if terms.ends_on is not None]
    if ended and starts_on < max(ended):
        raise RehireInvalid(f"{staff.name} was paid until {shown_day(max(ended))}: he comes back on that day or later")
    wanted = (role or staff.role, *extra_roles)
    unknown = [each for each in wanted if each not in ROLES]
    if unknown:
        raise RehireInvalid(f"{unknown[0]!r} is no role: use one of {', '.join(ROLES)}")
    if phone:
        _refuse_taken(session, staff, phone)
        staff.phone = phone
    staff.role, staff.extra_roles = wanted[0], [each for each in dict.fromkeys(extra_roles) if each != wanted[0]]
    staff.area_id, staff.state = area_id, "active"
    session.flush()
    set_pay_terms(
        session, staff_id=staff_id, starts_on=starts_on, monthly_salary=monthly_salary, allowances=allowances, tax=tax,
        plan_id=plan_id,
    )  # fmt: skip
    return staff


def _refuse_taken(session: Session, staff: Staff, phone: str) -> None:
    name = session.scalar(select(Staff.name).where(Staff.phone == phone, Staff.id != staff.id))
    if name is not None:
        raise RehireInvalid(f"{phone} is the phone of {name}")
