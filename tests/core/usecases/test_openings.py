"""What a company brings into these books: each balance has its party, ties to its subledger and can be worked with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.deposits import deposit_held, return_deposit
from core.billing.voiding import NotVoidable, void_invoice
from core.db import company_session
from core.ids import new_id
from core.ledger.bills import unpaid_bills
from core.ledger.openings import NothingToOpen, OpenedAlready, OpenedByDocument, Opening, open_balances
from core.ledger.vendor_openings import VendorOpening, open_vendor_bills
from core.ledger.vendor_payments import pay_vendor
from core.ledger.vendors import owed_to, vendor_ageing
from core.money import AmountInvalid
from core.staff.agent_cash import cash_in_hand, money_in_hand
from core.staff.handovers import announce_handover, confirm_handover
from core.usecases.check_books import check_books
from core.usecases.open_customer_accounts import CustomerOpening, open_customer_accounts
from core.usecases.open_customer_deposits import DepositOpening, open_customer_deposits
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.ledger_checks import booked
from tests.core.treasury.accounts import a_bank
from tests.core.treasury.test_vendors import upstream

D = Decimal
JULY = date(2026, 7, 1)
LAST = date(2027, 6, 30)


def clean(session: Session) -> bool:
    return all(check_books(session, as_of=day) == [] for day in (JULY, TODAY, LAST))


def opens_deposit(session: Session, company: TestCompany, amount: str = "3000.00") -> tuple[object, object]:
    customer = make_customer(session, company)
    (invoice,) = open_customer_deposits(
        session, posted_on=JULY, deposits=[DepositOpening(customer.id, D(amount))], by="owner", origin="import:1"
    )
    return customer, invoice


def test_every_kind_of_balance_is_brought_in_and_ties(company: TestCompany) -> None:
    with company_session(company.id) as session:
        owing, ahead, depositor = (make_customer(session, company) for _ in range(3))
        agent, vendor = make_staff(session, company, role="recovery_agent"), upstream(session)
        where = {"posted_on": JULY, "by": "owner", "origin": "import:1"}
        open_customer_accounts(session, **where, openings=[
            CustomerOpening(owing.id, D("1200.00"), date(2026, 6, 10)), CustomerOpening(ahead.id, D("-500.00"), JULY),
        ])  # fmt: skip
        open_customer_deposits(session, **where, deposits=[
            DepositOpening(depositor.id, D("3000.00")), DepositOpening(owing.id, D("1000.00")),
        ])  # fmt: skip
        open_vendor_bills(session, **where, openings=[VendorOpening(vendor.id, D("7000.00"), date(2026, 7, 20), "N-7")])
        open_balances(session, **where, balances=[
            Opening("1040", D("900.00"), agent.id), Opening("1200", D("26000.00")), Opening("1210", D("115000.00")),
            Opening("1219", D("-15000.00")), Opening("1010", D("4000.00")), Opening("2220", D("-600.00")),
        ])  # fmt: skip

        codes = ("1100", "2200", "2210", "2300", "1040", "1200", "1210")
        assert {code: str(booked(session, code)) for code in codes} == {
            "1100": "1200.00", "2200": "-500.00", "2210": "-4000.00", "2300": "-7000.00", "1040": "900.00",
            "1200": "26000.00", "1210": "115000.00",
        }  # fmt: skip
        assert booked(session, "3990") == D("-120000.00")
        assert clean(session)


def test_a_deposit_brought_in_is_returned_like_any_other(company: TestCompany) -> None:
    with company_session(company.id) as session:
        customer, _ = opens_deposit(session, company)
        assert deposit_held(session, customer_id=customer.id) == D("3000.00")

        return_deposit(session, customer_id=customer.id, day=TODAY, actor="test", kept=D("400.00"),
                       kept_for="Router lost", origin="panel:x")  # fmt: skip

        assert (customer_advance(session, customer.id), booked(session, "2210")) == (D("2600.00"), 0)
        assert (deposit_held(session, customer_id=customer.id), clean(session)) == (0, True)


def test_a_wrong_deposit_is_voided_and_opened_anew(company: TestCompany) -> None:
    with company_session(company.id) as session:
        customer, invoice = opens_deposit(session, company)
        again = DepositOpening(customer.id, D("300.00"))
        where = {"posted_on": JULY, "by": "owner", "origin": "import:1"}
        with pytest.raises(OpenedAlready, match=customer.number):
            open_customer_deposits(session, **where, deposits=[again])

        void_invoice(
            session, invoice_id=invoice.id, reason="A zero too many", day=TODAY, actor="owner", origin="panel:x"
        )
        open_customer_deposits(session, **where, deposits=[again])

        assert (deposit_held(session, customer_id=customer.id), booked(session, "2210")) == (D("300.00"), D("-300.00"))
        assert clean(session)


def test_a_deposit_that_was_returned_is_not_voided(company: TestCompany) -> None:
    with company_session(company.id) as session:
        customer, invoice = opens_deposit(session, company)
        return_deposit(session, customer_id=customer.id, day=TODAY, actor="test", origin="panel:x")
        with pytest.raises(NotVoidable, match="credited"):
            void_invoice(session, invoice_id=invoice.id, reason="Late", day=TODAY, actor="owner")


def test_customers_balances_are_not_opened_without_a_document(company: TestCompany) -> None:
    with company_session(company.id) as session:
        customer = make_customer(session, company)
        with pytest.raises(OpenedByDocument, match="2210"):
            open_balances(session, posted_on=JULY, by="owner", origin="import:1",
                          balances=[Opening("2210", D("-1.00"), customer.id)])  # fmt: skip
        for amount, refusal in (("0", AmountInvalid), ("-5", AmountInvalid)):
            with pytest.raises(refusal):
                opens_deposit(session, company, amount)
        with pytest.raises(NothingToOpen):
            open_customer_deposits(session, posted_on=JULY, deposits=[], by="owner", origin="import:1")


def test_a_vendors_old_bill_ages_and_is_paid(company: TestCompany) -> None:
    with company_session(company.id) as session:
        vendor, bank = upstream(session), a_bank(session, opening="9000.00")
        opening = VendorOpening(vendor.id, D("7000.00"), date(2026, 7, 20), "N-7")
        for _ in range(2):
            open_vendor_bills(session, posted_on=JULY, openings=[opening], by="owner", origin="import:1")
        assert vendor_ageing(session, as_of=TODAY)[0].buckets["over 90"] == D("7000.00")

        pay_vendor(session, vendor_id=vendor.id, cash_account_id=bank.id, amount=D("7000.00"), paid_on=TODAY,
                   idempotency_key="p", actor="test", origin="panel:x")  # fmt: skip

        assert (unpaid_bills(session), owed_to(session, vendor_id=vendor.id)) == ([], 0)
        assert clean(session)


def test_an_agents_cash_brought_in_is_handed_over(company: TestCompany) -> None:
    with company_session(company.id) as session:
        agent, cashier = make_staff(session, company, role="recovery_agent"), make_staff(session, company, role="owner")
        open_balances(session, posted_on=JULY, by="owner", origin="import:1",
                      balances=[Opening("1040", D("900.00"), agent.id)])  # fmt: skip
        assert [str(money.left) for money in money_in_hand(session, as_of=TODAY)[agent.id]] == ["900.00"]

        handover = announce_handover(
            session, staff_id=agent.id, amount=D("900.00"), idempotency_key=str(new_id()), now=NOW
        )
        confirm_handover(session, handover_id=handover.id, counted=D("900.00"), counted_by=cashier.id, now=NOW,
                         actor="test", origin="panel:x")  # fmt: skip

        assert (cash_in_hand(session, staff_id=agent.id), booked(session, "1010")) == (0, D("900.00"))
        assert clean(session)
