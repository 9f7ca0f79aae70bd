"""The simulated controller as strangers see it: pyunifi as it is, and plain requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pyunifi.controller import APIError
from pyunifi.controller import Controller as PyUnifi

from simulators.unifi.controller import Admin, Controller
from simulators.unifi.server import HttpsPort, self_signed

CERTIFICATE = self_signed()
MAC = "aa:bb:cc:00:00:01"
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle of authorities named by the environment would win over `verify=False`."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=[False, True], ids=["controller", "console"])
def port(request: pytest.FixtureRequest) -> Iterator[HttpsPort]:
    port = HttpsPort(Controller(unifi_os=request.param), certificate=CERTIFICATE)
    yield port
    port.switch_off()


@pytest.fixture
def console() -> Iterator[HttpsPort]:
    port = HttpsPort(Controller(unifi_os=True), certificate=CERTIFICATE)
    yield port
    port.switch_off()


def theirs(port: HttpsPort, password: str = "secret") -> PyUnifi:
    if port.controller.unifi_os:
        return PyUnifi(f"127.0.0.1:{port.port}", "taar", password, version="UDMP-unifiOS", ssl_verify=False)
    return PyUnifi("127.0.0.1", "taar", password, port=port.port, version="v5", ssl_verify=False)


def test_pyunifi_works_with_it(port: HttpsPort) -> None:
    client = theirs(port)
    port.controller.site.plug_in(MAC)
    assert [row["mac"] for row in client.get_clients()] == [MAC] and client.get_sites()[0]["name"] == "default"
    client.block_client(MAC.upper())
    assert client.get_clients() == [] and client.get_client(MAC)["blocked"] is True
    client.unblock_client(MAC)
    client.set_client_alias(MAC, "Bano's phone")
    assert client.get_client(MAC)["name"] == "Bano's phone"
    group = port.controller.site.add_group({"name": "slow"})
    client.update_user_group(group["_id"], 2000, 1000)
    assert {row["name"]: row["qos_rate_max_down"] for row in client.get_user_groups()} == {"Default": -1, "slow": 2000}
    assert client.get_aps()[0]["state"] == 1 and client.get_healthinfo()[0]["subsystem"] == "wlan"
    assert client.get_sysinfo()[0]["version"] == "8.6.9"
    with pytest.raises(APIError):
        theirs(port, password="wrong")


def test_a_block_of_an_unknown_client_makes_it_known(port: HttpsPort) -> None:
    theirs(port).block_client("AA:BB:CC:00:00:77")
    assert (port.controller.site.by_mac("aa:bb:cc:00:00:77") or {})["blocked"] is True


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("rest/usergroup", {"name": "Default"}, "api.err.UserGroupExisted"),
        ("rest/usergroup", {"name": "fast", "qos_rate_max_down": 1_000_000}, "api.err.InvalidPayload"),
        ("cmd/stamgr", {"cmd": "block-sta", "mac": "zz"}, "api.err.InvalidMAC"),
        ("cmd/stamgr", {"cmd": "kick-sta", "mac": "aa:bb:cc:00:00:99"}, "api.err.UnknownStation"),
        ("cmd/stamgr", {"cmd": "dance", "mac": MAC}, "api.err.InvalidCommand"),
        ("upd/user/ffffffffffffffffffffffff", {"name": "x"}, "api.err.IdInvalid"),
        ("nothing/here", {}, "api.err.InvalidObject"),
    ],
)
def test_it_refuses_what_the_real_one_refuses(port: HttpsPort, path: str, body: dict[str, Any], code: str) -> None:
    client = theirs(port)
    answer = client.session.post(f"{client._api_url()}{path}", json=body, headers=client.headers)
    assert (answer.status_code, answer.json()) == (400, {"meta": {"rc": "error", "msg": code}, "data": []})


def test_an_unknown_site_and_a_reader_are_refused(port: HttpsPort) -> None:
    client = theirs(port)
    client.site_id = "elsewhere"
    answer = client.session.get(f"{client._api_url()}stat/sta")
    assert (answer.status_code, answer.json()["meta"]["msg"]) == (401, "api.err.NoSiteContext")
    port.controller.allow(Admin("taar", "secret", role="readonly"))
    reader = theirs(port)
    answer = reader.session.post(f"{reader._api_url()}rest/usergroup", json={"name": "x"}, headers=reader.headers)
    assert (answer.status_code, answer.json()["meta"]["msg"]) == (403, "api.err.NoPermission")


def test_a_console_wants_its_token_on_every_write_and_locks_out_who_guesses(console: HttpsPort) -> None:
    base = f"https://127.0.0.1:{console.port}"
    session = requests.Session()
    session.verify = False
    front = session.get(f"{base}/proxy/network/api/self/sites", timeout=5)
    assert (front.status_code, front.json()) == (401, {"error": {"code": 401, "message": "Unauthorized"}})
    given = session.post(f"{base}/api/auth/login", json={"username": "taar", "password": "secret"}, timeout=5)
    command = {"url": f"{base}/proxy/network/api/s/default/rest/usergroup", "json": {"name": "x"}, "timeout": 5}
    assert session.cookies["TOKEN"].count(".") == 2
    assert session.post(**command).status_code == 403
    assert session.post(**command, headers={"X-CSRF-Token": given.headers["X-CSRF-Token"]}).status_code == 200
    wrong = {"url": f"{base}/api/auth/login", "json": {"username": "taar", "password": "x"}, "timeout": 5}
    assert [session.post(**wrong).status_code for _ in range(6)] == [403] * 5 + [429]


def test_a_controller_sets_its_cookies_and_leads_on_from_its_front_page() -> None:
    port = HttpsPort(Controller(), certificate=CERTIFICATE)
    base = f"https://127.0.0.1:{port.port}"
    with requests.Session() as session:
        session.verify = False
        front = session.get(f"{base}/", allow_redirects=False, timeout=5)
        assert (front.status_code, front.headers["Location"]) == (302, "/manage")
        wrong = session.post(f"{base}/api/login", json={"username": "taar", "password": "x"}, timeout=5)
        assert (wrong.status_code, wrong.json()["meta"]["msg"]) == (400, "api.err.Invalid")
        session.post(f"{base}/api/login", json={"username": "taar", "password": "secret"}, timeout=5)
        assert set(session.cookies.keys()) == {"unifises", "csrf_token"}
    port.switch_off()
