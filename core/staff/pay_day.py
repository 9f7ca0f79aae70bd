"""Paying what is owed: planned with its deductions, paid whole or in part, by the person or for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import JournalEntry
from core.money import ZERO, parse_amount
from core.numbering import next_number
from core.staff.balances import ADVANCES, CHARGES, PAYABLE, balances_of, require_money_account
from core.staff.employee_debts import open_debts, taken_in_month
from core.staff.models import Staff
from core.staff.months import month_of
from core.staff.pay_models import DebtRepayment, EmployeeDebt, SalaryPayment
from core.staff.pay_terms import pay_policy
from core.staff.people import lock_staff, staff_named
from core.staff.percents import HUNDRED, percent_of
from core.staff.wording import currency_sign, shown


class NothingOwed(DomainError):
    """The employee is owed nothing now."""


class MoreThanOwed(DomainError):
    """The amount is more than he is owed after the deductions; the text says how much that is."""


class PaymentKeyReused(DomainError):
    """The idempotency key was used for another payment."""


class PaymentReversed(DomainError):
    """That payment is reversed already."""


@dataclass(frozen=True)
class Deduction:
    """What a pay gives back of one advance or charge."""

    debt_id: Id
    number: str
    kind: str
    reason: str
    amount: Decimal
    outstanding_after: Decimal


@dataclass(frozen=True)
class PayPlan:
    """What one employee is owed, what is kept back, and the money that is left to pay; `owed` is below zero
    where he owes the company, and then nothing is kept back or paid."""

    staff_id: Id
    name: str
    month: date
    owed: Decimal
    deductions: tuple[Deduction, ...]

    @property
    def kept_back(self) -> Decimal:
        """All deductions together."""
        return sum((deduction.amount for deduction in self.deductions), ZERO)

    @property
    def net(self) -> Decimal:
        """The money to pay."""
        return max(self.owed, ZERO) - self.kept_back


def plan_pay(session: Session, *, staff_id: Id, month: date, everything: bool = False) -> PayPlan:
    """What `pay_employee` would pay of everything owed to him now; `everything` ignores instalments and the cap."""
    staff = staff_named(session, staff_id)
    return plan_pay_of(session, staff=[staff], month=month, everything=everything)[staff_id]


def plan_pay_of(
    session: Session, *, staff: Sequence[Staff], month: date, extra: Mapping[Id, Decimal] | None = None,
    everything: bool = False,
) -> dict[Id, PayPlan]:  # fmt: skip
    """The plans of several employees, read in sets; `extra` is what will be owed besides what the books say."""
    month, ids = month_of(month), [person.id for person in staff]
    owed = balances_of(session, PAYABLE, ids)
    debts = open_debts(session, staff_ids=ids)
    taken = taken_in_month(session, debt_ids=[debt.id for debt in debts], month=month)
    cap = HUNDRED if everything else pay_policy(session).deductions_percent_max
    plans = {}
    for person in staff:
        total = (extra or {}).get(person.id, ZERO) - owed.get(person.id, ZERO)
        mine = [debt for debt in debts if debt.staff_id == person.id]
        deductions = _deductions(mine, taken, month, percent_of(max(total, ZERO), cap), everything)
        plans[person.id] = PayPlan(person.id, person.name, month, total, deductions)
    return plans


def _deductions(
    debts: Sequence[EmployeeDebt], taken: Mapping[Id, Decimal], month: date, at_most: Decimal, everything: bool
) -> tuple[Deduction, ...]:
    deductions = []
    for debt in debts:
        if debt.deduct_from > month and not everything:
            continue
        due = debt.outstanding
        if debt.instalment is not None and not everything:
            due = min(due, max(debt.instalment - taken.get(debt.id, ZERO), ZERO))
        amount = min(due, at_most)
        if amount > ZERO:
            at_most -= amount
            left = debt.outstanding - amount
            deductions.append(Deduction(debt.id, debt.number, debt.kind, debt.reason, amount, left))
    return tuple(deductions)


def pay_employee(
    session: Session, *, staff_id: Id, month: date, account_code: str, paid_on: date, idempotency_key: str, actor: str,
    amount: Decimal | None = None, everything: bool = False, origin: str = "",
) -> SalaryPayment:  # fmt: skip
    """Pay what is owed less the month's deductions, or `amount` of it: 2400 to the money account, 1300 and 1310.

    `month` is the one whose pay it is, and whose instalments it bears; a second payment of the same month bears
    only what the first did not. `everything` takes back all debts, as on leaving. Locks the employee; a repeat of
    the key returns the first. Raises NothingOwed, MoreThanOwed, NoMoneyAccount, PaymentKeyReused.
    """
    lock_staff(session, staff_id)
    first = session.scalar(select(SalaryPayment).where(SalaryPayment.idempotency_key == idempotency_key))
    if first is not None:
        return _same(first, staff_id, month_of(month), amount)
    require_money_account(session, account_code)
    plan = plan_pay(session, staff_id=staff_id, month=month, everything=everything)
    paid = plan.net if amount is None else parse_amount(amount)
    _refuse_amount(session, plan, paid, whole=amount is None)
    return _book(session, plan, paid, account_code, paid_on, idempotency_key, actor, origin)


def _same(first: SalaryPayment, staff_id: Id, month: date, amount: Decimal | None) -> SalaryPayment:
    same_amount = amount is None or first.paid == amount
    if (first.staff_id, first.month) != (staff_id, month) or not same_amount:
        raise PaymentKeyReused(f"The key of {first.number} came with another payment before: use a new key")
    return first


def _refuse_amount(session: Session, plan: PayPlan, paid: Decimal, *, whole: bool) -> None:
    sign = currency_sign(session)
    if plan.owed <= ZERO:
        what = "is owed nothing" if plan.owed == ZERO else f"owes {shown(-plan.owed, sign)} himself"
        raise NothingOwed(f"{plan.name} {what}: accrue the salary of {plan.month:%B %Y} first")
    if not whole and not ZERO < paid <= plan.net:
        raise MoreThanOwed(
            f"{plan.name} can be paid up to {shown(plan.net, sign)}: he is owed {shown(plan.owed, sign)},"
            f" and {shown(plan.kept_back, sign)} is kept back for advances and charges"
        )


def _book(
    session: Session, plan: PayPlan, paid: Decimal, account_code: str, paid_on: date, key: str, actor: str, origin: str
) -> SalaryPayment:
    advances = sum((d.amount for d in plan.deductions if d.kind == "advance"), ZERO)
    charges = plan.kept_back - advances
    payment = SalaryPayment(
        id=new_id(), number=next_number(session, "salary_payment"), staff_id=plan.staff_id, month=plan.month,
        paid_on=paid_on, account_code=account_code, settled=paid + plan.kept_back, paid=paid, advances=advances,
        charges=charges, state="paid", idempotency_key=key,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    for deduction in plan.deductions:
        _repay(session, deduction.debt_id, payment, deduction.amount, paid_on)
    post_entry(
        session, kind="salary_payment", source_id=payment.id, posted_on=paid_on, actor=actor, origin=origin,
        memo=payment.number,
        lines=[
            Line(PAYABLE, payment.settled, plan.staff_id),
            Line(account_code, -paid),
            Line(ADVANCES, -advances, plan.staff_id),
            Line(CHARGES, -charges, plan.staff_id),
        ],
    )  # fmt: skip
    return payment


def _repay(session: Session, debt_id: Id, payment: SalaryPayment, amount: Decimal, day: date) -> None:
    session.get_one(EmployeeDebt, debt_id).outstanding -= amount
    session.add(
        DebtRepayment(
            id=new_id(), debt_id=debt_id, salary_payment_id=payment.id, amount=amount, repaid_on=day,
            idempotency_key=f"{payment.id}:{debt_id}:{'taken' if amount > 0 else 'given back'}",
        )
    )  # fmt: skip
    session.flush()


def reverse_payment(
    session: Session, *, payment_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> SalaryPayment:
    """Undo a payment that did not happen: he is owed it again, and owes again what it gave back.

    Raises NotFound, PaymentReversed.
    """
    payment = session.get(SalaryPayment, payment_id)
    if payment is None:
        raise NotFound("There is no such payment")
    lock_staff(session, payment.staff_id)
    session.refresh(payment)
    if payment.state == "reversed":
        raise PaymentReversed(f"{payment.number} is reversed already")
    entry_id = session.scalars(
        select(JournalEntry.id).where(JournalEntry.kind == "salary_payment", JournalEntry.source_id == payment_id)
    ).one()
    reverse_entry(session, entry_id=entry_id, posted_on=reversed_on, actor=actor, origin=origin, memo=reason)
    taken = session.scalars(select(DebtRepayment).where(DebtRepayment.salary_payment_id == payment_id)).all()
    for repayment in taken:
        _repay(session, repayment.debt_id, payment, -repayment.amount, reversed_on)
    payment.state = "reversed"
    session.flush()
    return payment
