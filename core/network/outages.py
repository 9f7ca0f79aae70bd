"""Outages: suspected, confirmed, told about and ended. Nothing is sent from here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crm.models import SubZone
from core.db import table_of
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.network.outage_models import RUNNING, Outage, OutagePolicy, OutageReport, OutageSubZone

DEFAULTS: dict[str, Any] = {
    "reports_min": 3, "within_minutes": 30, "tells_customers": True, "gives_credit": False, "credit_after_hours": 24,
    "credit_unit": "day", "drop_min": 5, "drop_share": 30, "drop_within_minutes": 10, "dead_after_minutes": 10,
}  # fmt: skip
CREDIT_AFTER_MAX = 720


class OutageRunning(DomainError):
    """An outage of one of these sub-zones runs already."""

    def __init__(self, outage: Outage, zone: str) -> None:
        super().__init__(f"An outage of {zone} runs since {outage.started_at:%d %b %H:%M}: add to it or end it")
        self.outage = outage


class OutageOver(DomainError):
    """The outage has ended."""


class OutageInvalid(DomainError):
    """What was asked for makes no outage."""


@dataclass(frozen=True)
class RunningOutage:
    """An outage that runs, with its places and how many customers told of it."""

    outage: Outage
    zones: Sequence[str]
    reports: int


def outage_policy_of(session: Session) -> OutagePolicy:
    """The company's rules; the defaults, not kept, where it has made none."""
    kept = session.scalars(select(OutagePolicy)).first()
    return kept or OutagePolicy(**DEFAULTS)


def change_outage_policy(session: Session, **changes: Any) -> OutagePolicy:
    """Set when reports make an outage, who is told, and what is given back. Raises OutageInvalid."""
    policy = outage_policy_of(session)
    for name, value in changes.items():
        setattr(policy, name, value)
    if policy.reports_min < 2 or policy.within_minutes < 1:
        raise OutageInvalid("An outage is suspected after two reports at least, within one minute at least")
    if policy.drop_min < 2 or not 1 <= policy.drop_share <= 100:
        raise OutageInvalid("At least two lines, and 1 to 100 percent of those online, must drop together")
    if not 6 <= policy.drop_within_minutes <= 60 or not 1 <= policy.dead_after_minutes <= 1440:
        raise OutageInvalid("Lines drop together within 6 to 60 minutes; a router is dead after 1 to 1440 minutes")
    if not 0 <= policy.credit_after_hours <= CREDIT_AFTER_MAX or policy.credit_unit not in ("hour", "day"):
        raise OutageInvalid(f"Credit counts full hours or days, after 0 to {CREDIT_AFTER_MAX} hours")
    policy.id = policy.id or new_id()
    session.add(policy)
    session.flush()
    return policy


def refuse_past_end(expected_end: datetime | None, now: datetime) -> None:
    """Raise OutageInvalid for an expected end that is not to come."""
    if expected_end is not None and expected_end <= now:
        raise OutageInvalid(f"It cannot be expected back at {expected_end:%d %b %H:%M}, which is over")


def open_outage(
    session: Session, *, sub_zone_ids: Collection[Id], opened_by: str, now: datetime, confirmed: bool = False,
    cause: str = "", started_at: datetime | None = None, expected_end: datetime | None = None,
) -> Outage:  # fmt: skip
    """Note that these sub-zones are without service since `started_at`, or `now`.

    Locks the company's outages, so two reports open one. Raises OutageInvalid, OutageRunning.
    """
    wanted = set(sub_zone_ids)
    if not wanted or len(_names(session, wanted)) != len(wanted):
        raise OutageInvalid("An outage needs at least one sub-zone, and each must be the company's own")
    if started_at is not None and started_at > now:
        raise OutageInvalid(f"An outage cannot start at {started_at:%d %b %H:%M}, which is still to come")
    _lock(session)
    _refuse_second(session, wanted)
    outage = Outage(
        id=new_id(), state="confirmed" if confirmed else "suspected", cause=cause.strip(), started_at=started_at or now,
        expected_end=expected_end, opened_by=opened_by, confirmed_by=opened_by if confirmed else "",
    )  # fmt: skip
    session.add(outage)
    session.flush()
    _place(session, outage, wanted)
    return outage


def confirm_outage(
    session: Session, *, outage_id: Id, confirmed_by: str, cause: str = "", expected_end: datetime | None = None
) -> Outage:  # fmt: skip
    """Make a suspicion certain; dunning is held there from now on. Confirming again only adds what is told.

    Raises NotFound, OutageOver.
    """
    outage = _running(session, outage_id)
    if outage.state == "suspected":
        outage.state, outage.confirmed_by = "confirmed", confirmed_by
    outage.cause = cause.strip() or outage.cause
    outage.expected_end = expected_end or outage.expected_end
    session.flush()
    return outage


def update_outage(
    session: Session, *, outage_id: Id, cause: str | None = None, expected_end: datetime | None = None,
    sub_zone_ids: Collection[Id] | None = None,
) -> Outage:  # fmt: skip
    """Change what is known of a running outage; None leaves it. Raises NotFound, OutageOver, OutageInvalid,
    OutageRunning.
    """
    _lock(session)
    outage = _running(session, outage_id)
    if cause is not None:
        outage.cause = cause.strip()
    if expected_end is not None:
        outage.expected_end = expected_end
    if sub_zone_ids is not None:
        wanted = set(sub_zone_ids)
        if not wanted or len(_names(session, wanted)) != len(wanted):
            raise OutageInvalid("An outage needs at least one sub-zone, and each must be the company's own")
        _refuse_second(session, wanted, but=outage.id)
        session.execute(delete(OutageSubZone).where(OutageSubZone.outage_id == outage.id))
        _place(session, outage, wanted)
    session.flush()
    return outage


def end_outage(
    session: Session, *, outage_id: Id, ended_by: str, now: datetime, ended_at: datetime | None = None
) -> Outage:  # fmt: skip
    """The service is back since `ended_at`, or `now`. Tells nobody; the use case does. Raises NotFound, OutageOver,
    OutageInvalid.
    """
    return _over(session, outage_id, "ended", ended_by, ended_at or now, now)


def dismiss_outage(session: Session, *, outage_id: Id, dismissed_by: str, now: datetime) -> Outage:
    """A suspicion was wrong: nothing was down. Raises NotFound, OutageOver, OutageInvalid for a confirmed one."""
    if _running(session, outage_id).state != "suspected":
        raise OutageInvalid("A confirmed outage is ended, not dismissed")
    return _over(session, outage_id, "dismissed", dismissed_by, now, now)


def outage_of_zone(session: Session, *, sub_zone_id: Id) -> Outage | None:
    """The outage that runs in a sub-zone, a confirmed one first."""
    running = (
        select(Outage)
        .join(OutageSubZone, OutageSubZone.outage_id == Outage.id)
        .where(OutageSubZone.sub_zone_id == sub_zone_id, Outage.state.in_(RUNNING))
        .order_by(case((Outage.state == "confirmed", 0), else_=1), Outage.started_at)
    )
    return session.scalars(running.limit(1)).first()


def outages_running(session: Session) -> list[RunningOutage]:
    """Every outage that runs, the latest first."""
    outages = session.scalars(select(Outage).where(Outage.state.in_(RUNNING)).order_by(Outage.started_at.desc())).all()
    return [RunningOutage(outage, zones_of(session, outage.id), reports_of(session, outage.id)) for outage in outages]


def zones_of(session: Session, outage_id: Id) -> list[str]:
    """The names of the sub-zones that an outage hits."""
    names = select(SubZone.name).join(OutageSubZone, OutageSubZone.sub_zone_id == SubZone.id)
    return list(session.scalars(names.where(OutageSubZone.outage_id == outage_id).order_by(SubZone.name)))


def reports_of(session: Session, outage_id: Id) -> int:
    """How many customers told of an outage."""
    return session.scalar(select(func.count()).where(OutageReport.outage_id == outage_id)) or 0


def report_outage(
    session: Session, *, outage_id: Id, customer_id: Id, contact_id: Id | None, business_number_id: Id | None,
    now: datetime,
) -> bool:  # fmt: skip
    """Count that a customer told of an outage; False when he had told before."""
    row = {
        "id": new_id(), "outage_id": outage_id, "customer_id": customer_id, "contact_id": contact_id,
        "business_number_id": business_number_id, "reported_at": now,
    }  # fmt: skip
    written = insert(table_of(OutageReport)).values(row).on_conflict_do_nothing().returning(OutageReport.id)
    return session.scalar(written) is not None


def reporters_of(session: Session, outage_id: Id) -> Sequence[OutageReport]:
    """Who told of an outage, the first one first."""
    reports = select(OutageReport).where(OutageReport.outage_id == outage_id)
    return session.scalars(reports.order_by(OutageReport.reported_at, OutageReport.id)).all()


def _running(session: Session, outage_id: Id) -> Outage:
    outage = session.get(Outage, outage_id, with_for_update=True)
    if outage is None:
        raise NotFound("There is no such outage")
    if outage.state not in RUNNING:
        raise OutageOver(f"The outage is {outage.state} since {outage.ended_at:%d %b %H:%M}: open a new one")
    return outage


def _over(session: Session, outage_id: Id, state: str, by: str, at: datetime, now: datetime) -> Outage:
    outage = _running(session, outage_id)
    if not outage.started_at <= at <= now:
        raise OutageInvalid(f"It started at {outage.started_at:%d %b %H:%M}: it cannot end at {at:%d %b %H:%M}")
    outage.state, outage.ended_by, outage.ended_at = state, by, at
    session.flush()
    return outage


def _names(session: Session, sub_zone_ids: Collection[Id]) -> Sequence[str]:
    return session.scalars(select(SubZone.name).where(SubZone.id.in_(sub_zone_ids))).all()


def _place(session: Session, outage: Outage, sub_zone_ids: Collection[Id]) -> None:
    rows = [OutageSubZone(id=new_id(), outage_id=outage.id, sub_zone_id=zone) for zone in sorted(sub_zone_ids)]
    session.add_all(rows)
    session.flush()


def _refuse_second(session: Session, sub_zone_ids: Collection[Id], but: Id | None = None) -> None:
    for zone in sorted(sub_zone_ids):
        running = outage_of_zone(session, sub_zone_id=zone)
        if running is not None and running.id != but:
            raise OutageRunning(running, session.get_one(SubZone, zone).name)


def _lock(session: Session) -> None:
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('outages:' || taar_company(), 0))"))
