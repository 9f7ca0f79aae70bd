"""A person decides about an account that differs on the device: take it as it is there, write ours, or leave it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import jobs
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.network.access import ring_for
from core.network.devices import give_yes
from core.network.drifting import decide
from core.network.models import Access, AccessSync
from core.network.record_models import NetworkDrift

ADOPTABLE = ("address", "mac", "password")
"""What may be taken over from a device; speed and access follow from the subscription."""


class NotAdoptable(DomainError):
    """What differs there is decided by the subscription, or belongs to nobody here."""


def adopt_drift(session: Session, *, drift_id: Id, decided_by: str, now: datetime) -> NetworkDrift:
    """From now on what stands on the device is what is wanted: an address, a MAC, a password, or the account itself.

    Raises NotAdoptable, NotFound, DriftDecided.
    """
    drift = decide(session, drift_id=drift_id, decision="adopted", decided_by=decided_by, now=now)
    access = session.get(Access, drift.access_id) if drift.access_id else None
    if access is None:
        raise NotAdoptable(f"{drift.key} belongs to no subscription here: delete it or leave it")
    if drift.what == "taken":
        access.adopted = True
    else:
        fields = [name for name in drift.fields.split(",") if name in ADOPTABLE]
        if not fields or drift.what != "changed":
            raise NotAdoptable(f"Speed and access of {drift.key} follow from the subscription: change them there")
        for name in fields:
            if name == "password":
                access.sealed_password = ""
            else:
                setattr(access, name, str(drift.seen.get(name, "")))
    session.flush()
    ring_for(session, access)
    return drift


def overwrite_drift(session: Session, *, drift_id: Id, decided_by: str, now: datetime) -> NetworkDrift:
    """Write what is wanted here over it; an orphan is deleted from the device. Raises NotFound, DriftDecided."""
    drift = decide(session, drift_id=drift_id, decision="overwritten", decided_by=decided_by, now=now)
    access = session.get(Access, drift.access_id) if drift.access_id else None
    if access is not None:
        _wait_again(session, [access.id])
        ring_for(session, access)
    else:
        company_id = current_company(session).id
        jobs.ring(session, "pass_device", queue="network", company_id=str(company_id), device_id=str(drift.device_id))
    return drift


def ignore_drift(session: Session, *, drift_id: Id, decided_by: str, now: datetime) -> NetworkDrift:
    """Leave it as long as it looks like this. Raises NotFound, DriftDecided."""
    return decide(session, drift_id=drift_id, decision="ignored", decided_by=decided_by, now=now)


def allow_changes(session: Session, *, device_id: Id, count_max: int, given_by: str, now: datetime) -> None:
    """A manager's yes to so many cuts and deletions today: what was held is tried at once. Raises DeviceInvalid."""
    company = current_company(session)
    day = business_day(now, company.timezone)
    give_yes(session, device_id=device_id, day=day, count_max=count_max, given_by=given_by)
    held = update(AccessSync).where(
        AccessSync.access_id == Access.id, Access.device_id == device_id, AccessSync.state == "held"
    )
    session.execute(held.values(state="pending", problem="").execution_options(synchronize_session=False))
    jobs.ring(session, "apply_access", queue="network", company_id=str(company.id), device_id=str(device_id))


def _wait_again(session: Session, access_ids: list[Id]) -> None:
    session.execute(
        update(AccessSync).where(AccessSync.access_id.in_(access_ids))
        .values(generation=AccessSync.generation + 1, state="pending", problem="", attempts=0, next_try_at=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
