"""What goes wrong with a controller and the line to it, ordered for the requests to come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

KINDS = {
    "silence": "takes the request and never answers",
    "cut": "breaks the connection in the middle of the answer",
    "lost": "breaks the connection before the request is carried out",
    "applied": "carries the request out and breaks the connection before it answers",
    "starting": "answers 502 with a page, as while the application starts",
    "garbage": "answers with something that is not JSON",
    "drip": "answers a byte at a time",
}


@dataclass
class Fault:
    """Strikes `times` requests whose method and path contain `path`, after letting `skip` of them pass."""

    kind: str
    path: str = ""
    skip: int = 0
    times: int = 1


@dataclass
class Faults:
    """Orders, in turn."""

    orders: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def order(self, kind: str, path: str = "", *, skip: int = 0, times: int = 1) -> None:
        """Raises ValueError for a kind that is not in KINDS."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is no fault: {', '.join(KINDS)}")
        with self._lock:
            self.orders.append(Fault(kind, path, skip, times))

    def strike(self, request: str) -> str:
        """The kind of fault that meets this request, or nothing."""
        with self._lock:
            for fault in self.orders:
                if fault.path not in request:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.orders.remove(fault)
                return fault.kind
        return ""
