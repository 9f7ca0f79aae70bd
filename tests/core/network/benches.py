"""Each kind of device as the shared contract sees it: how it is reached, and what its customers do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from cli.embedded import EmbeddedServers
from core.ids import new_id
from core.network.adapter import AccountKind, Adapter, Speed, WantedAccount
from core.network.mikrotik.adapter import Mikrotik, MikrotikOptions
from core.network.mikrotik.wire import Address as MikrotikAddress
from core.network.unifi.adapter import Unifi
from simulators.routeros.router import Router
from simulators.routeros.server import ApiPort
from tests.cast import NOW
from tests.core.network.radiuses import a_radius
from tests.core.network.unifis import a_controller, address

PLAN, SLOW = Speed(50_000, 10_000), Speed(2_000, 1_000)
PASSWORD = "12345"


@dataclass
class Bench:
    """One simulated device."""

    kind: AccountKind
    connect: Callable[[], Adapter]
    key: Callable[[int], str]
    add_by_hand: Callable[[str], None]
    """Somebody else puts an account on the device."""
    plug_in: Callable[[str], None]
    is_online: Callable[[str], bool]
    move: Callable[[str, int, int], None]
    speed_of: Callable[[str], tuple[int, int]]
    """(down, up) in kbit/s that the device gives the account."""
    break_before: Callable[[], None]
    """The next write is lost before it is carried out, and the connection with it."""
    break_after: Callable[[], None]
    """The next write is carried out, and its answer is lost with the connection."""

    def account(self, number: int, **other: object) -> WantedAccount:
        fields: dict[str, object] = {
            "kind": self.kind, "key": self.key(number), "subscription_id": new_id(), "allowed": True,
            "profile": "F50", "speed": PLAN, "password": None if self.kind == "wifi" else PASSWORD,
        }  # fmt: skip
        return WantedAccount(**{**fields, **other})  # type: ignore[arg-type]


@contextmanager
def mikrotik() -> Iterator[Bench]:
    router = Router("Gulberg-1", clock=lambda: NOW.timestamp())
    port = ApiPort(router)

    def connect() -> Adapter:
        where = MikrotikAddress("127.0.0.1", port.port, "taar", "secret", tls=False)
        return Mikrotik(where, MikrotikOptions(pool="pppoe-pool"))

    def speed_of(key: str) -> tuple[int, int]:
        secrets, profiles = router.table("/ppp/secret"), router.table("/ppp/profile")
        profile = secrets.shown(secrets.named(key) or "")["profile"]
        up, down = profiles.rows[profiles.named(profile) or ""]["rate-limit"].split("/")
        return int(down.removesuffix("k")), int(up.removesuffix("k"))

    yield Bench(
        "pppoe", connect, lambda number: f"user{number}",
        lambda key: router.table("/ppp/secret").add({"name": key, "comment": "by hand"}) and None,
        lambda key: router.plug_in(key, PASSWORD, redial_seconds=0) and None,
        lambda key: _in_good_standing(router, key),
        lambda key, down, up: router.moved(key, down=down, up=up), speed_of,
        lambda: router.faults.order("lost", "/ppp/secret/"), lambda: router.faults.order("applied", "/ppp/secret/"),
    )  # fmt: skip
    port.switch_off()


def _in_good_standing(router: Router, key: str) -> bool:
    """A suspended line keeps its session, in the walled garden."""
    secrets = router.table("/ppp/secret")
    row_id = secrets.named(key)
    return router.is_online(key) and bool(row_id) and secrets.shown(row_id or "")["profile"] != "taar-suspended"


@contextmanager
def unifi(*, unifi_os: bool) -> Iterator[Bench]:
    with a_controller(unifi_os=unifi_os) as (controller, port):
        site, faults = controller.site, controller.faults

        def speed_of(key: str) -> tuple[int, int]:
            group = site.groups[(site.by_mac(key) or {})["usergroup_id"]]
            return group["qos_rate_max_down"], group["qos_rate_max_up"]

        yield Bench(
            "wifi", lambda: Unifi(address(port)), lambda number: f"aa:bb:cc:00:{number // 256:02x}:{number % 256:02x}",
            lambda key: site.add_user({"mac": key, "name": "by hand"}) and None, lambda key: site.plug_in(key) and None,
            site.is_online, lambda key, down, up: site.moved(key, down=down, up=up), speed_of,
            lambda: faults.order("lost", "POST"), lambda: faults.order("applied", "POST"),
        )  # fmt: skip


@contextmanager
def radius(servers: EmbeddedServers) -> Iterator[Bench]:
    with a_radius(servers) as (tables, nas, cable):

        def plug_in(key: str) -> None:
            if nas.dial(key, PASSWORD):
                nas.account(key, input_octets=0, output_octets=0)

        def is_online(key: str) -> bool:
            return key in nas.sessions and nas.sessions[key].group != "taar-suspended"

        def move(key: str, down: int, up: int) -> None:
            nas.account(key, input_octets=up, output_octets=down)

        def speed_of(key: str) -> tuple[int, int]:
            if key not in nas.sessions:
                assert nas.dial(key, PASSWORD)
            up, down = nas.sessions[key].rate_limit.split("/")
            return int(down.removesuffix("k")), int(up.removesuffix("k"))

        def add_by_hand(key: str) -> None:
            nas.tell(
                "INSERT INTO radcheck (username, attribute, op, value) VALUES (%s, 'Cleartext-Password', ':=', 'x')",
                key,
            )

        yield Bench(
            "pppoe", tables, lambda number: f"user{number}", add_by_hand, plug_in, is_online, move, speed_of,
            lambda: cable.order(b"INSERT", after=False), lambda: cable.order(b"COMMIT", after=True),
        )  # fmt: skip


BENCHES: dict[str, Callable[[EmbeddedServers], AbstractContextManager[Bench]]] = {
    "mikrotik": lambda _: mikrotik(),
    "unifi": lambda _: unifi(unifi_os=False),
    "unifi-os": lambda _: unifi(unifi_os=True),
    "radius": radius,
}
