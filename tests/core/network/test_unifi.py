"""Speaking with a UniFi controller in both styles: useful errors, deadlines, and no write tried twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.ids import new_id
from core.network.adapter import Change, Speed, WantedAccount
from core.network.device_errors import (
    AnswerNotUnderstood,
    ConnectionRefused,
    DeviceError,
    DeviceGone,
    DeviceTimedOut,
    LoginRefused,
    PermissionMissing,
    SiteUnknown,
    TlsFailed,
    VersionUnsupported,
)
from core.network.unifi.adapter import Unifi
from simulators.unifi.controller import Admin, Controller
from simulators.unifi.server import HttpsPort, self_signed
from simulators.unifi.site import Site
from tests.cast import NOW
from tests.core.network.unifis import a_controller, address

MAC = "aa:bb:cc:00:00:01"
FAST = Speed(50_000, 10_000)


@pytest.fixture(params=[False, True], ids=["controller", "console"])
def reached(request: pytest.FixtureRequest) -> Iterator[tuple[Controller, HttpsPort]]:
    with a_controller(unifi_os=request.param) as both:
        yield both


@pytest.fixture
def controller(reached: tuple[Controller, HttpsPort]) -> Controller:
    return reached[0]


@pytest.fixture
def port(reached: tuple[Controller, HttpsPort]) -> HttpsPort:
    return reached[1]


def account(mac: str = MAC) -> WantedAccount:
    return WantedAccount("wifi", mac, new_id(), allowed=True, profile="F50", speed=FAST)


def test_each_failure_to_connect_says_what_to_put_right(port: HttpsPort, controller: Controller) -> None:
    with pytest.raises(LoginRefused, match="check the name and the password"):
        Unifi(address(port, password="wrong"))
    controller.allow(Admin("cloud", "x", second_factor=True))
    with pytest.raises(LoginRefused, match="second factor"):
        Unifi(address(port, username="cloud", password="x"))
    with pytest.raises(TlsFailed, match="switch TLS on"):
        Unifi(address(port, tls=False))
    with pytest.raises(DeviceGone, match="name no-such-host"):
        Unifi(address(port, host="no-such-host.invalid"))
    controller.faults.order("starting", "GET /")
    with pytest.raises(DeviceGone, match="is starting"):
        Unifi(address(port))
    port.switch_off()
    with pytest.raises(ConnectionRefused, match="is that its port"):
        Unifi(address(port))


def test_a_lockout_is_told_apart_from_a_wrong_password(port: HttpsPort, controller: Controller) -> None:
    for _ in range(5):
        with pytest.raises(LoginRefused):
            Unifi(address(port, password="wrong"))
    with pytest.raises(LoginRefused, match="no more logins for a while"):
        Unifi(address(port))
    controller.unlock()
    Unifi(address(port)).close()


def test_a_wrong_site_is_told_with_those_there_are(port: HttpsPort, controller: Controller) -> None:
    controller.sites["k2x9"] = Site("k2x9", "Model Town")
    device = Unifi(address(port, site="model-town"))
    with pytest.raises(SiteUnknown, match=r"no site 'model-town'.*default \(Default\), k2x9 \(Model Town\)"):
        device.identity()
    device = Unifi(address(port, site="model-town"))
    with pytest.raises(SiteUnknown, match="no site 'model-town'"):
        device.read_accounts()
    assert device.closed
    assert Unifi(address(port, site="k2x9")).identity().name == "Hotspot, Model Town"


def test_one_who_may_only_look_is_found_out_before_the_first_write(port: HttpsPort, controller: Controller) -> None:
    controller.allow(Admin("reader", "x", role="readonly"))
    with pytest.raises(PermissionMissing, match="may only look"):
        Unifi(address(port, username="reader", password="x")).identity()
    device = Unifi(address(port, username="reader", password="x"))
    with pytest.raises(PermissionMissing, match="admin role"):
        device.prepare({"F50": FAST})


def test_software_too_old_is_named(port: HttpsPort, controller: Controller) -> None:
    controller.version = "4.7.6"
    with pytest.raises(VersionUnsupported, match=r"UniFi 4\.7\.6"):
        Unifi(address(port)).identity()


def test_a_session_that_ran_out_is_renewed_once_and_the_write_done_once(
    port: HttpsPort, controller: Controller
) -> None:
    device = Unifi(address(port))
    device.prepare({"F50": FAST})
    controller.forget_sessions()
    (result,) = device.apply([Change("create", account())])
    assert (result.outcome, controller.logins, len(controller.site.users)) == ("done", 2, 1)


def test_a_plain_refusal_costs_no_login(port: HttpsPort, controller: Controller) -> None:
    device = Unifi(address(port))
    (result,) = device.apply([Change("create", account("not-a-mac"))])
    assert (result.outcome, controller.logins) == ("refused", 1) and "none" in result.error
    (result,) = device.apply([Change("create", account())])
    assert (result.outcome, controller.logins) == ("refused", 1) and "no group taar-F50" in result.error


@pytest.mark.parametrize(
    ("kind", "error"),
    [("cut", DeviceGone), ("starting", DeviceGone), ("garbage", AnswerNotUnderstood), ("silence", DeviceTimedOut),
     ("drip", DeviceTimedOut)],
)  # fmt: skip
def test_an_answer_that_ends_badly_is_told_and_the_session_thrown_away(
    port: HttpsPort, controller: Controller, kind: str, error: type[DeviceError]
) -> None:
    device = Unifi(address(port, call_seconds=1.0))
    controller.faults.order(kind, "/list/usergroup")
    with pytest.raises(error):
        device.read_accounts()
    assert device.closed
    with pytest.raises(DeviceGone):
        device.read_accounts()


def test_another_certificate_is_refused_before_the_password_is_sent(controller: Controller, port: HttpsPort) -> None:
    device = Unifi(address(port))
    assert len(device.fingerprint) == 64
    Unifi(address(port, fingerprint=device.fingerprint)).close()
    other = HttpsPort(controller, certificate=self_signed("somebody-else"))
    with pytest.raises(TlsFailed, match="another certificate"):
        Unifi(address(other, fingerprint=device.fingerprint))
    assert controller.logins == 2
    other.switch_off()


def test_a_group_is_set_right_and_those_of_others_are_left(port: HttpsPort, controller: Controller) -> None:
    site, device = controller.site, Unifi(address(port))
    theirs = site.add_group({"name": "Guests", "qos_rate_max_down": 512, "qos_rate_max_up": 512})
    device.prepare({"F50": FAST, "F200": Speed(200_000, 0)})
    ours, wide = site.group_named("taar-F50") or {}, site.group_named("taar-F200") or {}
    assert (ours["qos_rate_max_down"], ours["qos_rate_max_up"]) == (50_000, 10_000)
    assert (wide["qos_rate_max_down"], wide["qos_rate_max_up"]) == (-1, -1)
    ours["qos_rate_max_down"] = 9
    device.prepare({"F50": FAST})
    assert (site.group_named("taar-F50") or {})["qos_rate_max_down"] == 50_000
    assert theirs["qos_rate_max_down"] == 512 and len(site.groups) == 4


def test_a_person_s_note_and_name_survive(port: HttpsPort, controller: Controller) -> None:
    row = controller.site.add_user({"mac": MAC, "name": "Bano's TV", "note": "third floor"})
    device = Unifi(address(port))
    device.prepare({"F50": FAST})
    (seen,) = device.read_accounts()
    wanted = account()
    device.apply([Change("change", wanted, seen, ("profile", "mark"))])
    assert (row["name"], row["note"]) == ("Bano's TV", f"taar:{wanted.subscription_id} third floor")


def test_health_names_the_access_point_that_is_down(port: HttpsPort, controller: Controller) -> None:
    device = Unifi(address(port))
    assert device.health().problems == ()
    controller.site.devices[0]["state"] = 0
    assert device.health().problems == ("wlan: 1 devices are not connected", "Lobby is disconnected")
    controller.site.devices[0]["state"] = 6
    assert device.health().problems == ()


def test_a_wired_client_is_counted_at_its_switch(port: HttpsPort, controller: Controller) -> None:
    controller.site.plug_in(MAC, wired=True)
    controller.site.moved(MAC, down=900, up=9)
    (counter,) = Unifi(address(port)).counters(now=NOW)
    assert (counter.bytes_down, counter.bytes_up) == (900, 9)
