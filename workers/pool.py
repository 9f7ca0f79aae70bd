"""Several worker processes as one program: what dies is started again, and a stop lets each finish its job."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

WORKER = (sys.executable, "-m", "workers.run")
LOOK_SECONDS = 0.2
RESTART_SECONDS = 2.0


class Pool:
    """So many processes of one command.

    The first SIGTERM or SIGINT lets every process finish the job at hand, the second kills them: jobs can be cut off
    anywhere, the sweep takes them up again.
    """

    def __init__(self, count: int, command: Sequence[str] = WORKER) -> None:
        self.command = command
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * count
        self._start_at = [0.0] * count
        self._stops = 0

    def run(self) -> int:
        """Keep them running until told to stop; 0 when every one ended cleanly."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stops:
            self._keep()
            time.sleep(LOOK_SECONDS)
        self._send(signal.SIGTERM)
        while self._stops == 1 and any(process.poll() is None for process in self._started()):
            time.sleep(LOOK_SECONDS)
        self._send(signal.SIGKILL)
        codes = [process.wait() for process in self._started()]
        # One that was told to stop while it started had no job yet.
        return max((abs(code) for code in codes if code != -signal.SIGTERM), default=0)

    def _keep(self) -> None:
        for place, process in enumerate(self.processes):
            if process is not None and process.poll() is not None:
                log.error("worker_died", pid=process.pid, code=process.returncode)
                self.processes[place] = None
                self._start_at[place] = time.monotonic() + RESTART_SECONDS
            if self.processes[place] is None and time.monotonic() >= self._start_at[place]:
                # Of a terminal's Ctrl-C only this process shall hear: a worker counts its signals.
                self.processes[place] = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stops += 1

    def _started(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self.processes if process is not None]

    def _send(self, number: signal.Signals) -> None:
        for process in self._started():
            if process.poll() is None:
                process.send_signal(number)
