"""Clients and groups of a UniFi site read as accounts, and accounts spelled as what the controller keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.network.adapter import Counter, DeviceSession, SeenAccount, Speed, WantedAccount
from core.network.marking import mark, read_mark
from core.network.unifi.wire import Row

PREFIX = "taar-"
ENDED = "taar-ended"
"""The note of a client that was ours: it stays blocked, for a client that is forgotten could simply come back."""
NO_LIMIT = -1
KBPS_MIN, KBPS_MAX = 2, 100_000
"""What a group can hold; a plan above it goes without a limit."""
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
STATES_DOWN = {0: "is disconnected", 9: "does not report", 11: "is isolated"}


def group_of_plan(code: str) -> str:
    """What the group of a plan is called on the controller."""
    return f"{PREFIX}{code}"


def limits(speed: Speed) -> Row:
    """Of a group, kilobits a second."""
    return {"qos_rate_max_down": _limit(speed.down_kbps), "qos_rate_max_up": _limit(speed.up_kbps)}


def account_of_client(row: Row, groups: Mapping[str, str]) -> SeenAccount | None:
    """A client as an account; None for one that was ours once. `groups` is the name of each group by its id."""
    note = str(row.get("note") or "")
    if was_ours(row):
        return None
    owner, rest = read_mark(note)
    name = groups.get(str(row.get("usergroup_id") or ""), "")
    return SeenAccount(
        kind="wifi", key=str(row["mac"]).lower(), reference=str(row["_id"]), allowed=not row.get("blocked", False),
        profile=name.removeprefix(PREFIX) if name.startswith(PREFIX) else f"<{name}>", subscription_id=owner,
        address=str(row.get("fixed_ip") or "") if row.get("use_fixedip") else "", note=rest,
    )  # fmt: skip


def was_ours(row: Row) -> bool:
    """Whether the client's subscription ended and it was left blocked."""
    return bool(row.get("blocked")) and str(row.get("note") or "").partition(" ")[0] == ENDED


def client_properties(wanted: WantedAccount, group_id: str, note: str = "") -> Row:
    """As the client's row. The name a person gave it is not ours to change."""
    row: Row = {"usergroup_id": group_id, "note": mark(wanted.subscription_id, note), "noted": True}
    if wanted.address:
        return {**row, "use_fixedip": True, "fixed_ip": wanted.address}
    return {**row, "use_fixedip": False}


def session_of(row: Row, now: datetime) -> DeviceSession:
    """Somebody online; counters restart with each association, so that is the session."""
    return DeviceSession(
        "wifi", str(row["mac"]).lower(), reference_of(row), started_at(row, now), str(row.get("ip") or ""),
        str(row["mac"]).lower(),
    )  # fmt: skip


def counter_of(row: Row, now: datetime) -> Counter:
    """Counted at the access point or switch: what it sends is the customer's download."""
    side = "wired-" if row.get("is_wired") else ""
    return Counter(
        "wifi", str(row["mac"]).lower(), reference_of(row), started_at(row, now),
        bytes_down=int(row.get(f"{side}tx_bytes") or 0), bytes_up=int(row.get(f"{side}rx_bytes") or 0),
    )  # fmt: skip


def reference_of(row: Row) -> str:
    """Which association it is."""
    return f"{row['mac']}-{row.get('assoc_time') or row.get('first_seen') or 0}"


def started_at(row: Row, now: datetime) -> datetime:
    """By our clock: now less its age."""
    return now - timedelta(seconds=int(row.get("uptime") or 0))


def _limit(kbps: int) -> int:
    return NO_LIMIT if kbps <= 0 or kbps > KBPS_MAX else max(KBPS_MIN, kbps)
