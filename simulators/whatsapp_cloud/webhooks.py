"""Signed webhooks to the business: built as Meta builds them, sent in the background, tried again on failure."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from simulators.whatsapp_cloud.faults import Faults

TIMEOUT = 10.0
OVERTAKEN_SECONDS = 5.0
"""So long at most a webhook waits for another one to overtake it."""
TRIES = 6


class Sender:
    """Delivers bodies in order from one thread, unless a fault asks otherwise; `wait` is for tests."""

    def __init__(self, url: str, app_secret: str, faults: Faults) -> None:
        self.url, self._secret, self._faults = url, app_secret, faults
        self._held: list[bytes] = []
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._session = requests.Session()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, body: dict[str, Any]) -> None:
        """Queue a webhook; a fault that was ordered strikes it."""
        raw = meta_json(body)
        fault = self._faults.next_webhook()
        kind = fault.kind if fault else ""
        if kind == "overtaken":
            self._held.append(raw)
            self._later(OVERTAKEN_SECONDS, self._release)
            return
        if fault is not None and kind == "delay":
            self._later(fault.seconds, lambda: self._queue.put(raw))
            return
        for _ in range(2 if kind == "duplicate" else 1):
            self._queue.put(raw)
        self._release()

    def _release(self) -> None:
        while self._held:
            self._queue.put(self._held.pop(0))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()

    def wait(self) -> None:
        """Return when everything queued so far was delivered or given up."""
        self._queue.join()

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(TIMEOUT)

    def sign(self, raw: bytes) -> str:
        return "sha256=" + hmac.new(self._secret.encode(), raw, hashlib.sha256).hexdigest()

    def _run(self) -> None:
        while (raw := self._queue.get()) is not None:
            self._deliver(raw)
            self._queue.task_done()
        self._queue.task_done()

    def _deliver(self, raw: bytes) -> None:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.sign(raw)}
        for attempt in range(TRIES):
            try:
                if self._session.post(self.url, data=raw, headers=headers, timeout=TIMEOUT).status_code == 200:
                    return
            except requests.RequestException:
                self._session = requests.Session()
            time.sleep(min(0.2 * 2**attempt, 5))


def meta_json(body: dict[str, Any]) -> bytes:
    """JSON with other than ASCII escaped, and the slash too, as Meta writes it."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
