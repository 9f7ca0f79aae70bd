"""Agents, employees, vendors and banks: each control account is what its documents say, on every day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.ledger.openings import Opening, open_balances
from core.ledger.vendor_payments import pay_vendor, reverse_vendor_payment
from core.staff.bonuses import give_bonus
from core.staff.employee_debts import give_advance
from core.staff.pay_day import pay_employee, reverse_payment
from core.staff.pay_terms import Tax
from core.staff.salaries import accrue_salary
from core.usecases.check_books import check_books
from tests.builders import make_invoice
from tests.cast import TestCompany
from tests.core.staff.cast import NOVEMBER, D, collect, connect, employ, hamid, hand_over, nov, rabia, saima
from tests.core.treasury.accounts import a_bank
from tests.core.treasury.test_vendors import a_bill, upstream

LAST = date(2027, 1, 31)


def a_month_of_everything(session: Session, company: TestCompany) -> dict[str, Id]:
    """Cash through an agent, short and over; an advance, pay and a payment undone; bills, a payment taken back."""
    owner, agent, cashier = hamid(session, company), rabia(session, company), saima(session, company)
    employ(session, agent, tax=Tax("percent", percent=D(5)))
    line = connect(session, company)
    make_invoice(session, line.id)
    collect(session, agent, line, "3000.00", nov(3))
    hand_over(session, agent, cashier, "2000.00", nov(4), counted="1900.00")
    give_advance(
        session, staff_id=agent.id, amount=D("5000.00"), account_code="1010", given_on=nov(5), approved_by=owner.id,
        idempotency_key="advance", actor="test", instalment=D("1000.00"), origin="panel:x",
    )  # fmt: skip
    give_bonus(session, staff_id=agent.id, amount=D("800.00"), reason="Eid", given_on=nov(6), idempotency_key="bonus",
               actor="test", origin="panel:x")  # fmt: skip
    accrue_salary(session, staff_id=agent.id, month=NOVEMBER, actor="test", origin="run:x")
    paid = pay_employee(session, staff_id=agent.id, month=NOVEMBER, account_code="1010", paid_on=date(2026, 12, 2),
                        idempotency_key="pay", actor="test", origin="panel:x")  # fmt: skip
    reverse_payment(session, payment_id=paid.id, reversed_on=date(2026, 12, 3), actor="test", reason="Wrong account",
                    origin="panel:x")  # fmt: skip
    bank, vendor = a_bank(session, opening="900000.00"), upstream(session)
    a_bill(session, vendor, "500000.00", day=nov(7), tax="97500.00")
    given = [
        pay_vendor(
            session,
            vendor_id=vendor.id,
            cash_account_id=bank.id,
            amount=Decimal(amount),
            paid_on=day,
            actor="x",
            withheld=Decimal("8000.00"),
            idempotency_key=amount,
            origin="panel:x",
        )
        for amount, day in (("192000.00", nov(20)), ("50000.00", nov(21)))
    ]
    reverse_vendor_payment(session, payment_id=given[1].id, reversed_on=nov(25), actor="x", reason="Twice", origin="x")
    open_balances(session, posted_on=NOVEMBER, by="test", origin="panel:x", balances=[
        Opening("2300", D("-700.00"), vendor.id), Opening("1300", D("50.00"), agent.id),
    ])  # fmt: skip
    return {"staff": agent.id, "vendor": vendor.id}


def test_every_subledger_ties_on_every_day_of_a_busy_month(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        a_month_of_everything(session, company)
        for day in (NOVEMBER, *map(nov, (3, 4, 5, 6, 7, 20, 21, 24, 25, 30)), date(2026, 12, 2), LAST):
            assert [found for found in check_books(session, as_of=day) if found.check != "origin"] == []


@pytest.mark.parametrize(
    ("code", "party"), [("1040", "staff"), ("1300", "staff"), ("1310", "staff"), ("2400", "staff"), ("2300", "vendor")]
)
def test_an_entry_beside_the_documents_is_found_on_each(company: TestCompany, code: str, party: str) -> None:
    with company_session(company.id, "test") as session:
        parties = a_month_of_everything(session, company)
        wrong = post_entry(
            session, kind="expense", source_id=new_id(), posted_on=nov(20), actor="test", origin="panel:x",
            lines=[Line(code, D("13.00"), parties[party]), Line("1010", D("-13.00"))],
        )  # fmt: skip
        (found,) = [each for each in check_books(session, as_of=LAST) if each.check != "origin"]
    assert (found.account_code, found.party_id, found.began_on, found.entry_id) == (
        code, parties[party], nov(20), wrong.id,
    )  # fmt: skip
