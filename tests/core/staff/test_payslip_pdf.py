"""The printed payslip: every figure of the month is on it, in English and in Urdu, and it adds up."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from pypdf import PdfReader

from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.staff.bonuses import give_bonus
from core.staff.employee_debts import give_advance
from core.staff.pay_run import run_pay
from core.staff.payslip_pdf import payslip_pdf
from core.staff.salaries import record_absence
from tests.cast import TestCompany
from tests.core.staff.cast import NOVEMBER, employ, hamid, nov, tariq


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_a_payslip_prints_what_was_earned_kept_back_and_paid(company: TestCompany, language: str) -> None:
    with company_session(company.id, "test") as session:
        staff = tariq(session, company)
        employ(session, staff, salary="30000.00")
        record_absence(session, staff_id=staff.id, day=nov(10), recorded_by="test")
        give_bonus(session, staff_id=staff.id, amount=Decimal("2500.00"), reason="Night work", given_on=nov(12),
                   idempotency_key="b", actor="test")  # fmt: skip
        give_advance(session, staff_id=staff.id, amount=Decimal("4000.00"), account_code="1010", given_on=nov(5),
                     approved_by=hamid(session, company).id, idempotency_key="a", actor="test",
                     instalment=Decimal("1500.00"))  # fmt: skip
        run_pay(session, run_id=new_id(), month=NOVEMBER, account_code="1010", paid_on=nov(30), actor="test")

        name, pdf = payslip_pdf(session, staff_id=staff.id, month=date(2026, 11, 17), language=language)

    printed = text_of(pdf)
    assert name.startswith("payslip-2026-11-") and "Tariq" in printed
    for figure in ("30,000.00", "-1,000.00", "2,500.00", "1,500.00", "30,000.00", "Night work"):
        assert figure in printed


def test_a_month_without_pay_prints_an_empty_slip_and_a_stranger_none(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        printed = text_of(payslip_pdf(session, staff_id=tariq(session, company).id, month=NOVEMBER)[1])
        assert "Payslip November 2026" in printed and "0.00" in printed
        with pytest.raises(NotFound):
            payslip_pdf(session, staff_id=new_id(), month=NOVEMBER)
