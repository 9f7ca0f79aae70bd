"""The desired state of a subscription's account on the network, and the bell for the worker that makes it true."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import jobs, vault
from core.ids import Id, new_id
from core.network.device_models import NetworkDevice
from core.network.models import Access

PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105
"""Read out on the phone and typed into a router's page: nothing that looks like something else."""
PASSWORD_LENGTH = 10


def want_access(
    session: Session, *, subscription_id: Id, username: str, profile: str, allowed: bool, device_id: Id | None = None,
    password: str | None = None,
) -> Access:  # fmt: skip
    """From now on this account shall exist with that speed profile, allowed or blocked; a worker makes it so.

    A new account is put on `device_id` and gets a password of its own unless `password` says which; of one that exists
    both stay as they are where they are not given.
    """
    access = session.scalar(select(Access).where(Access.subscription_id == subscription_id))
    if access is None:
        access = Access(id=new_id(), subscription_id=subscription_id)
        password = password or new_password()
        session.add(access)
    if password is not None:
        access.sealed_password = vault.seal(password)
    access.username, access.profile = username, profile
    access.state = "allowed" if allowed else "blocked"
    _serve_by(session, access, device_id or access.device_id)
    session.flush()
    ring_for(session, access)
    return access


def want_no_access(session: Session, access: Access) -> None:
    """From now on the account shall not exist on any device."""
    access.state = "absent"
    session.flush()
    ring_for(session, access)


def ring_for(session: Session, access: Access) -> None:
    """After this transaction the account's device is looked at; one that is served by none waits for its device."""
    if access.device_id is not None:
        jobs.ring(
            session, "apply_access", queue="network", company_id=str(access.company_id),
            device_id=str(access.device_id),
        )  # fmt: skip


def device_of_area(session: Session, area_id: Id) -> Id | None:
    """The one device that serves the area; None where there is none, or several and a person has to choose."""
    serving = session.scalars(
        select(NetworkDevice.id)
        .where(NetworkDevice.area_id == area_id, NetworkDevice.state != "retired")
        .limit(2)
    ).all()  # fmt: skip
    return serving[0] if len(serving) == 1 else None


def new_password() -> str:
    """For a PPPoE account; easy to read out, hard to guess."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))


def put_on_device(session: Session, access: Access, device_id: Id | None) -> None:
    """Let another device serve the account; what stood on the old one is found there as an orphan."""
    _serve_by(session, access, device_id)
    session.flush()
    ring_for(session, access)


def _serve_by(session: Session, access: Access, device_id: Id | None) -> None:
    """A controller holds Wi-Fi clients; an account that comes from one becomes what its new device is used for."""
    if device_id == access.device_id:
        return
    access.device_id = device_id
    device = session.get(NetworkDevice, device_id) if device_id is not None else None
    if device is None:
        return
    if device.vendor == "unifi":
        access.kind = "wifi"
    elif access.kind == "wifi":
        access.kind = next(iter(device.options.get("kinds") or ()), "pppoe")
