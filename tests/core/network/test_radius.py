"""Speaking with FreeRADIUS's tables and with a NAS that obeys, refuses or is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from cli.embedded import EmbeddedServers
from core.db import company_session
from core.ids import new_id
from core.network.adapter import Speed, WantedAccount
from core.network.device_errors import (
    ConnectionRefused,
    DeviceGone,
    LoginRefused,
    SiteUnknown,
    TlsFailed,
    VersionUnsupported,
)
from core.network.devices import DeviceDetails, DeviceInvalid, change_device, register_device
from core.network.diffing import difference
from core.network.radius.adapter import Radius
from core.network.radius.tables import Tables
from core.network.vendors import access_of, open_adapter
from simulators.radius.nas import Nas
from tests.cast import NOW, TestCompany
from tests.core.network.cables import Cable
from tests.core.network.radiuses import DATABASE, a_radius, address

PASSWORD = "12345"
FAST, SLOW = Speed(50_000, 10_000), Speed(2_000, 1_000)


@dataclass
class Lab:
    connect: Callable[..., Radius]
    nas: Nas
    cable: Cable

    def follow(self, device: Radius, *wanted: WantedAccount) -> list[tuple[str, str]]:
        changes = difference(wanted, device.read_accounts()).changes
        return [(result.change.move, result.outcome) for result in device.apply(changes)]


@pytest.fixture
def lab(servers: EmbeddedServers) -> Iterator[Lab]:
    with a_radius(servers) as (connect, nas, cable):
        yield Lab(connect, nas, cable)


@pytest.fixture
def ali() -> WantedAccount:
    return WantedAccount("pppoe", "ali", new_id(), allowed=True, profile="F50", speed=FAST, password=PASSWORD)


def prepared(lab: Lab, **options: object) -> Radius:
    device = lab.connect(**options)
    device.prepare({"F50": FAST, "F2": SLOW})
    return device


def test_each_failure_to_connect_says_what_to_put_right(lab: Lab) -> None:
    with pytest.raises(LoginRefused, match="pg_hba"):
        Tables(address(lab.cable, username="nobody_of_that_name"))
    with pytest.raises(SiteUnknown, match="no database 'elsewhere'"):
        Tables(address(lab.cable, database="elsewhere"))
    with pytest.raises(TlsFailed, match="does not speak TLS"):
        Tables(address(lab.cable, tls=True))
    with pytest.raises(DeviceGone, match="name no-such-host"):
        Tables(replace(address(lab.cable), host="no-such-host.invalid"))
    with pytest.raises(VersionUnsupported, match="no table radcheck"):
        Tables(address(lab.cable, database="postgres"))
    lab.cable.close()
    with pytest.raises(ConnectionRefused, match="PostgreSQL's port"):
        Tables(address(lab.cable))


def test_a_speed_is_given_to_the_running_session(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    assert lab.nas.dial("ali", PASSWORD) and lab.nas.sessions["ali"].rate_limit == "10000k/50000k"
    slower = replace(ali, profile="F2", speed=SLOW)
    assert lab.follow(device, slower) == [("change", "done")] and lab.follow(device, slower) == []
    assert (lab.nas.heard, lab.nas.sessions["ali"].rate_limit) == (["coa ali"], "1000k/2000k")


def test_a_nas_that_knows_no_change_of_speed_ends_the_session_instead(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    lab.nas.dial("ali", PASSWORD)
    lab.nas.mood = "no-coa"
    assert lab.follow(device, replace(ali, profile="F2", speed=SLOW)) == [("change", "done")]
    assert lab.nas.heard == ["coa ali", "disconnect ali"] and not lab.nas.sessions


@pytest.mark.parametrize("mood", ["silent", "refuses"])
@pytest.mark.parametrize("absent", [False, True])
def test_a_session_that_runs_on_is_not_forgotten(lab: Lab, ali: WantedAccount, mood: str, absent: bool) -> None:
    prepared(lab)
    lab.follow(lab.connect(), ali)
    lab.nas.dial("ali", PASSWORD)
    lab.nas.mood = mood  # type: ignore[assignment]
    device, out = lab.connect(), replace(ali, allowed=False, absent=absent)
    move = "delete" if absent else "suspend"
    assert lab.follow(device, out) == [(move, "refused")]
    assert lab.follow(device, out) == [(move, "refused")] and "ali" in lab.nas.sessions
    lab.nas.mood = "obeys"
    again = lab.connect()
    assert lab.follow(again, out) == [(move, "done")] and lab.follow(again, out) == []
    assert not lab.nas.sessions and not (absent and again.read_accounts())


def test_a_session_that_the_nas_does_not_know_any_more_holds_nothing_up(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    lab.nas.dial("ali", PASSWORD)
    lab.nas.sessions.clear()
    assert lab.follow(device, replace(ali, allowed=False)) == [("suspend", "done")]


def test_suspended_by_rejecting_nobody_is_let_in(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab, suspend_by_rejecting=True)
    out = replace(ali, allowed=False)
    lab.follow(device, out)
    assert not lab.nas.dial("ali", PASSWORD) and lab.follow(device, out) == []
    assert lab.follow(device, ali) == [("restore", "done")] and lab.nas.dial("ali", PASSWORD)


def test_attributes_that_others_gave_an_account_stay(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    lab.nas.tell("INSERT INTO radreply (username, attribute, op, value) VALUES ('ali', 'Idle-Timeout', ':=', '600')")
    lab.follow(device, replace(ali, address="10.9.0.7", mac="aa:bb:cc:00:00:01"))
    rows = lab.nas.tell("SELECT attribute, value FROM radreply WHERE username = 'ali' AND attribute <> 'Class'")
    assert {row["attribute"]: row["value"] for row in rows} == {"Idle-Timeout": "600", "Framed-IP-Address": "10.9.0.7"}
    (seen,) = device.read_accounts()
    assert (seen.address, seen.mac) == ("10.9.0.7", "aa:bb:cc:00:00:01")


def test_octets_past_32_bits_are_counted_and_a_session_nobody_hears_of_is_over(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    lab.nas.dial("ali", PASSWORD)
    lab.nas.account("ali", input_octets=7, output_octets=3 * 2**32 + 5)
    (counter,) = device.counters(now=NOW + timedelta(minutes=59))
    assert (counter.bytes_down, counter.bytes_up, counter.started_at) == (3 * 2**32 + 5, 7, NOW)
    assert device.sessions(now=NOW + timedelta(minutes=61)) == []


def test_a_nas_that_is_not_in_the_list_is_named(lab: Lab, ali: WantedAccount) -> None:
    device = prepared(lab)
    lab.follow(device, ali)
    lab.nas.dial("ali", PASSWORD)
    assert device.health().problems == ()
    lab.nas.tell("DELETE FROM nas")
    assert device.health().problems == ("The NAS 127.0.0.1 sends accounting and is not in the list",)


def test_the_shared_secret_is_sealed_and_stays_when_it_is_not_entered_again(lab: Lab, company: TestCompany) -> None:
    details = DeviceDetails(
        name="Radius", vendor="radius", host="127.0.0.1", port=lab.cable.port, tls=False, login="taar_owner",
        password="x", options={"database": DATABASE},
    )  # fmt: skip
    with company_session(company.id, "staff:test") as session:
        with pytest.raises(DeviceInvalid, match="shared with its NASes"):
            register_device(session, details)
        device = register_device(session, replace(details, coa_secret="between-us"))
        sealed = device.options["sealed_coa_secret"]
        assert "between-us" not in str(device.options)
        change_device(session, device_id=device.id, details=details)
        assert device.options["sealed_coa_secret"] == sealed
        access = access_of(device)
    adapter = open_adapter(access)
    assert adapter.identity().model == "FreeRADIUS tables" and "between-us" not in repr(access)
    adapter.close()
