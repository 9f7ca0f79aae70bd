"""A subscription whose line is a Wi-Fi client: suspended by the ladder, and online again by its payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.db import company_session
from core.network.access import put_on_device, want_access
from core.network.models import Access
from core.usecases.poll_device import device_answers, poll_device
from simulators.unifi.controller import Controller
from tests.builders import make_customer, make_plan, make_subscription
from tests.cast import NOW, TestCompany
from tests.core.network.routers import Line
from tests.core.network.unifis import a_controller, a_hotspot
from tests.core.recovery.town import Town, at

CUT = date(2026, 9, 29)
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


def test_one_cut_for_debt_is_out_and_his_payment_lets_him_in_again(controller: Controller, line: Line) -> None:
    town = Town(line.company)
    bilal = town.customer("Bilal")
    with town.open() as session:
        access = session.scalars(select(Access)).one()
        access.username = MAC
        put_on_device(session, access, line.device_id)
    line.now = at(CUT)
    line.pass_over()
    controller.site.plug_in(MAC)
    town.owes(bilal, "3000.00", date(2026, 9, 10))
    town.day(CUT - timedelta(days=7))
    town.day(CUT - timedelta(days=1))
    assert town.cuts(CUT).cut == 1
    assert line.pass_over(full=False).done == 1 and not controller.site.is_online(MAC)
    town.pays(bilal, "3000.00", CUT)
    assert line.pass_over(full=False).done == 1
    controller.site.plug_in(MAC)
    assert controller.site.is_online(MAC) and line.sync(MAC) == ("in_sync", "")


def test_a_new_account_that_is_put_on_a_controller_at_once_is_a_client(line: Line) -> None:
    with company_session(line.company.id, "staff:test") as session:
        customer = make_customer(session, line.company)
        subscription = make_subscription(session, customer, make_plan(session))
        access = want_access(session, subscription_id=subscription.id, username=MAC, profile="F20", allowed=True,
                             device_id=line.device_id)  # fmt: skip
        assert (access.kind, access.device_id) == ("wifi", line.device_id)
