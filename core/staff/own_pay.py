"""An employee's pay of a month line by line, for himself: earned, kept back and why, paid, and what pay day brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.money import ZERO
from core.staff.earnings import Earnings, month_earnings
from core.staff.employee_debts import open_debts, taken_in_month
from core.staff.months import month_of, next_month
from core.staff.pay_day import Deduction, PayPlan, plan_pay_of
from core.staff.pay_models import Bonus, EmployeeDebt, SalaryAccrual, SalaryPayment
from core.staff.pay_terms import pay_policy
from core.staff.people import staff_named
from core.staff.salaries import Salary, posted_accrual, preview_salaries

SLIPS_MAX = 24


@dataclass(frozen=True)
class PayItem:
    """One line of what the month brings; what is taken off is negative.

    `kind` is salary, allowance, absence, tax, commission (incentives too) or bonus.
    """

    kind: str
    name: str
    amount: Decimal
    count: int = 0
    """How many documents a commission comes from."""
    days: Decimal = ZERO
    """The days of an absence."""


@dataclass(frozen=True)
class Withheld:
    """An advance or charge that is not given back yet, and what the next payment of the month takes of it.

    `why` is one of instalment, whole, rest (the last of it), capped (the policy's share of pay is used up), taken (the
    month bore its instalment), later (starts in the month `starts`), no_pay (there is nothing to keep back from).
    """

    number: str
    kind: str
    reason: str
    outstanding: Decimal
    taken: Decimal
    why: str
    starts: date

    @property
    def left(self) -> Decimal:
        """What he owes of it afterwards."""
        return self.outstanding - self.taken


@dataclass(frozen=True)
class OwnPay:
    """A month as it stands: `brought_forward` + earned - paid - kept back = `owed`, and `owed` - deductions = `net`."""

    name: str
    month: date
    items: tuple[PayItem, ...]
    salary_is_posted: bool
    """False while the salary is what the whole month comes to as things stand."""
    salary_so_far: Decimal | None
    """What of a salary not posted yet is earned by the day of asking, after absences and tax; None where it is posted,
    or the month has not begun or is over."""
    brought_forward: Decimal
    """Owed from other months, and entries of another kind; negative where he owed."""
    paid: Decimal
    """Money he got as this month's pay."""
    kept_back: Decimal
    """What this month's pay gave back of his debts already."""
    withheld: tuple[Withheld, ...]
    """Advances and charges not given back, the oldest first, with what the next payment of this month takes."""
    percent_max: Decimal
    """The most of his pay that one payment keeps back."""
    owed: Decimal
    """What he is owed before the deductions; below zero he owes."""
    net: Decimal
    """The money the next payment of this month brings, as the pay run works it out."""

    @property
    def earned(self) -> Decimal:
        """All lines, after tax."""
        return sum((item.amount for item in self.items), ZERO)

    @property
    def deducted(self) -> Decimal:
        """What the next payment of this month keeps back."""
        return sum((each.taken for each in self.withheld), ZERO)

    @property
    def is_settled(self) -> bool:
        """Whether the month was paid and nothing of it is left to pay."""
        return self.salary_is_posted and self.paid > ZERO and self.owed <= ZERO


@dataclass(frozen=True)
class PayMonth:
    """A month that has a payslip, and how far it is paid."""

    month: date
    paid: Decimal
    is_booked: bool


def own_pay(session: Session, *, staff_id: Id, month: date, today: date) -> OwnPay:
    """The pay of a month as the books stand now, with a salary not accrued yet as it would be. Raises NotFound."""
    staff, month = staff_named(session, staff_id), month_of(month)
    posted = posted_accrual(session, staff_id=staff_id, month=month)
    expected = None if posted else preview_salaries(session, month=month, staff_ids=[staff_id]).get(staff_id)
    earnings = month_earnings(session, staff_id=staff_id, month=month)
    items = (
        *_salary_items(posted or expected), *_commission_items(earnings), *_bonus_items(session, staff_id, month),
    )  # fmt: skip
    extra = {staff_id: expected.net} if expected else {}
    plan = plan_pay_of(session, staff=[staff], month=month, extra=extra)[staff_id]
    payments = _payments(session, staff_id, month)
    settled = sum((payment.settled for payment in payments), ZERO)
    paid = sum((payment.paid for payment in payments), ZERO)
    is_running = expected is not None and month == month_of(today)
    return OwnPay(
        name=staff.name, month=month, items=items, salary_is_posted=posted is not None,
        salary_so_far=_so_far(session, staff_id, today) if is_running else None,
        brought_forward=plan.owed + settled - sum((item.amount for item in items), ZERO), paid=paid,
        kept_back=settled - paid, withheld=_withheld(session, plan),
        percent_max=pay_policy(session).deductions_percent_max, owed=plan.owed, net=plan.net,
    )  # fmt: skip


def months_with_pay(session: Session, *, staff_id: Id, limit: int = SLIPS_MAX) -> list[PayMonth]:
    """The months he has a salary or a payment of, paid or not, the newest first."""
    paid: dict[date, Decimal] = {}
    booked: set[date] = set()
    payments = select(SalaryPayment.month, SalaryPayment.paid).where(
        SalaryPayment.staff_id == staff_id, SalaryPayment.state == "paid"
    )
    for month, amount in session.execute(payments):
        paid[month] = paid.get(month, ZERO) + amount
    salaries = select(SalaryAccrual.month).where(SalaryAccrual.staff_id == staff_id, SalaryAccrual.state == "posted")
    booked.update(session.scalars(salaries))
    newest = sorted(booked | paid.keys(), reverse=True)
    return [PayMonth(month, paid.get(month, ZERO), month in booked) for month in newest[:limit]]


def _salary_items(salary: SalaryAccrual | Salary | None) -> list[PayItem]:
    if salary is None:
        return []
    lines: Mapping[str, Decimal | str] = salary.allowance_lines
    items = [PayItem("salary", "", salary.salary)]
    items += [PayItem("allowance", name, Decimal(amount)) for name, amount in sorted(lines.items())]
    items.append(PayItem("absence", "", -salary.absence, days=salary.absence_days))
    items.append(PayItem("tax", "", -salary.tax))
    return [item for item in items if item.kind == "salary" or item.amount]


def _commission_items(earnings: Earnings) -> list[PayItem]:
    return [PayItem("commission", rule.name, rule.amount, rule.count) for rule in earnings.by_rule if rule.amount]


def _bonus_items(session: Session, staff_id: Id, month: date) -> list[PayItem]:
    bonuses = session.scalars(
        select(Bonus)
        .where(
            Bonus.staff_id == staff_id, Bonus.state == "given", Bonus.given_on >= month,
            Bonus.given_on < next_month(month),
        )
        .order_by(Bonus.given_on, Bonus.id)
    )  # fmt: skip
    items = []
    for bonus in bonuses:
        items.append(PayItem("bonus", bonus.reason, bonus.amount))
        if bonus.tax:
            items.append(PayItem("tax", bonus.reason, -bonus.tax))
    return items


def _so_far(session: Session, staff_id: Id, today: date) -> Decimal:
    salary = preview_salaries(session, month=today, staff_ids=[staff_id], until=today).get(staff_id)
    return salary.net if salary else ZERO


def _withheld(session: Session, plan: PayPlan) -> tuple[Withheld, ...]:
    debts = open_debts(session, staff_ids=[plan.staff_id])
    taken = taken_in_month(session, debt_ids=[debt.id for debt in debts], month=plan.month)
    now = {deduction.debt_id: deduction for deduction in plan.deductions}
    return tuple(_line(debt, now.get(debt.id), taken.get(debt.id, ZERO), plan) for debt in debts)


def _line(debt: EmployeeDebt, deduction: Deduction | None, before: Decimal, plan: PayPlan) -> Withheld:
    amount = deduction.amount if deduction else ZERO
    return Withheld(
        debt.number,
        debt.kind,
        debt.reason,
        debt.outstanding,
        amount,
        _why(debt, amount, before, plan),
        debt.deduct_from,
    )


def _why(debt: EmployeeDebt, amount: Decimal, before: Decimal, plan: PayPlan) -> str:
    if debt.deduct_from > plan.month:
        return "later"
    due = debt.outstanding
    if debt.instalment is not None:
        due = min(due, max(debt.instalment - before, ZERO))
    if due == ZERO:
        return "taken"
    if amount < due:
        return "no_pay" if plan.owed <= ZERO else "capped"
    if amount < debt.outstanding:
        return "instalment"
    return "whole" if debt.outstanding == debt.amount else "rest"


def _payments(session: Session, staff_id: Id, month: date) -> Sequence[SalaryPayment]:
    return session.scalars(
        select(SalaryPayment).where(
            SalaryPayment.staff_id == staff_id, SalaryPayment.month == month, SalaryPayment.state == "paid"
        )
    ).all()
