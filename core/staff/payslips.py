"""A payslip: what was brought forward, earned, kept back and paid in a month; another module draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from core.companies import current_company
from core.ids import Id
from core.ledger.accounts import account_ids
from core.ledger.models import JournalEntry, Posting
from core.money import ZERO
from core.staff.balances import PAYABLE
from core.staff.commission_models import CommissionAccrual, CommissionRule
from core.staff.months import month_of, next_month
from core.staff.pay_models import Bonus, DebtRepayment, EmployeeDebt, SalaryAccrual, SalaryPayment
from core.staff.people import staff_named
from core.staff.salaries import Salary, posted_accrual, preview_salaries


@dataclass(frozen=True)
class PayslipLine:
    """One printed line; the amounts of deductions are positive."""

    description: str
    amount: Decimal


@dataclass(frozen=True)
class Payslip:
    """Everything that is printed; `brought_forward` + earned - kept back - paid = `carried_forward`, always."""

    employee: str
    role: str
    company: str
    currency: str
    month: date
    days: Decimal
    absence_days: Decimal
    brought_forward: Decimal
    """Owed from earlier months; negative where he owed."""
    earnings: tuple[PayslipLine, ...]
    taxes: tuple[PayslipLine, ...]
    repayments: tuple[PayslipLine, ...]
    """Advances and charges taken back from this month's pay."""
    payments: tuple[PayslipLine, ...]
    other: tuple[PayslipLine, ...]
    """What reached his account in another way, such as an opening balance; signed, positive owes him more."""
    carried_forward: Decimal
    debts_outstanding: tuple[PayslipLine, ...]
    """What is left of advances and charges today."""
    is_expected: bool = False
    """The salary is not in the books yet: it is what the month comes to as things stand."""

    @property
    def earned(self) -> Decimal:
        """Earnings less taxes."""
        return _total(self.earnings) - _total(self.taxes)

    @property
    def kept_back(self) -> Decimal:
        """All repayments."""
        return _total(self.repayments)

    @property
    def net_pay(self) -> Decimal:
        """What the month leaves to pay: earned less kept back, without what was brought forward."""
        return self.earned - self.kept_back

    @property
    def paid(self) -> Decimal:
        """The money he got for this month."""
        return _total(self.payments)


def payslip(session: Session, *, staff_id: Id, month: date, expected: bool = False) -> Payslip:
    """The payslip of a month as the books stand now; with `expected`, a salary not accrued yet as it would be.

    Raises NotFound.

    A payment belongs to the month whose pay it is, a salary or bonus to its month, everything else to the month it was
    posted in; so the months together tie to the employee's account 2400.
    """
    staff, company, month = staff_named(session, staff_id), current_company(session), month_of(month)
    salary: SalaryAccrual | Salary | None = posted_accrual(session, staff_id=staff_id, month=month)
    is_expected = expected and salary is None
    if is_expected:
        salary = preview_salaries(session, month=month, staff_ids=[staff_id]).get(staff_id)
    payments = session.scalars(
        select(SalaryPayment)
        .where(SalaryPayment.staff_id == staff_id, SalaryPayment.month == month, SalaryPayment.state == "paid")
        .order_by(SalaryPayment.paid_on, SalaryPayment.number)
    ).all()
    bonuses = _bonuses(session, staff_id, month)
    earnings = (
        *_salary_lines(salary), *_commission_lines(session, staff_id, month),
        *(PayslipLine(f"Bonus: {bonus.reason}", bonus.amount) for bonus in bonuses),
    )  # fmt: skip
    taxes = [PayslipLine("Tax deducted", salary.tax)] if salary and salary.tax else []
    taxes += [PayslipLine(f"Tax on bonus: {bonus.reason}", bonus.tax) for bonus in bonuses if bonus.tax]
    repayments = _repayments(session, [payment.id for payment in payments])
    paid = tuple(PayslipLine(f"{p.number}, {p.paid_on:%d %b %Y}", p.paid) for p in payments if p.paid)
    before, within = _account_by_month(session, staff_id, month)
    if is_expected and salary is not None:
        within += salary.net
    explained = _total(earnings) - _total(taxes) - _total(repayments) - _total(paid)
    unexplained = within - explained
    return Payslip(
        employee=staff.name, role=staff.role, company=company.name, currency=company.currency, month=month,
        days=salary.days if salary else ZERO, absence_days=salary.absence_days if salary else ZERO,
        brought_forward=before, earnings=earnings, taxes=tuple(taxes), repayments=repayments, payments=paid,
        other=(PayslipLine("Other entries", unexplained),) if unexplained else (),
        carried_forward=before + within, debts_outstanding=_outstanding(session, staff_id),
        is_expected=is_expected and salary is not None,
    )  # fmt: skip


def _total(lines: Sequence[PayslipLine]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _salary_lines(salary: SalaryAccrual | Salary | None) -> list[PayslipLine]:
    if salary is None:
        return []
    lines = [PayslipLine("Salary", salary.salary)]
    allowances: Mapping[str, Decimal | str] = salary.allowance_lines
    lines += [PayslipLine(name, Decimal(amount)) for name, amount in sorted(allowances.items())]
    if salary.absence:
        days = "day" if salary.absence_days == 1 else "days"
        lines.append(PayslipLine(f"Absence, {salary.absence_days.normalize():f} {days}", -salary.absence))
    return lines


def _commission_lines(session: Session, staff_id: Id, month: date) -> list[PayslipLine]:
    rows = session.execute(
        select(CommissionRule.name, func.sum(CommissionAccrual.amount))
        .join(CommissionRule, CommissionRule.id == CommissionAccrual.rule_id)
        .where(
            CommissionAccrual.staff_id == staff_id, CommissionAccrual.posted_on >= month,
            CommissionAccrual.posted_on < next_month(month),
        )
        .group_by(CommissionRule.id)
        .order_by(CommissionRule.name)
    )  # fmt: skip
    return [PayslipLine(name, amount) for name, amount in rows if amount]


def _bonuses(session: Session, staff_id: Id, month: date) -> Sequence[Bonus]:
    return session.scalars(
        select(Bonus)
        .where(
            Bonus.staff_id == staff_id, Bonus.state == "given", Bonus.given_on >= month,
            Bonus.given_on < next_month(month),
        )
        .order_by(Bonus.given_on, Bonus.id)
    ).all()  # fmt: skip


def _repayments(session: Session, payment_ids: Sequence[Id]) -> tuple[PayslipLine, ...]:
    rows = session.execute(
        select(EmployeeDebt.number, EmployeeDebt.reason, func.sum(DebtRepayment.amount))
        .join(EmployeeDebt, EmployeeDebt.id == DebtRepayment.debt_id)
        .where(DebtRepayment.salary_payment_id.in_(payment_ids))
        .group_by(EmployeeDebt.id)
        .order_by(EmployeeDebt.number)
    )
    return tuple(PayslipLine(f"{number} {reason}", amount) for number, reason, amount in rows if amount)


def _outstanding(session: Session, staff_id: Id) -> tuple[PayslipLine, ...]:
    debts = session.scalars(
        select(EmployeeDebt)
        .where(EmployeeDebt.staff_id == staff_id, EmployeeDebt.outstanding > 0)
        .order_by(EmployeeDebt.given_on, EmployeeDebt.id)
    )
    return tuple(PayslipLine(f"{debt.number} {debt.reason}", debt.outstanding) for debt in debts)


def _account_by_month(session: Session, staff_id: Id, month: date) -> tuple[Decimal, Decimal]:
    """What 2400 owes him (credit positive) from the months before, and what this month moved."""
    entry, original = aliased(JournalEntry), aliased(JournalEntry)
    kind = func.coalesce(original.kind, entry.kind)
    source = func.coalesce(original.source_id, entry.source_id)
    belongs = _month_of_event(kind)
    rows = session.execute(
        select(
            func.coalesce(func.sum(-Posting.amount).filter(belongs < month), ZERO),
            func.coalesce(func.sum(-Posting.amount).filter(belongs == month), ZERO),
        )
        .select_from(Posting)
        .join(entry, entry.id == Posting.entry_id)
        .outerjoin(original, original.id == entry.reverses_id)
        .outerjoin(SalaryPayment, and_(SalaryPayment.id == source, kind == "salary_payment"))
        .outerjoin(SalaryAccrual, and_(SalaryAccrual.id == source, kind == "salary"))
        .outerjoin(Bonus, and_(Bonus.id == source, kind == "bonus"))
        .where(Posting.account_id == account_ids(session)[PAYABLE], Posting.party_id == staff_id)
    ).one()
    return rows[0], rows[1]


def _month_of_event(kind: ColumnElement[str]) -> ColumnElement[date]:
    posted = cast(func.date_trunc("month", Posting.posted_on), Date)
    given = cast(func.date_trunc("month", Bonus.given_on), Date)
    return case(
        (kind == "salary_payment", SalaryPayment.month),
        (kind == "salary", SalaryAccrual.month),
        (kind == "bonus", given),
        else_=posted,
    )
