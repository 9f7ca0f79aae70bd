"""A simulated UniFi controller of a company, on file and with subscriptions to serve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from core.db import company_session
from core.network.devices import DeviceDetails, register_device
from core.network.unifi.wire import Address
from simulators.unifi.controller import Controller
from simulators.unifi.server import HttpsPort, self_signed
from tests.builders import make_plan
from tests.cast import NOW, TestCompany
from tests.core.network.routers import Line

CERTIFICATE = self_signed()


def address(port: HttpsPort, **other: object) -> Address:
    return replace(Address("127.0.0.1", port.port, "taar", "secret"), **other)  # type: ignore[arg-type]


@contextmanager
def a_controller(*, unifi_os: bool = False) -> Iterator[tuple[Controller, HttpsPort]]:
    controller = Controller(unifi_os=unifi_os)
    port = HttpsPort(controller, certificate=CERTIFICATE)
    try:
        yield controller, port
    finally:
        port.switch_off()


@contextmanager
def a_hotspot(company: TestCompany, controller: Controller, port: HttpsPort) -> Iterator[Line]:
    """The controller is on file and a plan exists."""
    with company_session(company.id, "staff:test") as session:
        device = register_device(session, DeviceDetails(
            name="Hotspot-1", vendor="unifi", host="127.0.0.1", port=port.port, login="taar", password="secret",
        ))  # fmt: skip
        device.created_at = NOW - timedelta(days=30)
        plan = make_plan(session)
    yield Line(company, device.id, plan.id)
