"""The registry of devices, and the breaker that keeps a dead one from being tried all the time."""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import vault
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.network.adapter import DeviceIdentity
from core.network.device_errors import (
    ConnectionRefused,
    DeviceError,
    DeviceGone,
    DeviceTimedOut,
)
from core.network.device_models import VENDORS, NetworkDevice, NetworkYes

PORTS = {("mikrotik", True): 8729, ("mikrotik", False): 8728, ("unifi", True): 8443, ("radius", True): 5432,
         ("radius", False): 5432}  # fmt: skip
COA_PORT = 3799
SEALED_COA = "sealed_coa_secret"
TRANSPORT = (ConnectionRefused, DeviceTimedOut, DeviceGone)
"""What passes by itself; anything else needs a person."""
TRIES_BEFORE_OPEN = 3
OPEN_FIRST, OPEN_LONGEST = timedelta(seconds=30), timedelta(minutes=15)
JITTER = 0.2
HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


class DeviceInvalid(DomainError):
    """What was entered describes no device."""


@dataclass(frozen=True)
class DeviceDetails:
    """What a person enters about a device. The password may be empty when the one on file stays."""

    name: str
    vendor: str
    host: str
    login: str
    password: str
    port: int | None = None
    """None is the vendor's usual one."""
    tls: bool = True
    area_id: Id | None = None
    drift: str = "correct"
    changes_free: int = 20
    changes_share_max: int = 5
    options: Mapping[str, Any] | None = None
    coa_secret: str = field(default="", repr=False)
    """RADIUS: shared with the NASes; may be empty when the one on file stays."""


def register_device(session: Session, details: DeviceDetails) -> NetworkDevice:
    """Put a device on file, its password sealed. Raises DeviceInvalid."""
    if not details.password:
        raise DeviceInvalid("A device needs the password of its API user")
    device = NetworkDevice(id=new_id(), sealed_password=vault.seal(details.password))
    _fill(session, device, details)
    session.add(device)
    session.flush()
    return device


def change_device(session: Session, *, device_id: Id, details: DeviceDetails) -> NetworkDevice:
    """Correct what is on file; a new address or login closes the breaker and forgets the certificate.

    Raises NotFound, DeviceInvalid.
    """
    device = device_by_id(session, device_id)
    before = (device.host, device.port, device.tls)
    if details.password:
        device.sealed_password = vault.seal(details.password)
    _fill(session, device, details)
    if (device.host, device.port, device.tls) != before:
        device.fingerprint = device.serial = ""
    device.state, device.problem, device.failures, device.closed_until = "ready", "", 0, None
    session.flush()
    return device


def retire_device(session: Session, *, device_id: Id) -> NetworkDevice:
    """Nothing is written to it any more, and its accounts wait for another device. Raises NotFound."""
    device = device_by_id(session, device_id)
    device.state = "retired"
    session.flush()
    return device


def device_by_id(session: Session, device_id: Id) -> NetworkDevice:
    """Raises NotFound."""
    device = session.get(NetworkDevice, device_id)
    if device is None:
        raise NotFound("There is no such device")
    return device


def devices_of(session: Session) -> Sequence[NetworkDevice]:
    """Those in use, by name."""
    return session.scalars(
        select(NetworkDevice).where(NetworkDevice.state != "retired").order_by(NetworkDevice.name)
    ).all()


def may_try(device: NetworkDevice, now: datetime) -> bool:
    """Whether the breaker lets a connection through."""
    return device.state != "retired" and (device.closed_until is None or device.closed_until <= now)


def note_answer(device: NetworkDevice, identity: DeviceIdentity, *, fingerprint: str, now: datetime) -> bool:
    """It answered: the breaker closes, what it is goes on file. False where another device stands in its place."""
    if device.serial and identity.serial and identity.serial != device.serial:
        device.state = "misconfigured"
        device.problem = (
            f"{identity.model} {identity.serial} answers there, not {device.serial}: correct the address, or register"
            " the new device"
        )
        return False
    device.serial = identity.serial or device.serial
    device.model, device.version = identity.model, identity.version
    device.fingerprint = device.fingerprint or fingerprint
    device.state, device.problem, device.failures, device.closed_until = "ready", "", 0, None
    device.seen_at = now
    return True


def note_failure(device: NetworkDevice, fault: DeviceError, *, now: datetime) -> None:
    """It did not answer as it should. After some failures in a row it is left alone, longer each time."""
    device.problem = str(fault)
    device.failures += 1
    if not isinstance(fault, TRANSPORT):
        device.state = "misconfigured"
        device.closed_until = now + OPEN_LONGEST
        return
    if device.failures >= TRIES_BEFORE_OPEN:
        device.state = "unreachable"
        wait = min(OPEN_FIRST * 2 ** min(device.failures - TRIES_BEFORE_OPEN, 10), OPEN_LONGEST)
        spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - so that many do not come back together
        device.closed_until = now + wait * spread


def give_yes(session: Session, *, device_id: Id, day: date, count_max: int, given_by: str) -> NetworkYes:
    """A manager allows so many cuts and deletions on the device that day. Raises DeviceInvalid, NotFound."""
    if count_max < 1:
        raise DeviceInvalid("Say to how many changes the yes goes: at least one")
    device_by_id(session, device_id)
    yes = NetworkYes(id=new_id(), device_id=device_id, day=day, count_max=count_max, given_by=given_by)
    session.add(yes)
    session.flush()
    return yes


def allowed_that_day(session: Session, *, device_id: Id, day: date) -> int:
    """To how many cuts and deletions managers said yes."""
    most = select(func.max(NetworkYes.count_max)).where(NetworkYes.device_id == device_id, NetworkYes.day == day)
    return session.scalar(most) or 0


def _fill(session: Session, device: NetworkDevice, details: DeviceDetails) -> None:
    _refuse_nonsense(session, device, details)
    device.name, device.vendor = details.name.strip(), details.vendor
    device.host, device.login = details.host.strip(), details.login.strip()
    device.tls = details.tls
    device.port = details.port or PORTS.get((details.vendor, details.tls), 443)
    device.area_id, device.drift = details.area_id, details.drift
    device.changes_free, device.changes_share_max = details.changes_free, details.changes_share_max
    kept = (device.options or {}).get(SEALED_COA)
    sealed = vault.seal(details.coa_secret) if details.coa_secret else kept
    device.options = {**(details.options or {}), **({SEALED_COA: sealed} if sealed else {})}


def _refuse_nonsense(session: Session, device: NetworkDevice, details: DeviceDetails) -> None:
    if details.vendor not in VENDORS:
        raise DeviceInvalid(f"{details.vendor!r} is no vendor Taar speaks with: {', '.join(VENDORS)}")
    for what, value in (("a name", details.name), ("an address", details.host), ("the API user's name", details.login)):
        if not value.strip():
            raise DeviceInvalid(f"A device needs {what}")
    host = details.host.strip()
    try:
        ipaddress.ip_address(host)
    except ValueError as wrong:
        if not HOSTNAME.fullmatch(host):
            raise DeviceInvalid(f"{host!r} is neither an IP address nor a host name") from wrong
    if details.vendor == "radius" and not (details.coa_secret or (device.options or {}).get(SEALED_COA)):
        raise DeviceInvalid("A RADIUS server needs the secret shared with its NASes, to end sessions")
    if details.port is not None and not 1 <= details.port <= 65535:
        raise DeviceInvalid(f"{details.port} is no port: 1 to 65535")
    if details.drift not in ("correct", "report"):
        raise DeviceInvalid("Changes made by hand are either corrected or reported")
    if details.changes_free < 0 or not 0 <= details.changes_share_max <= 100:
        raise DeviceInvalid("The guard needs a count of 0 or more and a percentage of 0 to 100")
    twin = select(NetworkDevice.id).where(NetworkDevice.name == details.name.strip(), NetworkDevice.id != device.id)
    if session.scalar(twin) is not None:
        raise DeviceInvalid(f"There is a device called {details.name.strip()} already")
