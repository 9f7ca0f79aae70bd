"""The outbox: how fast it drains with 1, 2 and 4 workers, beside the same bodies posted in a plain loop.

The loop posts over keep-alive connections from as many threads as a worker has, to the same simulator in the same run.
Aims: 60 % of it, 400 messages a second; an urgent message at most a second late (p99) behind 100,000 of bulk. Client,
server, simulator and PostgreSQL share the machine's cores.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import requests
from sqlalchemy import text

import core.db
import core.schema
from bench.counting import counted
from cli.database import migrate
from cli.embedded import start_embedded
from core.clock import utc_now
from core.db import company_session
from core.ids import Id
from core.messaging import payloads
from core.messaging.drain import IN_FLIGHT_MAX, drain
from core.messaging.limits import SendLimits
from core.messaging.number_state import note_facts
from core.messaging.outbox import queue_message
from core.messaging.whatsapp import Gateway
from core.settings import Settings
from core.usecases.load_attachment import load_attachment
from core.usecases.start_process import start_process

PHONE_NUMBER_ID, TOKEN, VERSION = "1000200030004000", "bench-token", "v25.0"
MESSAGES, BULK, WORKERS, URGENT = 4000, 100_000, (1, 2, 4), 40
WORDS = "Receipt R-2026-27-000123: Rs 2,500 received. Thank you."
WAIT = 180.0


def main(messages: int = MESSAGES) -> None:
    """The plain loop, the workers, and an urgent message behind a campaign."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            settings = Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                redis_url=servers.redis_url, _env_file=None)  # fmt: skip
            start_process(settings)
            with _simulator() as port:
                _measure(settings, port, messages)
        finally:
            core.db.engine().dispose()
            servers.stop()


def _measure(settings: Settings, port: int, messages: int) -> None:
    company_id, number_id = _ground(messages)
    loop = _posted(port, messages)
    print(f"plain loop of posts: {loop:6.0f} messages/s")
    for workers in WORKERS:
        _queue(company_id, number_id, "notice", messages)
        rate = messages / _drained(settings, port, company_id, number_id, workers, messages)
        print(f"{workers} worker(s): {rate:6.0f} messages/s, {rate / loop:4.2f} of the loop;"
              f" load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    _queue(company_id, number_id, "notice", messages // 4)
    with counted(core.db.engine()) as sent:
        _drain_here(company_id, number_id, port)
    print(f"statements to the database: {sent[0] / (messages // 4):.2f} a message")
    _queue(company_id, number_id, "bulk", BULK)
    late = _urgent(settings, port, company_id, number_id)
    print(f"urgent message behind {BULK} of bulk, {len(late)} of them: median {statistics.median(late):.2f} s,"
          f" p99 {statistics.quantiles(late, n=100)[98]:.2f} s (aim 1 s)")  # fmt: skip


@contextmanager
def _simulator() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    given = {
        "port": str(port), "app-secret": "bench", "access-token": TOKEN, "verify-token": "bench",
        "webhook-url": "http://127.0.0.1:9/", "phone-number-id": PHONE_NUMBER_ID,
    }  # fmt: skip
    command = [sys.executable, "-m", "simulators.whatsapp_cloud", "--no-limits"]
    process = subprocess.Popen(
        [*command, *(part for name, value in given.items() for part in (f"--{name}", value))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _ground(people: int) -> tuple[Id, Id]:
    """Known people who have just written, so that what goes to them is no template and counts for no quota."""
    from tests.conftest import open_test_company

    company = open_test_company("bench", PHONE_NUMBER_ID)
    with company_session(company.id, "bench") as session:
        # A number of Meta's high throughput, so that the limit is not what is measured.
        session.execute(text("UPDATE business_number SET messages_per_second = 1000"))
        note_facts(session, business_number_id=company.business_number_id, facts={"throughput": {"level": "HIGH"}},
                   now=utc_now())  # fmt: skip
        session.execute(text(
            "WITH known AS (INSERT INTO contact (id, phone, name, username, phone_trusted, language_chosen)"
            " SELECT uuidv7(), '+92300' || lpad(n::text, 7, '0'), 'Person ' || n, '', true, false"
            " FROM generate_series(1, :people) n RETURNING id)"
            " INSERT INTO conversation (id, contact_id, business_number_id, state, last_inbound_at)"
            " SELECT uuidv7(), known.id, :number, '{}', now() FROM known"
        ), {"people": people, "number": company.business_number_id})  # fmt: skip
        session.execute(text("ANALYZE contact"))
    return company.id, company.business_number_id


def _queue(company_id: Id, number_id: Id, lane: str, count: int) -> None:
    """As `queue_message` writes them, in one statement; over the people in turn."""
    body = json.dumps(payloads.text(WORDS))
    with company_session(company_id, "bench") as session:
        session.execute(text(
            "INSERT INTO outbound_message (id, business_number_id, contact_id, lane, kind, payload, text, dedupe_key,"
            " state, state_since, not_before, expires_at, attempts, error, marketing)"
            " SELECT uuidv7(), :number, p.id, :lane, 'text', CAST(:body AS jsonb), :words, gen_random_uuid()::text,"
            " 'queued', now(), now(), now() + interval '1 day', 0, '', false FROM generate_series(1, :count) n"
            " JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS people FROM contact) p"
            " ON p.place = n % p.people"
        ), {"number": number_id, "lane": lane, "body": body, "words": WORDS, "count": count})  # fmt: skip
        session.execute(text("ANALYZE outbound_message"))


def _posted(port: int, count: int) -> float:
    url = f"http://127.0.0.1:{port}/{VERSION}/{PHONE_NUMBER_ID}/messages"

    def some(place: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            for n in range(place, count, IN_FLIGHT_MAX):
                body = {"messaging_product": "whatsapp", "to": f"92301{n:07d}", **payloads.text(WORDS)}
                session.post(url, json=body, timeout=10).raise_for_status()

    started = time.monotonic()
    with ThreadPoolExecutor(IN_FLIGHT_MAX) as pool:
        list(pool.map(some, range(IN_FLIGHT_MAX)))
    return count / (time.monotonic() - started)


def _drain_here(company_id: Id, number_id: Id, port: int, budget: timedelta = timedelta(minutes=2)) -> None:
    gateway = Gateway(
        phone_number_id=PHONE_NUMBER_ID, token=TOKEN, graph_url=f"http://127.0.0.1:{port}", graph_version=VERSION
    )
    with ThreadPoolExecutor(IN_FLIGHT_MAX) as pool:
        drain(company_id, number_id, gateway=gateway, load_attachment=load_attachment, pool=pool, limits=SendLimits(),
              budget=budget)  # fmt: skip


def _works(settings: Settings, port: int, company_id: Id, number_id: Id, ready, stop) -> None:
    start_process(settings)
    ready.wait()
    while not stop.is_set():
        _drain_here(company_id, number_id, port, timedelta(seconds=2))


@contextmanager
def _workers(settings: Settings, port: int, company_id: Id, number_id: Id, count: int) -> Iterator[float]:
    """The instant at which all of them begin."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Barrier(count + 1), context.Event()
    processes = [
        context.Process(target=_works, args=(settings, port, company_id, number_id, ready, stop)) for _ in range(count)
    ]
    for process in processes:
        process.start()
    ready.wait(timeout=60)
    try:
        yield time.monotonic()
    finally:
        stop.set()
        for process in processes:
            process.join(30)
            if process.is_alive():
                process.kill()


def _drained(settings: Settings, port: int, company_id: Id, number_id: Id, workers: int, count: int) -> float:
    with _workers(settings, port, company_id, number_id, workers) as began:
        while _left(company_id):
            if time.monotonic() - began > WAIT:
                raise AssertionError(f"{_left(company_id)} of {count} messages are still not sent")
            time.sleep(0.05)
        return time.monotonic() - began


def _left(company_id: Id) -> int:
    with company_session(company_id) as session:
        waiting = text("SELECT count(*) FROM outbound_message WHERE state IN ('queued', 'sending')")
        return int(session.execute(waiting).scalar_one())


def _urgent(settings: Settings, port: int, company_id: Id, number_id: Id) -> Sequence[float]:
    """From the commit of each to Meta's answer."""
    ids: list[Id] = []
    with _workers(settings, port, company_id, number_id, 2):
        time.sleep(3)
        for n in range(URGENT):
            with company_session(company_id, "bench") as session:
                person = session.execute(text("SELECT id FROM contact ORDER BY id OFFSET :n LIMIT 1"), {"n": n * 7})
                ids.append(queue_message(
                    session, contact_id=person.scalar_one(), business_number_id=number_id, lane="urgent", now=utc_now(),
                    payload=payloads.text(WORDS), text=WORDS, dedupe_key=f"urgent:{n}",
                ))  # fmt: skip
            time.sleep(0.25)
        time.sleep(3)
        with company_session(company_id) as session:
            rows = session.execute(text(
                "SELECT extract(epoch FROM state_since - created_at) FROM outbound_message"
                " WHERE id = ANY(:ids) AND state IN ('accepted', 'sent', 'delivered', 'read')"
            ), {"ids": ids}).scalars().all()  # fmt: skip
    if len(rows) < URGENT:
        raise AssertionError(f"{URGENT - len(rows)} urgent messages were not sent within three seconds")
    return [float(seconds) for seconds in rows]
