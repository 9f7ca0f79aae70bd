"""What a property accepts when it is written, and how it reads back."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

Convert = Callable[[str], str]
"""Takes what was written, returns what will be read; raises ValueError with what RouterOS says after the name."""

MULTIPLES = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def text(value: str) -> str:
    return value


def flag(value: str) -> str:
    if value in ("yes", "true"):
        return "true"
    if value in ("no", "false"):
        return "false"
    raise ValueError("invalid value")


def mac(value: str) -> str:
    """An Ethernet address, read back in upper case."""
    if not re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", value):
        raise ValueError("invalid value")
    return value.upper()


def mac_or_any(value: str) -> str:
    return mac(value) if value else value


def address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def address_or_pool(value: str) -> str:
    """An address or the name of a pool; nothing is neither (it is unset instead)."""
    if not value:
        raise ValueError("invalid value")
    return value


def entry(value: str) -> str:
    """An address or prefix of an address list; a whole address reads back without its /32."""
    network = ipaddress.ip_network(value, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def targets(value: str) -> str:
    """Targets of a queue: addresses read back with their prefix, interfaces as they are."""
    return ",".join(_target(part) for part in value.split(",") if part)


def _target(part: str) -> str:
    try:
        return str(ipaddress.ip_network(part, strict=False))
    except ValueError:
        return part


def rate(value: str) -> int:
    """Bits per second of `10M`, `512k`, `10000000`."""
    found = re.fullmatch(r"(\d+)([kKMG]?)", value)
    if not found:
        raise ValueError("invalid value")
    return int(found[1]) * MULTIPLES[found[2]]


def rate_pair(value: str) -> str:
    """Upload/download of a queue in plain bits per second, however it was written."""
    up, _, down = value.partition("/")
    return f"{rate(up)}/{rate(down or up)}"


def rate_limit(value: str) -> str:
    """The long form of profiles and leases, kept as written once every part of it is a rate, time or priority."""
    parts = value.split()
    if len(parts) > 6:
        raise ValueError("invalid value")
    for place, part in enumerate(parts):
        for side in part.split("/"):
            if place in (0, 1, 2, 5):
                rate(side)
            elif not re.fullmatch(r"\d+s?", side):
                raise ValueError("invalid value")
    return value


def duration(value: str) -> str:
    """`1w2d3h4m5s`, `00:10:00` or seconds; read back in the letters' form."""
    if re.fullmatch(r"\d+:\d\d:\d\d", value):
        hours, minutes, seconds = (int(part) for part in value.split(":"))
        return spell(hours * 3600 + minutes * 60 + seconds)
    if value.isdigit():
        return spell(int(value))
    if not re.fullmatch(r"(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?", value) or not value:
        raise ValueError("invalid value")
    return value


def spell(seconds: int) -> str:
    """Seconds as RouterOS writes them."""
    parts = []
    for unit, size in UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def times(value: str) -> str:
    """A pair of burst times."""
    first, _, second = value.partition("/")
    return f"{duration(first)}/{duration(second or first)}"


def number(low: int, high: int) -> Convert:
    def convert(value: str) -> str:
        if not value.isdigit():
            raise ValueError("invalid value")
        if not low <= int(value) <= high:
            raise ValueError(f"out of range ({low}..{high})")
        return str(int(value))

    return convert


def one_of(*words: str) -> Convert:
    def convert(value: str) -> str:
        if value not in words:
            raise ValueError("invalid value")
        return value

    return convert
