"""Meta's send limits, reserved before sending: messages a second of a number, messages to one person.

Redis keeps them for all processes in one atomic script. While Redis is away each process keeps its own,
far lower, so that several processes together still stay below Meta's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from core import jobs
from core.ids import Id
from core.messaging.models import LANES

log = structlog.get_logger(__name__)

PAIR_BURST = 45
PAIR_SECONDS = 6.0
LOCAL_PAIR_BURST = 5
LOCAL_RATE_MAX = 10
LOCAL_PEOPLE_MAX = 10_000
REDIS_REST = 5.0
"""Seconds for which a Redis that did not answer is not asked again."""

_RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local number_step, number_slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local pair_step, pair_slack = tonumber(ARGV[3]), tonumber(ARGV[4])
local number_next = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local answer = {}
for i = 2, #KEYS do
    local pair_next = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now)
    local wait = pair_next - now - pair_slack
    if wait > 0 then
        answer[i - 1] = -math.ceil(wait / 1000)
    else
        pair_next = pair_next + pair_step
        redis.call('SET', KEYS[i], string.format('%.0f', pair_next), 'PX', math.ceil((pair_next - now) / 1000))
        answer[i - 1] = math.ceil(math.max(0, number_next - now - number_slack) / 1000)
        number_next = number_next + number_step
    end
end
if number_next > now then
    redis.call('SET', KEYS[1], string.format('%.0f', number_next), 'PX', math.ceil((number_next - now) / 1000))
end
return answer
"""
"""For each person: milliseconds until the reserved slot, or negative the milliseconds he must still wait."""


@dataclass(frozen=True)
class Slot:
    """When a message may go: `delay` seconds from now if granted, else try again after `delay`."""

    granted: bool
    delay: float


class SendLimits:
    """The limits of every number this process sends for; one object a process, safe in threads."""

    def __init__(self, redis: Callable[[], Redis] = jobs.redis_connection) -> None:
        self._redis = redis
        self._local = _LocalLimits()
        self._rest_until = 0.0

    def reserve(self, number: Id, people: Sequence[Id], *, per_second: int) -> list[Slot]:
        """Reserve one message to each of `people`, in their order."""
        if not people:
            return []
        keys = [f"rate:{{{number}}}", *(f"rate:{{{number}}}:{person}" for person in people)]
        step = 1_000_000 / per_second
        slack = step * max(0, per_second // 7 - 1)
        pair_step = PAIR_SECONDS * 1_000_000
        arguments = [round(step), round(slack), round(pair_step), round(pair_step * (PAIR_BURST - 1))]
        answer = self._ask(lambda redis: redis.eval(_RESERVE, len(keys), *keys, *map(str, arguments)))
        if answer is None:
            return self._local.reserve(number, people, per_second=min(LOCAL_RATE_MAX, per_second))
        return [Slot(granted=wait >= 0, delay=abs(wait) / 1000) for wait in answer]

    def pause(self, number: Id, lane: str | None, seconds: float) -> None:
        """Hold one lane of a number, or all of them, for so long."""
        lanes = LANES if lane is None else (lane,)
        self._local.pause(number, lanes, seconds)
        milliseconds = max(1, round(seconds * 1000))
        for name in lanes:
            self._ask(partial(Redis.set, name=f"pause:{number}:{name}", value=1, px=milliseconds))

    def open_lanes(self, number: Id) -> tuple[str, ...]:
        """The lanes of a number that nothing holds, in order of priority."""
        held = self._ask(lambda redis: redis.mget([f"pause:{number}:{name}" for name in LANES]))
        if held is None:
            return self._local.open_lanes(number)
        return tuple(name for name, mark in zip(LANES, held, strict=True) if mark is None)

    def _ask(self, question: Callable[[Redis], Any]) -> Any:
        """Redis's answer, or None while it is away."""
        if time.monotonic() < self._rest_until:
            return None
        try:
            return question(self._redis())
        except RedisError as away:
            log.warning("limits_local", error=type(away).__name__)
            self._rest_until = time.monotonic() + REDIS_REST
            return None


class _LocalLimits:
    """The same, for this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number_next: dict[Id, float] = {}
        self._pair_next: dict[tuple[Id, Id], float] = {}
        self._held_until: dict[tuple[Id, str], float] = {}

    def reserve(self, number: Id, people: Sequence[Id], *, per_second: int) -> list[Slot]:
        with self._lock:
            now = time.monotonic()
            if len(self._pair_next) > LOCAL_PEOPLE_MAX:
                self._pair_next = {pair: until for pair, until in self._pair_next.items() if until > now}
            return [self._slot(number, person, now, per_second) for person in people]

    def _slot(self, number: Id, person: Id, now: float, per_second: int) -> Slot:
        pair = (number, person)
        pair_next = max(now, self._pair_next.get(pair, 0.0))
        wait = pair_next - now - PAIR_SECONDS * (LOCAL_PAIR_BURST - 1)
        if wait > 0:
            return Slot(granted=False, delay=wait)
        number_next = max(now, self._number_next.get(number, 0.0))
        self._pair_next[pair] = pair_next + PAIR_SECONDS
        self._number_next[number] = number_next + 1 / per_second
        return Slot(granted=True, delay=number_next - now)

    def pause(self, number: Id, lanes: Sequence[str], seconds: float) -> None:
        with self._lock:
            for lane in lanes:
                self._held_until[number, lane] = time.monotonic() + seconds

    def open_lanes(self, number: Id) -> tuple[str, ...]:
        with self._lock:
            now = time.monotonic()
            return tuple(name for name in LANES if self._held_until.get((number, name), 0.0) <= now)
