"""An employee leaves: paid to his last day, everything he owes taken back, and his cash must be handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.money import ZERO
from core.staff.agent_cash import cash_in_hand
from core.staff.balances import PAYABLE, balance_of
from core.staff.employee_debts import open_debts
from core.staff.handovers import waiting_handovers
from core.staff.models import Staff
from core.staff.months import last_day, month_of, next_month
from core.staff.pay_day import PayPlan, pay_employee, plan_pay
from core.staff.pay_models import SalaryAccrual
from core.staff.pay_terms import current_terms, end_terms, terms_in_month
from core.staff.people import lock_staff
from core.staff.salaries import accrue_salary, reverse_salary
from core.staff.wording import currency_sign, shown, shown_day


class CashStillInHand(DomainError):
    """The agent holds cash, or a handover of his is not counted; the text says what to do."""


class HasLeft(DomainError):
    """The employee is settled already."""


class OnThePayroll(DomainError):
    """The employee has running terms of pay: he is settled when he leaves."""


@dataclass(frozen=True)
class LeavingSettlement:
    """What leaving comes to."""

    staff_id: Id
    name: str
    last_day_worked: date
    salaries: tuple[tuple[date, Decimal], ...]
    """The months accrued with it, and their net."""
    pay: PayPlan
    payment_number: str
    """Empty where there was nothing to pay."""
    still_owes: Decimal
    """What his pay did not cover: it stays on his accounts to be paid back."""


def preview_leaving(
    session: Session, *, staff_id: Id, last_day_worked: date, account_code: str, paid_on: date
) -> LeavingSettlement:
    """What `settle_leaving` would do, found by doing it and taking it back; raises what that raises."""
    savepoint = session.begin_nested()
    try:
        return settle_leaving(
            session, staff_id=staff_id, last_day_worked=last_day_worked, account_code=account_code, paid_on=paid_on,
            idempotency_key=f"preview:{staff_id}", actor="preview",
        )  # fmt: skip
    finally:
        savepoint.rollback()
        session.expire_all()


def settle_leaving(
    session: Session, *, staff_id: Id, last_day_worked: date, account_code: str, paid_on: date, idempotency_key: str,
    actor: str, origin: str = "",
) -> LeavingSettlement:  # fmt: skip
    """End his terms, accrue to his last day, pay what is owed less all he owes; afterwards he has left.

    Salaries accrued beyond the last day are reversed and accrued again to it. Give what he earns beside it first
    (`give_bonus`, `accrue_commissions`). Raises CashStillInHand, HasLeft, NotOnThePayroll, NoMoneyAccount.
    """
    staff = lock_staff(session, staff_id)
    if staff.state == "left":
        raise HasLeft(f"{staff.name} has left already")
    require_no_cash(session, staff)
    _reverse_beyond(session, staff_id, last_day_worked, actor, origin)
    end_terms(session, staff_id=staff_id, last_day_worked=last_day_worked)
    salaries = [
        accrue_salary(session, staff_id=staff_id, month=month, actor=actor, origin=origin,
                      posted_on=min(last_day(month), last_day_worked))
        for month in _months_to_accrue(session, staff_id, last_day_worked)
    ]  # fmt: skip
    month = month_of(last_day_worked)
    plan = plan_pay(session, staff_id=staff_id, month=month, everything=True)
    number = ""
    if plan.owed > ZERO:
        number = pay_employee(
            session, staff_id=staff_id, month=month, account_code=account_code, paid_on=paid_on, everything=True,
            idempotency_key=idempotency_key, actor=actor, origin=origin,
        ).number  # fmt: skip
    staff.state = "left"
    session.flush()
    owes = sum((debt.outstanding for debt in open_debts(session, staff_ids=[staff_id])), ZERO)
    owes += max(balance_of(session, PAYABLE, staff_id), ZERO)
    months = tuple((salary.month, salary.net) for salary in salaries)
    return LeavingSettlement(staff_id, staff.name, last_day_worked, months, plan, number, owes)


def leave_without_pay(session: Session, *, staff_id: Id) -> Staff:
    """Somebody who was never paid here, or is no more, has left. Raises CashStillInHand, HasLeft, OnThePayroll."""
    staff = lock_staff(session, staff_id)
    if staff.state == "left":
        raise HasLeft(f"{staff.name} has left already")
    if current_terms(session, staff_id=staff_id) is not None:
        raise OnThePayroll(f"{staff.name} is on the payroll: settle him there")
    require_no_cash(session, staff)
    staff.state = "left"
    session.flush()
    return staff


def require_no_cash(session: Session, staff: Staff) -> None:
    """He holds no cash of the company and has announced none. Raises CashStillInHand."""
    held, sign = cash_in_hand(session, staff_id=staff.id), currency_sign(session)
    waiting = [handover.number for handover in waiting_handovers(session, staff_id=staff.id)]
    if waiting:
        raise CashStillInHand(f"{', '.join(waiting)} of {staff.name} must be counted first")
    if held != ZERO:
        raise CashStillInHand(
            f"The cash of {staff.name} stands at {shown(held, sign)}: let him hand it over, or book the difference"
        )


def _reverse_beyond(session: Session, staff_id: Id, last_day_worked: date, actor: str, origin: str) -> None:
    first_day_away = last_day_worked + timedelta(days=1)
    beyond = session.scalars(
        select(SalaryAccrual).where(
            SalaryAccrual.staff_id == staff_id,
            SalaryAccrual.state == "posted",
            SalaryAccrual.month >= month_of(first_day_away),
        )
    ).all()
    for accrual in beyond:
        reverse_salary(
            session, accrual_id=accrual.id, reversed_on=max(accrual.posted_on, last_day_worked), actor=actor,
            origin=origin, reason=f"Left on {shown_day(last_day_worked)}",
        )  # fmt: skip


def _months_to_accrue(session: Session, staff_id: Id, last_day_worked: date) -> list[date]:
    """The months on the payroll after the last salary up to the last day; only that month without any salary before.

    Months in which he was away, before he was hired again, are left out.
    """
    final = month_of(last_day_worked)
    before = session.scalar(
        select(SalaryAccrual.month)
        .where(SalaryAccrual.staff_id == staff_id, SalaryAccrual.state == "posted", SalaryAccrual.month < final)
        .order_by(SalaryAccrual.month.desc())
        .limit(1)
    )
    month = final if before is None else next_month(before)
    months = []
    while month <= final:
        if terms_in_month(session, month=month, staff_ids=[staff_id]):
            months.append(month)
        month = next_month(month)
    return months
