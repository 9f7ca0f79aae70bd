"""Which files a number has at Meta already, so that one picture for many people is uploaded once a process."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

REUSED_SECONDS = 24 * 3600
"""Meta keeps a file for 30 days, of a number without storage for an hour; a dead id is uploaded anew when refused."""
KEPT_AT_MOST = 1024


class Uploads:
    """Media ids by content and type. Safe to use from many threads: two that meet may both upload."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, data: bytes, mime_type: str) -> str | None:
        """The id under which Meta has these bytes, as far as this process knows."""
        with self._lock:
            media_id, until = self._known.get(_key(data, mime_type), ("", 0.0))
        return media_id if media_id and self._clock() < until else None

    def note(self, data: bytes, mime_type: str, media_id: str) -> None:
        """Remember an upload, in place of an older one of the same bytes."""
        with self._lock:
            self._known[_key(data, mime_type)] = (media_id, self._clock() + REUSED_SECONDS)
            self._known.move_to_end(_key(data, mime_type))
            while len(self._known) > KEPT_AT_MOST:
                self._known.popitem(last=False)


def _key(data: bytes, mime_type: str) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), mime_type
