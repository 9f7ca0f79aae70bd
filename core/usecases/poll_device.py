"""One reading of a device: counters, who is online, how it feels. Nothing is changed on it."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from core.db import company_session
from core.ids import Id
from core.network.adapter import DeviceHealth
from core.network.device_errors import DeviceError
from core.network.devices import device_by_id, may_try, note_answer, note_failure
from core.network.vendors import access_of, open_adapter
from core.usecases.poll_usage import Polled, keep_readings
from core.usecases.reconcile_device import OpenAdapter
from core.usecases.watch_network import watch_device


def poll_device(
    company_id: Id, *, device_id: Id, now: datetime, opener: OpenAdapter = open_adapter
) -> Polled | None:  # fmt: skip
    """Read the device's counters and keep them; None where it could not be read, which says nothing of its sessions.

    Opens its own transactions and never raises for a device's fault: that is noted on the device.
    """
    with company_session(company_id) as session:
        device = device_by_id(session, device_id)
        if not may_try(device, now):
            return None
        access = access_of(device)
    try:
        with closing(opener(access)) as adapter:
            identity, health = adapter.identity(), adapter.health()
            sessions, counters = adapter.sessions(now=now), adapter.counters(now=now)
            fingerprint = adapter.fingerprint
    except DeviceError as fault:
        with company_session(company_id) as session:
            note_failure(device_by_id(session, device_id), fault, now=now)
        watch_device(company_id, device_id=device_id, answered=False, now=now)
        return None
    with company_session(company_id) as session:
        device = device_by_id(session, device_id)
        if not note_answer(device, identity, fingerprint=fingerprint, now=now):
            return None
        device.booted_at = now - health.uptime
        device.problem = "; ".join(health.problems)
    polled = keep_readings(company_id, device_id, counters, now=now, sessions=sessions)
    watch_device(company_id, device_id=device_id, answered=True, now=now)
    return polled


def device_answers(company_id: Id, *, device_id: Id, now: datetime, opener: OpenAdapter = open_adapter) -> DeviceHealth:
    """The test behind the button: connect, log in, read what is needed, and note who answered.

    Raises a DeviceError whose text says what to put right.
    """
    with company_session(company_id) as session:
        access = access_of(device_by_id(session, device_id))
    with closing(opener(access)) as adapter:
        identity, health = adapter.identity(), adapter.health()
        adapter.read_accounts(keys=[])
        adapter.sessions(now=now)
        fingerprint = adapter.fingerprint
    with company_session(company_id) as session:
        device = device_by_id(session, device_id)
        if not note_answer(device, identity, fingerprint=fingerprint, now=now):
            raise DeviceError(device.problem)
        device.booted_at = now - health.uptime
    return health
