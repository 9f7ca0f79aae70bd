"""Pay day: advances and charges taken back, parts, the run that does what its plan says, payslips that tie."""

from __future__ import annotations

import itertools
import threading
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.models import JournalEntry
from core.money import ZERO
from core.staff.balances import NoMoneyAccount, balance_of
from core.staff.bonuses import BonusReversed, give_bonus, reverse_bonus
from core.staff.employee_debts import (
    AdvanceLimitReached,
    DebtInvalid,
    DebtKeyReused,
    MoreThanOutstanding,
    PartlyRepaid,
    SecondPersonNeeded,
    cancel_debt,
    charge_employee,
    give_advance,
    repay_debt,
    set_instalment,
)
from core.staff.employee_statements import employee_statement
from core.staff.leaving import CashStillInHand, HasLeft, preview_leaving, settle_leaving
from core.staff.models import Staff
from core.staff.pay_day import (
    MoreThanOwed,
    NothingOwed,
    PaymentKeyReused,
    PaymentReversed,
    pay_employee,
    plan_pay,
    reverse_payment,
)
from core.staff.pay_models import EmployeeDebt, SalaryPayment
from core.staff.pay_run import plan_pay_run, run_pay
from core.staff.pay_terms import Tax, set_pay_policy
from core.staff.payslips import payslip
from core.staff.people import add_staff
from core.staff.salaries import accrue_salary, preview_salary, record_absence, reverse_salary
from tests.cast import TestCompany
from tests.core.staff.cast import NOVEMBER, D, booked, collect, connect, employ, hamid, hand_over, nov, rabia, tariq

DECEMBER = date(2026, 12, 1)


def advance(session: Session, staff: Staff, owner: Staff, amount: str, instalment: str = "") -> EmployeeDebt:
    return give_advance(
        session, staff_id=staff.id, amount=D(amount), account_code="1010", given_on=nov(5), approved_by=owner.id,
        idempotency_key=str(new_id()), actor="test", instalment=D(instalment) if instalment else None,
    )  # fmt: skip


def pay(session: Session, staff: Staff, amount: str = "", *, month: date = NOVEMBER, key: str = "") -> SalaryPayment:
    return pay_employee(
        session, staff_id=staff.id, month=month, account_code="1010", paid_on=date(2026, 12, 3), actor="test",
        idempotency_key=key or str(new_id()), amount=D(amount) if amount else None,
    )  # fmt: skip


def accrued(session: Session, staff: Staff, month: date = NOVEMBER) -> None:
    accrue_salary(session, staff_id=staff.id, month=month, actor="test")


def test_pay_is_less_the_instalment_of_the_advance_and_the_damage(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician, salary="30000.00")
        loan = advance(session, technician, owner, "12000.00", "4000.00")
        charge_employee(session, staff_id=technician.id, kind="damage", amount=D("2500.00"), reason="ONU dropped",
                        charged_on=nov(9), approved_by=owner.id, idempotency_key="onu", actor="test",
                        account_code="1200")  # fmt: skip
        accrued(session, technician)
        paid = pay(session, technician)
        assert (paid.paid, paid.advances, paid.charges) == (D("23500.00"), D("4000.00"), D("2500.00"))
        assert loan.outstanding == booked(session, "1300", technician.id) == D("8000.00")
        assert (booked(session, "1310", technician.id), booked(session, "1200")) == (ZERO, D("-2500.00"))
        assert (booked(session, "2400", technician.id), booked(session, "1010")) == (ZERO, D("-35500.00"))


def test_pay_in_two_parts_bears_the_instalment_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "9000.00", "3000.00")
        accrued(session, technician)
        with pytest.raises(MoreThanOwed, match="up to Rs 27,000"):
            pay(session, technician, "27000.01")
        first, second = pay(session, technician, "10000.00"), pay(session, technician)
        assert [(p.paid, p.advances) for p in (first, second)] == [
            (D("10000.00"), D("3000.00")), (D("17000.00"), ZERO),
        ]  # fmt: skip
        with pytest.raises(NothingOwed):
            pay(session, technician)


def test_the_last_instalment_is_what_is_left(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "5000.00", "3000.00")
        accrued(session, technician)
        pay(session, technician)
        accrued(session, technician, DECEMBER)
        assert pay(session, technician, month=DECEMBER).advances == D("2000.00")
        assert booked(session, "1300") == ZERO


def test_no_more_than_the_policy_s_share_is_kept_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        set_pay_policy(session, day_basis="actual", advance_limit_salaries=D(2), deductions_percent_max=D(40),
                       cash_limit=None, cash_age_days=None)  # fmt: skip
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "50000.00")
        accrued(session, technician)
        paid = pay(session, technician)
        assert (paid.advances, paid.paid) == (D("12000.00"), D("18000.00"))


def test_an_advance_has_a_limit_a_second_person_and_one_booking(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "20000.00")
        with pytest.raises(AdvanceLimitReached, match="Rs 10,000 is left"):
            advance(session, technician, owner, "10000.01")
        with pytest.raises(SecondPersonNeeded):
            advance(session, technician, technician, "1000.00")
        again = {"staff_id": technician.id, "account_code": "1010", "given_on": nov(6), "approved_by": owner.id,
                     "idempotency_key": "message:1", "actor": "test"}  # fmt: skip
        first = give_advance(session, amount=D("500.00"), **again)
        assert give_advance(session, amount=D("500.00"), **again).id == first.id
        with pytest.raises(DebtKeyReused):
            give_advance(session, amount=D("600.00"), **again)
        with pytest.raises(NoMoneyAccount):
            give_advance(session, amount=D("700.00"), **{**again, "account_code": "1100", "idempotency_key": "k"})
        assert booked(session, "1300", technician.id) == D("20500.00")


def test_the_database_knows_that_nobody_approves_his_own_advance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        debt = advance(session, technician, owner, "100.00")
        values = {c.key: getattr(debt, c.key) for c in EmployeeDebt.__table__.columns}
        own = {**values, "id": new_id(), "number": "ED-9", "idempotency_key": "x", "approved_by": technician.id}
        with pytest.raises(DBAPIError, match="two_persons"), session.begin_nested():
            session.add(EmployeeDebt(**own))
            session.flush()


def test_an_employee_can_pay_back_himself_and_only_what_he_owes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        loan = advance(session, technician, owner, "5000.00", "1000.00")
        for _ in range(2):
            repay_debt(session, debt_id=loan.id, amount=D("1500.00"), account_code="1010", repaid_on=nov(20),
                       idempotency_key="back", actor="test")  # fmt: skip
        assert (loan.outstanding, booked(session, "1300")) == (D("3500.00"), D("3500.00"))
        with pytest.raises(MoreThanOutstanding, match="3,500"):
            repay_debt(session, debt_id=loan.id, amount=D("3500.01"), account_code="1010", repaid_on=nov(20),
                       idempotency_key="more", actor="test")  # fmt: skip
        set_instalment(session, debt_id=loan.id, instalment=None)
        accrued(session, technician)
        assert pay(session, technician).advances == D("3500.00")


def test_a_charge_is_not_booked_against_another_subledger(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        for wrong in ("1100", "9999"):
            with pytest.raises(DebtInvalid, match=wrong):
                charge_employee(session, staff_id=technician.id, kind="damage", amount=D(1), reason="x",
                                charged_on=nov(9), approved_by=owner.id, idempotency_key=wrong, actor="test",
                                account_code=wrong)  # fmt: skip


def test_a_payment_that_did_not_happen_is_reversed_with_its_instalments(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        loan = advance(session, technician, owner, "9000.00", "3000.00")
        accrued(session, technician)
        wrong = pay(session, technician, key="k")
        reverse_payment(session, payment_id=wrong.id, reversed_on=date(2026, 12, 4), actor="test", reason="wrong bank")
        assert (loan.outstanding, booked(session, "1300"), booked(session, "2400")) == (
            D("9000.00"), D("9000.00"), D("-30000.00"),
        )  # fmt: skip
        assert pay(session, technician).advances == D("3000.00")
        with pytest.raises(PaymentReversed):
            reverse_payment(session, payment_id=wrong.id, reversed_on=nov(30), actor="test", reason="again")


def test_a_bonus_or_an_advance_given_by_mistake_leaves_the_books(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        bonus = give_bonus(session, staff_id=technician.id, amount=D("700.00"), reason="Eid", given_on=nov(5),
                           idempotency_key="eid", actor="test")  # fmt: skip
        loan, mistake = advance(session, technician, owner, "500.00"), advance(session, technician, owner, "5000.00")
        done = {"actor": "test", "reason": "typed wrong"}
        reverse_bonus(session, bonus_id=bonus.id, reversed_on=date(2026, 12, 1), **done)
        cancel_debt(session, debt_id=mistake.id, cancelled_on=nov(6), **done)
        assert (booked(session, "2400"), booked(session, "6030"), booked(session, "1300")) == (ZERO, ZERO, D("500.00"))
        with pytest.raises(BonusReversed):
            reverse_bonus(session, bonus_id=bonus.id, reversed_on=nov(6), **done)
        accrued(session, technician)
        pay(session, technician)
        with pytest.raises(PartlyRepaid, match="ED-1"):
            cancel_debt(session, debt_id=loan.id, cancelled_on=nov(30), **done)
        slip = payslip(session, staff_id=technician.id, month=NOVEMBER)
        assert ([line.description for line in slip.earnings], slip.other) == (["Salary"], ())


def test_the_same_key_pays_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, other = tariq(session, company), rabia(session, company)
        for person in (technician, other):
            employ(session, person)
            accrued(session, person)
        first = pay(session, technician, "1000.00", key="message:7")
        assert pay(session, technician, "1000.00", key="message:7").id == first.id
        with pytest.raises(PaymentKeyReused):
            pay(session, other, "1000.00", key="message:7")


def test_two_payments_at_the_same_moment_pay_what_is_owed_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        accrued(session, technician)
    outcomes: list[str] = []

    def try_to_pay() -> None:
        try:
            with company_session(company.id, "test") as session:
                pay(session, technician)
            outcomes.append("paid")
        except NothingOwed:
            outcomes.append("nothing owed")

    threads = [threading.Thread(target=try_to_pay) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["nothing owed", "nothing owed", "paid"]


def company_of_three(session: Session, company: TestCompany) -> tuple[Staff, Staff, Staff]:
    agent, technician, owner = rabia(session, company), tariq(session, company), hamid(session, company)
    employ(session, agent, salary="25000.00", starts_on=nov(11))
    employ(session, technician, salary="40000.00", tax=Tax("percent", percent=D(5)), Fuel="6000.00")
    advance(session, technician, owner, "10000.00", "2500.00")
    record_absence(session, staff_id=technician.id, day=nov(12), recorded_by="test")
    charge_employee(session, staff_id=owner.id, kind="other", amount=D("500.00"), reason="Phone", charged_on=nov(2),
                    approved_by=agent.id, idempotency_key="phone", actor="test")  # fmt: skip
    return agent, technician, owner


def test_the_run_does_exactly_what_its_plan_said(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        _, _, owner = company_of_three(session, company)
        employ(session, owner, salary="0.00")
        plan = plan_pay_run(session, month=NOVEMBER)
        assert session.scalar(select(func.count()).select_from(SalaryPayment)) == 0
        run_id = new_id()
        done = run_pay(session, run_id=run_id, month=NOVEMBER, account_code="1020", paid_on=date(2026, 12, 1),
                       actor="test")  # fmt: skip
        assert done == plan
        assert [(line.pay.name, line.pay.net, line.problem) for line in done.lines] == [
            ("Hamid", ZERO, "Hamid is owed nothing"),
            ("Rabia", D("16666.67"), ""),
            ("Tariq", D("39743.34"), ""),
        ]
        assert booked(session, "1020") == -done.paid == D("-56410.01")
        kinds = ("salary", "salary_payment")
        origins = set(session.scalars(select(JournalEntry.origin).where(JournalEntry.kind.in_(kinds))))
        assert origins == {f"run:{run_id}"}


def test_a_run_repeated_pays_nobody_twice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, technician, _ = company_of_three(session, company)
        run_id = new_id()
        for again in (False, True):
            if again:
                give_bonus(session, staff_id=technician.id, amount=D("900.00"), reason="late", given_on=nov(30),
                           idempotency_key="late", actor="test")  # fmt: skip
            done = run_pay(session, run_id=run_id, month=NOVEMBER, account_code="1020", paid_on=date(2026, 12, 1),
                           actor="test")  # fmt: skip
        assert done.paid == ZERO and "was paid by" in done.lines[-1].problem
        assert booked(session, "1020") == D("-56410.01")
        second = run_pay(session, run_id=new_id(), month=NOVEMBER, account_code="1020", paid_on=date(2026, 12, 2),
                         actor="test")  # fmt: skip
        assert second.paid == D("900.00")
        assert booked(session, "2400", agent.id) == ZERO


def test_who_owes_the_company_is_named_and_holds_nobody_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, technician, _ = company_of_three(session, company)
        accrued(session, agent)
        paid = pay(session, agent)
        reverse = accrue_salary(session, staff_id=agent.id, month=NOVEMBER, actor="test")
        reverse_salary(session, accrual_id=reverse.id, reversed_on=nov(30), actor="test", reason="never came")
        plan = plan_pay_run(session, month=date(2026, 10, 1), staff_ids=[agent.id, technician.id])
        assert [line.problem for line in plan.lines] == [
            f"Rabia owes {paid.paid} to the company: nothing is paid until it is earned back", "",
        ]  # fmt: skip


def test_a_payslip_explains_every_rupee_of_the_month(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        _, technician, _ = company_of_three(session, company)
        give_bonus(session, staff_id=technician.id, amount=D("1000.00"), reason="Eid", given_on=nov(20),
                   idempotency_key="eid", actor="test")  # fmt: skip
        accrued(session, technician)
        pay(session, technician, "40000.00")
        slip = payslip(session, staff_id=technician.id, month=NOVEMBER)
    assert [(line.description, line.amount) for line in slip.earnings] == [
        ("Salary", D("40000.00")), ("Fuel", D("6000.00")), ("Absence, 1 day", D("-1533.33")),
        ("Bonus: Eid", D("1000.00")),
    ]  # fmt: skip
    assert [(line.description, line.amount) for line in slip.taxes] == [("Tax deducted", D("2223.33"))]
    assert [(line.description, line.amount) for line in slip.repayments] == [("ED-1 Advance", D("2500.00"))]
    assert (slip.earned, slip.kept_back, slip.paid, slip.carried_forward) == (
        D("43243.34"), D("2500.00"), D("40000.00"), D("743.34"),
    )  # fmt: skip
    assert [line.amount for line in slip.debts_outstanding] == [D("7500.00")]
    assert (slip.employee, slip.company, slip.other) == ("Tariq", "Chenab Net", ())


def test_what_is_not_paid_is_brought_forward_to_the_next_payslip(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician = tariq(session, company)
        employ(session, technician)
        accrued(session, technician)
        pay(session, technician, "29000.00")
        accrued(session, technician, DECEMBER)
        pay(session, technician, month=DECEMBER)
        november = payslip(session, staff_id=technician.id, month=NOVEMBER)
        december = payslip(session, staff_id=technician.id, month=DECEMBER)
    assert (november.carried_forward, december.brought_forward) == (D("1000.00"), D("1000.00"))
    assert (december.paid, december.carried_forward) == (D("31000.00"), ZERO)


STEPS = st.sampled_from(["accrue", "pay", "part", "bonus", "advance", "charge", "repay", "absent", "undo"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(STEPS, st.integers(1, 9000), st.integers(1, 12)), max_size=14))
def test_statements_payslips_and_debts_tie_to_the_postings(
    company: TestCompany, history: list[tuple[str, int, int]]
) -> None:
    with company_session(company.id, "test") as session:
        owner = hamid(session, company)
        agent = add_staff(session, name="Rabia", role="recovery_agent", phone=f"+92{new_id().int % 10**12}")
        employ(session, agent, salary="9000.00", tax=Tax("percent", percent=D(3)))
        for step, rupees, month in history:
            happen(session, agent, owner.id, step, rupees, date(2026, month, 1))
        statement = employee_statement(session, staff_id=agent.id, first=date(2026, 3, 1), last=date(2027, 12, 31))
        for account in statement.accounts:
            assert account.closing == balance_of(session, account.code, agent.id)
            assert account.opening + sum((line.amount for line in account.lines), ZERO) == account.closing
        debts = session.scalars(select(EmployeeDebt).where(EmployeeDebt.staff_id == agent.id)).all()
        for code in ("1300", "1310"):
            owed = sum((debt.outstanding for debt in debts if debt.control_account == code), ZERO)
            assert owed == booked(session, code, agent.id)
        slips = [payslip(session, staff_id=agent.id, month=date(2026, month, 1)) for month in range(1, 13)]
        for before, after in itertools.pairwise(slips):
            assert before.carried_forward == after.brought_forward
        assert slips[-1].carried_forward == -booked(session, "2400", agent.id)
        assert [slip.other for slip in slips] == [()] * 12


def happen(session: Session, agent: Staff, owner_id: Id, step: str, rupees: int, month: date) -> None:
    key, amount = str(new_id()), D(rupees)
    debt = session.scalars(
        select(EmployeeDebt).where(EmployeeDebt.staff_id == agent.id, EmployeeDebt.outstanding > 0).limit(1)
    ).first()
    try:
        with session.begin_nested():
            if step == "accrue":
                accrue_salary(session, staff_id=agent.id, month=month, actor="test")
            elif step in ("pay", "part"):
                pay_employee(session, staff_id=agent.id, month=month, account_code="1010", paid_on=month,
                             idempotency_key=key, actor="test", amount=None if step == "pay" else amount)  # fmt: skip
            elif step == "bonus":
                give_bonus(session, staff_id=agent.id, amount=amount, tax=D("0.50"), reason="b", given_on=month,
                           idempotency_key=key, actor="test")  # fmt: skip
            elif step == "advance":
                give_advance(session, staff_id=agent.id, amount=amount, account_code="1010", given_on=month,
                             approved_by=owner_id, idempotency_key=key, actor="test", instalment=D(700))  # fmt: skip
            elif step == "charge":
                charge_employee(session, staff_id=agent.id, kind="damage", amount=amount, reason="d", charged_on=month,
                                approved_by=owner_id, idempotency_key=key, actor="test")  # fmt: skip
            elif step == "repay" and debt is not None:
                repay_debt(session, debt_id=debt.id, amount=amount, account_code="1010", repaid_on=month,
                           idempotency_key=key, actor="test")  # fmt: skip
            elif step == "absent":
                record_absence(session, staff_id=agent.id, day=month.replace(day=9), recorded_by="test")
            elif step == "undo":
                last = session.scalars(
                    select(SalaryPayment).where(SalaryPayment.staff_id == agent.id, SalaryPayment.state == "paid")
                ).first()
                if last is not None:
                    reverse_payment(session, payment_id=last.id, reversed_on=month, actor="test", reason="wrong")
    except DomainError:
        pass


def test_leaving_pays_to_the_last_day_less_everything_he_owes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "8000.00", "500.00")
        accrued(session, technician)
        leaving = {"staff_id": technician.id, "last_day_worked": nov(20), "account_code": "1010", "paid_on": nov(21)}
        preview = preview_leaving(session, **leaving)
        assert technician.state == "active" and booked(session, "2400") == D("-30000.00")
        done = settle_leaving(session, **leaving, idempotency_key="leaving", actor="test")
        assert (preview.pay, preview.salaries, preview.still_owes) == (done.pay, done.salaries, done.still_owes)
        assert (done.pay.owed, done.pay.kept_back, done.pay.net) == (D("20000.00"), D("8000.00"), D("12000.00"))
        assert (booked(session, "2400"), booked(session, "1300"), technician.state) == (ZERO, ZERO, "left")
        with pytest.raises(HasLeft):
            settle_leaving(session, **leaving, idempotency_key="leaving", actor="test")


def test_who_leaves_with_more_debt_than_pay_still_owes_the_rest(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        technician, owner = tariq(session, company), hamid(session, company)
        employ(session, technician)
        advance(session, technician, owner, "30000.00")
        done = settle_leaving(session, staff_id=technician.id, last_day_worked=nov(10), account_code="1010",
                              paid_on=nov(10), idempotency_key="leaving", actor="test")  # fmt: skip
        assert (done.pay.net, done.still_owes, booked(session, "1300")) == (ZERO, D("20000.00"), D("20000.00"))


def test_nobody_leaves_with_the_company_s_cash(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = rabia(session, company), hamid(session, company)
        employ(session, agent)
        collect(session, agent, connect(session, company), "700.00", nov(9))
        leaving = {"staff_id": agent.id, "last_day_worked": nov(10), "account_code": "1010", "paid_on": nov(10),
                       "idempotency_key": "leaving", "actor": "test"}  # fmt: skip
        with pytest.raises(CashStillInHand, match="Rs 700"):
            settle_leaving(session, **leaving)
        hand_over(session, agent, owner, "700.00", nov(10))
        assert settle_leaving(session, **leaving).pay.net == D("10000.00")


def test_a_preview_is_what_will_be_posted(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        _, technician, _ = company_of_three(session, company)
        preview = preview_salary(session, staff_id=technician.id, month=NOVEMBER)
        posted = accrue_salary(session, staff_id=technician.id, month=NOVEMBER, actor="test")
        assert (preview.salary, preview.allowances, preview.absence, preview.tax, preview.net) == (
            posted.salary, posted.allowances, posted.absence, posted.tax, posted.net,
        )  # fmt: skip
        assert plan_pay(session, staff_id=technician.id, month=NOVEMBER).owed == posted.net
