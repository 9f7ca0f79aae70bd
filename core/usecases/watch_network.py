"""What a poll shows of outages: lines that dropped together, a router gone silent, and lines that are back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.billing.subscription_models import Subscription
from core.companies import current_company
from core.crm.models import Customer
from core.db import company_session
from core.ids import Id
from core.network.device_models import NetworkDevice
from core.network.devices import device_by_id, devices_of
from core.network.models import Access
from core.network.outage_models import RUNNING, Outage, OutageSubZone
from core.network.outages import OutageRunning, open_outage, outage_of_zone, outage_policy_of, zones_of
from core.network.record_models import LineSession, NetworkChange
from core.usecases.report_fault import alert_office

ONLINE_MIN = 8
"""Fewer lines online than this say nothing: at night, and in a small place, two that switch off are a third."""
BACK_MAX_PERCENT = 20
RECOVERED_PERCENT = 80
RECOVERED_FOR = timedelta(minutes=5)
RESTART = timedelta(minutes=10)
FLAPPING = 3
"""So many ends of one line within the hour are an unstable line and no outage."""


@dataclass(frozen=True)
class ZoneDrop:
    """The lines of a sub-zone that were online when the window began, those that dropped, and those not back."""

    sub_zone_id: Id
    online: int
    dropped: int
    still_off: int
    first_at: datetime


def watch_device(company_id: Id, *, device_id: Id, answered: bool, now: datetime) -> None:
    """Open a suspicion, or propose the end of one, from the reading just kept; in a transaction of its own.

    Tells managers only: a customer hears nothing until a person confirms.
    """
    with company_session(company_id) as session:
        device = device_by_id(session, device_id)
        if not answered:
            _suspect_silence(session, device, now)
            return
        _propose_ends(session, device, now)
        if device.booted_at is None or device.booted_at <= now - RESTART:
            _suspect_drops(session, device, now)


def drops_of(session: Session, *, device_id: Id, since: datetime, now: datetime) -> list[ZoneDrop]:
    """By sub-zone what dropped on the device after `since`; lines we cut, and unstable ones, are left out."""
    later = aliased(LineSession)
    flapping = (
        select(later.subscription_id)
        .where(later.device_id == device_id, later.ended_at > now - timedelta(hours=1))
        .group_by(later.subscription_id)
        .having(func.count() >= FLAPPING)
    )
    ours = exists().where(
        NetworkChange.access_id == Access.id, NetworkChange.at > since - timedelta(minutes=5), NetworkChange.at <= now
    )
    back = aliased(LineSession)
    is_back = exists().where(back.subscription_id == LineSession.subscription_id, back.ended_at.is_(None))
    rows = session.execute(
        select(
            Customer.sub_zone_id, LineSession.subscription_id, func.max(LineSession.ended_at), is_back,
            func.bool_or(LineSession.ended_at.is_(None)),
        )
        .join(Subscription, Subscription.id == LineSession.subscription_id)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(Access, Access.subscription_id == Subscription.id)
        .where(
            LineSession.device_id == device_id, LineSession.started_at <= since, Subscription.state == "active",
            or_(LineSession.ended_at.is_(None), LineSession.ended_at > since), Access.state == "allowed", ~ours,
            LineSession.subscription_id.not_in(flapping),
        )
        .group_by(Customer.sub_zone_id, LineSession.subscription_id)
    )  # fmt: skip
    found: dict[Id, list[tuple[datetime | None, bool]]] = {}
    for zone, _, ended_at, came_back, stayed in rows:
        found.setdefault(zone, []).append((None if stayed else ended_at, came_back))
    return [_zone_drop(zone, lines, now) for zone, lines in sorted(found.items())]


def _zone_drop(zone: Id, lines: list[tuple[datetime | None, bool]], now: datetime) -> ZoneDrop:
    dropped = [(ended_at, back) for ended_at, back in lines if ended_at is not None]
    still_off = sum(not back for _, back in dropped)
    return ZoneDrop(zone, len(lines), len(dropped), still_off, min((ended_at for ended_at, _ in dropped), default=now))


def _suspect_drops(session: Session, device: NetworkDevice, now: datetime) -> None:
    policy = outage_policy_of(session)
    since = now - timedelta(minutes=policy.drop_within_minutes)
    hit = [
        drop
        for drop in drops_of(session, device_id=device.id, since=since, now=now)
        if drop.online >= ONLINE_MIN
        and drop.dropped >= policy.drop_min
        and drop.dropped * 100 >= drop.online * policy.drop_share
        and (drop.dropped - drop.still_off) * 100 < drop.dropped * BACK_MAX_PERCENT
        and not _is_known(session, drop.sub_zone_id, since)
    ]
    if not hit:
        return
    online, still_off = sum(drop.online for drop in hit), sum(drop.still_off for drop in hit)
    start = min(drop.first_at for drop in hit)
    _open(session, device, {drop.sub_zone_id for drop in hit}, online, "outage_seen", still_off, start, now)


def _suspect_silence(session: Session, device: NetworkDevice, now: datetime) -> None:
    policy = outage_policy_of(session)
    if device.state != "unreachable" or device.seen_at is None:
        return
    if device.seen_at > now - timedelta(minutes=policy.dead_after_minutes):
        return
    devices = devices_of(session)
    if len(devices) > 1 and all(each.state == "unreachable" for each in devices):
        return  # every router at once is our own way to them; the panel shows it
    lines = (
        select(Customer.sub_zone_id, func.count())
        .join(Subscription, Subscription.customer_id == Customer.id)
        .join(Access, Access.subscription_id == Subscription.id)
        .where(Access.device_id == device.id, Access.state == "allowed", Subscription.state == "active")
        .group_by(Customer.sub_zone_id)
    )
    zones = {
        zone: count for zone, count in session.execute(lines)
        if not _is_known(session, zone, device.seen_at)
    }  # fmt: skip
    if zones:
        total = sum(zones.values())
        _open(session, device, zones.keys(), total, "outage_silent", total, device.seen_at, now)


def _is_known(session: Session, sub_zone_id: Id, since: datetime) -> bool:
    """An outage runs there, or a person has ended or dismissed one after it began: he is not asked again."""
    settled = (
        select(Outage.id)
        .join(OutageSubZone, OutageSubZone.outage_id == Outage.id)
        .where(OutageSubZone.sub_zone_id == sub_zone_id, Outage.ended_at > since)
    )
    if outage_of_zone(session, sub_zone_id=sub_zone_id) is not None:
        return True
    return session.scalars(settled.limit(1)).first() is not None


def _open(
    session: Session, device: NetworkDevice, zones: Collection[Id], lines: int, key: str, count: int, start: datetime,
    now: datetime,
) -> None:  # fmt: skip
    try:
        with session.begin_nested():
            outage = open_outage(session, sub_zone_ids=zones, opened_by="system", now=now, started_at=start)
    except OutageRunning:
        return  # a report was quicker
    outage.device_id, outage.lines_before = device.id, lines
    if key == "outage_silent":
        outage.lines_before = _online(session, outage) or lines
    session.flush()
    since = start.astimezone(ZoneInfo(current_company(session).timezone))
    facts = {"device": device.name, "place": ", ".join(zones_of(session, outage.id)), "count": str(count),
             "total": str(lines), "since": f"{since:%H:%M}"}  # fmt: skip
    choices = ((f"outage_confirm:{outage.id}", "confirm"), (f"outage_dismiss:{outage.id}", "dismiss"))
    alert_office(session, key, facts, choices=choices, dedupe_key=f"{key}:{outage.id}", now=now)


def _propose_ends(session: Session, device: NetworkDevice, now: datetime) -> None:
    running = select(Outage).where(Outage.device_id == device.id, Outage.state.in_(RUNNING)).with_for_update()
    for outage in session.scalars(running.order_by(Outage.id)).all():
        online = _online(session, outage)
        if online * 100 < outage.lines_before * RECOVERED_PERCENT:
            outage.recovered_at = None
            continue
        outage.recovered_at = outage.recovered_at or now
        if now - outage.recovered_at < RECOVERED_FOR:
            continue
        facts = {"place": ", ".join(zones_of(session, outage.id)), "count": str(online),
                 "total": str(outage.lines_before)}  # fmt: skip
        alert_office(
            session, "outage_back", facts, choices=((f"outage_end:{outage.id}", "over"),),
            dedupe_key=f"outage_back:{outage.id}", now=now,
        )  # fmt: skip
    session.flush()


def _online(session: Session, outage: Outage) -> int:
    """Lines of its sub-zones that its device has online."""
    zones = select(OutageSubZone.sub_zone_id).where(OutageSubZone.outage_id == outage.id)
    lines = (
        select(func.count(func.distinct(LineSession.subscription_id)))
        .join(Subscription, Subscription.id == LineSession.subscription_id)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(
            LineSession.device_id == outage.device_id, LineSession.ended_at.is_(None), Customer.sub_zone_id.in_(zones)
        )
    )
    return session.scalar(lines) or 0
