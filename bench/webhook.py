"""Webhook messages per second for a balance question, from signed POST to commit, against the floor."""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import core.schema  # noqa: F401 - every table must be known before the first query
from bench.load import as_fast_as_answered, at_a_rate, latencies, signed_requests
from cli.database import migrate, refresh_statistics
from cli.embedded import start_embedded
from cli.processes import Child, Supervisor, web_server
from core.db import company_session, engine
from core.settings import Settings
from core.usecases.start_process import start_process

SECRET = "demo-app-secret"
PHONE_NUMBER_ID = "1000200030004000"
PEOPLE = 200
ROUNDS = 3
SECONDS = 5.0
WARM_UP_SECONDS = 4.0
"""In which every process has started and everybody has written once: what is measured is the daily run of things."""
STEADY_RATE = 80.0
PER_SECOND_MAX = 4000
"""More than this machine answers; so many requests are made ready."""


def main() -> None:
    """Measure floor and turn in alternation under full load, then the turn at a steady 80 messages a second."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            settings = Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                redis_url=servers.redis_url, _env_file=None)  # fmt: skip
            start_process(settings)
            phones = _town()
            engine().dispose()
            refresh_statistics(servers.owner_url)
            with (
                _serving("floor", "bench.floor:app", settings) as floor,
                _serving("turn", "cli.web:app", settings) as turn,
            ):
                _measure(phones, floor, turn)
        finally:
            servers.stop()


def _measure(phones: list[str], floor: int, turn: int) -> None:
    for port in (floor, turn):
        _flat_out(port, phones, seconds=WARM_UP_SECONDS)
    rounds = [(_flat_out(floor, phones), _flat_out(turn, phones)) for _ in range(ROUNDS)]
    for at_floor, at_turn in rounds:
        print(f"floor {_rate(at_floor):6.0f} messages/s   {_percentiles(at_floor)}    "
              f"turn {_rate(at_turn):6.0f} messages/s   {_percentiles(at_turn)}    "
              f"share {len(at_turn) / len(at_floor):.2f}")  # fmt: skip
    share = statistics.median(len(at_turn) / len(at_floor) for at_floor, at_turn in rounds)
    print(f"share {share:.2f} of the floor's throughput, the median of {ROUNDS} rounds (aim: at least 0.33)")
    requests = signed_requests(PHONE_NUMBER_ID, phones, SECRET, int(STEADY_RATE * SECONDS))
    steady = latencies(turn, requests, at_a_rate(STEADY_RATE, SECONDS))
    print(f"at {STEADY_RATE:.0f}/s {len(steady)} messages   {_percentiles(steady)} (aim: p99 under 250 ms)")


def _rate(taken: list[float]) -> float:
    return len(taken) / SECONDS


def _percentiles(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:5.1f} ms  p99 {cuts[98] * 1000:5.1f} ms"


def _flat_out(port: int, phones: list[str], seconds: float = SECONDS) -> list[float]:
    requests = signed_requests(PHONE_NUMBER_ID, phones, SECRET, int(seconds * PER_SECOND_MAX))
    return latencies(port, requests, as_fast_as_answered(seconds))


def _town() -> list[str]:
    from tests.builders import a_phone, customer_who_owes, make_customer, make_invoice, make_plan, make_subscription
    from tests.cast import TestCompany
    from tests.conftest import open_test_company

    company: TestCompany = open_test_company("bench", PHONE_NUMBER_ID)
    phones = [a_phone() for _ in range(PEOPLE)]
    with company_session(company.id, "bench") as session:
        customer_who_owes(session, company, phones[0])
        plan = make_plan(session, mbps=30)
        for phone in phones[1:]:
            subscription = make_subscription(session, make_customer(session, company, phone=phone), plan)
            make_invoice(session, subscription.id)
    return phones


@contextmanager
def _serving(name: str, app: str, settings: Settings) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "TAAR_ENVIRONMENT": "test", "TAAR_DATA_DIR": str(settings.data_dir),
        "TAAR_DATABASE_URL": settings.database_url, "TAAR_REDIS_URL": settings.redis_url,
    }  # fmt: skip
    supervisor = Supervisor(settings.data_dir / "logs", environment)
    supervisor.start(Child(name, web_server(app, f"127.0.0.1:{port}"), f"http://127.0.0.1:{port}/healthz"))
    try:
        yield port
    finally:
        supervisor.stop()
