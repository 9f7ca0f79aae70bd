"""Speaking with a MikroTik: exact strings, useful errors, deadlines, and a refusal traced to its own account."""

from __future__ import annotations

import datetime as dt
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

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
    TlsFailed,
    VersionUnsupported,
)
from core.network.mikrotik import rows
from core.network.mikrotik.adapter import Mikrotik, MikrotikOptions
from core.network.mikrotik.wire import Address
from simulators.routeros.router import Router, User
from simulators.routeros.server import ApiPort
from tests.cast import NOW

FAST = Speed(50_000, 10_000)


@pytest.fixture
def router() -> Router:
    return Router("Gulberg-1", clock=lambda: NOW.timestamp())


@pytest.fixture
def port(router: Router) -> Iterator[ApiPort]:
    port = ApiPort(router)
    yield port
    port.switch_off()


def at(port: ApiPort, **other: object) -> Address:
    return replace(Address("127.0.0.1", port.port, "taar", "secret", tls=False), **other)  # type: ignore[arg-type]


def account(name: str, **other: object) -> WantedAccount:
    usual = WantedAccount("pppoe", name, new_id(), allowed=True, profile="F50", speed=FAST, password="12345")
    return replace(usual, **other)  # type: ignore[arg-type]


def created(port: ApiPort, *accounts: WantedAccount, **options: object) -> Mikrotik:
    device = Mikrotik(at(port), MikrotikOptions(pool="pppoe-pool", **options))  # type: ignore[arg-type]
    device.prepare({"F50": FAST})
    assert all(result.outcome == "done" for result in device.apply([Change("create", each) for each in accounts]))
    return device


def test_what_looks_like_a_number_or_a_yes_comes_back_as_it_was_written(port: ApiPort) -> None:
    names = ["12345", "007", "yes", "true", "Zoë", "=x=", "بجلی"]
    device = created(port, *(account(name, password=name) for name in names))
    seen = {each.key: each for each in device.read_accounts()}
    assert sorted(seen) == sorted(names) and all(seen[name].password == name for name in names)
    device.close()


def test_foreign_bytes_in_a_comment_survive_reading_and_writing(port: ApiPort, router: Router) -> None:
    router.table("/ppp/secret").add({"name": "old", "comment": "caf\udce9"})
    device = Mikrotik(at(port))
    (seen,) = device.read_accounts()
    wanted = account("old")
    device.prepare({"F50": FAST})
    (result,) = device.apply([Change("change", wanted, seen, ("mark",))])
    assert result.outcome == "done"
    assert router.table("/ppp/secret").rows[seen.reference]["comment"] == f"taar:{wanted.subscription_id} caf\udce9"


@pytest.mark.parametrize("version", ["6.42.12", "6.49.10", "7.16.2", "7.19.4"])
def test_old_and_new_software_lets_us_in_and_answers_nothing_rightly(version: str) -> None:
    router = Router("R", version=version)
    port = ApiPort(router)
    device = Mikrotik(at(port))
    assert device.identity().version == version and device.read_accounts() == []
    with pytest.raises(LoginRefused, match="'taar'"):
        Mikrotik(at(port, password="wrong"))
    port.switch_off()


def test_software_too_old_is_named(port: ApiPort, router: Router) -> None:
    resource = next(iter(router.table("/system/resource").rows.values()))
    resource["version"] = "5.26"
    with pytest.raises(VersionUnsupported, match=r"RouterOS 5\.26"):
        Mikrotik(at(port)).identity()


def test_each_failure_to_connect_says_what_to_put_right(port: ApiPort, router: Router) -> None:
    with pytest.raises(LoginRefused, match="check the name, the password"):
        Mikrotik(at(port, password="wrong"))
    with pytest.raises((TlsFailed, DeviceTimedOut)):
        Mikrotik(at(port, tls=True, connect_seconds=2))
    with pytest.raises(DeviceGone, match="name no-such-host"):
        Mikrotik(at(port, host="no-such-host.invalid"))
    port.switch_off()
    with pytest.raises(ConnectionRefused, match="is that its port"):
        Mikrotik(at(port))


def test_a_missing_right_is_told_once_and_nothing_is_tried_again(port: ApiPort, router: Router) -> None:
    router.allow(User("reader", "x", frozenset({"api", "read"})))
    device = Mikrotik(at(port, username="reader", password="x"))
    with pytest.raises(PermissionMissing, match="not enough permissions"):
        device.apply([Change("create", account("a")), Change("create", account("b"))])


def test_a_password_that_may_not_be_read_is_unknown_and_not_different(port: ApiPort, router: Router) -> None:
    created(port, account("ali")).close()
    router.allow(User("blind", "x", frozenset({"api", "read", "write"})))
    (seen,) = Mikrotik(at(port, username="blind", password="x")).read_accounts()
    assert seen.password is None


def test_a_router_that_takes_a_command_and_falls_silent_is_given_up_in_time(port: ApiPort, router: Router) -> None:
    device = Mikrotik(at(port, command_seconds=0.3))
    router.faults.order("silence", "/system/identity")
    started = time.monotonic()
    with pytest.raises(DeviceTimedOut, match="/system/identity"):
        device.identity()
    assert device.closed and time.monotonic() - started < 30


def test_a_router_that_drips_is_given_up_though_every_byte_comes_in_time(port: ApiPort, router: Router) -> None:
    device = created(port, *(account(f"u{number}") for number in range(50)))
    device.wire.address = replace(device.wire.address, command_seconds=0.5)
    router.faults.bytes_per_second = 640
    with pytest.raises(DeviceTimedOut):
        device.read_accounts()


@pytest.mark.parametrize(
    ("kind", "error"), [("fatal", DeviceGone), ("cut", DeviceGone), ("garbage", AnswerNotUnderstood)]
)
def test_a_session_that_ends_badly_is_told_and_the_connection_thrown_away(
    port: ApiPort, router: Router, kind: str, error: type[DeviceError]
) -> None:
    device = Mikrotik(at(port))
    router.faults.order(kind, "/ppp/secret")
    with pytest.raises(error):
        device.read_accounts()
    assert device.closed


def test_of_changes_in_flight_when_the_line_breaks_nothing_is_claimed(port: ApiPort, router: Router) -> None:
    accounts = [account(f"u{number}") for number in range(300)]
    device = created(port)
    router.faults.order("applied", "/ppp/secret/add", skip=100)
    results = device.apply([Change("create", each) for each in accounts])
    outcomes = [result.outcome for result in results]
    assert device.closed and outcomes[:36] == ["done"] * 36 and set(outcomes[100:]) == {"unknown"}
    there = Mikrotik(at(port)).read_accounts()
    assert {each.key for each in there} >= {r.change.wanted.key for r in results if r.outcome == "done"}


def test_the_one_account_that_is_refused_in_a_list_is_found(port: ApiPort, router: Router) -> None:
    device = created(port, *(account(f"u{number}") for number in range(250)))
    seen = device.read_accounts()
    gone = seen[137]
    router.remove("/ppp/secret", gone.reference)
    results = device.apply([Change("suspend", account(each.key, allowed=False), each, ("allowed",)) for each in seen])
    refused = [result for result in results if result.outcome == "refused"]
    assert [result.change.wanted.key for result in refused] == [gone.key] and "no such item" in refused[0].error
    assert sum(result.outcome == "done" for result in results) == 249


def test_a_speed_is_written_upload_first_and_a_profile_that_agrees_is_left(port: ApiPort, router: Router) -> None:
    device = created(port)
    profiles = router.table("/ppp/profile")
    row = profiles.rows[profiles.named("taar-F50") or ""]
    assert row["rate-limit"] == "10000k/50000k"
    row["rate-limit"] = "10M/50M"
    device.prepare({"F50": FAST})
    assert row["rate-limit"] == "10M/50M"
    device.prepare({"F50": Speed(50_000, 10_000, 100_000, 20_000, 8)})
    changed = profiles.rows[profiles.named("taar-F50") or ""]
    assert changed["rate-limit"] == "10000k/50000k 20000k/100000k 7500k/37500k 8/8"


def test_hotspot_and_fixed_leases_are_kept_in_their_own_manner(port: ApiPort, router: Router) -> None:
    kinds = frozenset({"hotspot", "dhcp"})
    guest = account("guest1", kind="hotspot")
    shop = account("aa:bb:cc:00:00:01", kind="dhcp", address="10.5.0.9", password=None)
    device = created(port, guest, shop, kinds=kinds)
    router.plug_in("guest1", "12345", service="hotspot")
    router.plug_in("AA:BB:CC:00:00:01", service="dhcp")
    router.moved("AA:BB:CC:00:00:01", down=700, up=7)
    assert {each.key for each in device.sessions(now=NOW)} == {"guest1", "aa:bb:cc:00:00:01"}
    assert [(c.bytes_down, c.bytes_up) for c in device.counters(now=NOW) if c.kind == "dhcp"] == [(700, 7)]
    seen = {each.key: each for each in device.read_accounts()}
    assert seen[shop.key].speed == FAST and seen[shop.key].subscription_id == shop.subscription_id
    cut = [Change("suspend", replace(each, allowed=False), seen[each.key], ("allowed",)) for each in (guest, shop)]
    assert {result.outcome for result in device.apply(cut)} == {"done"}
    assert not any(each.allowed for each in device.read_accounts()) and not router.is_online("guest1")
    removed = [Change("delete", each, seen[each.key]) for each in (guest, shop)]
    device.apply(removed)
    assert device.read_accounts() == [] and not router.table("/queue/simple").rows


def test_a_certificate_is_pinned_and_another_one_is_refused(router: Router, tmp_path: Path) -> None:
    port = ApiPort(router, tls=_server_context(tmp_path, "one"))
    device = Mikrotik(at(port, tls=True))
    assert device.identity().name == "Gulberg-1" and len(device.fingerprint) == 64
    Mikrotik(at(port, tls=True, fingerprint=device.fingerprint)).close()
    port.switch_off()
    other = ApiPort(router, tls=_server_context(tmp_path, "two"))
    with pytest.raises(TlsFailed, match="another certificate"):
        Mikrotik(at(other, tls=True, fingerprint=device.fingerprint))
    other.switch_off()


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_rates_mean_the_same_however_they_are_spelled(up: int, down: int) -> None:
    assert rows.same_rate_limit(f"{up}k/{down}k", f"{up * 1000}/{down * 1000}")
    assert rows.bits(f"{up}k") == up * 1000


@pytest.mark.parametrize(
    ("spelled", "seconds"),
    [("1w2d3h4m5s", 788645), ("10s", 10), ("170ms", 0), ("00:24:26", 1466), ("", 0), ("1d", 86400)],
)
def test_ages_are_read_in_both_spellings(spelled: str, seconds: int) -> None:
    assert rows.age(spelled).total_seconds() == seconds


def _server_context(folder: Path, name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(since)
        .not_valid_after(since + dt.timedelta(days=3650)).sign(key, hashes.SHA256())
    )  # fmt: skip
    both = folder / f"{name}.pem"
    both.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context
