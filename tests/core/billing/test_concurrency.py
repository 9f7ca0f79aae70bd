"""Many at once on the same invoices, and a process killed in the middle: the sums tie, nothing is lost or doubled."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import core.db
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Allocation, Payment
from core.billing.taking_back import PaymentTakenBack, bounce_payment
from core.db import company_session, retried
from core.ids import Id
from core.ledger.models import JournalEntry
from core.money import ZERO
from tests.builders import make_customer
from tests.cast import NOW, TestCompany
from tests.core.billing.bills import assert_ties, credit_part, owe, pay, void

ROOT = Path(__file__).parent.parent.parent.parent
WORKERS, STEPS, CUSTOMERS, INVOICES = 50, 6, 4, 4
KILLS = 8


@pytest.fixture
def fifty_connections(database: str) -> Iterator[None]:
    """Each worker has a connection of its own."""
    core.db.engine().dispose()
    wide = core.db.connect(database, pool_size=WORKERS)
    yield
    wide.dispose()
    core.db.connect(database, pool_size=20)


def debtors(company: TestCompany, invoices: int = INVOICES) -> tuple[list[Id], list[Id]]:
    with company_session(company.id, "test") as session:
        customers = [make_customer(session, company, name=f"Customer {n}").id for n in range(CUSTOMERS)]
        bills = [
            owe(session, customer_id, f"{150 + 50 * n}.75", due=date(2026, 10, 10 + n)).id
            for customer_id in customers
            for n in range(invoices)
        ]
    return customers, bills


def bounce_one(session: Session, chance: random.Random) -> None:
    payments = session.scalars(select(Payment.id).where(Payment.state == "received").limit(20)).all()
    if payments:
        bounce_payment(session, payment_id=chance.choice(payments), reason="test", actor="test", now=NOW)


def test_fifty_workers_pay_credit_void_and_bounce_the_same_invoices(
    company: TestCompany, fifty_connections: None
) -> None:
    customers, bills = debtors(company)
    done: Counter[str] = Counter()

    def work(number: int) -> None:
        chance = random.Random(number)
        for _ in range(STEPS):
            amount = f"{chance.randrange(1, 40_000) / 100:.2f}"
            who, which = chance.choice(customers), chance.choice(bills)
            steps: dict[str, Callable[[Session], object]] = {
                "pay": lambda session, who=who, which=which, amount=amount: pay(  # type: ignore[misc]
                    session, who, amount, invoice_ids=[which]
                ),
                "credit": lambda session, which=which, amount=amount: credit_part(session, which, amount),  # type: ignore[misc]
                "void": lambda session, which=which: void(session, which),  # type: ignore[misc]
                "bounce": lambda session: bounce_one(session, chance),
            }
            kind = chance.choices(list(steps), (5, 3, 1, 2))[0]
            try:
                retried(lambda step=steps[kind]: in_company(company, step))  # type: ignore[misc]
                done[kind] += 1
            except PaymentTakenBack:
                done["bounced by another"] += 1

    with ThreadPoolExecutor(WORKERS) as pool:
        for finished in [pool.submit(work, number) for number in range(WORKERS)]:
            finished.result()
    assert sum(done.values()) == WORKERS * STEPS
    assert min(done[kind] for kind in ("pay", "credit", "void", "bounce")) > 0
    with company_session(company.id, "test") as session:
        assert_ties(session)
        assert_sums(session)


def in_company(company: TestCompany, step: Callable[[Session], object]) -> None:
    with company_session(company.id, "test") as session:
        step(session)


def assert_sums(session: Session) -> None:
    """Balances are what the allocations say, to the paisa; receipt numbers have no gap."""
    settled = select(Allocation.invoice_id, func.sum(Allocation.amount).label("amount")).group_by(Allocation.invoice_id)
    settled_by = {row.invoice_id: row.amount for row in session.execute(settled)}
    for invoice in session.scalars(select(Invoice)):
        expected = ZERO if invoice.state == "void" else invoice.total - settled_by.get(invoice.id, ZERO)
        assert (invoice.balance, invoice.balance >= ZERO) == (expected, True)
    for model, key in ((Payment, Allocation.payment_id), (CreditNote, Allocation.credit_note_id)):
        used = dict(session.execute(select(key, func.sum(Allocation.amount)).group_by(key)).all())  # type: ignore[arg-type]
        for source in session.scalars(select(model)):
            whole = source.amount if isinstance(source, Payment) else source.total
            taken_back = isinstance(source, Payment) and source.state != "received"
            assert source.unallocated == (ZERO if taken_back else whole - used.get(source.id, ZERO))
    numbers = sorted(int(re.findall(r"\d+$", number)[0]) for number in session.scalars(select(Payment.number)))
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_process_killed_in_the_middle_leaves_no_half_payment(company: TestCompany, database: str) -> None:
    customers, _ = debtors(company, invoices=8)
    told: set[str] = set()
    command = [sys.executable, "-m", "tests.core.billing.paying", database, str(company.id),
               ",".join(str(customer) for customer in customers)]  # fmt: skip
    for kill in range(KILLS):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            new = (line.strip() for line in process.stdout if line.strip() not in told)
            told |= set(itertools.islice(new, 11 + 7 * kill))
            process.kill()
            told |= {line.strip() for line in process.stdout if line.endswith("\n")}
        with company_session(company.id, "test") as session:
            # A transaction whose process died may take a moment to be rolled back.
            session.execute(text("SELECT 1 FROM customer FOR UPDATE"))
            recorded = session.scalars(select(Payment.idempotency_key)).all()
            assert told <= set(recorded) and len(recorded) == len(set(recorded))
            entries = session.scalar(select(func.count()).where(JournalEntry.kind == "payment"))
            assert entries == len(recorded)
            assert_ties(session)
            assert_sums(session)
    assert len(told) > 11 * KILLS
    with company_session(company.id, "test") as session:
        paid = session.scalar(select(func.sum(Payment.amount))) or ZERO
        keys = session.scalars(select(Payment.idempotency_key)).all()
        assert paid == sum((int(key.removeprefix("key-")) + 1 + Decimal("0.25") for key in keys), ZERO)
