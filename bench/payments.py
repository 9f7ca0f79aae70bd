"""Payments with their receipts: how many a second and how late, against the same rows by one SQL function.

The load is open: at 500/s a payment is due every 2 ms whether or not earlier ones are done, so a queue shows in the
latencies, which count from the planned instant to the commit; what is not begun after twice the time is given up.
Aim: p99 under 10 ms at 500/s. Customers, load and PostgreSQL share the machine's cores.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
from sqlalchemy import text

import core.db
import core.jobs
import core.schema
from cli.database import migrate
from cli.embedded import start_embedded
from core.clock import utc_now
from core.db import company_session
from core.ids import Id, new_id
from core.jobs import ring_in_background
from core.settings import Settings
from core.usecases.start_process import spare_collector, start_process
from core.usecases.take_payment import take_payment

RATES = (50, 100, 200, 500)
SECONDS = 6.0
WARMING = 15
"""Payments of each connection before the start, so that plans and caches are made."""
PROCESSES, THREADS = os.cpu_count() or 1, 4
CUSTOMERS = 4000
WARM_ORDERS = 10_000_000
FUNCTION = Path(__file__).parent / "payment_limit.sql"


@dataclass(frozen=True)
class Ground:
    """What a load process needs to know; it is sent to it as it stands."""

    url: str
    redis_url: str
    company_id: Id
    customer_ids: list[Id]
    day: date
    now: datetime
    postmaster: int


@dataclass(frozen=True)
class Outcome:
    """What one load process saw; seconds."""

    latencies: list[float]
    seconds: float
    cpu: float


@dataclass(frozen=True)
class Measured:
    """One run of all processes."""

    latencies: list[float]
    seconds: float
    program_cpu_ms: float
    server_cpu_ms: float


def main() -> None:
    """The limit and the product, each at full speed and at several rates."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            settings = Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                redis_url=servers.redis_url, _env_file=None)  # fmt: skip
            start_process(settings)
            postmaster = int((Path(folder) / "postgres" / "postmaster.pid").read_text().split()[0])
            ground = _ground(servers.app_url, servers.redis_url, postmaster)
            with psycopg.connect(_libpq(servers.owner_url)) as owner:
                owner.execute(FUNCTION.read_text())
                owner.execute("ANALYZE")
            core.db.engine().dispose()
            for rate in (None, *RATES):
                limit, product = _load(ground, _limit, rate), _load(ground, _product, rate)
                _report(f"{rate}/s" if rate else "full speed", limit, product)
            _check(ground)
        finally:
            core.db.engine().dispose()
            servers.stop()


def _report(name: str, limit: Measured, product: Measured) -> None:
    for who, run in (("limit", limit), ("product", product)):
        cuts = statistics.quantiles(run.latencies, n=100)
        print(f"{name:<10} {who:<8} reached {len(run.latencies) / run.seconds:6.0f} payments/s"
              f"   p50 {cuts[49] * 1000:8.2f} ms   p99 {cuts[98] * 1000:8.2f} ms"
              f"   CPU each: {run.program_cpu_ms:5.2f} ms here, {run.server_cpu_ms:5.2f} ms in PostgreSQL")  # fmt: skip
    throughput = len(product.latencies) / product.seconds / (len(limit.latencies) / limit.seconds)
    median = statistics.median(limit.latencies) / statistics.median(product.latencies)
    print(f"{name:<10} share of the limit: throughput {throughput:.2f}, median {median:.2f};"
          f" load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip


def _ground(url: str, redis_url: str, postmaster: int) -> Ground:
    """A town whose customers have a line, are known on WhatsApp, and owe one large invoice each."""
    from tests.conftest import open_test_company
    from tests.town import build_town

    company = open_test_company("bench", "1000200030004000")
    with company_session(company.id, "bench") as session:
        build_town(session, company, CUSTOMERS)
        for statement in _BILLED:
            session.execute(text(statement))
        customer_ids = list(session.scalars(text("SELECT id FROM customer ORDER BY number")))
    now = utc_now()
    return Ground(url, redis_url, company.id, customer_ids, now.date(), now, postmaster)


_BILLED = (
    "INSERT INTO invoice (number, customer_id, kind, reason, state, currency, seller_name, seller_address,"
    " seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number, issued_on,"
    " due_on, tax_rounding, net, tax, rounding, total, balance, earlier_balance, fiscal_state, fiscal_number)"
    " SELECT 'INV-' || number, id, 'other', 'one_off', 'issued', 'PKR', '', '', '', '', name, '', '', '2026-11-01',"
    " '2026-11-10', 'line', 900000, 0, 0, 900000, 900000, 0, 'not_required', '' FROM customer",
    "WITH entry AS (INSERT INTO journal_entry (kind, source_id, posted_on, memo, actor, origin)"
    " SELECT 'invoice', id, issued_on, number, 'bench', 'bench' FROM invoice RETURNING id, source_id)"
    " INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount)"
    " SELECT e.id, a.id, CASE a.code WHEN '1100' THEN i.customer_id END, i.issued_on,"
    " CASE a.code WHEN '1100' THEN i.total ELSE -i.total END"
    " FROM entry e JOIN invoice i ON i.id = e.source_id JOIN account a ON a.code IN ('1100', '4000')",
)


Pay = Callable[[Ground, int], None]


def _load(ground: Ground, pay: Pay, rate: int | None) -> Measured:
    """Latencies from the planned instant (at full speed from the start) to the commit, and the CPU it took."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Outcome] = context.Queue()
    ready = context.Barrier(PROCESSES)
    workers = [
        context.Process(target=_process, args=(ground, pay, rate, number, ready, results))
        for number in range(PROCESSES)
    ]
    before = _cpu_of_children(ground.postmaster)
    for worker in workers:
        worker.start()
    outcomes = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    server = _cpu_of_children(ground.postmaster) - before
    paid = sum(len(outcome.latencies) for outcome in outcomes)
    return Measured(
        [latency for outcome in outcomes for latency in outcome.latencies],
        max(outcome.seconds for outcome in outcomes), sum(outcome.cpu for outcome in outcomes) / paid * 1000,
        server / (paid + WARMING * PROCESSES * THREADS) * 1000,
    )  # fmt: skip


def _cpu_of_children(postmaster: int) -> float:
    """Seconds of CPU of PostgreSQL's processes, those that have ended among them."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[1]) == postmaster:
            ticks += int(fields[11]) + int(fields[12])
        elif entry.name == str(postmaster):
            ticks += int(fields[13]) + int(fields[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def _process(ground: Ground, pay: Pay, rate: int | None, number: int, ready, results) -> None:
    core.db.connect(ground.url, pool_size=THREADS)
    core.jobs.connect(ground.redis_url)
    ring_in_background()
    spare_collector()
    plan = _Plan(rate, number)
    warm, latencies = threading.Barrier(THREADS + 1), []

    def run(thread: int) -> None:
        for order in range(WARMING):
            pay(ground, WARM_ORDERS + (order * THREADS + thread) * PROCESSES + number)
        warm.wait()
        warm.wait()
        while (planned := plan.next()) is not None:
            due, order = planned
            time.sleep(max(0.0, due - time.monotonic()))
            began = due if rate else time.monotonic()
            pay(ground, order)
            latencies.append(time.monotonic() - began)

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    warm.wait()
    ready.wait(timeout=120)
    cpu, began = time.process_time(), time.monotonic()
    plan.start = began + 0.1
    warm.wait()
    for thread in threads:
        thread.join()
    results.put(Outcome(latencies, time.monotonic() - began, time.process_time() - cpu))


class _Plan:
    """The instants of one process's payments and their order, handed to whichever of its threads is free."""

    def __init__(self, rate: int | None, number: int) -> None:
        self.rate, self.number, self.start, self.taken = rate, number, 0.0, 0
        self._lock = threading.Lock()

    def next(self) -> tuple[float, int] | None:
        with self._lock:
            order = self.taken * PROCESSES + self.number
            now = time.monotonic()
            due = max(now, self.start) if self.rate is None else self.start + order / self.rate
            if due >= self.start + SECONDS or now >= self.start + 2 * SECONDS:
                return None
            self.taken += 1
        return due, order


def _product(ground: Ground, number: int) -> None:
    customer_id, amount = _whose(ground, number)
    with company_session(ground.company_id, "bench") as session:
        take_payment(
            session, customer_id=customer_id, amount=amount, method="jazzcash", received_on=ground.day,
            idempotency_key=str(new_id()), taken_by="bench", now=ground.now, origin="bench",
            reference=f"JC{number:09d}",
        )  # fmt: skip


def _whose(ground: Ground, number: int) -> tuple[Id, Decimal]:
    """No customer pays the same amount twice, which would be remarked."""
    turn, place = divmod(number, len(ground.customer_ids))
    return ground.customer_ids[place], Decimal(10 + turn)


_local = threading.local()


def _limit(ground: Ground, number: int) -> None:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(_libpq(ground.url), autocommit=True)
    _local.connection.execute(
        "SELECT bench_pay(%s, %s, %s, %s, %s, %s)",
        (ground.company_id, *_whose(ground, number), ground.day, str(new_id()), f"JC{number:09d}"),
    )


def _check(ground: Ground) -> None:
    """What was measured was right: the books tie."""
    from tests.core.billing.bills import assert_ties

    core.db.connect(ground.url)
    with company_session(ground.company_id, "bench") as session:
        assert_ties(session)


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
