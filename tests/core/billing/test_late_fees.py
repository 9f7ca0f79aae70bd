"""Late fees written in sets: the same figures as one by one, and one customer's trouble is his alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.credit_notes import credit_invoice
from core.billing.debt_models import LateFee
from core.billing.invoice_models import Invoice
from core.billing.late_fees import charge_late_fees
from core.billing.payments import record_payment
from core.crm.models import Customer
from core.db import company_session
from core.ledger.models import JournalEntry
from core.ledger.periods import PeriodClosed, close_period
from core.money import ZERO
from tests.builders import make_customer
from tests.cast import NOW, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import bill, only_tax, policy

D = Decimal
BILLED, LATE = date(2026, 10, 1), date(2026, 10, 16)


def debtors(session: Session, company: TestCompany, count: int, *, tax: str = "16") -> list[Customer]:
    """Who owes 1000 since 1 October, net of tax; five days of grace after the 10th, then 150."""
    rules = policy(session)
    rules.late_fee_kind, rules.late_fee_amount, rules.late_fee_grace_days = "fixed", D("150.00"), 5
    only_tax(session, tax)
    customers = [make_customer(session, company, name=f"Debtor {number}") for number in range(count)]
    for customer in customers:
        bill(session, customer, ("1000.00", "internet"), on=BILLED)
    return customers


def sent(session: Session, act: Callable[[], object]) -> int:
    """How many statements the act sends."""
    connection, statements = session.connection(), []

    def count(*args: object) -> None:
        statements.append(args)

    event.listen(connection, "before_cursor_execute", count)
    act()
    event.remove(connection, "before_cursor_execute", count)
    return len(statements)


def test_a_fee_is_taxed_numbered_and_booked_like_any_invoice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        (customer,) = debtors(session, company, 1)
        (fee,) = charge_late_fees(session, day=LATE, actor="run", origin="run:7").charged
        invoice = session.get_one(Invoice, fee.fee_invoice_id)
        assert [(line.kind, line.account_code, str(line.amount)) for line in invoice.lines] == [
            ("charge", "4050", "150.00"), ("tax", "2100", "24.00"),
        ]  # fmt: skip
        assert (invoice.number, invoice.due_on, str(invoice.earlier_balance)) == (
            "INV-2026-27-000002", date(2026, 10, 25), "1160.00",
        )  # fmt: skip
        assert (invoice.customer_name, invoice.customer_address) == ("Debtor 0", customer.sites[0].address)
        entry = session.scalars(select(JournalEntry).where(JournalEntry.source_id == invoice.id)).one()
        assert (entry.kind, entry.origin, entry.memo, entry.posted_on) == ("invoice", "run:7", invoice.number, LATE)
        assert_books_tie(session)


def test_money_kept_ahead_settles_the_fees_of_a_batch_in_their_order(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        (customer,) = debtors(session, company, 1, tax="0")
        for amount in ("2000.00", "200.00"):
            other = bill(session, customer, (amount, "internet"), on=BILLED)
        record_payment(
            session, customer_id=customer.id, amount=D("200.00"), method="cash", received_on=BILLED, taken_by="t",
            idempotency_key="p", now=NOW, invoice_ids=[other.id],
        )  # fmt: skip
        note = credit_invoice(session, invoice_id=other.id, reason="outage", issued_on=BILLED, made_by="t",
                              idempotency_key="k", keep_as_advance=True)  # fmt: skip
        assert (note.unallocated, other.state) == (D("200.00"), "paid")

        batch = charge_late_fees(session, day=LATE, actor="run")

        fees = [session.get_one(Invoice, fee.fee_invoice_id) for fee in batch.charged]
        assert [(str(fee.balance), fee.state) for fee in fees] == [("0.00", "paid"), ("100.00", "part_paid")]
        assert [str(fee.earlier_balance) for fee in fees] == ["3000.00", "3000.00"]
        assert (note.unallocated, customer_advance(session, customer.id)) == (ZERO, ZERO)
        assert_books_tie(session)


def test_one_bad_customer_is_named_and_the_others_are_charged(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        first, bad, last = debtors(session, company, 3)
        bad.sites[0].address = ""
        batch = charge_late_fees(session, day=LATE, actor="run")
        assert {session.get_one(Invoice, fee.invoice_id).customer_id for fee in batch.charged} == {first.id, last.id}
        (problem,) = batch.problems
        assert (problem.customer, problem.customer_id) == (f"{bad.number} Debtor 1", bad.id)
        assert problem.why == f"{bad.number} has no address to invoice: add a site"
        assert_books_tie(session)


def test_twice_in_one_transaction_charges_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        debtors(session, company, 3)
        assert len(charge_late_fees(session, day=LATE, actor="run").charged) == 3
        assert charge_late_fees(session, day=LATE, actor="run").charged == ()
        assert session.scalar(select(func.count()).select_from(LateFee)) == 3
        assert booked(session, "4050") == D(-450)


def test_the_statements_do_not_grow_with_the_fees(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        debtors(session, company, 2)
        few = sent(session, lambda: charge_late_fees(session, day=LATE, actor="run"))
        debtors(session, company, 12)
        many = sent(session, lambda: charge_late_fees(session, day=LATE, actor="run"))
        assert many == few


def test_a_closed_month_takes_no_fee(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        debtors(session, company, 1)
        close_period(session, through=date(2026, 10, 31), by="owner", now=NOW)
        with pytest.raises(PeriodClosed):
            charge_late_fees(session, day=LATE, actor="run")
        assert booked(session, "4050") == ZERO
