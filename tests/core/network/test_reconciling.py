"""The router is made as the subscriptions want it: by level, only what is ours, nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import vault
from core.db import company_session
from core.network.adapter import Adapter
from core.network.device_models import NetworkDevice
from core.network.record_models import NetworkDrift
from core.network.vendors import DeviceAccess, open_adapter
from core.usecases.decide_drift import adopt_drift, allow_changes, ignore_drift, overwrite_drift
from core.usecases.reconcile_device import reconcile_device
from tests.cast import TestCompany
from tests.core.network.routers import Site, a_site


@pytest.fixture
def site(company: TestCompany) -> Iterator[Site]:
    with a_site(company) as site:
        yield site


def test_a_password_is_put_right_whoever_changed_it_also_once_it_is_known(site: Site) -> None:
    site.connect("ali")
    site.connect("sana")
    for _ in range(2):
        site.pass_over()
    assert site.pass_over().done == 0
    site.write("/ppp/secret", "ali", password="guessed")
    site.write("/ppp/secret", "sana", password=site.password("ali"))
    assert site.pass_over().done == 2
    assert [site.secret(name)["password"] for name in ("ali", "sana")] == [site.password("ali"), site.password("sana")]
    site.want("ali", sealed_password=vault.seal("told on the phone"))
    assert site.pass_over().done == 1
    assert site.secret("ali")["password"] == "told on the phone" and site.pass_over().done == 0


def test_a_new_line_gets_its_secret_with_a_password_and_the_speed_of_its_plan(site: Site) -> None:
    site.connect("ali")
    report = site.pass_over(full=False)
    assert (report.done, report.fault) == (1, "")
    secret = site.secret("ali")
    assert (secret["profile"], secret["service"], secret["disabled"]) == ("taar-F20", "pppoe", "false")
    assert secret["password"] == site.password("ali") and len(secret["password"]) == 10
    assert secret["comment"] == f"taar:{site.numbers['ali']}"
    profiles = site.router.table("/ppp/profile")
    assert profiles.rows[profiles.named("taar-F20") or ""]["rate-limit"] == "20000k/20000k"
    assert site.sync("ali") == ("in_sync", "")


def test_a_pass_over_what_agrees_writes_nothing(site: Site) -> None:
    for name in ("ali", "bano"):
        site.connect(name)
    site.pass_over()
    again = site.pass_over(after=timedelta(minutes=10))
    assert (again.done, again.planned, len(site.changes())) == (0, (), 2)
    assert site.pass_over(full=False).skipped == "nothing waits"


def test_who_is_suspended_falls_into_the_walled_garden_and_comes_back_when_he_pays(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    line = site.router.plug_in("ali", site.password("ali"), redial_seconds=0)
    garden = site.router.table("/ip/firewall/address-list")
    site.want("ali", state="blocked")
    site.pass_over(full=False)
    assert site.router.is_online("ali") and site.secret("ali")["profile"] == "taar-suspended"
    assert [row["list"] for row in garden.rows.values()] == ["taar-suspended"]
    site.want("ali", state="allowed")
    site.pass_over(full=False)
    assert site.router.is_online("ali") and not garden.rows and line.online
    assert [move for move, _, _ in site.changes()] == ["create", "suspend", "restore"]


def test_a_fixed_address_is_taken_from_a_suspended_line_and_given_back(site: Site) -> None:
    site.connect("ali")
    site.want("ali", address="10.9.0.7")
    site.pass_over()
    assert site.secret("ali")["remote-address"] == "10.9.0.7"
    site.want("ali", state="blocked")
    site.pass_over(full=False)
    assert "remote-address" not in site.secret("ali")
    site.want("ali", state="allowed")
    site.pass_over(full=False)
    assert site.secret("ali")["remote-address"] == "10.9.0.7"
    assert site.pass_over().done == 0


def test_a_line_that_ended_is_deleted_and_its_session_with_it(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    site.router.plug_in("ali", site.password("ali"), redial_seconds=0)
    site.want("ali", state="absent")
    site.pass_over(full=False)
    assert not site.secret("ali") and not site.router.is_online("ali")


def test_a_renamed_account_loses_its_old_name(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    site.want("ali", username="ali-khan")
    report = site.pass_over()
    assert report.done == 2 and not site.secret("ali") and site.secret("ali-khan")


def test_accounts_that_are_not_ours_are_never_touched(site: Site) -> None:
    secrets = site.router.table("/ppp/secret")
    secrets.add({"name": "office", "password": "x", "comment": "03001234567"})
    secrets.add({"name": "ali", "password": "old"})
    site.connect("ali")
    report = site.pass_over()
    assert (report.done, report.taken, report.foreign) == (0, 1, 1)
    assert site.secret("ali")["password"] == "old" and site.secret("office")["comment"] == "03001234567"
    assert site.sync("ali")[0] == "conflict" and site.drift() == [("taken", "ali", "", "open")]


def test_a_person_adopts_an_account_that_was_there_before(site: Site) -> None:
    site.router.table("/ppp/secret").add({"name": "ali", "password": "old", "comment": "Ali, green house"})
    site.connect("ali")
    site.pass_over()
    with company_session(site.company.id, "staff:test") as session:
        drift = session.scalars(select(NetworkDrift)).one()
        adopt_drift(session, drift_id=drift.id, decided_by="staff:test", now=site.now)
    assert site.pass_over(full=False).done == 1
    secret = site.secret("ali")
    assert secret["comment"] == f"taar:{site.numbers['ali']} Ali, green house"
    assert (secret["profile"], secret["password"]) == ("taar-F20", site.password("ali"))


def test_what_somebody_changed_by_hand_is_corrected_and_kept_for_the_record(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    site.write("/ppp/secret", "ali", profile="default")
    report = site.pass_over(after=timedelta(minutes=10))
    assert (report.done, report.found) == (1, 1) and site.secret("ali")["profile"] == "taar-F20"
    assert site.drift() == [("changed", "ali", "profile", "corrected")]


def test_a_device_set_to_report_leaves_it_to_a_person(company: TestCompany) -> None:
    with a_site(company, drift="report") as site:
        site.connect("ali")
        site.pass_over()
        site.write("/ppp/secret", "ali", caller_id="AA:BB:CC:00:00:01")
        assert site.pass_over(after=timedelta(minutes=10)).done == 0
        assert site.drift() == [("changed", "ali", "mac", "open")]
        with company_session(company.id, "staff:test") as session:
            drift_id = session.scalars(select(NetworkDrift.id)).one()
            adopt_drift(session, drift_id=drift_id, decided_by="staff:test", now=site.now)
        site.pass_over(after=timedelta(minutes=10))
        assert site.secret("ali")["caller-id"] == "AA:BB:CC:00:00:01" and site.sync("ali") == ("in_sync", "")
        site.write("/ppp/secret", "ali", profile="default")
        site.pass_over(after=timedelta(minutes=10))
        with company_session(company.id, "staff:test") as session:
            drift_id = session.scalars(select(NetworkDrift.id).where(NetworkDrift.state == "open")).one()
            overwrite_drift(session, drift_id=drift_id, decided_by="staff:test", now=site.now)
        assert site.pass_over(full=False).done == 1 and site.secret("ali")["profile"] == "taar-F20"


def test_what_a_person_ignores_is_left_alone_until_it_looks_otherwise(site: Site) -> None:
    site.connect("ali")
    site.want("ali", state="allowed")
    with company_session(site.company.id, "staff:test") as session:
        session.get_one(NetworkDevice, site.device_id).drift = "report"
    site.pass_over()
    site.write("/ppp/secret", "ali", caller_id="AA:BB:CC:00:00:01")
    site.pass_over()
    with company_session(site.company.id, "staff:test") as session:
        drift_id = session.scalars(select(NetworkDrift.id)).one()
        ignore_drift(session, drift_id=drift_id, decided_by="staff:test", now=site.now)
        session.get_one(NetworkDevice, site.device_id).drift = "correct"
    assert site.pass_over().done == 0
    site.write("/ppp/secret", "ali", caller_id="AA:BB:CC:00:00:02")
    site.pass_over()
    assert "caller-id" not in site.secret("ali")


def test_more_cuts_than_the_devices_share_wait_for_a_managers_yes(site: Site) -> None:
    with company_session(site.company.id, "staff:test") as session:
        session.get_one(NetworkDevice, site.device_id).changes_free = 2
    names = [f"user{number}" for number in range(6)]
    for name in names:
        site.connect(name)
    site.pass_over()
    for name in names[:3]:
        site.want(name, state="blocked")
    report = site.pass_over(full=False)
    assert (report.done, report.held) == (0, 3) and site.sync("user0")[0] == "held"
    site.want("user0", state="allowed")
    assert site.secret("user0")["profile"] == "taar-F20"
    with company_session(site.company.id, "staff:test") as session:
        allow_changes(session, device_id=site.device_id, count_max=5, given_by="staff:boss", now=site.now)
    assert site.pass_over(full=False).done == 2 and site.secret("user1")["profile"] == "taar-suspended"


def test_a_router_that_was_reset_is_not_filled_again_without_a_yes(site: Site) -> None:
    with company_session(site.company.id, "staff:test") as session:
        session.get_one(NetworkDevice, site.device_id).changes_free = 2
    for number in range(4):
        site.connect(f"user{number}")
    site.pass_over()
    table = site.router.table("/ppp/secret")
    for row_id in list(table.rows):
        table.remove(row_id)
    report = site.pass_over(after=timedelta(minutes=10))
    assert (report.done, report.held, report.found) == (0, 4, 4)


def test_another_router_at_the_address_is_not_written_to(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    boards = site.router.table("/system/routerboard").rows
    next(iter(boards.values()))["serial-number"] = "OTHER123"
    site.want("ali", state="blocked")
    report = site.pass_over(full=False)
    assert "OTHER123" in report.fault and site.secret("ali")["profile"] == "taar-F20"


def test_a_dead_router_delays_a_change_and_loses_none(site: Site) -> None:
    site.connect("ali")
    site.pass_over()
    site.port.switch_off()
    site.want("ali", state="blocked")
    for _ in range(3):
        assert "Nothing listens" in site.pass_over(full=False).fault
    assert "not tried until" in site.pass_over(full=False).skipped
    site.port.switch_on()
    assert site.pass_over(full=False, after=timedelta(minutes=2)).done == 1
    with company_session(site.company.id) as session:
        device = session.get_one(NetworkDevice, site.device_id)
        assert (device.state, device.failures, device.problem) == ("ready", 0, "")


def test_a_connection_that_breaks_after_the_write_doubles_nothing(site: Site) -> None:
    for number in range(5):
        site.connect(f"user{number}")
    site.router.faults.order("applied", "/ppp/secret/add", skip=2)
    report = site.pass_over(full=False)
    assert report.fault and report.unknown
    site.router.faults.calm()
    again = site.pass_over(full=False, after=timedelta(minutes=1))
    assert not again.fault and not again.refused
    assert len(site.router.table("/ppp/secret").rows) == 5
    assert all(site.sync(f"user{number}") == ("in_sync", "") for number in range(5))


def test_one_account_the_router_refuses_holds_no_other_up(site: Site) -> None:
    for number in range(5):
        site.connect(f"user{number}")
    site.router.faults.order("trap", "/ppp/secret/add", skip=2)
    report = site.pass_over(full=False)
    assert (report.done, len(report.refused)) == (4, 1)
    (name,) = report.refused
    assert site.sync(name)[0] == "failed" and "no space" in site.sync(name)[1]
    assert site.pass_over(full=False).skipped == "nothing waits"
    assert site.pass_over(full=False, after=timedelta(minutes=2)).done == 1


def test_a_dry_run_says_what_it_would_do_and_does_nothing(site: Site) -> None:
    site.connect("ali")
    report = site.pass_over(dry_run=True)
    assert [(change.move, change.wanted.key) for change in report.planned] == [("create", "ali")]
    assert not site.secret("ali") and site.sync("ali")[0] == "pending" and not site.changes()


def test_a_wish_that_comes_during_a_pass_is_not_taken_for_done(site: Site) -> None:
    site.connect("ali")

    def meanwhile(access: DeviceAccess) -> Adapter:
        site.want("ali", state="blocked")
        return open_adapter(access)

    reconcile_device(site.company.id, device_id=site.device_id, now=site.now, full=False, opener=meanwhile)
    assert site.secret("ali")["profile"] == "taar-F20" and site.sync("ali")[0] == "pending"
    site.pass_over(full=False)
    assert site.secret("ali")["profile"] == "taar-suspended" and site.sync("ali")[0] == "in_sync"
