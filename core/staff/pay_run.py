"""The month's pay of everybody: a plan to look at, and the run that does exactly what the plan says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.money import ZERO
from core.staff.balances import PAYABLE, balances_of, require_money_account
from core.staff.models import Staff
from core.staff.months import last_day, month_of
from core.staff.pay_day import PayPlan, pay_employee, plan_pay_of
from core.staff.pay_models import SalaryAccrual, SalaryPayment
from core.staff.salaries import Salary, accrue_salary, preview_salaries


@dataclass(frozen=True)
class PayLine:
    """One employee in the run: the salary it accrues (none where that is done already), and what it pays."""

    salary: Salary | None
    pay: PayPlan
    problem: str = ""
    """Why he is paid nothing."""


@dataclass(frozen=True)
class PayRun:
    """Everybody's lines by name, and the sums."""

    month: date
    lines: tuple[PayLine, ...]

    @property
    def accrued(self) -> Decimal:
        """What the run adds to what is owed."""
        return sum((line.salary.net for line in self.lines if line.salary), ZERO)

    @property
    def paid(self) -> Decimal:
        """The money that leaves the account."""
        return sum((line.pay.net for line in self.lines if not line.problem), ZERO)


def plan_pay_run(session: Session, *, month: date, staff_ids: Sequence[Id] | None = None) -> PayRun:
    """What `run_pay` would accrue and pay now; changes nothing.

    It covers everybody with terms of pay in the month and everybody who is owed or owes something on 2400, or
    those of them that `staff_ids` names.
    """
    month = month_of(month)
    salaries = preview_salaries(session, month=month, staff_ids=staff_ids)
    posted = select(SalaryAccrual.staff_id).where(SalaryAccrual.month == month, SalaryAccrual.state == "posted")
    done = set(session.scalars(posted))
    due = {staff_id: salary for staff_id, salary in salaries.items() if staff_id not in done}
    owed = {staff_id for staff_id, total in balances_of(session, PAYABLE, staff_ids).items() if total}
    people = session.scalars(
        select(Staff).where(Staff.id.in_(salaries.keys() | owed)).order_by(Staff.name, Staff.id)
    ).all()
    plans = plan_pay_of(session, staff=people, month=month, extra={id_: salary.net for id_, salary in due.items()})
    return PayRun(month, tuple(_line(due.get(person.id), plans[person.id]) for person in people))


def _line(salary: Salary | None, plan: PayPlan) -> PayLine:
    problem = ""
    if plan.owed < ZERO:
        problem = f"{plan.name} owes {-plan.owed} to the company: nothing is paid until it is earned back"
    elif plan.owed == ZERO:
        problem = f"{plan.name} is owed nothing"
    return PayLine(salary, plan, problem)


def run_pay(
    session: Session, *, run_id: Id, month: date, account_code: str, paid_on: date, actor: str,
    staff_ids: Sequence[Id] | None = None,
) -> PayRun:  # fmt: skip
    """Accrue the month's salaries and pay what is owed, in one transaction of the caller; returns what was done.

    One employee who cannot be paid is a line with its problem and holds up nobody. `run_id` names the run: with the
    same id again it pays nobody twice, and every entry carries it as `run:<id>`. Locks the employees, so that what
    is paid is what was planned. Raises NoMoneyAccount.
    """
    require_money_account(session, account_code)
    _lock_everybody(session, staff_ids)
    plan = plan_pay_run(session, month=month, staff_ids=staff_ids)
    origin = f"run:{run_id}"
    keys = {line.pay.staff_id: f"{origin}:{line.pay.staff_id}" for line in plan.lines}
    paid = select(SalaryPayment.staff_id, SalaryPayment.number).where(SalaryPayment.idempotency_key.in_(keys.values()))
    paid_before = dict(session.execute(paid).all())
    done = []
    for line in plan.lines:
        number = paid_before.get(line.pay.staff_id)
        if number is not None:
            done.append(replace(line, salary=None, problem=f"{line.pay.name} was paid by {number} in this run"))
            continue
        try:
            with session.begin_nested():
                _accrue_and_pay(session, line, keys[line.pay.staff_id], account_code, paid_on, actor, origin)
            done.append(line)
        except DomainError as refused:
            done.append(replace(line, salary=None, problem=f"{line.pay.name}: {refused}"))
    return PayRun(plan.month, tuple(done))


def _lock_everybody(session: Session, staff_ids: Sequence[Id] | None) -> None:
    # In the order of their ids, so that two runs wait for each other instead of locking crosswise.
    everybody = select(Staff.id).order_by(Staff.id).with_for_update(key_share=True)
    session.execute(everybody if staff_ids is None else everybody.where(Staff.id.in_(staff_ids))).all()


def _accrue_and_pay(
    session: Session, line: PayLine, key: str, account_code: str, paid_on: date, actor: str, origin: str
) -> None:
    staff_id, month = line.pay.staff_id, line.pay.month
    if line.salary is not None:
        accrue_salary(
            session, staff_id=staff_id, month=month, actor=actor, origin=origin, posted_on=min(paid_on, last_day(month))
        )
    if not line.problem:
        pay_employee(
            session, staff_id=staff_id, month=month, account_code=account_code, paid_on=paid_on, idempotency_key=key,
            actor=actor, origin=origin,
        )  # fmt: skip
