"""Who is online through a router, what they moved, and how they are made to dial again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime

from core.network.adapter import AccountKind, Counter, DeviceSession
from core.network.mikrotik.rows import LEASES, PREFIX, age
from core.network.mikrotik.wire import Row, Wire
from core.network.mikrotik.writes import kick

ACTIVE, HOTSPOT_ACTIVE, HOTSPOT_COOKIES = "/ppp/active", "/ip/hotspot/active", "/ip/hotspot/cookie"
PPPOE_INTERFACE = "<pppoe-"
QUEUES_OF_LEASES = "/queue/simple"


def table(wire: Wire, menu: str, properties: str, *queries: str) -> list[Row]:
    """The rows of a menu, narrowed to what is needed: every other property would be computed too."""
    return wire.run((f"{menu}/print", f"=.proplist={properties}", *queries))


def pppoe_sessions(wire: Wire, now: datetime) -> list[DeviceSession]:
    """From /ppp/active."""
    rows = table(wire, ACTIVE, ".id,name,service,session-id,uptime,address,caller-id")
    return [
        DeviceSession("pppoe", row["name"], row.get("session-id", row[".id"]), now - age(row.get("uptime", "")),
                      row.get("address", ""), row.get("caller-id", "").lower())
        for row in rows if row.get("service", "pppoe") == "pppoe"
    ]  # fmt: skip


def hotspot_sessions(wire: Wire, now: datetime) -> list[DeviceSession]:
    """From /ip/hotspot/active."""
    rows = table(wire, HOTSPOT_ACTIVE, ".id,user,address,mac-address,uptime")
    return [
        DeviceSession("hotspot", row["user"], row[".id"], now - age(row.get("uptime", "")), row.get("address", ""),
                      row.get("mac-address", "").lower())
        for row in rows if "user" in row
    ]  # fmt: skip


def lease_sessions(wire: Wire, now: datetime) -> list[DeviceSession]:
    """Bound static leases; a lease does not say since when, so the day's beginning of counting is now."""
    rows = table(wire, LEASES, ".id,mac-address,active-address,active-mac-address,status", "?status=bound")
    return [
        DeviceSession("dhcp", row["mac-address"].lower(), row[".id"], now, row.get("active-address", ""),
                      row.get("active-mac-address", "").lower())
        for row in rows if "mac-address" in row
    ]  # fmt: skip


def pppoe_counters(wire: Wire, now: datetime) -> list[Counter]:
    """The dynamic interface of each session, from the router's side: what it receives is the customer's upload."""
    moved = {row["name"]: row for row in table(wire, "/interface", "name,rx-byte,tx-byte", "?type=pppoe-in")}
    counters = []
    for session in pppoe_sessions(wire, now):
        row = moved.get(f"{PPPOE_INTERFACE}{session.key}>")
        if row and "tx-byte" in row:
            counters.append(Counter("pppoe", session.key, session.reference, session.started_at,
                                    int(row["tx-byte"]), int(row.get("rx-byte", "0"))))  # fmt: skip
    return counters


def hotspot_counters(wire: Wire, now: datetime) -> list[Counter]:
    """/ip/hotspot/active counts for itself."""
    rows = table(wire, HOTSPOT_ACTIVE, ".id,user,uptime,bytes-in,bytes-out")
    return [
        Counter("hotspot", row["user"], row[".id"], now - age(row.get("uptime", "")), int(row.get("bytes-out", "0")),
                int(row.get("bytes-in", "0")))
        for row in rows if "user" in row
    ]  # fmt: skip


def lease_counters(wire: Wire, booted_at: datetime) -> list[Counter]:
    """The simple queues we made: they count since the router started, whoever is connected."""
    macs = {row.get("address", ""): row["mac-address"].lower()
            for row in table(wire, LEASES, "address,mac-address") if "mac-address" in row}  # fmt: skip
    counters = []
    for row in table(wire, QUEUES_OF_LEASES, ".id,name,target,bytes"):
        mac = macs.get(row.get("target", "").removesuffix("/32"))
        if mac is None or not row.get("name", "").startswith(PREFIX) or "bytes" not in row:
            continue
        up, _, down = row["bytes"].partition("/")
        counters.append(Counter("dhcp", mac, f"queue {row['.id']}", booted_at, int(down), int(up)))
    return counters


def end_sessions(
    wire: Wire, kinds: Collection[AccountKind], keys: Collection[str], *, a_second: int,
    pause: Callable[[float], None] = time.sleep,
) -> int:  # fmt: skip
    """Let these accounts dial again, no more of them a second than the router can let in; returns how many were on.

    A hotspot's cookie goes too, or its owner walks back in. A lease has no session to end.
    """
    menus = [(ACTIVE, "name")] if "pppoe" in kinds else []
    if "hotspot" in kinds:
        menus += [(HOTSPOT_COOKIES, "user"), (HOTSPOT_ACTIVE, "user")]
    wanted, ended = set(keys), 0
    for menu, name in menus:
        ids = [row[".id"] for row in table(wire, menu, f".id,{name}") if row.get(name) in wanted]
        ended += len(ids) if menu != HOTSPOT_COOKIES else 0
        for start in range(0, len(ids), a_second):
            if start:
                pause(1.0)
            kick(wire, menu, ids[start : start + a_second])
    return ended
