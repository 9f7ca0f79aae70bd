"""The network's jobs: RQ's way to the devices. One job speaks with one device, so a dead one delays no other."""

from __future__ import annotations

import structlog
from sqlalchemy import or_, select

from core import jobs
from core.clock import utc_now
from core.companies import Company
from core.db import company_session, platform_session
from core.ids import Id
from core.network.devices import devices_of, may_try
from core.network.models import Access, AccessSync
from core.usecases.poll_device import poll_device
from core.usecases.reconcile_device import reconcile_device

log = structlog.get_logger(__name__)

QUEUE = "network"


def apply_access(company_id: str, device_id: str) -> None:
    """What waits for a device, at once: a payer is to be online in seconds."""
    _reconcile("apply_access", company_id, device_id, full=False)


def pass_device(company_id: str, device_id: str) -> None:
    """All of a device: what was changed by hand is found, what was missed is made good."""
    _reconcile("pass_device", company_id, device_id, full=True)


def poll_usage_of(company_id: str, device_id: str) -> None:
    """One reading of a device's counters."""
    jobs.answer_bell("poll_usage_of", company_id=company_id, device_id=device_id)
    poll_device(Id(company_id), device_id=Id(device_id), now=utc_now())


def ring_passes() -> None:
    """Ring for a full pass of every device."""
    _ring_devices("pass_device")


def ring_polls() -> None:
    """Ring for a reading of every device."""
    _ring_devices("poll_usage_of")


def ring_waiting() -> None:
    """Ring for every device with accounts that wait: a bell was lost, a breaker has closed, another try is due."""
    now = utc_now()
    for company_id in _companies():
        with company_session(company_id) as session:
            due = or_(AccessSync.next_try_at.is_(None), AccessSync.next_try_at <= now)
            waiting = session.scalars(
                select(Access.device_id).distinct()
                .join(AccessSync, AccessSync.access_id == Access.id)
                .where(AccessSync.state.in_(("pending", "failed")), due, Access.device_id.is_not(None))
            ).all()  # fmt: skip
            ready = {device.id for device in devices_of(session) if may_try(device, now)}
        for device_id in ready & set(waiting):
            jobs.ring_now("apply_access", queue=QUEUE, company_id=str(company_id), device_id=str(device_id))


def _reconcile(job: str, company_id: str, device_id: str, *, full: bool) -> None:
    jobs.answer_bell(job, company_id=company_id, device_id=device_id)
    report = reconcile_device(Id(company_id), device_id=Id(device_id), now=utc_now(), full=full)
    if report.skipped and not report.fault:
        return
    log.info(
        "device_passed", company_id=company_id, device_id=device_id, full=full, done=report.done,
        refused=len(report.refused), unknown=report.unknown, held=report.held, found=report.found, fault=report.fault,
    )  # fmt: skip


def _ring_devices(job: str) -> None:
    now = utc_now()
    for company_id in _companies():
        with company_session(company_id) as session:
            ready = [device.id for device in devices_of(session) if may_try(device, now)]
        for device_id in ready:
            jobs.ring_now(job, queue=QUEUE, company_id=str(company_id), device_id=str(device_id))


def _companies() -> list[Id]:
    with platform_session() as session:
        return list(session.scalars(select(Company.id)))
