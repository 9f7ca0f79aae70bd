"""Finding customers: by name, number, phone or CNIC, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select, text
from sqlalchemy.orm import Session

from core.crm.models import Area, Customer, CustomerPhone, SubZone
from core.errors import NotFound
from core.ids import Id

PAGE = 50


def search_customers(
    session: Session,
    *,
    wanted: str = "",
    area_id: Id | None = None,
    state: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Sequence[Row[Any]]:
    """Rows of (id, number, name, state, area, sub_zone, phone), by customer number, those after `after`.

    `wanted` is matched as part of a name, number or phone; a CNIC must be given whole.
    """
    phone = select(CustomerPhone.phone).where(CustomerPhone.customer_id == Customer.id).limit(1).scalar_subquery()
    query = (
        select(Customer.id, Customer.number, Customer.name, Customer.state, Area.name.label("area"),
               SubZone.name.label("sub_zone"), phone.label("phone"))
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .join(Area, Area.id == SubZone.area_id)
        .order_by(text("length(customer.number)"), Customer.number)
        .limit(limit)
    )  # fmt: skip
    query = _matching(query, wanted.strip())
    if area_id:
        query = query.where(Area.id == area_id)
    if state:
        query = query.where(Customer.state == state)
    if after:
        query = query.where(text("(length(customer.number), customer.number) > (length(:after), :after)")).params(
            after=after
        )
    return session.execute(query).all()


def _matching(query: Select[Any], wanted: str) -> Select[Any]:
    if not wanted:
        return query
    pattern = f"%{wanted.replace('%', '').replace('_', '')}%"
    digits = "".join(c for c in wanted if c.isdigit())
    same: list[ColumnElement[bool]] = [Customer.name.ilike(pattern), Customer.number.ilike(pattern)]
    if len(digits) >= 4:
        on_file = select(CustomerPhone.id).where(
            CustomerPhone.customer_id == Customer.id, CustomerPhone.phone.like(f"%{digits.lstrip('0')}%")
        )
        same += [on_file.exists(), Customer.cnic == digits]
    return query.where(or_(*same))


def customer_by_number(session: Session, *, number: str) -> Customer:
    """The customer printed as `number`; raises NotFound."""
    customer = session.scalar(select(Customer).where(Customer.number == number))
    if customer is None:
        raise NotFound(f"There is no customer {number}")
    return customer


def areas_of(session: Session) -> Sequence[Area]:
    """Every area by name."""
    return session.scalars(select(Area).order_by(Area.name)).all()
