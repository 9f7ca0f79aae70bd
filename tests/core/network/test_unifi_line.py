"""A subscription whose line is a Wi-Fi client: suspended by the ladder, and online again by its payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.db import company_session
from core.network.models import Access
from core.usecases.poll_device import device_answers, poll_device
from simulators.unifi.controller import Controller
from tests.cast import NOW, TestCompany
from tests.core.network.routers import Line
from tests.core.network.unifis import a_controller, a_hotspot

MAC = "aa:bb:cc:00:00:01"


@pytest.fixture
def controller(company: TestCompany) -> Iterator[Controller]:
    with a_controller(unifi_os=True) as (controller, port), a_hotspot(company, controller, port) as line:
        controller.line = line  # type: ignore[attr-defined]
        yield controller


@pytest.fixture
def line(controller: Controller) -> Line:
    return controller.line  # type: ignore[attr-defined,no-any-return]


def test_a_client_is_suspended_and_let_in_again(controller: Controller, line: Line) -> None:
    line.connect(MAC)
    assert line.pass_over(full=False).done == 1 and line.sync(MAC) == ("in_sync", "")
    controller.site.plug_in(MAC)
    row = controller.site.by_mac(MAC) or {}
    assert row["note"] == f"taar:{line.numbers[MAC]}"
    assert controller.site.groups[row["usergroup_id"]]["qos_rate_max_down"] == 20_000
    line.want(MAC, state="blocked")
    line.pass_over(full=False)
    assert not controller.site.is_online(MAC)
    line.want(MAC, state="allowed")
    line.pass_over(full=False)
    controller.site.plug_in(MAC)
    assert controller.site.is_online(MAC)
    assert [move for move, _, _ in line.changes()] == ["create", "suspend", "restore"]
    assert line.pass_over().done == 0


def test_a_name_that_is_no_mac_is_refused_with_a_reason(controller: Controller, line: Line) -> None:
    line.connect("ali")
    assert "clients by their MAC" in line.pass_over(full=False).refused["ali"]
    assert line.sync("ali")[0] == "failed" and not controller.site.users


def test_an_account_is_of_the_kind_its_device_holds(line: Line) -> None:
    line.connect(MAC)
    with company_session(line.company.id) as session:
        assert session.scalars(select(Access.kind)).one() == "wifi"


def test_the_test_button_and_the_poll_work_with_it(controller: Controller, line: Line) -> None:
    line.connect(MAC)
    line.pass_over()
    controller.site.plug_in(MAC)
    controller.site.moved(MAC, down=5_000_000, up=100)
    assert device_answers(line.company.id, device_id=line.device_id, now=NOW).uptime == timedelta(hours=2)
    polled = poll_device(line.company.id, device_id=line.device_id, now=NOW + timedelta(minutes=5))
    assert polled is not None
