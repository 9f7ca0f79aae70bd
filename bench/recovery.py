"""Recovery of 100,000 customers of whom a fifth are overdue: the night, the morning, the dry run of suspensions.

`python -m bench recovery [customers]`. The limit beside each figure is one INSERT…SELECT of as many rows.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import text

import core.schema  # noqa: F401 - every table must be known before the first query
from bench.counting import counted
from cli.database import migrate
from cli.embedded import start_embedded
from core.db import company_session, engine, platform_session
from core.ids import Id, new_id
from core.settings import Settings
from core.staff.people import add_staff
from core.usecases.climb_ladder import climb_ladder
from core.usecases.open_company import open_company
from core.usecases.run_recovery import run_recovery
from core.usecases.start_process import start_process
from core.usecases.suspend_overdue import plan_cuts

CUSTOMERS = 100_000
OVERDUE_EVERY = 5
AGENTS = 150
TODAY = date(2026, 11, 14)
NOW = datetime(2026, 11, 14, 5, 0, tzinfo=UTC)

TOWN = """
INSERT INTO customer (number, name, cnic, tax_number, email, customer_class, state, sub_zone_id)
SELECT 'C-' || n, 'Customer ' || n, '', '', '', 'residential', 'active', :zone FROM generate_series(1, :count) n;
INSERT INTO customer_phone (customer_id, phone, label)
SELECT id, '+92300' || lpad(substr(number, 3), 7, '0'), '' FROM customer;
INSERT INTO invoice (number, customer_id, kind, reason, state, currency, issued_on, due_on, net, tax, rounding, total,
                     balance, earlier_balance, seller_name, seller_address, seller_tax_number, seller_sales_tax_number,
                     customer_name, customer_address, customer_tax_number, tax_rounding, fiscal_state, fiscal_number)
SELECT 'INV-' || number, id, 'other', 'one_off', CASE WHEN late THEN 'issued' ELSE 'paid' END, 'PKR', '2026-11-01',
       '2026-11-10', 2500, 0, 0, 2500, CASE WHEN late THEN 2500 ELSE 0 END, 0, '', '', '', '', name, '', '', 'line',
       'not_required', ''
  FROM (SELECT *, substr(number, 3)::int % :every = 0 AS late FROM customer) c;
ANALYZE
"""
LIMIT = "CREATE TEMP TABLE floor ON COMMIT DROP AS SELECT * FROM invoice WHERE balance > 0"


def main(count: int = CUSTOMERS) -> None:
    """Build the town, then measure."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            start_process(Settings(environment="test", data_dir=Path(folder), database_url=servers.app_url,
                                   redis_url=servers.redis_url, _env_file=None))  # fmt: skip
            company = _town(count)
            _measure(company, count // OVERDUE_EVERY)
        finally:
            engine().dispose()
            servers.stop()


def _town(count: int) -> Id:
    with platform_session() as session:
        company = open_company(session, slug="bench", name="Bench", phone_number_id="1", display_number="1").id
    with company_session(company) as session:
        area, zone = new_id(), new_id()
        session.execute(text("INSERT INTO area (id, name) VALUES (:id, 'A')"), {"id": area})
        session.execute(
            text("INSERT INTO sub_zone (id, area_id, name) VALUES (:id, :area, 'Z')"), {"id": zone, "area": area}
        )
        facts = {"zone": zone, "count": count, "every": OVERDUE_EVERY}
        for statement in TOWN.split(";"):
            session.execute(text(statement), {name: value for name, value in facts.items() if f":{name}" in statement})
        for number in range(AGENTS):
            add_staff(session, name=f"Agent {number:03}", role="recovery_agent", phone=f"+9230100{number:05}")
    return company


def _measure(company: Id, debtors: int) -> None:
    with counted(engine()) as sent:
        _measure_counted(company, debtors, sent)


def _measure_counted(company: Id, debtors: int, sent: list[int]) -> None:
    def timed(what: str, action: Callable[[], object]) -> None:
        sent[0], begun = 0, time.perf_counter()
        outcome = action()
        took = time.perf_counter() - begun
        print(
            f"{what:<34} {took:7.2f} s {debtors / took:8.0f} cases/s {sent[0] / debtors:6.3f} statements/case {outcome}"
        )

    def once(action: Callable[..., object]) -> object:
        with company_session(company) as session:
            return action(session)

    timed("limit: copy the overdue invoices", lambda: once(lambda s: s.execute(text(LIMIT)) and ""))
    timed("ageing: first night", lambda: once(lambda s: run_recovery(s, today=TODAY, now=NOW)))
    timed("ageing: the same again", lambda: once(lambda s: run_recovery(s, today=TODAY, now=NOW)))
    timed("ladder: reminders to all", lambda: _climb(company))
    timed("ladder: the same again", lambda: _climb(company))
    timed("suspension: dry run", lambda: once(lambda s: len(plan_cuts(s, today=TODAY, now=NOW).ready)))


def _climb(company: Id) -> int:
    after: Id | None = None
    taken = 0
    while True:
        with company_session(company) as session:
            climb = climb_ladder(session, today=TODAY, now=NOW, after=after)
        taken += climb.taken["reminder"]
        if (after := climb.last) is None:
            return taken
