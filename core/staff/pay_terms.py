"""The company's pay policy, and what each employee is paid from which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO, parse_amount
from core.staff.months import last_day, month_of
from core.staff.pay_models import PayPolicy, PayTerms, SalaryAccrual
from core.staff.people import lock_staff
from core.staff.percents import HUNDRED, parse_percent
from core.staff.wording import shown_day

DAY_BASES = ("actual", "thirty")
TAX_KINDS = ("none", "fixed", "percent")


class PayTermsInvalid(DomainError):
    """The terms cannot be what somebody is paid."""


class PayTermsOverlap(DomainError):
    """Later terms stand already, or the month was paid by the old ones."""


class NotOnThePayroll(DomainError):
    """The employee has no terms of pay on those days."""


@dataclass(frozen=True)
class Tax:
    """What is kept back from a salary: nothing, a monthly amount, or a percent of it."""

    kind: str = "none"
    amount: Decimal = ZERO
    percent: Decimal = Decimal(0)


def pay_policy(session: Session) -> PayPolicy:
    """The company's policy; the defaults where nobody has set one."""
    row = session.scalars(select(PayPolicy)).one_or_none()
    return row or PayPolicy(
        day_basis="actual", advance_limit_salaries=Decimal(1), deductions_percent_max=HUNDRED,
        cash_limit=Decimal("50000.00"), cash_age_days=1,
    )  # fmt: skip


def set_pay_policy(
    session: Session, *, day_basis: str, advance_limit_salaries: Decimal, deductions_percent_max: Decimal,
    cash_limit: Decimal | None, cash_age_days: int | None,
) -> PayPolicy:  # fmt: skip
    """Replace the company's policy; `cash_limit` and `cash_age_days` of None set no limit.

    Raises PayTermsInvalid, PercentInvalid."""
    if day_basis not in DAY_BASES:
        raise PayTermsInvalid(f"{day_basis!r} is no day basis: use one of {', '.join(DAY_BASES)}")
    parse_percent(deductions_percent_max)
    if advance_limit_salaries < 0:
        raise PayTermsInvalid("Advances are limited by a number of salaries from zero")
    if (cash_limit is not None and cash_limit < 0) or (cash_age_days is not None and cash_age_days < 0):
        raise PayTermsInvalid("The limits of cash in hand cannot be below zero")
    policy = session.scalars(select(PayPolicy).with_for_update()).one_or_none()
    if policy is None:
        policy = PayPolicy(id=new_id())
        session.add(policy)
        session.flush()  # an insert would put the default where None, no limit, is wanted
    policy.day_basis = day_basis
    policy.advance_limit_salaries, policy.deductions_percent_max = advance_limit_salaries, deductions_percent_max
    policy.cash_limit = None if cash_limit is None else parse_amount(cash_limit)
    policy.cash_age_days = cash_age_days
    session.flush()
    return policy


def set_pay_terms(
    session: Session, *, staff_id: Id, starts_on: date, monthly_salary: Decimal,
    allowances: Mapping[str, Decimal] | None = None, tax: Tax | None = None, plan_id: Id | None = None,
) -> PayTerms:  # fmt: skip
    """Pay the employee by these terms from `starts_on`; running terms end the day before.

    The first terms are his joining. Raises PayTermsInvalid, PayTermsOverlap, PercentInvalid, AmountInvalid.
    """
    lock_staff(session, staff_id)
    tax = tax or Tax()
    salary = _checked(monthly_salary, allowances or {}, tax)
    later = session.scalar(
        select(PayTerms.starts_on)
        .where(
            PayTerms.staff_id == staff_id,
            or_(PayTerms.starts_on >= starts_on, PayTerms.ends_on > starts_on),
        )
        .order_by(PayTerms.starts_on)
        .limit(1)
    )
    if later is not None:
        raise PayTermsOverlap(f"Terms from {shown_day(later)} stand already: start the new ones after that day")
    _refuse_accrued(session, staff_id, starts_on)
    running = current_terms(session, staff_id=staff_id)
    if running is not None:
        running.ends_on = starts_on
    terms = PayTerms(
        id=new_id(), staff_id=staff_id, starts_on=starts_on, monthly_salary=salary,
        allowances={name.strip(): str(parse_amount(amount)) for name, amount in (allowances or {}).items()},
        tax_kind=tax.kind, tax_amount=parse_amount(tax.amount), tax_percent=tax.percent, plan_id=plan_id,
    )  # fmt: skip
    session.add(terms)
    session.flush()
    return terms


def _refuse_accrued(session: Session, staff_id: Id, changed_from: date) -> None:
    accrued = session.scalar(
        select(SalaryAccrual.month)
        .where(
            SalaryAccrual.staff_id == staff_id,
            SalaryAccrual.state == "posted",
            SalaryAccrual.month >= month_of(changed_from),
        )
        .order_by(SalaryAccrual.month.desc())
        .limit(1)
    )
    if accrued is not None:
        raise PayTermsOverlap(f"The salary of {accrued:%B %Y} is accrued by the terms that stand: reverse it first")


def _checked(monthly_salary: Decimal, allowances: Mapping[str, Decimal], tax: Tax) -> Decimal:
    salary = parse_amount(monthly_salary)
    if salary < 0 or any(parse_amount(amount) <= 0 for amount in allowances.values()):
        raise PayTermsInvalid("A salary cannot be below zero, and an allowance is more than zero")
    if any(not name.strip() for name in allowances):
        raise PayTermsInvalid("Every allowance needs a name")
    parse_percent(tax.percent)
    if tax.kind not in TAX_KINDS or parse_amount(tax.amount) < 0:
        raise PayTermsInvalid(f"The tax is one of {', '.join(TAX_KINDS)}, and not below zero")
    return salary


def current_terms(session: Session, *, staff_id: Id) -> PayTerms | None:
    """The terms that have no end yet."""
    return session.scalar(select(PayTerms).where(PayTerms.staff_id == staff_id, PayTerms.ends_on.is_(None)))


def terms_of(session: Session, *, staff_id: Id) -> list[PayTerms]:
    """An employee's terms, the newest first."""
    return list(
        session.scalars(select(PayTerms).where(PayTerms.staff_id == staff_id).order_by(PayTerms.starts_on.desc()))
    )


def terms_running(session: Session) -> dict[Id, PayTerms]:
    """Everybody's terms that have no end yet, by employee."""
    return {terms.staff_id: terms for terms in session.scalars(select(PayTerms).where(PayTerms.ends_on.is_(None)))}


def terms_on(session: Session, *, staff_id: Id, day: date) -> PayTerms:
    """The terms that hold on a day; raises NotOnThePayroll."""
    terms = session.scalar(
        select(PayTerms).where(
            PayTerms.staff_id == staff_id,
            PayTerms.starts_on <= day,
            or_(PayTerms.ends_on.is_(None), PayTerms.ends_on > day),
        )
    )
    if terms is None:
        raise NotOnThePayroll(f"The employee has no terms of pay on {shown_day(day)}: set them first")
    return terms


def terms_in_month(session: Session, *, month: date, staff_ids: Sequence[Id] | None = None) -> dict[Id, list[PayTerms]]:
    """Everybody's terms with a day in the month, by employee, in order."""
    query = (
        select(PayTerms)
        .where(
            PayTerms.starts_on <= last_day(month),
            or_(PayTerms.ends_on.is_(None), PayTerms.ends_on > month),
            or_(PayTerms.ends_on.is_(None), PayTerms.ends_on > PayTerms.starts_on),
        )
        .order_by(PayTerms.staff_id, PayTerms.starts_on)
    )
    if staff_ids is not None:
        query = query.where(PayTerms.staff_id.in_(staff_ids))
    found: dict[Id, list[PayTerms]] = {}
    for terms in session.scalars(query):
        found.setdefault(terms.staff_id, []).append(terms)
    return found


def end_terms(session: Session, *, staff_id: Id, last_day_worked: date) -> PayTerms:
    """Pay him to `last_day_worked` and no longer.

    Raises NotOnThePayroll where no terms run on that day, PayTermsOverlap where a later day is accrued already.
    """
    lock_staff(session, staff_id)
    terms = current_terms(session, staff_id=staff_id)
    if terms is None or terms.starts_on > last_day_worked:
        raise NotOnThePayroll(f"The employee has no running terms of pay on {shown_day(last_day_worked)}")
    _refuse_accrued(session, staff_id, last_day_worked + timedelta(days=1))
    terms.ends_on = last_day_worked + timedelta(days=1)
    session.flush()
    return terms
