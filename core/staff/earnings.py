"""What an employee earned in a month and what he is owed now, for himself: each sum with how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.money import ZERO
from core.staff.accruals import accruals_of
from core.staff.balances import ADVANCES, CHARGES, PAYABLE, balance_of
from core.staff.commission_models import CommissionAccrual, CommissionRule
from core.staff.months import last_day, month_of, next_month
from core.staff.pay_models import Bonus, SalaryPayment
from core.staff.people import staff_named
from core.staff.salaries import posted_accrual, preview_salaries


@dataclass(frozen=True)
class EarnedByRule:
    """One rule's sum, how many documents it came from, and the reasons, the newest last."""

    name: str
    kind: str
    count: int
    amount: Decimal
    why: tuple[str, ...]


@dataclass(frozen=True)
class Earnings:
    """An employee's month as it stands; all amounts are his, positive."""

    staff_id: Id
    name: str
    month: date
    salary: Decimal
    salary_is_posted: bool
    """False while it is only what the whole month comes to as things stand."""
    by_rule: tuple[EarnedByRule, ...]
    taken_back: Decimal
    """What of `by_rule` was taken back in the month, positive."""
    bonuses: Decimal
    paid: Decimal
    """Money received as this month's pay."""
    owed_now: Decimal
    """Everything owed to him today, whatever month; negative where he owes."""
    advances_outstanding: Decimal
    charges_outstanding: Decimal

    @property
    def commissions(self) -> Decimal:
        """Commissions and incentives of the month, less what was taken back."""
        return sum((line.amount for line in self.by_rule), ZERO)

    @property
    def total(self) -> Decimal:
        """What the month brings him after tax, before advances are taken back."""
        return self.salary + self.commissions + self.bonuses


def month_earnings(session: Session, *, staff_id: Id, month: date) -> Earnings:
    """An employee's earnings of a month; a salary not accrued yet counts as it would be. Raises NotFound."""
    staff, month = staff_named(session, staff_id), month_of(month)
    accruals = accruals_of(session, staff_id=staff_id, first=month, last=last_day(month))
    posted = posted_accrual(session, staff_id=staff_id, month=month)
    expected = None if posted else preview_salaries(session, month=month, staff_ids=[staff_id]).get(staff_id)
    bonuses = session.scalars(
        select(Bonus).where(
            Bonus.staff_id == staff_id, Bonus.state == "given", Bonus.given_on >= month,
            Bonus.given_on < next_month(month),
        )
    )  # fmt: skip
    paid = session.scalars(
        select(SalaryPayment.paid).where(
            SalaryPayment.staff_id == staff_id, SalaryPayment.month == month, SalaryPayment.state == "paid"
        )
    )
    salary = posted.net if posted else expected.net if expected else ZERO
    return Earnings(
        staff_id=staff_id, name=staff.name, month=month, salary=salary, salary_is_posted=posted is not None,
        by_rule=tuple(_by_rule(session, accruals)),
        taken_back=-sum((row.amount for row in accruals if row.amount < 0), ZERO),
        bonuses=sum((bonus.amount - bonus.tax for bonus in bonuses), ZERO), paid=sum(paid, ZERO),
        owed_now=-balance_of(session, PAYABLE, staff_id),
        advances_outstanding=balance_of(session, ADVANCES, staff_id),
        charges_outstanding=balance_of(session, CHARGES, staff_id),
    )  # fmt: skip


def _by_rule(session: Session, accruals: Sequence[CommissionAccrual]) -> list[EarnedByRule]:
    groups: dict[Id, list[CommissionAccrual]] = {}
    for row in accruals:
        groups.setdefault(row.rule_id, []).append(row)
    rules = session.scalars(
        select(CommissionRule).where(CommissionRule.id.in_(groups)).order_by(CommissionRule.name, CommissionRule.id)
    )
    return [
        EarnedByRule(
            rule.name, rule.kind, _documents(groups[rule.id]), sum((row.amount for row in groups[rule.id]), ZERO),
            tuple(row.why for row in groups[rule.id]),
        )
        for rule in rules
    ]  # fmt: skip


def _documents(rows: Sequence[CommissionAccrual]) -> int:
    totals: dict[Id, Decimal] = {}
    for row in rows:
        totals[row.source_id] = totals.get(row.source_id, ZERO) + row.amount
    return sum(1 for total in totals.values() if total > 0)
