"""Whom the router lets in, and the rows it makes and takes away with each session."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime

from simulators.routeros.people import Line, Online, count
from simulators.routeros.tables import Row, Table
from simulators.routeros.values import rate, spell

FIRST_SESSION = 0x81000000
LISTS = "/ip/firewall/address-list"
ACTIVE = {"pppoe": "/ppp/active", "hotspot": "/ip/hotspot/active"}


class Access:
    """The lines of one router. Its caller holds the router's lock."""

    def __init__(self, tables: dict[str, Table], clock: Callable[[], float]) -> None:
        self.tables, self.clock = tables, clock
        self.lines: dict[str, Line] = {}
        self._by_session: dict[tuple[str, str], Line] = {}
        self._addresses: set[str] = set()
        self._next_session = FIRST_SESSION

    def add(self, line: Line) -> None:
        """The equipment is switched on and tries at once."""
        self.lines[line.name] = line
        self.dial(line)

    def settle(self) -> None:
        """Let in who waits to be let in by now, and bring every counter up to date."""
        now = self.clock()
        for line in self.lines.values():
            if line.online is None:
                if line.plugged_in and now >= line.dial_at:
                    self.dial(line)
            elif line.down_bps or line.up_bps:
                count(line, now)

    def dial(self, line: Line) -> None:
        """Comes up, or tries again later."""
        if line.online is not None:
            return
        rows = {"pppoe": self._pppoe, "hotspot": self._hotspot, "dhcp": self._dhcp}[line.service](line)
        if rows is None:
            line.dial_at = self.clock() + line.redial_seconds
            line.refusals += 1
            return
        address, made = rows
        now = self.clock()
        line.online = Online(now, address, made, now)
        self._addresses.add(address)
        for key in made:
            self._by_session[key] = line

    def hang_up(self, line: Line) -> None:
        """The session ends, and every row it brought goes."""
        online = line.online
        if online is None:
            return
        line.online = None
        line.dial_at = self.clock() + line.redial_seconds
        self._addresses.discard(online.address)
        for path, row_id in online.rows:
            self._by_session.pop((path, row_id), None)
            if line.service != "dhcp" and row_id in self.tables[path].rows:
                self.tables[path].remove(row_id, by_router=True)
        if line.service == "pppoe" and (secret := self._row("/ppp/secret", line.name)) is not None:
            secret["last-logged-out"] = datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%d %H:%M:%S")

    def line_of(self, path: str, row_id: str) -> Line | None:
        """Whose session made or uses this row."""
        return self._by_session.get((path, row_id))

    def restart(self) -> None:
        """As after a reboot: everybody dials again, and session ids start over."""
        for line in self.lines.values():
            self.hang_up(line)
        self._next_session = FIRST_SESSION

    def live(self, path: str, row_id: str, counter_bits: int) -> Row:
        """What of a session's row changes from moment to moment."""
        line = self.line_of(path, row_id)
        if line is None or line.online is None:
            return {"status": "waiting"} if path == "/ip/dhcp-server/lease" else {}
        online, wrap = line.online, 1 << counter_bits
        down, up = str(online.down % wrap), str(online.up % wrap)
        age = spell(int(self.clock() - online.since))
        return {
            "/ppp/active": {"uptime": age},
            "/ip/hotspot/active": {"uptime": age, "bytes-in": up, "bytes-out": down},
            "/interface": {"rx-byte": up, "tx-byte": down},
            "/queue/simple": {"bytes": f"{up}/{down}"},
            "/ip/dhcp-server/lease": {
                "status": "bound", "active-address": online.address, "active-mac-address": line.mac,
                "expires-after": "10m", "last-seen": "0s",
            },
        }.get(path, {})  # fmt: skip

    def _pppoe(self, line: Line) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        secret = self._row("/ppp/secret", line.name)
        if secret is None or secret["disabled"] == "true" or secret.get("password", "") != line.password:
            return None
        if secret.get("caller-id", line.mac) != line.mac:
            return None
        profile = self.tables["/ppp/profile"].rows.get(secret["profile"], {})
        address = self._address(secret.get("remote-address") or profile.get("remote-address", ""))
        self._next_session += 1
        active = {
            "name": line.name, "service": "pppoe", "caller-id": line.mac, "address": address, "encoding": "",
            "session-id": f"0x{self._next_session:08X}", "radius": "false",
        }  # fmt: skip
        name = f"<pppoe-{line.name}>"
        made = [("/ppp/active", active), ("/interface", {
            "name": name, "type": "pppoe-in", "mtu": "1480", "running": "true", "dynamic": "true", "disabled": "false",
        })]  # fmt: skip
        if limit := profile.get("rate-limit", "").split():
            made.append(("/queue/simple", _dynamic_queue(name, limit[0])))
        if listed := profile.get("address-list"):
            made.append((LISTS, {"list": listed, "address": address, "dynamic": "true", "disabled": "false"}))
        return address, tuple((path, self.tables[path].put(row)) for path, row in made)

    def _hotspot(self, line: Line) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        user = self._row("/ip/hotspot/user", line.name)
        if user is None or user["disabled"] == "true" or user.get("password", "") != line.password:
            return None
        if user.get("mac-address", line.mac) != line.mac:
            return None
        address = self._address(user.get("address", ""))
        active = {"user": line.name, "address": address, "mac-address": line.mac, "server": "hotspot1"}
        cookie = {"user": line.name, "mac-address": line.mac, "expires-in": "3d"}
        paths = (("/ip/hotspot/active", active), ("/ip/hotspot/cookie", cookie))
        return address, tuple((path, self.tables[path].put(row)) for path, row in paths)

    def _dhcp(self, line: Line) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        leases = self.tables["/ip/dhcp-server/lease"]
        lease_id = next((key for key, row in leases.rows.items() if row.get("mac-address") == line.mac), None)
        if lease_id is None or leases.rows[lease_id]["block-access"] == "true":
            return None
        lease = leases.rows[lease_id]
        if lease["disabled"] == "true":
            return None
        rows = [("/ip/dhcp-server/lease", lease_id)]
        target = f"{lease['address']}/32"
        queues = self.tables["/queue/simple"].rows
        rows.extend(("/queue/simple", key) for key, row in queues.items() if row["target"] == target)
        return lease["address"], tuple(rows)

    def _row(self, path: str, name: str) -> Row | None:
        row_id = self.tables[path].named(name)
        if row_id is None:
            row_id = next((key for key, row in self.tables[path].rows.items() if row.get("name") == name), None)
        return self.tables[path].rows.get(row_id) if row_id else None

    def _address(self, wanted: str) -> str:
        """A fixed address, or the next free one of the pool of that name."""
        try:
            return str(ipaddress.ip_address(wanted))
        except ValueError:
            pool = self._row("/ip/pool", wanted) if wanted else None
        first, _, last = (pool["ranges"] if pool else "10.255.0.2-10.255.255.254").split(",")[0].partition("-")
        candidate, end = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last or first)
        while str(candidate) in self._addresses and candidate < end:
            candidate += 1
        return str(candidate)


def _dynamic_queue(name: str, limit: str) -> Row:
    up, _, down = limit.partition("/")
    return {
        "name": name, "target": name, "max-limit": f"{rate(up)}/{rate(down or up)}", "parent": "none",
        "disabled": "false", "dynamic": "true",
    }  # fmt: skip
