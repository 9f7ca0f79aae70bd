"""Salaries: whole and part months, raises, absences, taxes; each month once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import company_session
from core.staff.bonuses import give_bonus
from core.staff.months import days_between, days_in, last_day
from core.staff.pay_terms import (
    NotOnThePayroll,
    PayTermsInvalid,
    PayTermsOverlap,
    Tax,
    end_terms,
    set_pay_policy,
    set_pay_terms,
)
from core.staff.percents import PercentInvalid
from core.staff.salaries import (
    AbsenceInvalid,
    accrue_salary,
    preview_salary,
    record_absence,
    reverse_salary,
)
from tests.cast import TestCompany
from tests.core.staff.cast import NOVEMBER, D, booked, employ, nov, tariq


def test_a_full_month_posts_salary_allowances_and_tax(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, salary="40000.00", tax=Tax("percent", percent=D("2.5")), House="5000.00")
        salary = accrue_salary(session, staff_id=technician.id, month=nov(17), actor="test")
        assert (salary.net, salary.tax, salary.posted_on) == (D("43875.00"), D("1125.00"), nov(30))
        assert booked(session, "6000") == D("45000.00")
        assert booked(session, "2400", technician.id) == D("-43875.00")
        assert booked(session, "2120") == D("-1125.00")


def test_a_month_is_accrued_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        first = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        assert accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test").id == first.id
        assert booked(session, "6000") == D("30000.00")


@pytest.mark.parametrize(("basis", "expected"), [("actual", "19354.84"), ("thirty", "20000.00")])
def test_joining_on_the_twelfth_of_october_pays_the_days_left(company: TestCompany, basis: str, expected: str) -> None:
    with company_session(company.id, "test") as session:
        set_pay_policy(session, day_basis=basis, advance_limit_salaries=D(1), deductions_percent_max=D(100),
                       cash_limit=None, cash_age_days=None)  # fmt: skip
        technician = tariq(session, company)
        first = date(2026, 10, 12) if basis == "actual" else date(2026, 10, 11)
        employ(session, technician, starts_on=first)
        assert preview_salary(session, staff_id=technician.id, month=date(2026, 10, 1)).net == D(expected)


def test_a_raise_within_the_month_pays_each_part_by_its_own_terms(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, salary="30000.00", tax=Tax("fixed", amount=D("300.00")))
        employ(session, technician, salary="36000.00", starts_on=nov(21))
        salary = preview_salary(session, staff_id=technician.id, month=NOVEMBER)
        assert (salary.salary, salary.tax, salary.days) == (D("32000.00"), D("200.00"), D(30))


def test_the_last_day_is_paid_and_the_month_after_has_no_salary(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        end_terms(session, staff_id=technician.id, last_day_worked=nov(10))
        assert preview_salary(session, staff_id=technician.id, month=NOVEMBER).net == D("10000.00")
        with pytest.raises(NotOnThePayroll, match="December 2026"):
            accrue_salary(session, staff_id=technician.id, month=date(2026, 12, 1), actor="test")


def test_absent_days_are_taken_off_before_the_tax_and_only_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, tax=Tax("percent", percent=D(10)))
        record_absence(session, staff_id=technician.id, day=nov(3), recorded_by="test")
        record_absence(session, staff_id=technician.id, day=nov(4), part=D("0.5"), recorded_by="test")
        salary = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        assert (salary.absence_days, salary.absence, salary.tax, salary.net) == (
            D("1.5"), D("1500.00"), D("2850.00"), D("25650.00"),
        )  # fmt: skip
        december = preview_salary(session, staff_id=technician.id, month=date(2026, 12, 1))
        assert december.absence == D("0.00")


def test_an_absence_reported_after_the_salary_is_borne_by_the_next_one(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        record_absence(session, staff_id=technician.id, day=nov(30), recorded_by="test")
        december = accrue_salary(session, staff_id=technician.id, month=date(2026, 12, 1), actor="test")
        assert december.absence == D("1000.00")
        with pytest.raises(AbsenceInvalid, match="taken off a salary already"):
            record_absence(session, staff_id=technician.id, day=nov(30), recorded_by="test")


def test_more_absence_than_salary_leaves_nothing_and_never_less(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician, starts_on=nov(1), tax=Tax("fixed", amount=D("500.00")))
        for day in range(1, 31):
            record_absence(session, staff_id=technician.id, day=nov(day), recorded_by="test")
        salary = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        assert (salary.absence, salary.tax, salary.net) == (D("30000.00"), D("0.00"), D("0.00"))
        assert booked(session, "2400") == D("0.00")


def test_a_reversed_salary_can_be_accrued_again_with_its_absences(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        record_absence(session, staff_id=technician.id, day=nov(3), recorded_by="test")
        wrong = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        with pytest.raises(PayTermsOverlap, match="November 2026 is accrued"):
            employ(session, technician, salary="33000.00", starts_on=nov(1))
        reverse_salary(session, accrual_id=wrong.id, reversed_on=nov(30), actor="test", reason="raise forgotten")
        employ(session, technician, salary="33000.00", starts_on=nov(1))
        right = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        assert (right.absence, booked(session, "2400")) == (D("1100.00"), D("-31900.00"))


def test_a_bonus_is_owed_once_per_key(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        for _ in range(2):
            give_bonus(session, staff_id=technician.id, amount=D("5000.00"), tax=D("500.00"), reason="Eid",
                       given_on=nov(5), idempotency_key="eid", actor="test")  # fmt: skip
        assert (booked(session, "6030"), booked(session, "2400", technician.id)) == (D("5000.00"), D("-4500.00"))


@pytest.mark.parametrize(
    ("salary", "tax", "allowances"),
    [
        ("-1", Tax(), {}),
        ("1000", Tax("guess"), {}),
        ("1000", Tax(), {" ": D(5)}),
        ("1000", Tax(), {"House": D(0)}),
    ],
)
def test_terms_that_nobody_can_be_paid_by_are_refused(
    company: TestCompany, salary: str, tax: Tax, allowances: dict[str, Decimal]
) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        with pytest.raises(PayTermsInvalid):
            set_pay_terms(session, staff_id=technician.id, starts_on=nov(1), monthly_salary=D(salary), tax=tax,
                          allowances=allowances)  # fmt: skip


@pytest.mark.parametrize("percent", [D(101), D("-1"), D("1.23456"), D("NaN"), 2.5])
def test_what_is_no_exact_percent_is_refused(company: TestCompany, percent: Decimal) -> None:
    with company_session(company.id, "test") as session, pytest.raises(PercentInvalid):
        employ(session, tariq(session, company), tax=Tax("percent", percent=percent))


@given(st.dates(date(2023, 12, 1), date(2032, 1, 31)), st.integers(1, 31), st.sampled_from(["actual", "thirty"]))
def test_the_days_of_a_month_cut_anywhere_add_up_to_the_month(day: date, cut: int, basis: str) -> None:
    month = day.replace(day=1)
    whole = last_day(month).day
    if cut >= whole:
        parts = [(month, last_day(month))]
    else:
        parts = [(month, month.replace(day=cut)), (month.replace(day=cut + 1), last_day(month))]
    assert sum(days_between(first, last, basis) for first, last in parts) == days_in(month, basis)
