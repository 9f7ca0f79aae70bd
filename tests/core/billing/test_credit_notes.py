"""Credit notes: at the invoice's own rates, to the paisa, and never more than was billed."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.credit_notes import (
    MoreThanInvoiced,
    NotCreditable,
    NothingToCredit,
    credit_invoice,
    credited_by_line,
)
from core.billing.invoice_models import CreditNote, Invoice, InvoiceLine
from core.billing.invoices import issue_charges
from core.billing.payments import KeyReused
from core.billing.plan_models import BillingPolicy
from core.billing.tax_table import add_tax_rate
from core.billing.voiding import NotVoidable, void_invoice
from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.money import ZERO
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import TODAY, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, assert_never_more_credited_than_billed, booked
from tests.core.billing.life import bill, only_tax, pay

D = Decimal


def credit(session: Session, invoice: Invoice, **asked: object) -> CreditNote:
    return credit_invoice(
        session, invoice_id=invoice.id, reason="test", issued_on=TODAY, made_by="test",
        idempotency_key=str(new_id()), **asked,  # type: ignore[arg-type]
    )  # fmt: skip


def charges(invoice: Invoice) -> list[InvoiceLine]:
    return [line for line in invoice.lines if line.kind == "charge"]


def test_two_lines_of_4113_at_20_percent_are_credited_as_4936_and_4935(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        only_tax(session, "20", rounding="total")
        invoice = bill(session, make_customer(session, company), ("41.13", "internet"), ("41.13", "internet"))
        assert str(invoice.total) == "98.71"
        first, second = charges(invoice)
        assert str(credit(session, invoice, amounts={first.id: first.amount}).total) == "49.36"
        assert str(credit(session, invoice, amounts={second.id: second.amount}).total) == "49.35"
        assert (invoice.state, invoice.balance) == ("paid", ZERO)
        assert_books_tie(session)


def test_a_credit_of_half_carries_the_stacked_taxes_of_half(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        invoice = bill(session, make_customer(session, company), ("2500.00", "internet"))
        note = credit(session, invoice, share=D("0.5"))
        assert [(line.account_code, str(line.amount)) for line in note.lines] == [
            ("4000", "1250.00"), ("2100", "243.75"), ("2110", "224.06"),
        ]  # fmt: skip
        assert note.number == "CN-2026-27-000001"
        rest = credit(session, invoice)
        assert [str(line.amount) for line in rest.lines] == ["1250.00", "243.75", "224.07"]
        assert (booked(session, "4000"), booked(session, "2100"), booked(session, "2110")) == (ZERO, ZERO, ZERO)


def test_the_unpaid_part_is_settled_first_and_the_rest_is_advance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = bill(session, customer, ("2500.00", "internet"))
        pay(session, customer.id, "3000.00")
        note = credit(session, invoice, amounts={charges(invoice)[0].id: D("1000.00")})
        assert (str(note.total), str(note.unallocated)) == ("1374.25", "938.62")
        assert (invoice.state, invoice.balance) == ("paid", ZERO)
        assert customer_advance(session, customer.id) == D("938.62")
        assert (booked(session, "1100"), booked(session, "2200")) == (ZERO, D("-938.62"))
        assert_books_tie(session)


def test_what_is_left_of_a_credit_pays_the_other_open_invoices_unless_it_is_to_stay(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        paid = bill(session, customer, ("1000.00", "internet"))
        pay(session, customer.id, str(paid.total))
        still_open = bill(session, customer, ("1000.00", "internet"))
        credit(session, paid, share=D("0.5"), keep_as_advance=True)
        assert customer_advance(session, customer.id) == D("687.13")
        credit(session, paid)
        assert (still_open.balance, customer_advance(session, customer.id)) == (ZERO, ZERO)
        assert_books_tie(session)


def test_each_service_gives_back_its_own_tax(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        add_tax_rate(
            session, code="SST", name="Sales tax on goods", kind="sales_tax", base="net", percent=D(18),
            account_code="2100", valid_from=date(2022, 7, 1), service_class="equipment",
        )  # fmt: skip
        invoice = bill(
            session, make_customer(session, company),
            ("1000.00", "internet"), ("1000.00", "equipment"), ("500.00", "deposit"),
        )  # fmt: skip
        net, router, deposit = charges(invoice)
        note = credit(session, invoice, amounts={router.id: D("1000.00")})
        assert [str(line.amount) for line in note.lines] == ["1000.00", "180.00", "177.00"]
        assert str(credit(session, invoice, amounts={deposit.id: D("500.00")}).total) == "500.00"
        assert booked(session, "2210") == ZERO
        note = credit(session, invoice, amounts={net.id: D("1000.00")})
        assert [str(line.amount) for line in note.lines] == ["1000.00", "195.00", "179.25"]
        assert_books_tie(session)


def test_more_than_is_left_of_a_line_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        invoice = bill(session, make_customer(session, company), ("1000.00", "internet"), ("300.00", "internet"))
        dear, cheap = charges(invoice)
        credit(session, invoice, amounts={cheap.id: D("200.00")})
        for amounts, refusal in (
            ({cheap.id: D("100.01")}, MoreThanInvoiced),
            ({dear.id: D("-1.00")}, NothingToCredit),
            ({invoice.lines[-1].id: D("1.00")}, NotFound),
            ({}, NothingToCredit),
        ):
            with pytest.raises(refusal):
                credit(session, invoice, amounts=amounts)
        credit(session, invoice)
        with pytest.raises(NothingToCredit):
            credit(session, invoice)


def test_the_same_key_credits_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        invoice = bill(session, make_customer(session, company), ("1000.00", "internet"))
        first, again = (
            credit_invoice(
                session, invoice_id=invoice.id, reason="outage", issued_on=TODAY, made_by="test",
                idempotency_key="k", share=D("0.1"),
            )
            for _ in range(2)
        )  # fmt: skip
        assert first.id == again.id
        with pytest.raises(KeyReused):
            credit_invoice(
                session, invoice_id=invoice.id, reason="other", issued_on=TODAY, made_by="test", idempotency_key="k"
            )


def test_whole_rupees_are_given_back_whole(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.scalars(select(BillingPolicy)).one().whole_rupees = True
        invoice = bill(session, make_customer(session, company), ("2500.00", "internet"))
        assert (str(invoice.total), str(invoice.rounding)) == ("3436.00", "0.37")
        credit(session, invoice, share=D("0.3"))
        credit(session, invoice)
        assert (invoice.balance, booked(session, "4095")) == (ZERO, ZERO)
        assert_books_tie(session)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.decimals("0.01", "5000", places=2), st.sampled_from(("internet", "equipment", "deposit"))),
             min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.decimals("0.01", "1", places=2)), max_size=4),
    st.sampled_from(("line", "total")), st.booleans(), st.decimals("0", "9000", places=2),
)  # fmt: skip
def test_credits_in_any_parts_add_up_to_the_invoice(
    company: TestCompany, lines: list[tuple[Decimal, str]], parts: list[tuple[int, Decimal]], rounding: str,
    whole_rupees: bool, paid: Decimal,
) -> None:  # fmt: skip
    with company_session(company.id, "test") as session:
        policy = session.scalars(select(BillingPolicy)).one()
        policy.tax_rounding, policy.whole_rupees = rounding, whole_rupees
        customer = make_customer(session, company)
        invoice = bill(session, customer, *((str(amount), kind) for amount, kind in lines))
        if not invoice.total:
            return
        if paid:
            pay(session, customer.id, str(paid))
        for index, part in parts:
            line = charges(invoice)[index % len(lines)]
            left = line.amount - credited_by_line(session, invoice.id).get(line.id, ZERO)
            amount = (left * part).quantize(D("0.01"))
            if amount > 0:
                try:
                    credit(session, invoice, amounts={line.id: amount})
                except NothingToCredit:
                    assert whole_rupees, "only a part that makes no whole rupee is nothing"
                assert_books_tie(session)
        if sum(credited_by_line(session, invoice.id).values(), ZERO) < invoice.total:
            credit(session, invoice)
        assert {line.id: line.amount for line in invoice.lines} == credited_by_line(session, invoice.id)
        assert invoice.balance == ZERO
        assert_books_tie(session)


def test_a_void_invoice_leaves_no_trace_in_the_books_and_its_period_is_billed_again(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = make_subscription(session, make_customer(session, company), make_plan(session))
        invoice = make_invoice(session, subscription.id)
        void_invoice(session, invoice_id=invoice.id, reason="wrong plan", day=TODAY, actor="test")
        assert (invoice.state, invoice.balance, invoice.number) == ("void", ZERO, "INV-2026-27-000001")
        assert (booked(session, "1100"), booked(session, "4000"), booked(session, "2100")) == (ZERO, ZERO, ZERO)
        assert make_invoice(session, subscription.id).number == "INV-2026-27-000002"


def test_only_an_untouched_invoice_is_voided(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        paid, credited, reported = (bill(session, customer, ("100.00", "internet")) for _ in range(3))
        pay(session, customer.id, "10.00")
        credit(session, credited, share=D("0.1"))
        reported.fiscal_state = "accepted"
        for invoice in (paid, credited, reported):
            with pytest.raises(NotVoidable):
                void_invoice(session, invoice_id=invoice.id, reason="mistake", day=TODAY, actor="test")


def test_a_void_invoice_gives_its_charges_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = bill(session, customer, ("100.00", "internet"))
        void_invoice(session, invoice_id=invoice.id, reason="mistake", day=TODAY, actor="test")
        with pytest.raises(NotCreditable):
            credit(session, invoice)
        again = issue_charges(session, customer_id=customer.id, issued_on=TODAY, actor="test")
        assert (again.total, again.id != invoice.id) == (invoice.total, True)
        assert_books_tie(session)


def test_crediting_paying_and_voiding_at_once_leaves_the_invoice_right(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice_id, customer_id = bill(session, customer, ("2500.00", "internet")).id, customer.id
    failures: list[Exception] = []

    def act(number: int) -> None:
        try:
            with company_session(company.id, "test") as session:
                if number % 3 == 0:
                    pay(session, customer_id, "900.00")
                elif number % 3 == 1:
                    credit(session, session.get_one(Invoice, invoice_id), share=D("0.3"))
                else:
                    void_invoice(session, invoice_id=invoice_id, reason="race", day=TODAY, actor="test")
        except (NotCreditable, NotVoidable, NothingToCredit, MoreThanInvoiced):
            pass
        except Exception as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with company_session(company.id, "test") as session:
        assert_books_tie(session)
        assert_never_more_credited_than_billed(session)
