"""A month's recovery incentives: collections read, assessed and posted, against the INSERT of the same rows alone."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine, text

import core.schema  # noqa: F401 - every table must be known before the first query
from cli.database import migrate
from cli.embedded import start_embedded
from core.db import company_session, connect, platform_session
from core.ids import Id, new_id
from core.staff.commission_rules import Measure, Tier, add_plan, add_rule
from core.staff.pay_terms import set_pay_terms
from core.staff.people import add_staff
from core.usecases.accrue_commissions import accrue_commissions
from core.usecases.open_company import open_company

PAYMENTS = int(os.environ.get("PAYMENTS", "20000"))
AGENTS = 40
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def main() -> None:
    """Build the month, accrue it in batches, accrue it again, and insert the same rows raw."""
    with tempfile.TemporaryDirectory(prefix="taar-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = start_embedded(Path(folder))
        try:
            migrate(servers.owner_url)
            connect(servers.app_url, statement_timeout_ms=600_000)
            company_id = _town()
            _analyze(servers.owner_url)
            _measure(company_id)
        finally:
            servers.stop()


def _analyze(owner_url: str) -> None:
    """Give the planner what it would know of tables that had grown to this size."""
    owner = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()


def _measure(company_id: Id) -> None:
    rows, took = _accrue(company_id)
    again, idle = _accrue(company_id)
    raw = _raw(company_id)
    print(f"payments collected by {AGENTS} agents: {PAYMENTS:,}")
    print(f"accrued and posted:  {rows:,} in {took:.2f} s ({rows / took:,.0f} a second)")
    print(f"run again:           {again} in {idle:.2f} s")
    print(f"raw INSERT of the same rows: {raw:.2f} s; the run takes {took / raw:.1f} times as long")
    print(f"memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _accrue(company_id: Id) -> tuple[int, float]:
    started, rows, left = time.perf_counter(), 0, 1
    while left:
        with company_session(company_id, "bench") as session:
            done = accrue_commissions(session, since=FIRST, until=LAST, actor="bench", origin="run:bench", limit=10_000)
            rows, left = rows + len(done.accruals), done.left
    return rows, time.perf_counter() - started


def _raw(company_id: Id) -> float:
    """The same accruals, entries and postings written again from themselves, with triggers and commit."""
    copies = (
        "INSERT INTO commission_accrual (id, rule_id, staff_id, source_kind, source_id, part, earned_on, posted_on,"
        " amount, account_code, why) SELECT gen_random_uuid(), rule_id, staff_id, source_kind, source_id, part + 1000,"
        " earned_on, posted_on, amount, account_code, why FROM commission_accrual",
        "CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT id, gen_random_uuid() AS new_id FROM journal_entry"
        " WHERE kind = 'incentive'",
        "INSERT INTO journal_entry (id, kind, source_id, posted_on, memo, actor, origin) SELECT c.new_id, e.kind,"
        " c.new_id, e.posted_on, e.memo, e.actor, e.origin FROM journal_entry e JOIN copied c ON c.id = e.id",
        "INSERT INTO posting (id, entry_id, account_id, party_id, posted_on, amount) SELECT gen_random_uuid(),"
        " c.new_id, p.account_id, p.party_id, p.posted_on, p.amount FROM posting p JOIN copied c ON c.id = p.entry_id",
    )
    started = time.perf_counter()
    with company_session(company_id, "bench") as session:
        for statement in copies:
            session.execute(text(statement))
    return time.perf_counter() - started


def _town() -> Id:
    with platform_session("bench") as session:
        company = open_company(session, slug="bench", name="Bench Net", phone_number_id="1", display_number="1")
    with company_session(company.id, "bench") as session:
        plan = add_plan(session, name="Agents")
        tiers = (Tier(Decimal(30), Decimal(1)), Tier(Decimal(90), Decimal(3)), Tier(None, Decimal(6)))
        add_rule(session, plan_id=plan.id, kind="recovery", name="Recovery", valid_from=date(2026, 1, 1),
                 measure=Measure(tier_by="age", tiers=tiers))  # fmt: skip
        for number in range(AGENTS):
            agent = add_staff(session, name=f"Agent {number}", role="recovery_agent", phone=f"+92300{number:07d}")
            set_pay_terms(session, staff_id=agent.id, starts_on=date(2026, 1, 1), monthly_salary=Decimal(30000),
                          plan_id=plan.id)  # fmt: skip
        session.execute(text("INSERT INTO area (name, jurisdiction) VALUES ('Gulberg', '')"))
        session.execute(text("INSERT INTO sub_zone (area_id, name) SELECT id, 'III' FROM area"))
        for statement in _BILLED_AND_PAID:
            session.execute(text(statement), {"count": PAYMENTS, "key": str(new_id())})
    return company.id


_BILLED_AND_PAID = (
    "INSERT INTO customer (number, name, cnic, tax_number, email, customer_class, state, sub_zone_id)"
    " SELECT 'C-' || n, 'Customer ' || n, '', '', '', 'residential', 'active', (SELECT id FROM sub_zone)"
    " FROM generate_series(1, :count) n",
    "INSERT INTO invoice (number, customer_id, kind, reason, state, currency, seller_name, seller_address,"
    " seller_tax_number, seller_sales_tax_number, customer_name, customer_address, customer_tax_number, issued_on,"
    " due_on, tax_rounding, net, tax, rounding, total, balance, earlier_balance, fiscal_state, fiscal_number)"
    " SELECT 'INV-' || number, id, 'other', 'one_off', 'paid', 'PKR', '', '', '', '', name, '', '', '2026-08-01',"
    " date '2026-08-01' + (hashtext(number) % 120), 'line', 2500, 0, 0, 2500, 0, 0, 'not_required', ''"
    " FROM customer",
    "WITH agents AS (SELECT array_agg(id ORDER BY id) AS ids FROM staff)"
    " INSERT INTO payment (number, customer_id, method, account_code, amount, withheld_income_tax,"
    " withheld_sales_tax, certificate_no, unallocated, received_on, reference, idempotency_key, taken_by,"
    " collected_by, state, state_reason, suspect)"
    " SELECT 'R-' || number, id, 'bank', '1020', 2500, 0, 0, '', 0, date '2026-11-01' + abs(hashtext(number) % 30),"
    " '', number, 'bench', agents.ids[1 + abs(hashtext(number) % 40)], 'received', '', false FROM customer, agents",
    "INSERT INTO allocation (payment_id, invoice_id, amount, allocated_on, from_advance)"
    " SELECT p.id, i.id, 2500, p.received_on, false FROM payment p JOIN invoice i ON i.customer_id = p.customer_id",
    "INSERT INTO journal_entry (kind, source_id, posted_on, memo, actor, origin)"
    " SELECT 'payment', id, received_on, '', 'bench', 'demo' FROM payment",
    "INSERT INTO posting (entry_id, account_id, party_id, posted_on, amount)"
    " SELECT e.id, a.id, CASE a.code WHEN '1100' THEN p.customer_id END, e.posted_on, CASE a.code WHEN '1100' THEN"
    " -2500 ELSE 2500 END FROM journal_entry e JOIN payment p ON p.id = e.source_id"
    " JOIN account a ON a.code IN ('1020', '1100')",
)


if __name__ == "__main__":
    main()
