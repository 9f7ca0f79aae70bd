"""The invoice run of a large company, beside the limit: the same rows by one INSERT ... SELECT a table."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

import core.schema  # noqa: F401 - every table must be known before the first query
from bench.counting import counted
from cli.database import migrate
from cli.embedded import EmbeddedServers, create_database, start_embedded
from core import db, jobs
from core.db import company_session
from core.ids import Id
from core.usecases.run_invoices import BATCH, SHARES, dry_run, run_invoices
from core.usecases.start_process import spare_collector
from tests.conftest import open_test_company
from tests.town import DAY, FILLED, build_town

SUBSCRIPTIONS = 100_000
NOW = datetime(2026, 10, 31, 19, 30, tzinfo=UTC)
TABLES = ("invoice", "invoice_line", "journal_entry", "posting", "outbound_message")
PHONE_NUMBER_ID = "1000200030004000"


def main(count: int = SUBSCRIPTIONS) -> None:
    """Bill `count` subscriptions in a process of its own, then write the same rows raw, and compare."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            _measure(servers, count)
        finally:
            servers.stop()


def _measure(servers: EmbeddedServers, count: int) -> None:
    owner_url, app_url = create_database(servers, "bench")
    migrate(owner_url)
    company = _town(app_url, servers.redis_url, count)
    _admin(servers, f"VACUUM ANALYZE {', '.join(FILLED)}", "bench")
    _admin(servers, "CREATE DATABASE bench_limit TEMPLATE bench")
    ran = _in_a_process(app_url, servers.redis_url, company)
    limit, rows = _limit(servers, company)
    seconds, statements = ran["seconds"], ran["statements"]
    print(f"run        {seconds:7.1f} s    {ran['invoiced']} invoices, {sum(rows.values())} rows: {rows}")
    print(f"program    {ran['worked']:7.1f} s    of a processor, the rest is the database's")
    print(f"limit      {limit:7.1f} s    one INSERT ... SELECT a table, same triggers and indexes")
    print(f"share      {limit / seconds:7.2f}      of the limit (aim: at least 0.50, and 15 s)")
    print(f"statements {statements / count:7.4f}      a subscription, {statements} in all (must be below 0.1)")
    print(f"memory     {ran['peak_mb']:7.0f} MB   at most, {ran['base_mb']:.0f} MB before the run (aim: below 300)")
    print(f"dry run    {ran['dry_seconds']:7.1f} s    same amount: {ran['amount'] == ran['dry_amount']}")


def _in_a_process(url: str, redis_url: str, company: Id) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.invoice_run", url, redis_url, str(company)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": "."})
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def child(url: str, redis_url: str, company: str, batch: int = BATCH, shares: int = SHARES) -> None:
    """Dry run, then run, and print the figures as JSON."""
    engine = db.connect(url)
    jobs.connect(redis_url)
    spare_collector()
    base = _peak_mb()
    began = time.perf_counter()
    dry_amount = dry_run(Id(company), DAY).amount
    dry_seconds = time.perf_counter() - began
    with counted(engine) as sent:
        began, worked = time.perf_counter(), time.process_time()
        report = run_invoices(Id(company), DAY, started_by="bench", now=NOW, batch=batch, shares=shares)
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
    print(
        json.dumps(
            {"seconds": seconds, "statements": sent[0], "invoiced": report.invoiced, "peak_mb": _peak_mb(),
             "base_mb": base, "amount": str(report.amount), "dry_amount": str(dry_amount),
             "dry_seconds": dry_seconds, "worked": worked, "problems": report.problems}
        )
    )  # fmt: skip


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _town(url: str, redis_url: str, count: int) -> Id:
    """A company of `count` subscriptions: a fifth with discounts, a tenth in a first part month, 2 % of five lines."""
    db.connect(url)
    jobs.connect(redis_url)
    company = open_test_company("bench", PHONE_NUMBER_ID)
    with company_session(company.id, "bench") as session:
        build_town(session, company, count)
    db.engine().dispose()
    return company.id


def _limit(servers: EmbeddedServers, company: Id) -> tuple[float, dict[str, int]]:
    """Seconds for one INSERT ... SELECT a table of the run's own rows, in one transaction with its commit."""
    rows: dict[str, int] = {}
    with _connected(servers, "bench", "postgres") as source, _connected(servers, "bench_limit", "postgres") as target:
        for table in TABLES:
            columns = _columns(source, table)
            target.execute(f"CREATE TABLE raw_{table} AS SELECT {columns} FROM {table} LIMIT 0")
            with (
                source.cursor().copy(
                    f"COPY (SELECT {columns} FROM {table} ORDER BY id) TO STDOUT (FORMAT binary)"
                ) as out,
                target.cursor().copy(f"COPY raw_{table} FROM STDIN (FORMAT binary)") as into,
            ):
                for block in out:
                    into.write(block)
            rows[table] = target.execute(f"SELECT count(*) FROM raw_{table}").fetchone()[0]  # type: ignore[index]
            target.execute(f"GRANT SELECT ON raw_{table} TO taar_app")
        target.execute("INSERT INTO invoice_run (id, run_day, state, started_at, due, invoiced, problems, amount,"
                       " started_by, error, company_id) SELECT DISTINCT run_id, date '2026-11-01', 'done', now(), 0, 0,"
                       " 0, 0, 'bench', '', company_id FROM raw_invoice")  # fmt: skip
    with _connected(servers, "bench_limit", "taar_app", autocommit=False) as app:
        app.execute("SELECT set_config('taar.company_id', %s, true), set_config('taar.actor', 'bench', true)",
                    [str(company)])  # fmt: skip
        began = time.perf_counter()
        insert = {
            table: f"INSERT INTO {table} ({columns}) SELECT {columns} FROM raw_{table}"
            for table in TABLES
            for columns in [_columns(app, f"raw_{table}")]
        }
        # An entry that comes with its lines is looked at once, and not again at the commit.
        insert["posting"] = f"WITH entry AS ({insert.pop('journal_entry')}) {insert['posting']}"
        for statement in insert.values():
            app.execute(statement)  # type: ignore[arg-type]
        app.commit()
        return time.perf_counter() - began, rows


def _columns(connection: psycopg.Connection[Any], table: str) -> str:
    """Every column but `created_at`, which the database fills."""
    found = connection.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'created_at'",
        [table],
    ).fetchone()
    assert found is not None
    return str(found[0])


def _connected(
    servers: EmbeddedServers, database: str, user: str, *, autocommit: bool = True
) -> psycopg.Connection[Any]:
    return psycopg.connect(host=servers.socket_dir, user=user, dbname=database, autocommit=autocommit)


def _admin(servers: EmbeddedServers, statement: str, database: str = "postgres") -> None:
    with _connected(servers, database, "postgres") as connection:
        connection.execute(statement)  # type: ignore[call-overload]


if __name__ == "__main__":
    child(*sys.argv[1:4], *(int(n) for n in sys.argv[4:]))
