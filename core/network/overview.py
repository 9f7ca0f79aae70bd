"""How the network stands: what an operator looks at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ids import Id
from core.network.device_models import NetworkDevice
from core.network.devices import devices_of
from core.network.models import Access, AccessSync
from core.network.record_models import LineSession, NetworkChange, NetworkDrift

SHOWN = 100


@dataclass(frozen=True)
class DeviceStanding:
    """A device with what is on it and what waits for it."""

    device: NetworkDevice
    accounts: int
    waiting: int
    held: int
    conflicts: int
    online: int
    differences: int


@dataclass(frozen=True)
class WaitingAccount:
    """An account the device does not follow yet, and why."""

    access: Access
    sync: AccessSync


def standings_of(session: Session) -> Sequence[DeviceStanding]:
    """Every device in use, by name."""
    states = _by_device(session)
    online = dict(_counted(session, select(LineSession.device_id, func.count()).where(LineSession.ended_at.is_(None))
                           .group_by(LineSession.device_id)))  # fmt: skip
    drift = dict(_counted(session, select(NetworkDrift.device_id, func.count()).where(NetworkDrift.state == "open")
                          .group_by(NetworkDrift.device_id)))  # fmt: skip
    return [
        DeviceStanding(
            device, sum(states.get(device.id, {}).values()),
            sum(states.get(device.id, {}).get(state, 0) for state in ("pending", "failed")),
            states.get(device.id, {}).get("held", 0), states.get(device.id, {}).get("conflict", 0),
            online.get(device.id, 0), drift.get(device.id, 0),
        )
        for device in devices_of(session)
    ]  # fmt: skip


def waiting_on(session: Session, device_id: Id | None, *, limit: int = SHOWN) -> Sequence[WaitingAccount]:
    """What the device does not follow yet, the oldest wish first; None: what no device serves."""
    rows = session.execute(
        select(Access, AccessSync).join(AccessSync, AccessSync.access_id == Access.id)
        .where(Access.device_id == device_id if device_id else Access.device_id.is_(None),
               AccessSync.state != "in_sync", Access.state != "absent")
        .order_by(AccessSync.wanted_at).limit(limit)
    )  # fmt: skip
    return [WaitingAccount(access, sync) for access, sync in rows]


def recent_changes(
    session: Session, *, device_id: Id | None = None, access_ids: Sequence[Id] | None = None, limit: int = SHOWN
) -> Sequence[NetworkChange]:  # fmt: skip
    """What was sent, the newest first."""
    query = select(NetworkChange).order_by(NetworkChange.at.desc(), NetworkChange.id.desc()).limit(limit)
    if device_id is not None:
        query = query.where(NetworkChange.device_id == device_id)
    if access_ids is not None:
        query = query.where(NetworkChange.access_id.in_(access_ids))
    return session.scalars(query).all()


def online_on(session: Session, device_id: Id, *, limit: int = SHOWN) -> Sequence[LineSession]:
    """Who was online at the last reading, the newest first."""
    return session.scalars(
        select(LineSession).where(LineSession.device_id == device_id, LineSession.ended_at.is_(None))
        .order_by(LineSession.started_at.desc()).limit(limit)
    ).all()  # fmt: skip


def sessions_of(session: Session, *, subscription_ids: Sequence[Id], limit: int = 20) -> Sequence[LineSession]:
    """A customer's times online, the newest first."""
    return session.scalars(
        select(LineSession).where(LineSession.subscription_id.in_(subscription_ids))
        .order_by(LineSession.started_at.desc()).limit(limit)
    ).all()  # fmt: skip


def oldest_wait(session: Session) -> datetime | None:
    """Since when the longest waiting account of a device in use waits."""
    return session.scalar(
        select(func.min(AccessSync.wanted_at)).join(Access, Access.id == AccessSync.access_id)
        .where(AccessSync.state.in_(("pending", "failed")), Access.device_id.is_not(None))
    )  # fmt: skip


def _by_device(session: Session) -> Mapping[Id, Mapping[str, int]]:
    rows = session.execute(
        select(Access.device_id, AccessSync.state, func.count())
        .join(AccessSync, AccessSync.access_id == Access.id)
        .where(Access.device_id.is_not(None), Access.state != "absent")
        .group_by(Access.device_id, AccessSync.state)
    )
    found: dict[Id, dict[str, int]] = {}
    for device_id, state, count in rows:
        assert device_id is not None
        found.setdefault(device_id, {})[state] = count
    return found


def _counted(session: Session, query: object) -> list[tuple[Id, int]]:
    return [(row[0], row[1]) for row in session.execute(query)]  # type: ignore[call-overload]
