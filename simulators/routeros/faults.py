"""What goes wrong with a router and the line to it, ordered for the commands to come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

KINDS = {
    "silence": "takes the command and never answers",
    "cut": "breaks the connection in the middle of the answer",
    "lost": "breaks the connection before the command is carried out",
    "applied": "carries the command out and breaks the connection before it answers",
    "fatal": "ends the session with !fatal",
    "trap": "refuses the command with the words of `text`",
    "garbage": "answers with bytes that are no sentence",
}


@dataclass
class Fault:
    """Strikes `times` commands that start with `command`, after letting `skip` of them pass."""

    kind: str
    command: str = "/"
    skip: int = 0
    times: int = 1
    text: str = "failure: no space left on device"


@dataclass
class Faults:
    """Orders, and the state of the line: seconds of delay to each answer, bytes a second."""

    delay_seconds: float = 0.0
    bytes_per_second: int = 0
    """0 is as fast as it goes."""
    refuse_login: bool = False
    orders: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def order(self, kind: str, command: str = "/", *, skip: int = 0, times: int = 1, text: str = "") -> None:
        """Raises ValueError for a kind that is not in KINDS."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is no fault: {', '.join(KINDS)}")
        fault = Fault(kind, command, skip, times)
        fault.text = text or fault.text
        with self._lock:
            self.orders.append(fault)

    def strike(self, command: str) -> Fault | None:
        """The fault that meets this command, if one does."""
        with self._lock:
            for fault in self.orders:
                if not command.startswith(fault.command):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.orders.remove(fault)
                return fault
        return None

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self.orders.clear()
        self.delay_seconds, self.bytes_per_second, self.refuse_login = 0.0, 0, False
