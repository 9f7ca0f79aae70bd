"""How much of a line was used between two readings of a counter that starts over (reference/network.md 3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.clock import business_day, day_begins
from core.network.adapter import Counter

SAME_SESSION = timedelta(seconds=60)
"""A session's start is computed from its age; clocks and reading move it by less than this."""
HEADROOM = 1.2
"""A line may carry a little more than it is sold as; more than this much is no reading to bill."""
LEAST_SECONDS = 60
"""Two readings a moment apart say nothing about speed."""


@dataclass(frozen=True)
class Reading:
    """What was known of a running session when it was last read."""

    started_at: datetime
    counted_at: datetime
    counter_down: int
    counter_up: int


@dataclass(frozen=True)
class Growth:
    """What was moved since, and over which time."""

    down: int
    up: int
    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, (self.until - self.since).total_seconds())


def is_same_session(known: Reading, counter: Counter) -> bool:
    """Devices number sessions from the beginning after a reboot, so the start has to agree too."""
    return abs(known.started_at - counter.started_at) < SAME_SESSION


def growth(known: Reading | None, counter: Counter, *, now: datetime, line_kbps: int) -> Growth:
    """What the session moved since it was last read, or since it started.

    A counter that is smaller than before went past its width, where the line could have filled it up in that time, or
    else started over.
    """
    if known is None:
        return Growth(counter.bytes_down, counter.bytes_up, min(counter.started_at, now), now)
    elapsed = (now - known.counted_at).total_seconds()
    down = _grown(known.counter_down, counter.bytes_down, counter.bits, elapsed, line_kbps)
    up = _grown(known.counter_up, counter.bytes_up, counter.bits, elapsed, line_kbps)
    return Growth(down, up, known.counted_at, now)


def is_plausible(grown: Growth, *, line_kbps: int) -> bool:
    """Whether the line can have carried it; a line without a known speed carries anything."""
    return line_kbps <= 0 or max(grown.down, grown.up) <= _capacity(line_kbps, grown.seconds)


def by_day(grown: Growth, timezone: str) -> Iterator[tuple[date, int, int, int]]:
    """(day of the company, bytes down, up, seconds): what ran over midnight is shared out by time, to the byte."""
    parts = _parts(grown, timezone)
    left_down, left_up = grown.down, grown.up
    for place, (day, seconds) in enumerate(parts):
        last = place == len(parts) - 1
        share = seconds / grown.seconds if grown.seconds else 1.0
        down = left_down if last else int(grown.down * share)
        up = left_up if last else int(grown.up * share)
        left_down, left_up = left_down - down, left_up - up
        yield day, down, up, round(seconds)


def _parts(grown: Growth, timezone: str) -> list[tuple[date, float]]:
    parts = []
    since = grown.since
    while True:
        day = business_day(since, timezone)
        midnight = day_begins(day + timedelta(days=1), timezone)
        until = min(midnight, grown.until)
        parts.append((day, max(0.0, (until - since).total_seconds())))
        if midnight >= grown.until:
            return parts
        since = midnight


def _grown(before: int, after: int, bits: int, seconds: float, line_kbps: int) -> int:
    if after >= before:
        return after - before
    wrapped = after - before + (1 << bits)
    could = line_kbps > 0 and wrapped <= _capacity(line_kbps, seconds)
    return wrapped if bits < 64 and could else after


def _capacity(line_kbps: int, seconds: float) -> float:
    return line_kbps * 1000 / 8 * max(seconds, LEAST_SECONDS) * HEADROOM
