"""What may go wrong, asked for from the page or a test: each order strikes once, in the order given."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from simulators.whatsapp_cloud.errors import TITLES

SENDS = {
    "html": "answers 500 with a page of HTML",
    "lost": "times out, and the message is lost",
    "late": "times out, and the message arrives all the same",
}
WEBHOOKS = {
    "duplicate": "comes twice",
    "delay": "comes some seconds late",
    "overtaken": "comes after the one that follows it",
}
SECONDS_DEFAULT = 20.0
SECONDS_MAX = 300.0


class FaultUnknown(ValueError):
    """There is no such fault."""


@dataclass(frozen=True)
class Fault:
    """`kind` is a word of SENDS or WEBHOOKS, `code` or `later`: an error code at once, or in a status afterwards."""

    kind: str
    code: int = 0
    seconds: float = SECONDS_DEFAULT


@dataclass
class Faults:
    """Orders for the next messages to the API and the next webhooks from it."""

    sends: list[Fault] = field(default_factory=list)
    webhooks: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def order(self, text: str) -> None:
        """`131056` (this code at once), `later:131026`, `lost:5` (seconds), `html`, `duplicate`, `delay:3` and so on.

        Raises FaultUnknown.
        """
        fault = _read(text)
        with self._lock:
            (self.webhooks if fault.kind in WEBHOOKS else self.sends).append(fault)

    def clear(self) -> None:
        with self._lock:
            self.sends.clear()
            self.webhooks.clear()

    def next_send(self) -> Fault | None:
        with self._lock:
            return self.sends.pop(0) if self.sends else None

    def next_webhook(self) -> Fault | None:
        with self._lock:
            return self.webhooks.pop(0) if self.webhooks else None

    def waiting(self) -> dict[str, list[str]]:
        """The orders that have not struck yet, in words."""
        return {"sends": [_told(fault) for fault in self.sends], "webhooks": [_told(fault) for fault in self.webhooks]}


def choices() -> dict[str, Any]:
    """What the page offers."""
    return {"sends": SENDS, "webhooks": WEBHOOKS, "codes": TITLES}


def _read(text: str) -> Fault:
    word, _, number = text.strip().partition(":")
    try:
        if word.isdecimal() and not number:
            return Fault("code", code=int(word))
        if word == "later":
            return Fault("later", code=int(number))
        if word in SENDS or word in WEBHOOKS:
            seconds = float(number or SECONDS_DEFAULT)
            if 0 <= seconds <= SECONDS_MAX:
                return Fault(word, seconds=seconds)
    except ValueError as wrong:
        raise FaultUnknown(f"{text!r} is no fault") from wrong
    raise FaultUnknown(f"{text!r} is no fault")


def _told(fault: Fault) -> str:
    if fault.kind in ("code", "later"):
        return f"{'fails' if fault.kind == 'code' else 'fails later'} with {fault.code} {TITLES.get(fault.code, '')}"
    return (SENDS | WEBHOOKS)[fault.kind]
