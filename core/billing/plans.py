"""Plans of every kind, their dated prices and bands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, selectinload

from core.billing.periods import INTERVAL_MONTHS_MAX
from core.billing.plan_models import SERVICE_CLASSES, Plan, PlanBand, PlanPrice
from core.billing.terms import NoPriceOnDay
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import parse_amount

KINDS = ("flat", "tier", "metered")
UNIT_PRICE_STEP = Decimal("0.000001")


class PlanInvalid(DomainError):
    """What was asked for does not make a plan."""


class PriceExists(DomainError):
    """The plan has a price or tariff from that day on already."""


def add_plan(
    session: Session, *, code: str, name: str, download_mbps: int, upload_mbps: int, price: Decimal,
    valid_from: date, kind: str = "flat", service_class: str = "internet", income_account: str = "4000",
    interval_months: int = 1, validity_days: int | None = None, tax_inclusive: bool = False,
    allowance_gb: int | None = None, throttled_mbps: int | None = None, unit: str = "GB", rating: str = "",
    bands: Sequence[tuple[int, Decimal]] = (),
) -> Plan:  # fmt: skip
    """A plan with its first price, of one interval: net unless `tax_inclusive`; a metered plan's base fee.

    `bands` are (above so many units, price of a unit). With `validity_days` it is prepaid. Raises PlanInvalid.
    """
    plan = Plan(
        id=new_id(), code=code, name=name, kind=kind, service_class=service_class, income_account=income_account,
        interval_months=interval_months, validity_days=validity_days, tax_inclusive=tax_inclusive,
        download_mbps=download_mbps, upload_mbps=upload_mbps, allowance_gb=allowance_gb,
        throttled_mbps=throttled_mbps, unit=unit, rating=rating, offered=True,
    )  # fmt: skip
    _check(plan, bands)
    if session.scalar(select(Plan.id).where(Plan.code == code)) is not None:
        raise PlanInvalid(f"There is a plan {code} already: choose another code")
    session.add(plan)
    session.flush()
    set_price(session, plan_id=plan.id, amount=price, valid_from=valid_from)
    if bands:
        set_bands(session, plan_id=plan.id, bands=bands, valid_from=valid_from)
    return plan


def _check(plan: Plan, bands: Sequence[tuple[int, Decimal]]) -> None:
    metered = plan.kind == "metered"
    faults = {
        f"{plan.kind!r} is no kind of plan: use {', '.join(KINDS)}": plan.kind not in KINDS,
        f"{plan.service_class!r} is no service class: use {', '.join(SERVICE_CLASSES)}": (
            plan.service_class not in SERVICE_CLASSES
        ),
        f"an interval is 1 to {INTERVAL_MONTHS_MAX} months": not 1 <= plan.interval_months <= INTERVAL_MONTHS_MAX,
        "a metered plan is billed by the month": metered and plan.interval_months != 1,
        "a metered plan cannot be prepaid": metered and plan.validity_days is not None,
        "a prepaid plan is valid for a day at least": plan.validity_days is not None and plan.validity_days < 1,
        "only a metered plan has bands": bool(bands or plan.rating) and not metered,
        "bands need a rating: graduated or volume": bool(bands) and plan.rating not in ("graduated", "volume"),
        f"{plan.unit!r} is no unit: use GB or GiB": plan.unit not in ("GB", "GiB"),
        "an allowance is not negative": (plan.allowance_gb or 0) < 0,
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise PlanInvalid(f"{plan.name} cannot be sold like this: {'; '.join(found)}")


def set_price(session: Session, *, plan_id: Id, amount: Decimal, valid_from: date) -> PlanPrice:
    """A new price from a day on; earlier invoices keep theirs. Raises PriceExists, PlanInvalid, AmountInvalid."""
    amount = parse_amount(amount)
    if amount < 0:
        raise PlanInvalid(f"{amount} is no price: give a discount for a reduction")
    if _dated(session, PlanPrice, plan_id, valid_from):
        raise PriceExists(f"The plan has a price from {valid_from} on already: choose another day")
    price = PlanPrice(id=new_id(), plan_id=plan_id, amount=amount, valid_from=valid_from)
    session.add(price)
    session.flush()
    return price


def set_bands(
    session: Session, *, plan_id: Id, bands: Sequence[tuple[int, Decimal]], valid_from: date
) -> list[PlanBand]:
    """A new tariff of metered units from a day on; its first band starts at 0. Raises PriceExists, PlanInvalid."""
    tariff = sorted(bands)
    edges = [above for above, _ in tariff]
    if not edges or edges[0] != 0 or len(set(edges)) < len(edges):
        raise PlanInvalid("The bands of a tariff start at 0 units, and each at another number")
    if any(price < 0 or price != price.quantize(UNIT_PRICE_STEP) for _, price in tariff):
        raise PlanInvalid("The price of a unit is not negative and has up to six decimal places")
    if _dated(session, PlanBand, plan_id, valid_from):
        raise PriceExists(f"The plan has a tariff from {valid_from} on already: choose another day")
    rows = [
        PlanBand(id=new_id(), plan_id=plan_id, valid_from=valid_from, above_units=above, unit_price=price)
        for above, price in tariff
    ]
    session.add_all(rows)
    session.flush()
    return rows


def _dated(session: Session, model: type[PlanPrice] | type[PlanBand], plan_id: Id, day: date) -> bool:
    same = select(model.id).where(model.plan_id == plan_id, model.valid_from == day).limit(1)
    return session.scalar(same) is not None


def set_offered(session: Session, *, plan_id: Id, offered: bool) -> Plan:
    """Offer a plan to new customers, or no longer; who has it keeps it. Raises NotFound."""
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFound("There is no such plan")
    plan.offered = offered
    session.flush()
    return plan


def price_on(session: Session, *, plan_id: Id, day: date) -> Decimal:
    """The price of an interval that holds on `day`; raises NoPriceOnDay."""
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
        .ext(distinct_on(Plan.download_mbps, Plan.id))
        .order_by(Plan.download_mbps, Plan.id, PlanPrice.valid_from.desc())
    )
    return [(plan, amount) for plan, amount in rows]


def every_plan(session: Session) -> Sequence[Plan]:
    """All plans with their prices and tariffs, those on offer first, the slowest first."""
    loaded = select(Plan).options(selectinload(Plan.prices), selectinload(Plan.bands))
    return session.scalars(loaded.order_by(Plan.offered.desc(), Plan.download_mbps, Plan.code)).all()
