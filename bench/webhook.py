"""Webhook messages per second for a balance question, from signed POST to commit, against the floor."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import core.schema  # noqa: F401 - every table must be known before the first query
from cli.database import migrate
from cli.embedded import start_embedded
from cli.processes import Child, Supervisor
from core.db import company_session, engine
from core.settings import Settings
from core.usecases.start_process import start_process

SECRET = "demo-app-secret"
PHONE_NUMBER_ID = "1000200030004000"
PEOPLE = 200
CLIENTS = 8
SECONDS = 6.0
STEADY_RATE = 80.0
_ids = itertools.count(time.time_ns())


def main() -> None:
    """Measure floor and turn under full load, then the turn at a steady 80 messages a second."""
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
            with _serving("bench.floor:app", settings) as port:
                floor = _flat_out(port, phones)
            with _serving("cli.web:app", settings) as port:
                turn = _flat_out(port, phones)
                steady = _steady(port, phones)
        finally:
            servers.stop()
    _report(floor, turn, steady)


def _report(floor: list[float], turn: list[float], steady: list[float]) -> None:
    floor_rate, turn_rate = len(floor) / SECONDS, len(turn) / SECONDS
    print(f"floor      {floor_rate:7.0f} messages/s   {_percentiles(floor)}")
    print(f"turn       {turn_rate:7.0f} messages/s   {_percentiles(turn)}")
    print(f"share      {turn_rate / floor_rate:7.2f} of the floor's throughput (aim: at least 0.33)")
    print(f"at {STEADY_RATE:.0f}/s   {len(steady):7d} messages     {_percentiles(steady)} (aim: p99 under 250 ms)")


def _percentiles(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:6.1f} ms   p99 {cuts[98] * 1000:6.1f} ms"


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
def _serving(app: str, settings: Settings) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "TAAR_ENVIRONMENT": "test", "TAAR_DATA_DIR": str(settings.data_dir),
        "TAAR_DATABASE_URL": settings.database_url, "TAAR_REDIS_URL": settings.redis_url,
    }  # fmt: skip
    supervisor = Supervisor(settings.data_dir / "logs", environment)
    command = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "8",
               "--worker-class", "gthread", "--keep-alive", "30", "--log-level", "warning"]  # fmt: skip
    supervisor.start(Child("web", command, f"http://127.0.0.1:{port}/healthz"))
    try:
        yield port
    finally:
        supervisor.stop()


def _flat_out(port: int, phones: list[str]) -> list[float]:
    """Latencies of everything that was answered by as many clients as ask without pause."""
    _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=30), phones[0])
    until = time.perf_counter() + SECONDS
    return _clients(port, phones, lambda _sent: 0.0 if time.perf_counter() < until else None)


def _steady(port: int, phones: list[str]) -> list[float]:
    """Latencies from the planned instant of each message, so that a queue shows."""
    start = time.perf_counter()
    count = int(STEADY_RATE * SECONDS)
    plan = itertools.count()
    lock = threading.Lock()

    def wait(_sent: int) -> float | None:
        with lock:
            number = next(plan)
        return start + number / STEADY_RATE if number < count else None

    return _clients(port, phones, wait)


def _clients(port: int, phones: list[str], plan) -> list[float]:
    latencies: list[float] = []

    def run(offset: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        sent = 0
        while (due := plan(sent)) is not None:
            if due:
                time.sleep(max(0.0, due - time.perf_counter()))
            began = due or time.perf_counter()
            _ask(connection, phones[(offset + sent * CLIENTS) % len(phones)])
            latencies.append(time.perf_counter() - began)
            sent += 1
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _ask(connection: http.client.HTTPConnection, phone: str) -> None:
    digits = phone.lstrip("+")
    message = {"from": digits, "id": f"wamid.B{next(_ids)}", "timestamp": str(int(time.time())), "type": "text",
               "text": {"body": "bill kitna hai"}}  # fmt: skip
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": PHONE_NUMBER_ID},
             "contacts": [{"wa_id": digits, "profile": {"name": "A"}}], "messages": [message]}  # fmt: skip
    changes = [{"field": "messages", "value": value}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection.request("POST", "/webhooks/whatsapp", body, {"X-Hub-Signature-256": signed})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"the server answered {answer.status}")
