"""Runs that are killed: the process by kill -9 or the whole database server, at random points, until one ends."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cli.database import migrate
from cli.embedded import EmbeddedServers, create_database, start_embedded, wait_for_postgres
from core import db, jobs
from core.db import company_session
from core.usecases.run_invoices import DryRun, RunReport, dry_run, run_invoices
from tests.cast import TestCompany
from tests.conftest import open_test_company
from tests.town import DAY, build_town, pay_ahead

NOW = datetime(2026, 10, 31, 19, 30, tzinfo=UTC)
"""Half past midnight in Lahore, when notices wait for the morning."""
BATCH = 20


@dataclass
class Crashed:
    """What came of it all."""

    billed_at: list[int]
    """How many invoices there were at each kill."""
    expected: DryRun
    report: RunReport
    facts: dict[str, Any]

    @property
    def faults(self) -> list[str]:
        """Everything that is not as if nothing had happened."""
        count, amount = len(self.expected.invoices), self.expected.amount
        wanted = {
            "invoices": count, "amount": amount, "doubles": 0, "last_number": count, "numbers": count,
            "unbalanced": 0, "entries": count, "still_due": 0, "receivable_off": Decimal(0),
            "advance_off": Decimal(0), "notices": count, "lines_off": 0,
        }  # fmt: skip
        found = [f"{name}: {self.facts[name]} not {value}" for name, value in wanted.items()
                 if self.facts[name] != value]  # fmt: skip
        if (self.report.invoiced, self.report.amount, self.report.state) != (count, amount, "done"):
            found.append(f"the run says {self.report}")
        return found


_FACTS = text("""
    SELECT (SELECT count(*) FROM invoice) AS invoices,
           (SELECT sum(total) FROM invoice) AS amount,
           (SELECT count(*) FROM (SELECT 1 FROM invoice GROUP BY subscription_id, period_start HAVING count(*) > 1) d)
               AS doubles,
           (SELECT last FROM number_series WHERE kind = 'invoice') AS last_number,
           (SELECT count(DISTINCT number) FROM invoice) AS numbers,
           (SELECT count(*) FROM (SELECT 1 FROM posting GROUP BY entry_id HAVING sum(amount) <> 0) u) AS unbalanced,
           (SELECT count(*) FROM journal_entry e JOIN invoice i ON i.id = e.source_id WHERE e.kind = 'invoice')
               AS entries,
           (SELECT count(*) FROM subscription WHERE next_bill_on <= :day) AS still_due,
           (SELECT sum(balance) FROM invoice) - (SELECT sum(p.amount) FROM posting p JOIN account a
               ON a.id = p.account_id WHERE a.code = '1100') AS receivable_off,
           (SELECT sum(unallocated) FROM payment) + (SELECT sum(p.amount) FROM posting p JOIN account a
               ON a.id = p.account_id WHERE a.code = '2200') AS advance_off,
           (SELECT count(*) FROM outbound_message WHERE lane = 'billing') AS notices,
           (SELECT count(*) FROM invoice i WHERE i.total <> (SELECT sum(amount) FROM invoice_line l
               WHERE l.invoice_id = i.id)) AS lines_off
""")


def crash_runs(folder: Path, *, count: int, kills: int, seed: int) -> Crashed:
    """Bill a town of `count` on a server of its own, killing process or server `kills` times on the way."""
    chance = random.Random(seed)
    servers = start_embedded(folder)
    try:
        owner_url, app_url = create_database(servers, "crash")
        migrate(owner_url)
        db.connect(app_url)
        jobs.connect(servers.redis_url)
        company = open_test_company("crash", "100200300")
        with company_session(company.id, "town") as session:
            build_town(session, company, count)
            pay_ahead(session)
        expected = dry_run(company.id, DAY)
        billed_at: list[int] = []
        for step in range(1, kills + 1):
            goal = count * step // (kills + 2) + chance.randrange(BATCH)
            _killed_run(servers, app_url, company, goal, chance, server_too=step % 2 == 0)
            db.connect(app_url)
            billed_at.append(_billed(company))
        report = run_invoices(company.id, DAY, started_by="test", now=NOW, batch=BATCH)
        with company_session(company.id) as session:
            facts = dict(session.execute(_FACTS, {"day": DAY}).mappings().one())
        db.engine().dispose()
        return Crashed(billed_at, expected, report, facts)
    finally:
        servers.stop()


def _killed_run(
    servers: EmbeddedServers, url: str, company: TestCompany, goal: int, chance: random.Random, *, server_too: bool
) -> None:
    """Start a run in a process of its own and kill it soon after it has billed `goal`, in the midst of what it does.

    The run waits for its last subscription meanwhile, so however fast or slow the machine, it has not ended before.
    """
    forking = multiprocessing.get_context("fork")
    go = forking.Event()
    child = forking.Process(target=_child, args=(url, company, go), daemon=True)
    child.start()
    try:
        with suppress(OperationalError), company_session(company.id) as session:
            session.execute(_HOLD_LAST, {"day": DAY})
            go.set()
            while child.is_alive() and _billed(company) < goal:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.1)
            if server_too:
                _crash_server(servers)
            child.kill()
    finally:
        child.kill()
        child.join(10)


_HOLD_LAST = text("""
    SELECT id FROM subscription WHERE next_bill_on <= :day ORDER BY next_bill_on DESC, id DESC LIMIT 1 FOR UPDATE
""")


def _child(url: str, company: TestCompany, go: Event) -> None:
    go.wait()
    db.connect(url)
    run_invoices(company.id, DAY, started_by="test", now=NOW, batch=BATCH)


def _billed(company: TestCompany) -> int:
    with company_session(company.id) as session:
        return int(session.scalar(text("SELECT coalesce(max(invoiced), 0) FROM invoice_run")) or 0)


def _crash_server(servers: EmbeddedServers) -> None:
    """Stop the server as a power cut would, and start it again on what it had written."""
    server: Any = servers._postgres
    pid = server.get_pid()
    os.kill(pid, signal.SIGQUIT)
    while server.get_postmaster_info().is_running():
        time.sleep(0.01)
    db.engine().dispose()
    with suppress(subprocess.TimeoutExpired):  # it goes on bringing its files in order all the same
        server.ensure_postgres_running()
    wait_for_postgres(servers.socket_dir)
    server.ensure_postgres_running()
