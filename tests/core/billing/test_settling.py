"""Which invoices money settles, and what happens to the rest."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance, use_advance
from core.billing.allocation import OpenInvoice, OverAllocated, allocate, by_number, in_order, shares_of
from core.billing.balance import account_balance
from core.billing.invoice_models import CreditNote
from core.billing.payment_models import Allocation, Payment
from core.billing.plan_models import BillingPolicy
from core.db import company_session
from core.ids import Id, new_id
from core.money import ZERO
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import TODAY, TestCompany
from tests.core.billing.bills import assert_ties, balances, booked, credit, owe, pay, write_off

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 10), date(2026, 11, 10), date(2026, 12, 10)


def policy(session: Session, **values: object) -> None:
    session.execute(update(BillingPolicy).values(**values))


def an_invoice(number: str, due: date, *, reason: str = "period", state: str = "issued", issued: date = OCTOBER,
               balance: str = "100.00") -> OpenInvoice:  # fmt: skip
    return OpenInvoice(new_id(), number, reason, state, Decimal(balance), due, issued)


def test_printed_numbers_are_compared_as_numbers() -> None:
    printed = ["INV-2026-27-1000000", "INV-2026-27-999999", "INV-2025-26-1000001"]
    assert sorted(printed, key=by_number) == ["INV-2025-26-1000001", "INV-2026-27-999999", "INV-2026-27-1000000"]


def test_the_oldest_due_comes_first_then_issue_date_then_number() -> None:
    late = an_invoice("INV-9", DECEMBER)
    tenth = an_invoice("INV-10", NOVEMBER)
    ninth = an_invoice("INV-9", NOVEMBER)
    early = an_invoice("INV-99", NOVEMBER, issued=OCTOBER - timedelta(days=1))
    assert in_order([late, tenth, ninth, early]) == [early, ninth, tenth, late]


@pytest.mark.parametrize(
    ("setting", "order"), [("by_date", ["A-1", "F-2", "A-3"]), ("first", ["F-2", "A-1", "A-3"]),
                           ("last", ["A-1", "A-3", "F-2"])],
)  # fmt: skip
def test_late_fees_stand_where_the_company_says(setting: str, order: list[str]) -> None:
    invoices = [an_invoice("A-1", OCTOBER), an_invoice("F-2", NOVEMBER, reason="late_fee"), an_invoice("A-3", DECEMBER)]
    assert [invoice.number for invoice in in_order(invoices, fees_settle=setting)] == order


def test_named_invoices_come_first_and_written_off_debts_last() -> None:
    bad = an_invoice("A-1", OCTOBER, state="written_off")
    fee = an_invoice("A-2", NOVEMBER, reason="late_fee")
    named = an_invoice("A-3", DECEMBER)
    assert in_order([bad, fee, named], fees_settle="first", named=[named.id]) == [named, fee, bad]


@given(
    st.decimals("0.01", "99999", places=2),
    st.lists(st.decimals("0.01", "9999", places=2), max_size=8),
    st.decimals("0", "20", places=2),
)
def test_no_share_exceeds_its_invoice_and_all_of_the_money_is_used(
    amount: Decimal, owed: list[Decimal], tolerance: Decimal
) -> None:
    invoices = [an_invoice(f"A-{n}", OCTOBER, balance=str(balance)) for n, balance in enumerate(owed)]
    shares = shares_of(amount, invoices, small_difference=tolerance)
    assert sum((share.amount for share in shares), ZERO) == min(amount, sum(owed, ZERO))
    assert all(share.amount > 0 and share.balance_after >= 0 and share.written_off <= tolerance for share in shares)
    assert all(share.state_after == "paid" for share in shares[:-1])


def test_named_invoices_are_paid_before_older_ones(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        old, new = owe(session, customer.id, "1000.00", due=OCTOBER), owe(session, customer.id, "500.00", due=NOVEMBER)
        pay(session, customer.id, "600.00", invoice_ids=[new.id])
        assert balances(session, old, new) == [("900.00", "part_paid"), ("0.00", "paid")]
        assert new.state == "paid"
        assert_ties(session)


def test_a_small_rest_is_forgiven_by_policy_as_an_entry_of_its_own(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        policy(session, small_difference=Decimal("10.00"))
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "1005.50", due=OCTOBER)
        pay(session, customer.id, "1000.00")
        assert balances(session, invoice) == [("0.00", "paid")]
        assert booked(session, "6820") == Decimal("5.50")
        row = session.scalars(select(Allocation)).one()
        assert (row.amount, row.written_off) == (Decimal("1000.00"), Decimal("5.50"))
        assert_ties(session)


def test_a_rest_above_the_policy_stays_owed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        policy(session, small_difference=Decimal("10.00"))
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "1010.01", due=OCTOBER)
        pay(session, customer.id, "1000.00")
        assert balances(session, invoice) == [("10.01", "part_paid")]


def test_a_written_off_debt_is_paid_last_and_recovers_bad_debt(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        bad, good = owe(session, customer.id, "800.00", due=OCTOBER), owe(session, customer.id, "500.00", due=NOVEMBER)
        write_off(session, bad)
        pay(session, customer.id, "700.00")
        assert balances(session, bad, good) == [("600.00", "written_off"), ("0.00", "paid")]
        assert booked(session, "6820") == Decimal("600.00")
        pay(session, customer.id, "650.00")
        assert balances(session, bad) == [("0.00", "paid")]
        assert booked(session, "6820") == ZERO
        assert customer_advance(session, customer.id) == Decimal("50.00")
        assert_ties(session)


def test_advance_is_used_oldest_first_across_payments_and_credit_notes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        paid = owe(session, customer.id, "300.00", due=OCTOBER)
        pay(session, customer.id, "300.00", day=date(2026, 10, 12))
        second = pay(session, customer.id, "200.00", day=date(2026, 10, 20))
        first = credit(session, paid, "100.00", issued_on=date(2026, 10, 15))
        third = credit(session, paid, "150.00", issued_on=date(2026, 11, 1))
        assert customer_advance(session, customer.id) == Decimal("450.00")
        assert account_balance(session, customer_id=customer.id, today=TODAY).advance == Decimal("450.00")
        owe(session, customer.id, "350.00", due=NOVEMBER)
        use_advance(session, customer_id=customer.id, day=TODAY, actor="test", origin="test")
        left = [session.get_one(Payment, second.id).unallocated, *(
            session.get_one(CreditNote, note.id).unallocated for note in (first, third)
        )]  # fmt: skip
        assert left == [ZERO, ZERO, Decimal("100.00")]
        assert_ties(session)


def test_an_issued_invoice_takes_advance_also_from_a_credit_note(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        paid = owe(session, customer.id, "300.00", due=OCTOBER)
        pay(session, customer.id, "300.00")
        credit(session, paid, "300.00")
        subscription = make_subscription(session, customer, make_plan(session))
        invoice = make_invoice(session, subscription.id)
        assert invoice.balance == Decimal("3135.63")
        assert_ties(session)


def test_what_owes_nothing_takes_no_allocation(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "100.00", due=OCTOBER)
        payment = pay(session, customer.id, "150.00")
        with pytest.raises(OverAllocated):
            allocate(session, payment, invoice, TODAY, from_advance=True)


def test_one_customer_never_pays_for_another(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        ids: list[Id] = [make_customer(session, company, name=name).id for name in ("Ayesha", "Bilal")]
        mine, theirs = (owe(session, customer_id, "100.00", due=OCTOBER) for customer_id in ids)
        pay(session, ids[0], "500.00", invoice_ids=[theirs.id])
        assert balances(session, mine, theirs) == [("0.00", "paid"), ("100.00", "issued")]
