"""How much of the time the lines of an area had service: confirmed outages against the span, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.clock import day_begins
from core.companies import current_company
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.money import rounded
from core.network.outage_models import Outage, OutageSubZone

MINUTE = timedelta(minutes=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class AreaAvailability:
    """One area in one month, as far as it lies in the days asked for and is over."""

    month: date
    area: Id
    customers: int
    """With a line that runs today."""
    outages: int
    minutes_down: int
    """Of all sub-zones together, each minute of each counted once."""
    customer_minutes: int
    """Minutes down, each times the customers of its sub-zone."""
    percent: Decimal
    """Of the customers' minutes that had service."""


def availability(session: Session, *, first: date, last: date, now: datetime) -> list[AreaAvailability]:
    """Rows by month and area for `first` to `last`, company days, up to `now`; areas without customers are left out.

    Suspicions and dismissed outages do not count. A running outage counts until `now`.
    """
    timezone, zones = current_company(session).timezone, _zones(session)
    rows: list[AreaAvailability] = []
    month = first
    while month <= last:
        following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
        span = day_begins(month, timezone), min(day_begins(min(following, last + timedelta(days=1)), timezone), now)
        if span[0] < span[1]:
            rows += _month(session, month.replace(day=1), span, zones)
        month = following
    return rows


def _month(session: Session, month: date, span: Span, zones: dict[Id, dict[Id, int]]) -> list[AreaAvailability]:
    down = _downs(session, span)
    rows = []
    for area, customers_of in zones.items():
        minutes = {zone: _minutes([each[1:] for each in down.get(zone, [])], span) for zone in customers_of}
        lost = sum(minutes[zone] * count for zone, count in customers_of.items())
        customers = sum(customers_of.values())
        whole = customers * ((span[1] - span[0]) // MINUTE)
        outages = {each[0] for zone in customers_of for each in down.get(zone, [])}
        percent = rounded(Decimal(100 * (whole - lost)) / whole) if whole else Decimal(100)
        rows.append(AreaAvailability(month, area, customers, len(outages), sum(minutes.values()), lost, percent))
    return rows


def _zones(session: Session) -> dict[Id, dict[Id, int]]:
    """Areas with the customers of each sub-zone."""
    rows = session.execute(
        select(SubZone.area_id, SubZone.id, func.count(func.distinct(Customer.id)))
        .join(Customer, Customer.sub_zone_id == SubZone.id)
        .join(Subscription, Subscription.customer_id == Customer.id)
        .where(Subscription.state == "active")
        .group_by(SubZone.area_id, SubZone.id)
        .order_by(SubZone.area_id, SubZone.id)
    )
    found: dict[Id, dict[Id, int]] = {}
    for area, zone, count in rows:
        found.setdefault(area, {})[zone] = count
    return found


def _downs(session: Session, span: Span) -> dict[Id, list[tuple[Id, datetime, datetime]]]:
    """By sub-zone the confirmed outages within the span, the earliest first."""
    rows = session.execute(
        select(OutageSubZone.sub_zone_id, Outage.id, Outage.started_at, Outage.ended_at)
        .join(Outage, Outage.id == OutageSubZone.outage_id)
        .where(
            Outage.confirmed_by != "", Outage.state != "dismissed", Outage.started_at < span[1],
            or_(Outage.ended_at.is_(None), Outage.ended_at > span[0]),
        )
        .order_by(Outage.started_at)
    )  # fmt: skip
    found: dict[Id, list[tuple[Id, datetime, datetime]]] = {}
    for zone, outage, started_at, ended_at in rows:
        found.setdefault(zone, []).append((outage, started_at, ended_at or span[1]))
    return found


def _minutes(downs: list[Span], span: Span) -> int:
    """Minutes of the span that lie in any of `downs`, which are in the order of their starts."""
    total, reached = timedelta(0), span[0]
    for start, end in downs:
        begin, until = max(start, reached), min(end, span[1])
        if until > begin:
            total += until - begin
            reached = until
    return total // MINUTE
