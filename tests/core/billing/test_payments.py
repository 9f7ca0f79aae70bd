"""Money received: where it is booked, what is refused, what repeats."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from core.billing.payment_models import ChequeRefusal, Payment
from core.billing.payments import (
    CashLimitReached,
    ChequesNotAccepted,
    KeyReused,
    PaymentInvalid,
    record_payment,
)
from core.billing.plan_models import BillingPolicy
from core.billing.taking_back import bounce_payment, lift_cheque_refusal
from core.db import company_session
from core.errors import DomainError, NotFound
from core.ids import new_id
from core.ledger.journal import UnknownAccount
from core.ledger.models import Account, JournalEntry
from core.money import ZERO, AmountInvalid
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.bills import assert_ties, balances, booked, owe, pay

OCTOBER = date(2026, 10, 10)


@pytest.mark.parametrize(
    ("method", "account"),
    [("cash", "1010"), ("cheque", "1010"), ("bank", "1020"), ("jazzcash", "1030"), ("easypaisa", "1030"),
     ("card", "1030"), ("gateway", "1030"), ("voucher", "2220")],
)  # fmt: skip
def test_every_method_has_its_account(company: TestCompany, method: str, account: str) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        payment = pay(session, customer.id, "100.00", method=method)
        assert (payment.account_code, booked(session, account)) == (account, Decimal("100.00"))
        assert payment.number == "R-2026-27-000001"
        assert_ties(session)


def test_the_company_chooses_the_account_of_a_method(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.add(Account(id=new_id(), code="1021", name="Meezan Bank", type="asset", control=""))
        session.execute(update(BillingPolicy).values(method_accounts={"bank": "1021"}))
        customer = make_customer(session, company)
        assert pay(session, customer.id, "100.00").account_code == "1021"
        assert pay(session, customer.id, "200.00", account_code="1020").account_code == "1020"


@pytest.mark.parametrize("code", ["1100", "1300", "4000", "2200"])
def test_money_is_not_booked_where_no_money_is(company: TestCompany, code: str) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        with pytest.raises(PaymentInvalid, match="holds no money"):
            pay(session, customer.id, "100.00", account_code=code)
        with pytest.raises(UnknownAccount):
            pay(session, customer.id, "100.00", account_code="1099")


def test_cash_in_an_agents_hands_is_booked_on_him_within_his_limit(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        agent = make_staff(session, company, role="recovery_agent")
        payment = pay(session, customer.id, "700.00", method="cash", collected_by=agent.id,
                      cash_limit_left=Decimal("700.00"))  # fmt: skip
        assert payment.account_code == "1040"
        assert booked(session, "1040", agent.id) == Decimal("700.00")
        with pytest.raises(CashLimitReached):
            pay(session, customer.id, "0.01", method="cash", collected_by=agent.id, cash_limit_left=ZERO)
        with pytest.raises(PaymentInvalid, match="needs the agent"):
            pay(session, customer.id, "5.00", method="cash", account_code="1040")


def test_what_a_corporate_payer_withheld_settles_like_money(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = owe(session, customer.id, "10000.00", due=OCTOBER)
        pay(session, customer.id, "9000.00", withheld_income_tax=Decimal("600.00"),
            withheld_sales_tax=Decimal("400.00"), certificate_no="CPR-1")  # fmt: skip
        assert balances(session, invoice) == [("0.00", "paid")]
        assert booked(session, "1110", customer.id) == Decimal("600.00")
        assert booked(session, "1120", customer.id) == Decimal("400.00")
        pay(session, customer.id, "0.00", withheld_income_tax=Decimal("50.00"))
        assert_ties(session)


@pytest.mark.parametrize(
    ("amount", "method", "day"),
    [("0.00", "cash", TODAY), ("-5.00", "cash", TODAY), ("5.00", "barter", TODAY), ("5.00", "cash", date(2026, 11, 25)),
     ("5.00", "cash", date(2016, 11, 24))],
)  # fmt: skip
def test_what_cannot_be_is_refused(company: TestCompany, amount: str, method: str, day: date) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        with pytest.raises((PaymentInvalid, UnknownAccount)):
            pay(session, customer.id, amount, method=method, day=day)
        assert session.scalars(select(Payment)).all() == []


def test_a_fraction_of_a_paisa_and_a_stranger_are_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        with pytest.raises(AmountInvalid):
            pay(session, customer.id, "5.001")
        with pytest.raises(NotFound):
            pay(session, new_id(), "5.00")


def test_the_day_is_the_companys_and_not_that_of_the_clock(company: TestCompany) -> None:
    evening = NOW.replace(hour=19, minute=30)
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        payment = record_payment(
            session, customer_id=customer.id, amount=Decimal("5.00"), method="cash", received_on=date(2026, 11, 25),
            idempotency_key="k", taken_by="test", now=evening,
        )  # fmt: skip
        assert payment.received_on == date(2026, 11, 25)


@pytest.mark.parametrize("change", [{"amount": "90.00"}, {"method": "card"}, {"reference": "B"}])
def test_a_key_brings_the_first_payment_back_but_never_another(company: TestCompany, change: dict[str, str]) -> None:
    asked = {"amount": "100.00", "method": "bank", "reference": "A", "key": "device-7:1"}
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        other = make_customer(session, company, name="Bilal")
        first = pay(session, customer.id, **asked)
        assert pay(session, customer.id, **asked).id == first.id
        assert len(session.scalars(select(JournalEntry).where(JournalEntry.kind == "payment")).all()) == 1
        with pytest.raises(KeyReused):
            pay(session, customer.id, **(asked | change))
        with pytest.raises(KeyReused):
            pay(session, other.id, **asked)


def test_a_near_duplicate_is_flagged_and_not_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        first, second = pay(session, customer.id, "100.00"), pay(session, customer.id, "100.00")
        third = pay(session, customer.id, "100.00", day=date(2026, 11, 23))
        assert [payment.suspect for payment in (first, second, third)] == [False, True, False]


def test_receipts_are_numbered_by_fiscal_year_without_gaps(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        numbers = [pay(session, customer.id, "5.00", day=day).number for day in (date(2026, 6, 30), TODAY, TODAY)]
    with pytest.raises(RuntimeError), company_session(company.id, "test") as session:
        pay(session, customer.id, "6.00")
        raise RuntimeError
    with company_session(company.id, "test") as session:
        numbers.append(pay(session, customer.id, "7.00").number)
    assert numbers == ["R-2025-26-000001", "R-2026-27-000001", "R-2026-27-000002", "R-2026-27-000003"]


def test_cheques_are_refused_after_one_bounced_until_somebody_lifts_it(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        cheque = pay(session, customer.id, "100.00", method="cheque")
        bounce_payment(session, payment_id=cheque.id, reason="no funds", actor="test", now=NOW)
        with pytest.raises(ChequesNotAccepted):
            pay(session, customer.id, "100.00", method="cheque")
        pay(session, customer.id, "100.00", method="cash")
        lift_cheque_refusal(session, customer_id=customer.id, actor="staff:1", now=NOW)
        assert session.scalars(select(ChequeRefusal.lifted_by)).one() == "staff:1"
        pay(session, customer.id, "300.00", method="cheque")


def test_a_refusal_leaves_the_transaction_usable(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        with pytest.raises(DomainError):
            pay(session, customer.id, "5.00", day=date(2027, 1, 1))
        pay(session, customer.id, "5.00")
        assert_ties(session)
