"""Devices at the panel: entered with what their vendor needs, and tested with a sentence for each failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.db import company_session
from core.network.device_models import NetworkDevice
from simulators.unifi.controller import Controller
from simulators.unifi.server import HttpsPort
from tests.cast import TestCompany
from tests.core.network.unifis import a_controller
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def reached() -> Iterator[tuple[Controller, HttpsPort]]:
    with a_controller(unifi_os=True) as both:
        yield both


def the_device(company: TestCompany) -> NetworkDevice:
    with company_session(company.id) as session:
        return session.scalars(select(NetworkDevice)).one()


def test_a_controller_is_entered_and_each_failure_of_its_test_has_a_sentence(
    app: Flask, company: TestCompany, reached: tuple[Controller, HttpsPort]
) -> None:
    controller, port = reached
    client = visitor(app, company, "manager")
    fields = {
        "name": "Hotspot-1", "vendor": "unifi", "host": "127.0.0.1", "port": str(port.port), "tls": "on",
        "login": "taar", "password": "secret", "drift": "correct", "kind_wifi": "on", "site": "market",
        "reconnect_on_change": "on",
    }  # fmt: skip
    assert "Hotspot-1 is on file" in submit(client, "/network", **fields).text
    path = f"/network/{the_device(company).id}"
    assert "no site &#39;market&#39;" in submit(client, f"{path}/test").text
    fields["site"] = ""
    submit(client, path, **{name: value for name, value in fields.items() if name != "tls"})
    assert "switch TLS on" in submit(client, f"{path}/test").text
    submit(client, path, **{**fields, "password": "wrong"})
    assert "check the name and the password" in submit(client, f"{path}/test").text
    submit(client, path, **fields)
    assert "It answers and lets us in: up for 2 h 0 min." in submit(client, f"{path}/test").text
    assert (the_device(company).version, the_device(company).model) == (controller.version, "UniFi OS")
    port.switch_off()
    assert "Nothing listens at" in submit(client, f"{path}/test").text


def test_a_radius_server_is_not_taken_without_the_secret_of_its_nases(app: Flask, company: TestCompany) -> None:
    client = visitor(app, company, "manager")
    fields = {
        "name": "Radius", "vendor": "radius", "host": "127.0.0.1", "login": "taar", "password": "x", "drift": "report",
    }  # fmt: skip
    refused = submit(client, "/network", **fields)
    assert refused.status_code == 422 and "shared with its NASes" in refused.text
    assert "Radius is on file" in submit(client, "/network", **fields, coa_secret="between-us").text
    device = the_device(company)
    assert device.port == 5432 and "between-us" not in str(device.options)
    page = client.get(f"/network/{device.id}").text
    assert "between-us" not in page and device.options["sealed_coa_secret"] not in page
