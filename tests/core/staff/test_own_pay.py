"""An employee's own view of his pay says, to the paisa, what the pay run then does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError
from core.ids import new_id
from core.money import ZERO
from core.staff.bonuses import give_bonus
from core.staff.commission_rules import Conditions, Measure
from core.staff.employee_debts import charge_employee, give_advance
from core.staff.models import Staff
from core.staff.own_pay import months_with_pay, own_pay
from core.staff.pay_day import pay_employee
from core.staff.pay_models import SalaryPayment
from core.staff.pay_run import plan_pay_run, run_pay
from core.staff.pay_terms import Tax, set_pay_policy
from core.staff.payslips import payslip
from core.staff.salaries import accrue_salary, record_absence
from core.usecases.accrue_commissions import accrue_commissions, commissions_waiting, rule_names
from tests.builders import make_invoice
from tests.cast import TestCompany
from tests.core.staff.cast import NOVEMBER, D, collect, connect, employ, hamid, nov, plan_with, rabia, tariq

DECEMBER = date(2026, 12, 1)
MONEY = st.decimals(min_value="0.01", max_value="9000.00", places=2)
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(
            ("advance", "advance in instalments", "later advance", "damage", "bonus", "absent", "part pay", "pay")
        ),
        MONEY,
        st.integers(1, 28),
    ),
    max_size=10,
)


def happens(session: Session, staff: Staff, owner: Staff, what: str, amount: Decimal, day: int) -> None:
    common = {"staff_id": staff.id, "actor": "test", "idempotency_key": str(new_id())}
    if "advance" in what:
        give_advance(
            session, amount=amount, account_code="1010", given_on=nov(day), approved_by=owner.id,
            instalment=(amount / 3).quantize(D("0.01")) if "instalments" in what else None,
            deduct_from=DECEMBER if what == "later advance" else None, **common,
        )  # fmt: skip
    elif what == "damage":
        charge_employee(session, kind="damage", amount=amount, reason="ONU", charged_on=nov(day),
                        approved_by=owner.id, **common)  # fmt: skip
    elif what == "bonus":
        give_bonus(session, amount=amount, tax=(amount / 10).quantize(D("0.01")), reason="Eid", given_on=nov(day),
                   **common)  # fmt: skip
    elif what == "absent":
        record_absence(session, staff_id=staff.id, day=nov(day), recorded_by="test")
    else:
        accrue_salary(session, staff_id=staff.id, month=NOVEMBER, actor="test")
        pay_employee(session, month=NOVEMBER, account_code="1010", paid_on=nov(28),
                     amount=amount if what == "part pay" else None, **common)  # fmt: skip


@given(happenings=HAPPENINGS, percent=st.sampled_from((D(0), D("33.3"), D(50), D(100))), salary=MONEY)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_he_is_shown_is_what_the_pay_run_pays(
    company: TestCompany, happenings: list[tuple[str, Decimal, int]], percent: Decimal, salary: Decimal
) -> None:
    with company_session(company.id, "test") as session:
        set_pay_policy(session, day_basis="actual", advance_limit_salaries=D(50), deductions_percent_max=percent,
                       cash_limit=None, cash_age_days=None)  # fmt: skip
        staff, owner = tariq(session, company), hamid(session, company)
        employ(session, staff, salary=str(salary + 1000), tax=Tax("percent", percent=D("2.5")), House="1234.56")
        for happening in happenings:
            try:
                with session.begin_nested():
                    happens(session, staff, owner, *happening)
            except DomainError:
                continue
        own = own_pay(session, staff_id=staff.id, month=NOVEMBER, today=nov(28))
        assert own.brought_forward + own.earned - own.paid - own.kept_back == own.owed
        assert max(own.owed, ZERO) - own.deducted == own.net
        (planned,) = plan_pay_run(session, month=NOVEMBER, staff_ids=[staff.id]).lines or (None,)
        assert own.net == (planned.pay.net if planned else ZERO)
        run_pay(session, run_id=new_id(), month=NOVEMBER, account_code="1010", paid_on=DECEMBER, actor="test",
                staff_ids=[staff.id])  # fmt: skip
        last = session.scalars(
            select(SalaryPayment).where(SalaryPayment.staff_id == staff.id, SalaryPayment.paid_on == DECEMBER)
        ).one_or_none()
        assert own.net == (last.paid if last else ZERO)
        assert own.deducted == (last.settled - last.paid if last else ZERO)
        session.rollback()


def test_each_advance_says_why_it_is_kept_back_or_not(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        set_pay_policy(session, day_basis="actual", advance_limit_salaries=D(5), deductions_percent_max=D(40),
                       cash_limit=None, cash_age_days=None)  # fmt: skip
        staff, owner = tariq(session, company), hamid(session, company)
        employ(session, staff)
        for happening in (
            ("advance in instalments", D("9000.00"), 3),
            ("advance", D("5000.00"), 4),
            ("damage", D("6000.00"), 5),
            ("advance", D("700.00"), 6),
            ("later advance", D("800.00"), 7),
        ):
            happens(session, staff, owner, *happening)
        own = own_pay(session, staff_id=staff.id, month=NOVEMBER, today=nov(15))
        assert [(each.why, each.taken, each.left) for each in own.withheld] == [
            ("instalment", D("3000.00"), D("6000.00")),
            ("whole", D("5000.00"), ZERO),
            ("capped", D("4000.00"), D("2000.00")),
            ("capped", ZERO, D("700.00")),
            ("later", ZERO, D("800.00")),
        ]
        assert (own.net, own.salary_so_far) == (D("18000.00"), D("15000.00"))
        happens(session, staff, owner, "part pay", D("1000.00"), 20)
        again = own_pay(session, staff_id=staff.id, month=NOVEMBER, today=nov(28)).withheld
        assert [each.why for each in again[:2]] == ["taken", "rest"]


def test_commissions_of_the_day_are_told_before_the_evening_books_them(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent = rabia(session, company)
        employ(session, agent, plan_id=plan_with(session, "recovery", Measure(percent=D("2.5")), Conditions()))
        subscription = connect(session, company)
        make_invoice(session, subscription.id)
        collect(session, agent, subscription, "1000.00", nov(10), method="bank")
        waiting = commissions_waiting(session, staff_id=agent.id, since=NOVEMBER, today=nov(10))
        assert [row.amount for row in waiting] == [D("25.00")]
        assert rule_names(session, [waiting[0].rule_id]) == {waiting[0].rule_id: "By recovery"}
        assert own_pay(session, staff_id=agent.id, month=NOVEMBER, today=nov(10)).net == D("30000.00")
        booked = accrue_commissions(session, since=NOVEMBER, until=nov(10), actor="system", origin="run:x")
        assert [row.amount for row in booked.accruals] == [D("25.00")]
        assert commissions_waiting(session, staff_id=agent.id, since=NOVEMBER, today=nov(10)) == []
        assert own_pay(session, staff_id=agent.id, month=NOVEMBER, today=nov(10)).net == D("30025.00")


def test_a_payslip_of_a_month_that_is_not_booked_says_so_and_adds_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        staff = tariq(session, company)
        employ(session, staff)
        assert payslip(session, staff_id=staff.id, month=NOVEMBER).earnings == ()
        slip = payslip(session, staff_id=staff.id, month=NOVEMBER, expected=True)
        assert (slip.is_expected, slip.earned, slip.carried_forward) == (True, D("30000.00"), D("30000.00"))
        accrue_salary(session, staff_id=staff.id, month=NOVEMBER, actor="test")
        assert not payslip(session, staff_id=staff.id, month=NOVEMBER, expected=True).is_expected
        assert [(each.month, each.paid) for each in months_with_pay(session, staff_id=staff.id)] == [(NOVEMBER, ZERO)]
