"""Customers' equipment: how it comes online through a router, its session, and what it moves."""

from __future__ import annotations

from dataclasses import dataclass

REDIAL_SECONDS = 3.0


@dataclass
class Online:
    """A running session: the rows the router made for it, and its counters."""

    since: float
    address: str
    rows: tuple[tuple[str, str], ...]
    """(menu path, id), the row of the active session first."""
    counted_at: float
    down: int = 0
    up: int = 0


@dataclass
class Line:
    """One customer's equipment. It comes back by itself a little after its session ended, while it is plugged in."""

    service: str
    """pppoe, hotspot or dhcp."""
    name: str
    """Of the secret or hotspot user; the MAC for dhcp."""
    password: str
    mac: str
    down_bps: int = 0
    up_bps: int = 0
    redial_seconds: float = REDIAL_SECONDS
    plugged_in: bool = True
    dial_at: float = 0.0
    online: Online | None = None
    refusals: int = 0
    """How often the router did not let it in."""


def count(line: Line, now: float) -> None:
    """Bring the counters of the session to `now`."""
    if line.online is None:
        return
    elapsed = now - line.online.counted_at
    line.online.down += int(line.down_bps * elapsed / 8)
    line.online.up += int(line.up_bps * elapsed / 8)
    line.online.counted_at = now
