"""Several processes run as one: started in order, restarted when they die, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY_SECONDS = 30.0
STOP_SECONDS = 10.0
RESTARTS_MAX = 5


WEB_PROCESSES = 2
"""One for each core."""
WEB_THREADS = 8
"""They wait for the database most of the time; a message costs the processor the same with 2, 4 or 8 of them."""


def web_server(app: str, address: str) -> list[str]:
    """The command that serves a WSGI application, for example `cli.web:app`, on `host:port`."""
    return [
        sys.executable, "-m", "gunicorn", app, "--bind", address, "--workers", str(WEB_PROCESSES),
        "--worker-class", "gthread", "--threads", str(WEB_THREADS), "--keep-alive", "30", "--log-level", "warning",
    ]  # fmt: skip


class ProcessFailed(Exception):
    """A process did not come up, or died too often; the text names it and its log."""


@dataclass
class Child:
    """One process: its command, and the URL that answers once it is ready."""

    name: str
    command: Sequence[str]
    ready_url: str = ""
    restarts: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)


@dataclass
class Supervisor:
    """Runs children with their logs in one folder."""

    logs: Path
    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def start(self, child: Child) -> None:
        """Start a child and wait until it is ready; raises ProcessFailed."""
        self.children.append(child)
        self._spawn(child)
        if child.ready_url:
            self._await(child)

    def watch(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Return when asked to stop; restart what dies meanwhile, raise ProcessFailed when it dies too often."""
        while not self.stopping and alive():
            for child in self.children:
                if child.process is not None and child.process.poll() is not None and not self.stopping:
                    self._restart(child)
            time.sleep(0.3)

    def stop(self) -> None:
        """Ask every child to end, the last started first; kill what has not ended after some seconds."""
        self.stopping = True
        running = [child.process for child in reversed(self.children) if child.process and child.process.poll() is None]
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _spawn(self, child: Child) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(  # noqa: S603 - commands are our own
                child.command, stdout=log, stderr=subprocess.STDOUT, env=dict(self.environment),
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def _await(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self.stopping:
            if child.process is not None and child.process.poll() is not None:
                break
            if _answers(child.ready_url):
                return
            time.sleep(0.1)
        if not self.stopping:
            raise ProcessFailed(f"{child.name} did not start: see {self.logs / (child.name + '.log')}")

    def _restart(self, child: Child) -> None:
        child.restarts += 1
        if child.restarts > RESTARTS_MAX:
            raise ProcessFailed(f"{child.name} died {child.restarts} times: see {self.logs / (child.name + '.log')}")
        time.sleep(min(0.5 * child.restarts, 3))
        self._spawn(child)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - a loopback URL of ours
            return bool(response.status < 500)
    except (urllib.error.URLError, OSError):
        return False
