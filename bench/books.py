"""Reports over ten million postings of three years, all but the last two months closed, against bare sums.

The rows are made in the database in sets, by its superuser with triggers and foreign keys off; closing, and every
report, run as the program does: restricted role, row-level security, triggers on.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

import core.db
import core.schema
from cli.database import migrate
from cli.embedded import EmbeddedServers, start_embedded
from core.billing.ageing import receivable_ageing
from core.db import company_session
from core.ids import Id
from core.ledger.cash_flow import cash_flow
from core.ledger.periods import close_period
from core.ledger.statements import balance_sheet, profit_and_loss, revenue_by_plan_and_area, trial_balance

CUSTOMERS, MONTHS, UNPAID_MONTHS = 50_000, 36, 2
AREAS, PLANS = 20, 10
FIRST_MONTH, CLOSED_THROUGH = date(2023, 12, 1), date(2026, 9, 30)
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
AIM_SECONDS = 0.5
RUNS = 5
PRICE = Decimal("2500.00")

CUSTOMERS_SQL = """
INSERT INTO area (company_id, name, jurisdiction)
SELECT %(c)s, 'Area ' || n, '' FROM generate_series(1, %(areas)s) n;
INSERT INTO sub_zone (company_id, area_id, name) SELECT %(c)s, id, name FROM area WHERE name LIKE 'Area %%';
INSERT INTO plan (company_id, code, name, kind, service_class, income_account, interval_months, tax_inclusive,
                  download_mbps, upload_mbps, unit, rating, offered)
SELECT %(c)s, 'P' || n, 'Plan ' || n, 'flat', 'internet', '4000', 1, false, 10 * n, 10 * n, 'GB', '', true
  FROM generate_series(1, %(plans)s) n;
CREATE TEMP TABLE zones AS SELECT row_number() OVER () - 1 AS n, id, area_id FROM sub_zone WHERE name LIKE 'Area %%';
CREATE TEMP TABLE plans AS SELECT row_number() OVER () - 1 AS n, id FROM plan;
CREATE TEMP TABLE people AS
SELECT uuidv7() AS id, k AS n, z.id AS sub_zone_id, z.area_id, p.id AS plan_id
  FROM generate_series(1, %(customers)s) k
  JOIN zones z ON z.n = k %% %(areas)s JOIN plans p ON p.n = (k / 7) %% %(plans)s;
INSERT INTO customer (id, company_id, number, name, cnic, tax_number, email, customer_class, state, sub_zone_id)
SELECT id, %(c)s, 'C-' || (2000 + n), 'Customer ' || n, '', '', '', 'residential', 'active', sub_zone_id FROM people;
"""
INVOICES_SQL = """
INSERT INTO invoice (id, company_id, number, token, customer_id, kind, reason, state, currency, seller_name,
    seller_address, seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number,
    area_id, issued_on, due_on, tax_rounding, net, tax, rounding, total, balance, earlier_balance, fiscal_state,
    fiscal_number)
SELECT uuidv7(), %(c)s, 'INV-' || m || '-' || p.n, gen_random_uuid(), p.id, 'subscription', 'one_off',
       CASE WHEN m < %(paid)s THEN 'paid' ELSE 'issued' END, 'PKR', '', '', '', '', 'Customer ' || p.n, '', '',
       p.area_id, month, month + 9, 'line', 2500, 935.63, 0, 3435.63, CASE WHEN m < %(paid)s THEN 0 ELSE 3435.63 END,
       0, 'not_required', ''
  FROM generate_series(0, %(months)s - 1) m
  CROSS JOIN LATERAL (SELECT (%(first)s::date + make_interval(months => m))::date AS month)
  JOIN people p ON true;
INSERT INTO journal_entry (id, company_id, kind, source_id, posted_on, memo, actor, origin)
SELECT uuidv7(), company_id, 'invoice', id, issued_on, number, 'bench', 'run:bench' FROM invoice;
INSERT INTO posting (id, company_id, entry_id, account_id, party_id, posted_on, amount, area_id, plan_id)
SELECT uuidv7(), e.company_id, e.id, a.id, CASE l.code WHEN '1100' THEN i.customer_id END, e.posted_on, l.amount,
       CASE l.code WHEN '4000' THEN p.area_id END, CASE l.code WHEN '4000' THEN p.plan_id END
  FROM journal_entry e JOIN invoice i ON i.id = e.source_id JOIN people p ON p.id = i.customer_id
  CROSS JOIN (VALUES ('1100', 3435.63), ('4000', -2500), ('2100', -487.5), ('2110', -448.13)) l(code, amount)
  JOIN account a ON a.company_id = e.company_id AND a.code = l.code;
"""
PAYMENTS_SQL = """
CREATE TEMP TABLE paid AS SELECT uuidv7() AS id, id AS invoice_id, customer_id, total, issued_on + 40 AS day,
       row_number() OVER () AS n FROM invoice WHERE state = 'paid';
INSERT INTO payment (id, company_id, number, customer_id, method, account_code, amount, withheld_income_tax,
    withheld_sales_tax, certificate_no, unallocated, received_on, reference, idempotency_key, taken_by, state,
    state_reason, suspect)
SELECT id, %(c)s, 'R-' || n, customer_id, 'cash', '1010', total, 0, 0, '', 0, day, '', 'bench-' || n, 'bench',
       'received', '', false FROM paid;
INSERT INTO allocation (company_id, payment_id, invoice_id, amount, allocated_on, from_advance)
SELECT %(c)s, id, invoice_id, total, day, false FROM paid;
CREATE TEMP TABLE entries AS SELECT uuidv7() AS id, paid.id AS payment_id, customer_id, total, day FROM paid;
INSERT INTO journal_entry (id, company_id, kind, source_id, posted_on, memo, actor, origin)
SELECT id, %(c)s, 'payment', payment_id, day, '', 'bench', 'panel:bench' FROM entries;
INSERT INTO posting (id, company_id, entry_id, account_id, party_id, posted_on, amount)
SELECT uuidv7(), %(c)s, e.id, a.id, CASE l.code WHEN '1100' THEN e.customer_id END, e.day, l.sign * e.total
  FROM entries e CROSS JOIN (VALUES ('1010', 1), ('1100', -1)) l(code, sign)
  JOIN account a ON a.company_id = %(c)s AND a.code = l.code;
"""
INDEXES = "SELECT indexdef, indexname FROM pg_indexes WHERE tablename = 'posting' AND indexname LIKE 'ix_%'"


def main(customers: int = CUSTOMERS) -> None:
    """Load, close, measure, print; each customer makes 212 postings."""
    with tempfile.TemporaryDirectory(prefix="taar-books-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            core.db.connect(servers.app_url, statement_timeout_ms=900_000)
            company = _company()
            _load(servers, company, customers)
            _timed("close 34 months", lambda: _close(company))
            _vacuum(servers, "account_month")
            _limits(company)
            _reports(company)
            core.db.engine().dispose()
        finally:
            servers.stop()


def _company() -> Id:
    from tests.conftest import open_test_company

    return open_test_company("books", "1000200030004001").id


def _load(servers: EmbeddedServers, company: Id, customers: int) -> None:
    facts = {"c": company, "customers": customers, "months": MONTHS, "paid": MONTHS - UNPAID_MONTHS, "areas": AREAS,
             "plans": PLANS, "first": FIRST_MONTH}  # fmt: skip
    with psycopg.connect(host=servers.socket_dir, user="postgres", dbname="taar", autocommit=True,
                         cursor_factory=psycopg.ClientCursor) as admin:  # fmt: skip
        admin.execute("SET session_replication_role = replica")
        admin.execute("SET maintenance_work_mem = '1GB'")
        indexes = admin.execute(INDEXES).fetchall()
        started = time.perf_counter()
        for _, name in indexes:
            admin.execute(f"DROP INDEX {name}")
        for statements in (CUSTOMERS_SQL, INVOICES_SQL, PAYMENTS_SQL):
            admin.execute(statements, facts)
        for definition, _ in indexes:
            admin.execute(definition)
        admin.execute("VACUUM ANALYZE")
        (postings,) = admin.execute("SELECT count(*) FROM posting").fetchone() or (0,)
        print(f"{postings:,} postings loaded in {time.perf_counter() - started:.0f} s, triggers off", flush=True)


def _vacuum(servers: EmbeddedServers, table: str) -> None:
    with psycopg.connect(host=servers.socket_dir, user="postgres", dbname="taar", autocommit=True) as admin:
        admin.execute(f"VACUUM ANALYZE {table}")


def _close(company: Id) -> None:
    with company_session(company, "bench") as session:
        close_period(session, through=CLOSED_THROUGH, hard=True, by="bench", now=NOW)


def _limits(company: Id) -> None:
    """What PostgreSQL needs to read the postings, and the open months of them, and do nothing but add them up."""
    live = "SELECT sum(amount) FROM posting WHERE posted_on > :day AND account_id = ANY (SELECT id FROM account)"
    for name, statement in (("bare sum of all postings", "SELECT sum(amount) FROM posting"),
                            ("bare sum of the open months", live)):  # fmt: skip
        _measure(name, company, lambda session, statement=statement: session.execute(  # type: ignore[misc]
            text(statement), {"day": CLOSED_THROUGH} if ":day" in statement else {}).all())  # fmt: skip


def _reports(company: Id) -> None:
    year = date(2026, 7, 1)
    reports: tuple[tuple[str, Callable[[Session], object]], ...] = (
        ("trial balance", lambda s: trial_balance(s, as_of=TODAY)),
        ("trial balance, mid-month 2025", lambda s: trial_balance(s, as_of=date(2025, 3, 17))),
        ("profit and loss, 3 years by area", lambda s: profit_and_loss(s, first=FIRST_MONTH, last=TODAY, by="area")),
        ("profit and loss, 3 years by month", lambda s: profit_and_loss(s, first=FIRST_MONTH, last=TODAY, by="month")),
        ("balance sheet", lambda s: balance_sheet(s, as_of=TODAY)),
        ("revenue by plan and area, year", lambda s: revenue_by_plan_and_area(s, first=year, last=TODAY)),
        ("ageing, today", lambda s: receivable_ageing(s, as_of=TODAY)),
        ("ageing, today by area", lambda s: receivable_ageing(s, as_of=TODAY, by="area")),
        ("ageing, two months ago", lambda s: receivable_ageing(s, as_of=date(2026, 9, 15), by="area")),
        ("cash flow of a closed month", lambda s: cash_flow(s, first=date(2026, 9, 1), last=CLOSED_THROUGH)),
    )
    for name, report in reports:
        _measure(name, company, report, aim=not name.startswith("cash"))


def _measure(name: str, company: Id, report: Callable[[Session], object], *, aim: bool = False) -> None:
    taken = []
    for _ in range(RUNS):
        with company_session(company, "bench") as session:
            started = time.perf_counter()
            report(session)
            taken.append(time.perf_counter() - started)
    words = f"   (aim: under {AIM_SECONDS} s)" if aim else ""
    print(f"{name:36} median {statistics.median(taken):6.3f} s   worst {max(taken):6.3f} s{words}", flush=True)


def _timed(name: str, action: Callable[[], object]) -> None:
    started = time.perf_counter()
    action()
    print(f"{name:36} {time.perf_counter() - started:13.1f} s", flush=True)
