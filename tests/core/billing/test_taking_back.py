"""Money that was not there: everything that came from it is undone, and the books still tie."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from core.billing.advance import customer_advance
from core.billing.balance import account_balance
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Allocation, Payment, Refund
from core.billing.payments import PaymentInvalid
from core.billing.plan_models import BillingPolicy
from core.billing.refunds import (
    AdvanceTooSmall,
    RefundDecided,
    RefundInvalid,
    SecondPersonNeeded,
    ask_refund,
    pay_refund,
    refuse_refund,
)
from core.billing.subscription_models import PendingCharge
from core.billing.taking_back import AdvanceRefunded, PaymentTakenBack, bounce_payment, reverse_payment
from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.ledger.statements import trial_balance
from core.money import ZERO
from tests.builders import make_customer, make_invoice, make_plan, make_staff, make_subscription
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.bills import assert_ties, balances, booked, credit, owe, pay, write_off

OCTOBER, NOVEMBER = date(2026, 10, 10), date(2026, 11, 10)


def test_a_bounce_reopens_what_it_paid_also_later_out_of_its_advance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        subscription = make_subscription(session, customer, make_plan(session))
        october = make_invoice(session, subscription.id, month=date(2026, 10, 1))
        cheque = pay(session, customer.id, "5000.00", method="cheque", day=date(2026, 10, 5))
        november = make_invoice(session, subscription.id, month=date(2026, 11, 1))
        assert balances(session, october, november) == [("0.00", "paid"), ("1871.26", "part_paid")]
        taken = bounce_payment(session, payment_id=cheque.id, reason="no funds", actor="test", now=NOW)
        assert balances(session, october, november) == [("3435.63", "issued"), ("3435.63", "issued")]
        assert (taken.claw_back, set(taken.reopened)) == ([cheque.id], {october.id, november.id})
        assert (cheque.state, cheque.state_reason, cheque.unallocated) == ("bounced", "no funds", ZERO)
        assert (booked(session, "1010"), customer_advance(session, customer.id)) == (ZERO, ZERO)
        assert session.scalar(select(func.sum(Allocation.amount))) == ZERO
        assert_ties(session)


def test_a_bounce_charges_the_fee_and_the_banks_charge(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(update(BillingPolicy).values(bounce_fee=Decimal("500.00")))
        customer = make_customer(session, company)
        cheque = pay(session, customer.id, "100.00", method="cheque", reference="000123")
        bounce_payment(session, payment_id=cheque.id, reason="no funds", actor="test", now=NOW,
                       bank_charge=Decimal("150.00"))  # fmt: skip
        charge = session.scalars(select(PendingCharge)).one()
        assert (charge.customer_id, charge.amount, charge.bill_from) == (customer.id, Decimal("500.00"), TODAY)
        assert (booked(session, "6800"), booked(session, "1010")) == (Decimal("150.00"), Decimal("-150.00"))


def test_a_reversal_charges_nothing_and_keeps_cheques_accepted(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(update(BillingPolicy).values(bounce_fee=Decimal("500.00")))
        customer = make_customer(session, company)
        agent = make_staff(session, company, role="recovery_agent")
        cash = pay(session, customer.id, "100.00", method="cash", collected_by=agent.id)
        reverse_payment(session, payment_id=cash.id, reason="another customer's", actor="test", now=NOW)
        assert session.scalars(select(PendingCharge)).all() == []
        assert booked(session, "1040", agent.id) == ZERO
        pay(session, customer.id, "100.00", method="cheque")


def test_money_is_taken_back_once_and_with_a_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        payment = pay(session, make_customer(session, company).id, "100.00")
        with pytest.raises(PaymentInvalid):
            bounce_payment(session, payment_id=payment.id, reason=" ", actor="test", now=NOW)
        reverse_payment(session, payment_id=payment.id, reason="typo", actor="test", now=NOW)
        with pytest.raises(PaymentTakenBack, match="typo"):
            bounce_payment(session, payment_id=payment.id, reason="no funds", actor="test", now=NOW)
        with pytest.raises(NotFound):
            reverse_payment(session, payment_id=new_id(), reason="typo", actor="test", now=NOW)


def test_a_small_difference_is_owed_again_after_the_bounce(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.execute(update(BillingPolicy).values(small_difference=Decimal("10.00")))
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "1005.00", due=OCTOBER)
        payment = pay(session, customer.id, "1000.00")
        bounce_payment(session, payment_id=payment.id, reason="no funds", actor="test", now=NOW)
        assert balances(session, invoice) == [("1005.00", "issued")]
        assert booked(session, "6820") == ZERO
        assert_ties(session)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_written_off_debt_stays_bad_whichever_payment_bounces_first(
    company: TestCompany, order: tuple[int, int]
) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "1000.00", due=OCTOBER)
        payments = [pay(session, customer.id, "300.00")]
        write_off(session, invoice)
        payments.append(pay(session, customer.id, "700.00", method="card"))
        assert balances(session, invoice) == [("0.00", "paid")]
        for index in order:
            bounce_payment(session, payment_id=payments[index].id, reason="no funds", actor="test", now=NOW)
            assert_ties(session)
        assert balances(session, invoice) == [("1000.00", "written_off")]
        assert (booked(session, "6820"), booked(session, "1100")) == (Decimal("1000.00"), ZERO)


def test_another_advance_settles_what_a_bounce_reopened(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "1000.00", due=OCTOBER)
        cheque = pay(session, customer.id, "1000.00", method="cheque")
        pay(session, customer.id, "400.00")
        bounce_payment(session, payment_id=cheque.id, reason="no funds", actor="test", now=NOW)
        assert balances(session, invoice) == [("600.00", "part_paid")]
        assert_ties(session)


def test_advance_is_given_back_by_two_persons_and_only_as_much_as_there_is(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        paid = owe(session, customer.id, "300.00", due=OCTOBER)
        pay(session, customer.id, "500.00", day=date(2026, 11, 1))
        credit(session, paid, "100.00")

        def ask(amount: str, key: str) -> Refund:
            return ask_refund(session, customer_id=customer.id, amount=Decimal(amount), account_code="1010",
                              reason="moved away", asked_by="staff:1", idempotency_key=key)  # fmt: skip

        with pytest.raises(AdvanceTooSmall):
            ask("300.01", "a")
        refund = ask("250.00", "k")
        assert ask("250.00", "k") is refund
        with pytest.raises(AdvanceTooSmall):
            ask("50.01", "b")
        with pytest.raises(SecondPersonNeeded):
            pay_refund(session, refund_id=refund.id, approved_by="staff:1", now=NOW)
        pay_refund(session, refund_id=refund.id, approved_by="staff:2", now=NOW)
        assert (customer_advance(session, customer.id), booked(session, "1010")) == (
            Decimal("50.00"), Decimal("-250.00"),
        )  # fmt: skip
        with pytest.raises(RefundDecided):
            refuse_refund(session, refund_id=refund.id, refused_by="staff:2")
        assert_ties(session)


def test_a_refund_of_advance_used_meanwhile_is_not_paid(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        pay(session, customer.id, "3000.00")
        refund = ask_refund(session, customer_id=customer.id, amount=Decimal("3000.00"), account_code="1020",
                            reason="asked", asked_by="staff:1", idempotency_key="k")  # fmt: skip
        make_invoice(session, make_subscription(session, customer, make_plan(session)).id)
        with pytest.raises(AdvanceTooSmall):
            pay_refund(session, refund_id=refund.id, approved_by="staff:2", now=NOW)
        assert refuse_refund(session, refund_id=refund.id, refused_by="staff:1").state == "refused"


@pytest.mark.parametrize(("amount", "account", "reason"), [("0.00", "1010", "x"), ("5.00", "1100", "x"),
                                                          ("5.00", "1010", " ")])  # fmt: skip
def test_a_refund_needs_amount_money_account_and_reason(
    company: TestCompany, amount: str, account: str, reason: str
) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        pay(session, customer.id, "100.00")
        with pytest.raises(RefundInvalid):
            ask_refund(session, customer_id=customer.id, amount=Decimal(amount), account_code=account, reason=reason,
                       asked_by="staff:1", idempotency_key="k")  # fmt: skip


def test_money_given_back_cannot_bounce_unnoticed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        cheque = pay(session, customer.id, "100.00", method="cheque")
        refund = ask_refund(session, customer_id=customer.id, amount=Decimal("40.00"), account_code="1010",
                            reason="moved", asked_by="staff:1", idempotency_key="k")  # fmt: skip
        pay_refund(session, refund_id=refund.id, approved_by="staff:2", now=NOW)
        with pytest.raises(AdvanceRefunded, match=refund.number):
            bounce_payment(session, payment_id=cheque.id, reason="no funds", actor="test", now=NOW)
        assert cheque.state == "received"
        assert_ties(session)


EVENTS = st.one_of(
    st.tuples(st.just("owe"), st.decimals("0.01", "3000", places=2)),
    st.tuples(st.just("pay"), st.decimals("0.01", "5000", places=2)),
    st.tuples(st.just("credit"), st.decimals("0.01", "500", places=2)),
    st.tuples(st.sampled_from(["bounce", "write_off", "refund"]), st.integers(0, 20)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=25))
def test_any_history_ties_to_the_books_and_bouncing_everything_leaves_only_debts(
    company: TestCompany, history: list[tuple[str, object]]
) -> None:
    with company_session(company.id, "test") as session:
        session.execute(update(BillingPolicy).values(small_difference=Decimal("3.00")))
        customer = make_customer(session, company)
        invoices: list[Invoice] = []
        payments: list[Payment] = []
        refunded = False
        for day, (event, value) in enumerate(history):
            due = date(2026, 10, 1 + day)
            if event == "owe":
                invoices.append(owe(session, customer.id, str(value), due=due))
            elif event == "pay":
                payments.append(pay(session, customer.id, str(value), method="card"))
            elif event == "credit" and invoices and invoices[0].total >= Decimal(str(value)):
                credit(session, invoices[0], str(value))
            elif event == "bounce" and payments:
                payment = payments[int(str(value)) % len(payments)]
                try:
                    bounce_payment(session, payment_id=payment.id, reason="x", actor="test", now=NOW)
                except (PaymentTakenBack, AdvanceRefunded):
                    continue
            elif event == "write_off" and invoices:
                invoice = invoices[int(str(value)) % len(invoices)]
                if invoice.state in ("issued", "part_paid"):
                    write_off(session, invoice)
            elif event == "refund" and (advance := customer_advance(session, customer.id)) > 0:
                refund = ask_refund(session, customer_id=customer.id, amount=advance, account_code="1010", reason="x",
                                    asked_by="a", idempotency_key=str(new_id()))  # fmt: skip
                pay_refund(session, refund_id=refund.id, approved_by="b", now=NOW)
                refunded = True
            assert_ties(session)
        for payment in payments:
            if payment.state == "received" and not refunded:
                reverse_payment(session, payment_id=payment.id, reason="x", actor="test", now=NOW)
        assert_ties(session)
        rows = trial_balance(session, as_of=date(2027, 12, 31))
        assert sum((row.debit - row.credit for row in rows), ZERO) == ZERO
        owed = account_balance(session, customer_id=customer.id, today=TODAY)
        assert owed.due >= ZERO and owed.advance >= ZERO
