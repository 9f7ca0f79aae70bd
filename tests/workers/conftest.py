"""A Redis of this test alone that can be killed, and worker processes that use it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

import core.jobs
from cli.embedded import _wheel_binary
from tests.core.messaging.conftest import Desk, desk, pool
from tests.core.messaging.wire import Wire, wire

__all__ = ["Desk", "desk", "pool", "wire"]

ROOT = Path(__file__).parent.parent.parent


@dataclass
class KillableRedis:
    socket: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([_wheel_binary(), *arguments], stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            return bool(Redis.from_url(self.url).ping())
        except RedisError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def wait_until(true: Callable[[], bool], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError("It did not happen in time")
        time.sleep(0.05)


@pytest.fixture
def redis(database: str, redis_url: str) -> Iterator[KillableRedis]:
    """This process's doorbell rings at it, too, until the test is over."""
    with tempfile.TemporaryDirectory(prefix="taar-") as folder:
        server = KillableRedis(Path(folder) / "r.sock")
        server.start()
        core.jobs.connect(server.url)
        yield server
        server.kill()
    core.jobs.connect(redis_url)


@pytest.fixture
def program(database: str, redis: KillableRedis, wire: Wire, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts `python -m <module> <arguments>` against this test's database, Redis and Graph endpoint."""
    settings = {
        "TAAR_ENVIRONMENT": "test",
        "TAAR_DATABASE_URL": database,
        "TAAR_REDIS_URL": redis.url,
        "TAAR_GRAPH_URL": wire.url,
        "TAAR_DATA_DIR": str(tmp_path),
        "TAAR_WHATSAPP_ACCESS_TOKEN": "test-token",
    }
    running: list[Program] = []

    def start(module: str, *arguments: str) -> Program:
        log = (tmp_path / f"{module}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log
        )
        running.append(Program(process, tmp_path / f"{module}.log"))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()


@dataclass
class Program:
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        self.process.terminate()
        return self.process.wait(30)
