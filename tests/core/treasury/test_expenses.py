"""What the company spends, and who must agree."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.db import company_session
from core.ledger import expenses
from core.ledger.cash_accounts import treasury_policy
from core.ledger.vendors import add_vendor, owed_to
from tests.cast import TestCompany
from tests.core.treasury.accounts import a_bank, stands

HAMID, RABIA = "staff:hamid", "staff:rabia"
DAY = date(2026, 11, 20)


def test_a_category_of_ones_own_gets_an_account(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        fuel = expenses.add_expense_category(session, name="Generator fuel", account_code="6130")
        tea = expenses.add_expense_category(session, name="Tea and guests")
        assert (fuel.account_code, tea.account_code) == ("6130", "6160")
        with pytest.raises(expenses.ExpenseInvalid):
            expenses.add_expense_category(session, name="generator FUEL")
        with pytest.raises(expenses.ExpenseInvalid, match="1100"):
            expenses.add_expense_category(session, name="Odd", account_code="1100")
        assert [c.name for c in expenses.expense_categories(session)] == ["Generator fuel", "Tea and guests"]


def test_a_small_expense_is_paid_at_once_with_its_input_tax(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        category = expenses.add_expense_category(session, name="Fuel", account_code="6130")
        for _ in range(2):
            paid = expenses.record_expense(
                session, category_id=category.id, cash_account_id=bank.id, net=Decimal("2000.00"),
                tax=Decimal("360.00"), description="Generator", spent_on=DAY, idempotency_key="e1", actor=HAMID,
            )  # fmt: skip
        assert (paid.state, paid.number) == ("paid", "EX-1")
        assert stands(session, "6130", "1130", "1020") == ["2000.00", "360.00", "97640.00"]
        expenses.take_back_expense(session, expense_id=paid.id, reversed_on=DAY, actor=HAMID, reason="twice")
        assert stands(session, "6130", "1130", "1020") == ["0.00", "0.00", "100000.00"]


def test_a_large_expense_waits_for_another_person(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        bank = a_bank(session)
        treasury_policy(session).expense_approval_above = Decimal("10000.00")
        category = expenses.add_expense_category(session, name="Rent", account_code="6110")
        asked = expenses.record_expense(
            session, category_id=category.id, cash_account_id=bank.id, net=Decimal("10000.01"), description="Office",
            spent_on=DAY, idempotency_key="e1", actor=HAMID,
        )  # fmt: skip
        assert (asked.state, stands(session, "6110")) == ("asked", ["0.00"])
        with pytest.raises(expenses.OwnApproval):
            expenses.approve_expense(session, expense_id=asked.id, actor=HAMID)
        with pytest.raises(expenses.ExpenseNotInState, match="asked"):
            expenses.pay_expense(session, expense_id=asked.id, cash_account_id=bank.id, paid_on=DAY, actor=RABIA)
        expenses.approve_expense(session, expense_id=asked.id, actor=RABIA)
        expenses.pay_expense(session, expense_id=asked.id, cash_account_id=bank.id, paid_on=DAY, actor=HAMID)
        assert (asked.state, asked.approved_by, stands(session, "6110")) == ("paid", RABIA, ["10000.01"])
        with pytest.raises(expenses.ExpenseNotInState, match="paid"):
            expenses.refuse_expense(session, expense_id=asked.id, actor=RABIA, reason="late")


def test_an_expense_on_credit_becomes_the_vendors_bill(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        vendor = add_vendor(session, name="Landlord", terms_days=10)
        category = expenses.add_expense_category(session, name="Rent", account_code="6110")
        asked = expenses.ask_expense(session, category_id=category.id, net=Decimal("9000.00"), description="November",
                                     asked_on=DAY, idempotency_key="e1", actor=HAMID)  # fmt: skip
        expenses.bill_expense(session, expense_id=asked.id, vendor_id=vendor.id, billed_on=DAY, actor=HAMID)
        assert owed_to(session, vendor_id=vendor.id) == Decimal("9000.00")
        assert stands(session, "6110") == ["9000.00"]


def test_a_recurring_expense_keeps_its_day_and_catches_up(company: TestCompany) -> None:
    with company_session(company.id, HAMID) as session:
        category = expenses.add_expense_category(session, name="Licence", account_code="6140")
        expenses.add_recurring_expense(
            session, category_id=category.id, net=Decimal("30000.00"), description="PTA", actor=HAMID,
            starts_on=date(2027, 1, 31), ends_on=date(2027, 5, 1),
        )  # fmt: skip
        asked = expenses.ask_recurring(session, today=date(2027, 3, 31))
        assert [str(e.asked_on) for e in asked] == ["2027-01-31", "2027-02-28", "2027-03-31"]
        assert {e.state for e in asked} == {"asked"}
        assert expenses.ask_recurring(session, today=date(2027, 3, 31)) == []
        assert [str(e.asked_on) for e in expenses.ask_recurring(session, today=date(2027, 9, 1))] == ["2027-04-30"]
        assert len(expenses.waiting_expenses(session)) == 4
