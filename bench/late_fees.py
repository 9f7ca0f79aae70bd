"""Late fees of a company's night: charged in batches with tax and books, beside the same rows by INSERT ... SELECT.

`python -m bench late_fees [customers]`; every second customer is late, a tenth of those has paid ahead.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine, select, text

import core.schema  # noqa: F401 - every table must be known before the first query
from bench.counting import counted
from cli.database import migrate
from cli.embedded import start_embedded
from core.billing.plan_models import BillingPolicy
from core.db import Base, company_session, connect, engine, platform_session
from core.ids import Id
from core.usecases.charge_late_fees import charge_late_fees
from core.usecases.open_company import open_company

CUSTOMERS = 20_000
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
TOWN = (
    "INSERT INTO area (name, jurisdiction) VALUES ('Gulberg', 'punjab')",
    "INSERT INTO sub_zone (area_id, name) SELECT id, 'III' FROM area",
    "INSERT INTO customer (number, name, cnic, tax_number, email, customer_class, state, sub_zone_id)"
    " SELECT 'C-' || n, 'Customer ' || n, '', '', '', 'residential', 'active', (SELECT id FROM sub_zone)"
    " FROM generate_series(1, :count) n",
    "INSERT INTO site (customer_id, address, connection_type) SELECT id, 'Street ' || number, 'fibre' FROM customer",
    "INSERT INTO invoice (number, customer_id, kind, reason, state, currency, seller_name, seller_address,"
    " seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number, issued_on,"
    " due_on, tax_rounding, net, tax, rounding, total, balance, earlier_balance, fiscal_state, fiscal_number)"
    " SELECT 'INV-' || number, id, 'other', 'one_off', 'issued', 'PKR', '', '', '', '', name, '', '', '2026-11-01',"
    " CASE WHEN substr(number, 3)::int % 2 = 0 THEN date '2026-11-10' ELSE date '2026-12-10' END, 'line',"
    " 2500, 0, 0, 2500, 2500, 0, 'not_required', '' FROM customer",
    "INSERT INTO payment (number, customer_id, method, account_code, amount, withheld_income_tax,"
    " withheld_sales_tax, certificate_no, unallocated, received_on, reference, idempotency_key, taken_by,"
    " state, state_reason, suspect)"
    " SELECT 'R-' || number, id, 'bank', '1020', 50, 0, 0, '', 50, '2026-11-20', '', number, 'bench', 'received',"
    " '', false FROM customer WHERE substr(number, 3)::int % 20 = 0",
)
FEE = (
    "CREATE TEMP TABLE fee ON COMMIT DROP AS SELECT i.id, gen_random_uuid() AS new_id, gen_random_uuid() AS entry_id"
    " FROM invoice i WHERE i.reason = 'late_fee'"
)


def _copied(table: str, joined: str, **changed: str) -> str:
    """An INSERT of a table's rows from itself, `changed` columns apart."""
    columns = [column.name for column in Base.metadata.tables[table].columns if column.name != "created_at"]
    values = ", ".join(changed.get(name, f"x.{name}") for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} x JOIN {joined}"


def main(count: int = CUSTOMERS) -> None:
    """Build the town, charge what is due, charge again, and write the same rows raw."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            connect(servers.app_url, statement_timeout_ms=600_000)
            company_id = _town(count)
            owner = create_engine(servers.owner_url, isolation_level="AUTOCOMMIT")
            with owner.connect() as connection:
                connection.execute(text("VACUUM ANALYZE"))
            owner.dispose()
            _measure(company_id)
        finally:
            engine().dispose()
            servers.stop()


def _town(count: int) -> Id:
    with platform_session("bench") as session:
        company = open_company(session, slug="bench", name="Bench Net", phone_number_id="1", display_number="1")
    with company_session(company.id, "bench") as session:
        policy = session.scalars(select(BillingPolicy)).one()
        policy.late_fee_kind, policy.late_fee_amount = "fixed", Decimal("150.00")
        session.flush()
        for statement in TOWN:
            session.execute(text(statement), {"count": count} if ":count" in statement else {})
    return company.id


def _measure(company_id: Id) -> None:
    with counted(engine()) as sent:
        fees, took = _charge(company_id)
        statements = sent[0]
    again, idle = _charge(company_id)
    began = time.perf_counter()
    with company_session(company_id, "bench") as session:
        for statement in _raw():
            session.execute(text(statement))
    raw = time.perf_counter() - began
    print(f"late fees   {took:7.2f} s    {fees:,} charged, {1000 * took / fees:.2f} ms each")
    print(f"statements  {statements / fees:7.4f}      a fee, {statements} in all")
    print(f"run again   {idle:7.2f} s    {again} charged")
    print(f"limit       {raw:7.2f} s    one INSERT ... SELECT a table of the same rows; share {raw / took:.2f}")


def _raw() -> tuple[str, ...]:
    entry = _copied("journal_entry", "fee f ON f.id = x.source_id", id="f.entry_id", source_id="f.new_id")
    posting = _copied("posting", "journal_entry e ON e.id = x.entry_id JOIN fee f ON f.id = e.source_id",
                      id="gen_random_uuid()", entry_id="f.entry_id")  # fmt: skip
    return (
        FEE,
        _copied("invoice", "fee f ON f.id = x.id", id="f.new_id", number="'X' || x.number", token="f.new_id"),
        _copied("invoice_line", "fee f ON f.id = x.invoice_id", id="gen_random_uuid()", invoice_id="f.new_id"),
        _copied("late_fee", "fee f ON f.id = x.fee_invoice_id", id="gen_random_uuid()", round="x.round + 100",
                fee_invoice_id="f.new_id"),
        f"WITH entry AS ({entry}) {posting}",
    )  # fmt: skip


def _charge(company_id: Id) -> tuple[int, float]:
    began, charged = time.perf_counter(), 0
    while True:
        with company_session(company_id, "bench") as session:
            batch = charge_late_fees(session, now=NOW, actor="bench", origin="run:bench")
        if batch.problems:
            raise SystemExit(f"{batch.problems[0].customer}: {batch.problems[0].why}")
        if not batch.charged:
            return charged, time.perf_counter() - began
        charged += len(batch.charged)


if __name__ == "__main__":
    main()
