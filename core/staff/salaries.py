"""Salaries by the month: worked out from the terms and the days, posted once, reversed when they were wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.models import JournalEntry
from core.money import ZERO, rounded
from core.staff.balances import PAYABLE, TAX
from core.staff.months import days_between, days_in, last_day, month_of
from core.staff.pay_models import Absence, PayTerms, SalaryAccrual
from core.staff.pay_terms import NotOnThePayroll, pay_policy, terms_in_month, terms_on
from core.staff.people import lock_staff, staff_named
from core.staff.percents import percent_of
from core.staff.wording import shown_day

SALARIES = "6000"


class AbsenceInvalid(DomainError):
    """The day cannot be taken off his pay."""


class SalaryReversed(DomainError):
    """That salary is reversed already."""


@dataclass(frozen=True)
class Salary:
    """One employee's salary of a month as it will be posted."""

    staff_id: Id
    month: date
    days: Decimal
    salary: Decimal
    allowance_lines: Mapping[str, Decimal]
    absence_days: Decimal
    absence: Decimal
    tax: Decimal
    absence_ids: tuple[Id, ...] = field(default=(), repr=False)

    @property
    def allowances(self) -> Decimal:
        """All allowances together."""
        return sum(self.allowance_lines.values(), ZERO)

    @property
    def net(self) -> Decimal:
        """What the employee is owed of it."""
        return self.salary + self.allowances - self.absence - self.tax


@dataclass(frozen=True)
class _Part:
    """The days of a month under one set of terms."""

    days: int
    salary: Decimal
    allowances: Mapping[str, Decimal]
    monthly: Decimal
    """Salary and allowances of a full month, which a day of absence is a part of."""
    terms: PayTerms

    @property
    def gross(self) -> Decimal:
        return self.salary + sum(self.allowances.values(), ZERO)


def preview_salary(session: Session, *, staff_id: Id, month: date) -> Salary:
    """What `accrue_salary` would post: the same calculation. Raises NotOnThePayroll."""
    salaries = preview_salaries(session, month=month, staff_ids=[staff_id])
    if staff_id not in salaries:
        name = staff_named(session, staff_id).name
        raise NotOnThePayroll(f"{name} has no terms of pay in {month:%B %Y}: set them first")
    return salaries[staff_id]


def preview_salaries(
    session: Session, *, month: date, staff_ids: Sequence[Id] | None = None, until: date | None = None
) -> dict[Id, Salary]:
    """Everybody's salary of the month, whether it is posted already or not, in three statements.

    A part month is paid by its days (pay policy: of the days of the month, or of thirty). Absences up to the end
    of the month that no salary has borne yet are taken off, never more than the salary. With `until`, a day of the
    month, only what is earned by then.
    """
    month = month_of(month)
    basis, last = pay_policy(session).day_basis, until or last_day(month)
    terms = terms_in_month(session, month=month, staff_ids=staff_ids)
    waiting = _absences_waiting(session, last, list(terms))
    salaries = {}
    for staff_id, rows in terms.items():
        parts = [_part(row, month, basis, last) for row in rows if row.starts_on <= last]
        if parts:
            salaries[staff_id] = _salary(staff_id, month, parts, waiting.get(staff_id, []), basis)
    return salaries


def _absences_waiting(session: Session, last: date, staff_ids: Sequence[Id]) -> dict[Id, list[Absence]]:
    query = (
        select(Absence)
        .where(Absence.staff_id.in_(staff_ids), Absence.day <= last, Absence.accrual_id.is_(None))
        .order_by(Absence.day)
    )
    found: dict[Id, list[Absence]] = {}
    for absence in session.scalars(query):
        found.setdefault(absence.staff_id, []).append(absence)
    return found


def _part(terms: PayTerms, month: date, basis: str, last: date) -> _Part:
    first = max(terms.starts_on, month)
    last = last if terms.ends_on is None else min(terms.ends_on - timedelta(days=1), last)
    days, whole = days_between(first, last, basis), days_in(month, basis)
    monthly = {name: Decimal(amount) for name, amount in terms.allowances.items()}
    return _Part(
        days=days,
        salary=rounded(terms.monthly_salary * days / whole),
        allowances={name: rounded(amount * days / whole) for name, amount in monthly.items()},
        monthly=terms.monthly_salary + sum(monthly.values(), ZERO),
        terms=terms,
    )


def _salary(staff_id: Id, month: date, parts: Sequence[_Part], absences: Sequence[Absence], basis: str) -> Salary:
    missed = _missed_by_part(parts, absences, basis)
    allowances: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.allowances.items():
            allowances[name] = allowances.get(name, ZERO) + amount
    whole = days_in(month, basis)
    return Salary(
        staff_id=staff_id,
        month=month,
        days=Decimal(sum(part.days for part in parts)),
        salary=sum((part.salary for part in parts), ZERO),
        allowance_lines=allowances,
        absence_days=sum((absence.part for absence in absences), Decimal(0)),
        absence=sum(missed, ZERO),
        tax=sum((_tax(part, part.gross - off, whole) for part, off in zip(parts, missed, strict=True)), ZERO),
        absence_ids=tuple(absence.id for absence in absences),
    )


def _missed_by_part(parts: Sequence[_Part], absences: Sequence[Absence], basis: str) -> list[Decimal]:
    """The pay of the days missed, by part; days before this month are borne by the last part."""
    missed = []
    for part in parts:
        mine = [a for a in absences if _part_of(parts, a.day) is part]
        by_month: dict[date, Decimal] = {}
        for absence in mine:
            by_month[month_of(absence.day)] = by_month.get(month_of(absence.day), Decimal(0)) + absence.part
        pay = sum((rounded(part.monthly * days / days_in(month, basis)) for month, days in by_month.items()), ZERO)
        missed.append(min(pay, part.gross))
    return missed


def _part_of(parts: Sequence[_Part], day: date) -> _Part:
    for part in parts:
        if part.terms.starts_on <= day and (part.terms.ends_on is None or day < part.terms.ends_on):
            return part
    return parts[-1]


def _tax(part: _Part, taxable: Decimal, whole: int) -> Decimal:
    if part.terms.tax_kind == "percent":
        return percent_of(taxable, part.terms.tax_percent)
    if part.terms.tax_kind == "fixed":
        return min(rounded(part.terms.tax_amount * part.days / whole), taxable)
    return ZERO


def accrue_salary(
    session: Session, *, staff_id: Id, month: date, actor: str, origin: str = "", posted_on: date | None = None
) -> SalaryAccrual:
    """Post the month's salary, 6000 to 2400 and 2120, on the month's last day unless told otherwise.

    A repeat returns what is posted. Locks the employee. Raises NotOnThePayroll.
    """
    month = month_of(month)
    lock_staff(session, staff_id)
    first = posted_accrual(session, staff_id=staff_id, month=month)
    if first is not None:
        return first
    salary = preview_salary(session, staff_id=staff_id, month=month)
    accrual = SalaryAccrual(
        id=new_id(), staff_id=staff_id, month=month, days=salary.days, salary=salary.salary,
        allowances=salary.allowances, absence_days=salary.absence_days, absence=salary.absence, tax=salary.tax,
        allowance_lines={name: str(amount) for name, amount in salary.allowance_lines.items()},
        net=salary.net, posted_on=posted_on or last_day(month), state="posted",
    )  # fmt: skip
    session.add(accrual)
    session.flush()
    for absence in session.scalars(select(Absence).where(Absence.id.in_(salary.absence_ids))):
        absence.accrual_id = accrual.id
    gross = accrual.salary + accrual.allowances - accrual.absence
    if gross:
        post_entry(
            session, kind="salary", source_id=accrual.id, posted_on=accrual.posted_on, actor=actor,
            origin=origin, memo=f"Salary of {month:%B %Y}",
            lines=[Line(SALARIES, gross), Line(PAYABLE, -accrual.net, staff_id), Line(TAX, -accrual.tax)],
        )  # fmt: skip
    return accrual


def posted_accrual(session: Session, *, staff_id: Id, month: date) -> SalaryAccrual | None:
    """The salary of the month that stands in the books."""
    return session.scalar(
        select(SalaryAccrual).where(
            SalaryAccrual.staff_id == staff_id, SalaryAccrual.month == month_of(month), SalaryAccrual.state == "posted"
        )
    )


def reverse_salary(
    session: Session, *, accrual_id: Id, reversed_on: date, actor: str, reason: str, origin: str = ""
) -> SalaryAccrual:
    """Take a salary out of the books, so that its month can be accrued again; its absences wait again.

    What was paid of it already stays with the employee as a debt on 2400. Raises NotFound, SalaryReversed.
    """
    accrual = session.get(SalaryAccrual, accrual_id)
    if accrual is None:
        raise NotFound("There is no such salary")
    lock_staff(session, accrual.staff_id)
    session.refresh(accrual)
    if accrual.state == "reversed":
        raise SalaryReversed(f"The salary of {accrual.month:%B %Y} is reversed already")
    entry_id = session.scalar(
        select(JournalEntry.id).where(JournalEntry.kind == "salary", JournalEntry.source_id == accrual_id)
    )
    if entry_id is not None:
        reverse_entry(session, entry_id=entry_id, posted_on=reversed_on, actor=actor, origin=origin, memo=reason)
    for absence in session.scalars(select(Absence).where(Absence.accrual_id == accrual_id)):
        absence.accrual_id = None
    accrual.state = "reversed"
    session.flush()
    return accrual


def record_absence(
    session: Session, *, staff_id: Id, day: date, recorded_by: str, part: Decimal = Decimal(1), note: str = ""
) -> Absence:
    """Take a day (or `part` of it) off the next salary that is accrued; the same day again replaces what waits.

    Raises AbsenceInvalid, NotOnThePayroll.
    """
    lock_staff(session, staff_id)
    if not 0 < part <= 1:
        raise AbsenceInvalid(f"{part} is no part of a day: use more than 0 and at most 1")
    terms_on(session, staff_id=staff_id, day=day)
    absence = session.scalar(select(Absence).where(Absence.staff_id == staff_id, Absence.day == day))
    if absence is None:
        absence = Absence(id=new_id(), staff_id=staff_id, day=day)
        session.add(absence)
    elif absence.accrual_id is not None:
        raise AbsenceInvalid(
            f"The absence of {shown_day(day)} is taken off a salary already: reverse that salary first"
        )
    absence.part, absence.note, absence.recorded_by = part, note, recorded_by
    session.flush()
    return absence


def absences_of(session: Session, *, staff_id: Id, limit: int = 50) -> list[Absence]:
    """An employee's absences, the newest first; those with `accrual_id` were taken off a salary."""
    newest = select(Absence).where(Absence.staff_id == staff_id).order_by(Absence.day.desc())
    return list(session.scalars(newest.limit(limit)))
