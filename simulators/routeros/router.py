"""One router: its tables, its users, its software, and the people whose equipment dials in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulators.routeros.access import ACTIVE, LISTS, Access
from simulators.routeros.faults import Faults
from simulators.routeros.menus import MENUS
from simulators.routeros.people import REDIAL_SECONDS, Line
from simulators.routeros.tables import Row, Table
from simulators.routeros.values import spell

POLICIES = ("api", "read", "write", "test", "sensitive", "reboot", "policy", "ftp")
DEFAULT_PORTS = {"api": 8728, "api-ssl": 8729}
SESSIONS_MAX = 20


@dataclass(frozen=True)
class User:
    """Who may log in, with the policies of the group."""

    name: str
    password: str = field(repr=False)
    policies: frozenset[str] = frozenset(POLICIES)


class Router:
    """The state behind the API. Whoever reads or changes it holds `lock`; `settle` is called first."""

    def __init__(
        self, name: str = "MikroTik", *, version: str = "7.19.4", serial: str = "HG109ABCDEF",
        model: str = "CCR2004-16G-2S+", clock: Callable[[], float] = time.time, counter_bits: int = 64,
    ) -> None:  # fmt: skip
        self.lock = threading.RLock()
        self.clock, self.version, self.serial, self.model = clock, version, serial, model
        self.counter_bits = counter_bits
        self.faults = Faults()
        self.users: dict[str, User] = {}
        self.started_at = clock()
        self.sessions_max = SESSIONS_MAX
        self.cpu_percent = 4
        self.tables: dict[str, Table] = {}
        for path in MENUS:
            self.tables[path] = Table(path, self.tables.__getitem__)
        self.access = Access(self.tables, clock)
        self._furnish(name)
        self.allow(User("taar", "secret"))

    def allow(self, user: User) -> None:
        """Let somebody log in."""
        self.users[user.name] = user

    def older_than(self, *version: int) -> bool:
        """Whether the software is older than `7, 18` and so on."""
        return tuple(int(part) for part in self.version.split(".")[:2]) < version

    def table(self, path: str) -> Table:
        return self.tables[path]

    def plug_in(
        self, name: str, password: str = "", *, mac: str = "", service: str = "pppoe", down_bps: int = 0,
        up_bps: int = 0, redial_seconds: float = REDIAL_SECONDS,
    ) -> Line:  # fmt: skip
        """A customer switches his equipment on; it tries at once. For dhcp the name is the MAC."""
        with self.lock:
            number = len(self.access.lines) + 1
            made_up = f"02:00:00:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"
            own = (name if service == "dhcp" else mac or made_up).upper()
            line = Line(service, name, password, own, down_bps, up_bps, redial_seconds)
            self.access.add(line)
            return line

    def unplug(self, name: str) -> None:
        """The customer's equipment loses its power or its fibre."""
        with self.lock:
            self.access.lines[name].plugged_in = False
            self.access.hang_up(self.access.lines[name])

    def plug_back(self, name: str) -> None:
        """And has it again."""
        with self.lock:
            self.access.lines[name].plugged_in = True
            self.access.dial(self.access.lines[name])

    def moved(self, name: str, *, down: int = 0, up: int = 0) -> None:
        """The customer loads or sends so many bytes at once."""
        with self.lock:
            online = self.access.lines[name].online
            if online is None:
                raise ValueError(f"{name} is offline")
            online.down, online.up = online.down + down, online.up + up

    def is_online(self, name: str) -> bool:
        with self.lock:
            self.settle()
            return self.access.lines[name].online is not None

    def reboot(self) -> None:
        """Everything that lives in memory is gone; people dial again."""
        with self.lock:
            self.access.restart()
            for row_id in [key for key, row in self.table(LISTS).rows.items() if "timeout" in row]:
                self.table(LISTS).remove(row_id, by_router=True)
            self.started_at = self.clock()

    def settle(self) -> None:
        """Bring sessions and counters to now."""
        self.access.settle()

    def remove(self, path: str, row_id: str) -> Row:
        """A person or program removes a row; the session that goes with it ends. Raises Trap."""
        row = self.table(path).shown(row_id)
        if path in ACTIVE.values():
            line = self.access.line_of(path, row_id)
            if line is not None:
                self.access.hang_up(line)
                return row
        self.table(path).remove(row_id)
        return row

    def live(self, path: str, row_id: str) -> Row:
        """What of a row changes from moment to moment, as of now."""
        if path == "/system/resource":
            return {"uptime": spell(int(self.clock() - self.started_at)), "cpu-load": str(self.cpu_percent)}
        if path == "/system/clock":
            stamp = datetime.fromtimestamp(self.clock(), UTC)
            return {"date": stamp.strftime("%Y-%m-%d"), "time": stamp.strftime("%H:%M:%S")}
        return self.access.live(path, row_id, self.counter_bits)

    def _furnish(self, name: str) -> None:
        put = {path: table.put for path, table in self.tables.items()}
        put["/ppp/profile"]({"name": "default", "only-one": "default", "default": "true"})
        put["/ppp/profile"]({"name": "default-encryption", "only-one": "default", "default": "true"})
        put["/ip/hotspot/user/profile"]({"name": "default", "shared-users": "1", "default": "true"})
        put["/ip/pool"]({"name": "pppoe-pool", "ranges": "10.10.0.2-10.10.255.254"})
        put["/ip/dhcp-server"]({"name": "dhcp1", "interface": "ether1", "lease-time": "30m", "disabled": "false"})
        put["/interface"]({"name": "ether1", "type": "ether", "running": "true", "disabled": "false"})
        put["/system/identity"]({"name": name})
        put["/system/routerboard"]({
            "routerboard": "true", "model": self.model, "serial-number": self.serial, "current-firmware": self.version,
        })  # fmt: skip
        put["/system/license"]({"nlevel": "6"})
        put["/system/clock"]({"time-zone-name": "Asia/Karachi"})
        put["/system/resource"]({
            "version": f"{self.version} (stable)", "board-name": self.model, "architecture-name": "arm64",
            "cpu-count": "4", "free-memory": "3221225472", "total-memory": "4294967296", "bad-blocks": "0",
        })  # fmt: skip
        put["/system/health"]({"name": "temperature", "value": "41", "type": "C"})
        for service, port in DEFAULT_PORTS.items():
            put["/ip/service"]({"name": service, "port": str(port), "disabled": "false"})
