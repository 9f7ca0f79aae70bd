"""How fast a number may send: its throughput, the pair rate towards each person, and the people of a day."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from simulators.whatsapp_cloud.errors import GraphError

PAIR_BURST = 45.0
PAIR_SECONDS = 6.0
DAY_SECONDS = 24 * 3600


class Limits:
    """80 messages in any second, in and out together; 45 at once to one person, then one every 6 seconds."""

    def __init__(self, per_second: int, clock: Callable[[], float], *, on: bool = True) -> None:
        self.per_second, self.on = per_second, on
        self._clock = clock
        self._lock = threading.Lock()
        self._last_second: deque[float] = deque()
        self._pairs: dict[str, tuple[float, float]] = {}
        self.people: int | None = None
        """How many people the portfolio reaches outside the window in 24 hours; None is without limit."""
        self._reached: dict[str, float] = {}

    def count_inbound(self) -> None:
        """A message of a person counts towards the throughput too, but is never refused."""
        with self._lock:
            self._last_second.append(self._clock())

    def admit(self, recipient: str) -> None:
        """Count a message to `recipient`; raises GraphError 130429 or 131056, and then it does not count."""
        if not self.on:
            return
        with self._lock:
            now = self._clock()
            while self._last_second and self._last_second[0] <= now - 1:
                self._last_second.popleft()
            if len(self._last_second) >= self.per_second:
                raise GraphError(130429, f"more than {self.per_second} messages in a second")
            tokens, at = self._pairs.get(recipient, (PAIR_BURST, now))
            tokens = min(PAIR_BURST, tokens + (now - at) / PAIR_SECONDS)
            if tokens < 1:
                raise GraphError(131056, "too many messages to this person in a short time")
            self._pairs[recipient] = (tokens - 1, now)
            self._last_second.append(now)

    def reach(self, recipient: str) -> bool:
        """Count a delivery outside the window; False where the portfolio has reached its people of 24 hours."""
        with self._lock:
            self._forget()
            is_full = self.on and self.people is not None and len(self._reached) >= self.people
            if is_full and recipient not in self._reached:
                return False
            self._reached.pop(recipient, None)
            self._reached[recipient] = self._clock()
            return True

    @property
    def reached(self) -> int:
        """People who had a message outside the window in the last 24 hours."""
        with self._lock:
            self._forget()
            return len(self._reached)

    def _forget(self) -> None:
        """The oldest stand first."""
        since = self._clock() - DAY_SECONDS
        while self._reached and next(iter(self._reached.values())) <= since:
            del self._reached[next(iter(self._reached))]
