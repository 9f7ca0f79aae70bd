"""Plans and their dated prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import Plan, PlanPrice
from core.billing.terms import NoPriceOnDay
from core.ids import Id, new_id


def add_plan(
    session: Session, *, code: str, name: str, download_mbps: int, upload_mbps: int, price: Decimal,
    valid_from: date, allowance_gb: int | None = None,
) -> Plan:  # fmt: skip
    """A plan with its first monthly net price."""
    plan = Plan(
        id=new_id(), code=code, name=name, kind="flat", download_mbps=download_mbps, upload_mbps=upload_mbps,
        allowance_gb=allowance_gb, offered=True,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    set_price(session, plan_id=plan.id, amount=price, valid_from=valid_from)
    return plan


def set_price(session: Session, *, plan_id: Id, amount: Decimal, valid_from: date) -> PlanPrice:
    """A new price from a day on; earlier invoices keep theirs."""
    price = PlanPrice(id=new_id(), plan_id=plan_id, amount=amount, valid_from=valid_from)
    session.add(price)
    session.flush()
    return price


def price_on(session: Session, *, plan_id: Id, day: date) -> Decimal:
    """The monthly net price that holds on `day`; raises NoPriceOnDay."""
    price = session.scalar(
        select(PlanPrice.amount)
        .where(PlanPrice.plan_id == plan_id, PlanPrice.valid_from <= day)
        .order_by(PlanPrice.valid_from.desc())
        .limit(1)
    )
    if price is None:
        raise NoPriceOnDay(f"The plan has no price on {day}: add one that starts on that day or before")
    return price


def offered_plans(session: Session, *, day: date) -> list[tuple[Plan, Decimal]]:
    """The plans on offer with the price of `day`, the slowest first."""
    rows = session.execute(
        select(Plan, PlanPrice.amount)
        .join(PlanPrice, PlanPrice.plan_id == Plan.id)
        .where(Plan.offered, PlanPrice.valid_from <= day)
        .distinct(Plan.download_mbps, Plan.id)
        .order_by(Plan.download_mbps, Plan.id, PlanPrice.valid_from.desc())
    )
    return [(plan, amount) for plan, amount in rows]
