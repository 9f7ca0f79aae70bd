"""Bills, payments and the books: what is owed is what the books say, whatever happens in whatever order."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing.balance import account_balance
from core.billing.invoice_models import Invoice
from core.billing.invoices import AlreadyInvoiced
from core.billing.payment_models import Payment
from core.billing.payments import KeyReused, record_payment
from core.billing.periods import period_containing
from core.billing.plan_models import Plan
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.journal import EntryUnbalanced, Line, post_entry
from core.ledger.models import Account, Posting
from core.ledger.statements import trial_balance
from core.money import ZERO, AmountInvalid, parse_amount, rounded, split
from tests.builders import customer_who_owes, make_customer, make_invoice, make_plan, make_subscription
from tests.cast import NOW, TODAY, TestCompany

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


def pay(session: Session, customer_id: Id, amount: str, *, key: str = "") -> Payment:
    return record_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method="cash", received_on=TODAY,
        idempotency_key=key or str(new_id()), taken_by="test", now=NOW,
    )  # fmt: skip


def booked(session: Session, code: str) -> Decimal:
    total = select(func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id).where(Account.code == code)
    return session.scalar(total) or ZERO


def test_taxes_stack_as_the_law_says(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923009990001")
        invoice = session.scalars(select(Invoice).where(Invoice.customer_id == customer.id)).one()
        assert [(line.kind, str(line.amount)) for line in invoice.lines] == [
            ("charge", "2500.00"), ("tax", "487.50"), ("tax", "448.13"),
        ]  # fmt: skip
        assert str(invoice.total) == "3435.63"
        assert invoice.number == "INV-2026-27-000001"


def test_a_partial_payment_keeps_the_oldest_invoice_first(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        subscription = make_subscription(session, customer, make_plan(session))
        for month in (SEPTEMBER, OCTOBER, NOVEMBER):
            make_invoice(session, subscription.id, month=month)
        pay(session, customer.id, "4000.00")
        owed = account_balance(session, customer_id=customer.id, today=TODAY)
    assert [(bill.due_on.month, str(bill.balance)) for bill in owed.unpaid] == [(10, "2871.26"), (11, "3435.63")]


def test_an_overpayment_becomes_advance_and_settles_the_next_invoice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        subscription = make_subscription(session, customer, make_plan(session))
        make_invoice(session, subscription.id, month=OCTOBER)
        pay(session, customer.id, "5000.00")
        assert account_balance(session, customer_id=customer.id, today=TODAY).advance == Decimal("1564.37")
        make_invoice(session, subscription.id, month=NOVEMBER)
        owed = account_balance(session, customer_id=customer.id, today=TODAY)
        assert (owed.due, owed.advance) == (Decimal("1871.26"), ZERO)
        assert (booked(session, "1100"), booked(session, "2200")) == (Decimal("1871.26"), ZERO)


def test_a_period_is_billed_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = make_subscription(session, make_customer(session, company), make_plan(session))
        make_invoice(session, subscription.id)
        with pytest.raises(AlreadyInvoiced):
            make_invoice(session, subscription.id)


def test_the_same_key_pays_once_and_another_amount_under_it_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923009990002")
        first = pay(session, customer.id, "1000.00", key="agent-1:7")
        assert pay(session, customer.id, "1000.00", key="agent-1:7").id == first.id
        with pytest.raises(KeyReused):
            pay(session, customer.id, "900.00", key="agent-1:7")


def test_payments_at_the_same_moment_never_settle_more_than_is_owed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_id = customer_who_owes(session, company, "+923009990003").id

    def pay_half() -> None:
        with company_session(company.id, "test") as session:
            pay(session, customer_id, "2000.00")

    threads = [threading.Thread(target=pay_half) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with company_session(company.id, "test") as session:
        owed = account_balance(session, customer_id=customer_id, today=TODAY)
        assert (owed.due, owed.advance) == (ZERO, Decimal("4564.37"))
        numbers = sorted(session.scalars(select(Payment.number)))
    assert numbers == [f"R-2026-27-00000{number}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET amount = amount + 1",
        "DELETE FROM journal_entry",
        "UPDATE invoice SET total = 1",
        "DELETE FROM invoice",
        "UPDATE invoice_line SET amount = 1",
        "UPDATE payment SET amount = 1",
        "DELETE FROM allocation",
    ],
)
def test_the_database_refuses_to_rewrite_history(company: TestCompany, statement: str) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923009990004")
        pay(session, customer.id, "1000.00")
    with pytest.raises(DBAPIError), company_session(company.id, "test") as session:
        session.execute(text(statement))


def test_an_unbalanced_entry_is_refused_by_the_program_and_by_the_database(company: TestCompany) -> None:
    with company_session(company.id, "test") as session, pytest.raises(EntryUnbalanced):
        post_entry(session, kind="other_income", source_id=new_id(), posted_on=TODAY, actor="test",
                   lines=[Line("1010", Decimal("5.00")), Line("4090", Decimal("-4.00"))])  # fmt: skip
    with pytest.raises(DBAPIError, match="does not balance"), company_session(company.id, "test") as session:
        entry = post_entry(session, kind="other_income", source_id=new_id(), posted_on=TODAY, actor="test",
                           lines=[Line("1010", Decimal("5.00")), Line("4090", Decimal("-5.00"))])  # fmt: skip
        account = session.scalars(select(Account.id).where(Account.code == "1010")).one()
        session.add(Posting(id=new_id(), entry_id=entry.id, account_id=account, posted_on=TODAY, amount=Decimal(1)))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.just("bill"), st.decimals("0.01", "9000", places=2)), max_size=12))
def test_the_subledgers_tie_to_the_books_after_any_history(company: TestCompany, history: list[object]) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        plan = session.scalars(select(Plan).limit(1)).first() or make_plan(session)
        subscription = make_subscription(session, customer, plan)
        month = date(2026, 1, 1)
        for event in history:
            if event == "bill":
                make_invoice(session, subscription.id, month=month)
                month = (month + timedelta(days=32)).replace(day=1)
            else:
                pay(session, customer.id, str(event))
        assert booked(session, "1100") == (session.scalar(select(func.sum(Invoice.balance))) or ZERO)
        assert -booked(session, "2200") == (session.scalar(select(func.sum(Payment.unallocated))) or ZERO)
        rows = trial_balance(session, as_of=date(2027, 12, 31))
        assert sum((row.debit - row.credit for row in rows), ZERO) == ZERO


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 31))
def test_periods_hold_their_day_and_never_drift(day: date, anchor: int) -> None:
    start, end = period_containing(day, anchor)
    assert start <= day < end
    assert period_containing(end, anchor)[0] == end
    assert 28 <= (end - start).days <= 31


@given(st.decimals("-99999", "99999", places=2), st.lists(st.integers(1, 999), min_size=1, max_size=8))
def test_a_split_adds_up(total: Decimal, weights: list[int]) -> None:
    assert sum(split(total, [Decimal(weight) for weight in weights]), ZERO) == total


def test_money_rounds_half_up_and_refuses_floats() -> None:
    assert (rounded(Decimal("12.345")), rounded(Decimal("-12.345"))) == (Decimal("12.35"), Decimal("-12.35"))
    for wrong in (1.5, "1.234", "abc", "NaN", "1e20"):
        with pytest.raises(AmountInvalid):
            parse_amount(wrong)  # type: ignore[arg-type]
