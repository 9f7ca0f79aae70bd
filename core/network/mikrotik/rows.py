"""Rows of a router read as accounts, and accounts spelled as properties."""

from __future__ import annotations

import re
from datetime import timedelta

from core.network.adapter import SeenAccount, Speed, WantedAccount
from core.network.marking import mark, read_mark
from core.network.mikrotik.wire import Row

PREFIX = "taar-"
SUSPENDED = "taar-suspended"
UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
KILO = 1000

SECRETS, HOTSPOT_USERS, LEASES = "/ppp/secret", "/ip/hotspot/user", "/ip/dhcp-server/lease"
PROPERTIES = {
    SECRETS: ".id,name,password,profile,caller-id,remote-address,disabled,comment,dynamic",
    HOTSPOT_USERS: ".id,name,password,profile,mac-address,address,disabled,comment,dynamic",
    LEASES: ".id,address,mac-address,address-lists,disabled,comment,dynamic",
    "/queue/simple": ".id,name,target,max-limit,burst-limit,burst-time,comment,dynamic",
}


def account_of_secret(row: Row) -> SeenAccount:
    """A PPPoE secret as an account; by the suspended profile or disabled it is blocked."""
    owner, note = read_mark(row.get("comment", ""))
    blocked = row.get("profile") == SUSPENDED or row.get("disabled") == "true"
    return SeenAccount(
        kind="pppoe", key=row["name"], reference=row[".id"], allowed=not blocked,
        profile=plan_of_profile(row.get("profile", "")), subscription_id=owner, password=row.get("password"),
        address=row.get("remote-address", ""), mac=row.get("caller-id", "").lower(), note=note,
    )  # fmt: skip


def account_of_hotspot(row: Row) -> SeenAccount:
    """A hotspot user as an account."""
    owner, note = read_mark(row.get("comment", ""))
    return SeenAccount(
        kind="hotspot", key=row["name"], reference=row[".id"], allowed=row.get("disabled") != "true",
        profile=plan_of_profile(row.get("profile", "")), subscription_id=owner, password=row.get("password"),
        address=row.get("address", ""), mac=row.get("mac-address", "").lower(), note=note,
    )  # fmt: skip


def account_of_lease(row: Row, queue: Row | None) -> SeenAccount:
    """A static lease and the queue of its address as an account; its key is the MAC in lower case."""
    owner, note = read_mark(row.get("comment", ""))
    blocked = row.get("address-lists", "") == SUSPENDED or row.get("disabled") == "true"
    return SeenAccount(
        kind="dhcp", key=row.get("mac-address", "").lower(), reference=row[".id"], allowed=not blocked, profile="",
        subscription_id=owner, speed=speed_of_queue(queue) if queue else None, address=row.get("address", ""),
        note=note,
    )  # fmt: skip


def plan_of_profile(name: str) -> str:
    """The plan's code of a profile of ours; a foreign one keeps its name in angle brackets, the suspended one none."""
    if name == SUSPENDED:
        return ""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else f"<{name}>"


def profile_of_plan(code: str) -> str:
    """What the profile of a plan is called on the router."""
    return f"{PREFIX}{code}"


def secret_properties(wanted: WantedAccount, *, disable: bool) -> Row:
    """As a PPPoE secret; blocked by the suspended profile, or by `disabled` where the device is set so.

    A fixed address is left out while the suspended profile holds it: it would stay in the good pool.
    """
    by_profile = not wanted.allowed and not disable
    row = {
        "name": wanted.key, "service": "pppoe", "profile": SUSPENDED if by_profile else profile_of_plan(wanted.profile),
        "disabled": "yes" if not wanted.allowed and disable else "no", "caller-id": wanted.mac.upper(),
        "remote-address": "" if by_profile else wanted.address, "comment": mark(wanted.subscription_id),
    }  # fmt: skip
    return row if wanted.password is None else {**row, "password": wanted.password}


def hotspot_properties(wanted: WantedAccount) -> Row:
    """As a hotspot user; blocked is disabled."""
    row = {
        "name": wanted.key, "profile": profile_of_plan(wanted.profile), "disabled": "no" if wanted.allowed else "yes",
        "mac-address": wanted.mac.upper(), "address": wanted.address, "comment": mark(wanted.subscription_id),
    }  # fmt: skip
    return row if wanted.password is None else {**row, "password": wanted.password}


def lease_properties(wanted: WantedAccount) -> Row:
    """As a static lease; blocked is on the suspended address list."""
    return {
        "mac-address": wanted.key.upper(), "address": wanted.address,
        "address-lists": "" if wanted.allowed else SUSPENDED, "comment": mark(wanted.subscription_id),
    }  # fmt: skip


def queue_properties(wanted: WantedAccount) -> Row:
    """The simple queue of a fixed address; burst lasts as long as it may at the full rate."""
    speed = wanted.speed
    row = {
        "name": f"{PREFIX}{wanted.subscription_id}", "target": f"{wanted.address}/32",
        "max-limit": _pair(speed.up_kbps, speed.down_kbps), "comment": mark(wanted.subscription_id),
    }  # fmt: skip
    if speed.burst_down_kbps or speed.burst_up_kbps:
        seconds = f"{speed.burst_seconds}s"
        row |= {
            "burst-limit": _pair(speed.burst_up_kbps, speed.burst_down_kbps), "burst-time": f"{seconds}/{seconds}",
            "burst-threshold": _pair(speed.up_kbps * 3 // 4, speed.down_kbps * 3 // 4),
        }  # fmt: skip
    return row


def rate_limit(speed: Speed) -> str:
    """For a profile: the customer's upload first."""
    limit = f"{speed.up_kbps}k/{speed.down_kbps}k"
    if not speed.burst_down_kbps and not speed.burst_up_kbps:
        return limit
    burst = f"{speed.burst_up_kbps}k/{speed.burst_down_kbps}k"
    threshold = f"{speed.up_kbps * 3 // 4}k/{speed.down_kbps * 3 // 4}k"
    return f"{limit} {burst} {threshold} {speed.burst_seconds}/{speed.burst_seconds}"


def bits(rate: str) -> int:
    """Bits per second of `10M`, `512k` or a plain number; 0 for anything else."""
    found = re.fullmatch(r"(\d+)([kKMG]?)", rate)
    return int(found[1]) * {"": 1, "k": KILO, "K": KILO, "M": KILO**2, "G": KILO**3}[found[2]] if found else 0


def same_rate_limit(one: str, other: str) -> bool:
    """Whether two limits mean the same, however they are spelled."""
    return _normal(one) == _normal(other)


def speed_of_queue(row: Row) -> Speed:
    """The limits of a simple queue, as the customer sees them."""
    up, down = _sides(row.get("max-limit", "0/0"))
    burst_up, burst_down = _sides(row.get("burst-limit", "0/0"))
    seconds = age(row.get("burst-time", "0s/0s").partition("/")[0])
    bursting = bool(burst_up or burst_down)
    return Speed(down // KILO, up // KILO, burst_down // KILO, burst_up // KILO,
                 int(seconds.total_seconds()) if bursting else 0)  # fmt: skip


def age(spelled: str) -> timedelta:
    """`1w2d3h4m5s`, `170ms`, or `00:24:26` of older software."""
    if re.fullmatch(r"\d+:\d\d:\d\d", spelled):
        hours, minutes, seconds = (int(part) for part in spelled.split(":"))
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    parts = re.findall(r"(\d+)([wdhms])(?!s)", spelled)
    return timedelta(seconds=sum(int(count) * UNITS[unit] for count, unit in parts))


def _pair(up_kbps: int, down_kbps: int) -> str:
    return f"{up_kbps * KILO}/{down_kbps * KILO}"


def _sides(pair: str) -> tuple[int, int]:
    up, _, down = pair.partition("/")
    return bits(up), bits(down or up)


def _normal(limit: str) -> list[list[str]]:
    parts = []
    for part in limit.split():
        first, _, second = part.partition("/")
        parts.append([_meaning(side) for side in (first, second or first)])
    return parts


def _meaning(side: str) -> str:
    plain = side.removesuffix("s")
    return str(bits(plain)) if re.fullmatch(r"\d+[kKMG]?", plain) else side
