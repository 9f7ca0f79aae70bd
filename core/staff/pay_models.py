"""What employees earn and owe: terms of pay, salaries by the month, advances and charges, what was paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned, Rate
from core.ids import Id

DEBT_ACCOUNTS = {"advance": "1300", "damage": "1310", "cash_short": "1310", "other": "1310"}


class PayPolicy(Owned, Base):
    """The company's rules of pay and of cash in agents' hands; without a row the defaults hold."""

    __tablename__ = "pay_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("day_basis IN ('actual', 'thirty')", name="day_basis"),
        CheckConstraint("deductions_percent_max BETWEEN 0 AND 100", name="deductions_percent_max"),
        CheckConstraint("advance_limit_salaries >= 0", name="advance_limit_salaries"),
    )
    day_basis: Mapped[str] = mapped_column(default="actual")
    """What a day of pay is: a part of the days of its month, or of thirty."""
    advance_limit_salaries: Mapped[Rate] = mapped_column(default=Decimal(1))
    """How many monthly salaries an employee may hold in advances at once."""
    deductions_percent_max: Mapped[Rate] = mapped_column(default=Decimal(100))
    """The most of what he is owed that one payment keeps back for advances and charges."""
    cash_limit: Mapped[Decimal | None] = mapped_column(Numeric(14, 2), default=Decimal("50000.00"))
    """The most cash an agent may hold; None sets no limit."""
    cash_age_days: Mapped[int | None] = mapped_column(default=1)
    """How many days the oldest cash may stay in his hands; None sets no limit."""


class PayTerms(Owned, Base):
    """What an employee is paid from a day to a day; the terms' days are the days he is employed."""

    __tablename__ = "pay_terms"
    __table_args__ = (
        UniqueConstraint("company_id", "staff_id", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="span"),
        CheckConstraint("monthly_salary >= 0", name="monthly_salary"),
        CheckConstraint("tax_kind IN ('none', 'fixed', 'percent')", name="tax_kind"),
        CheckConstraint("tax_amount >= 0 AND tax_percent BETWEEN 0 AND 100", name="tax"),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The first day they no longer hold."""
    monthly_salary: Mapped[Money]
    allowances: Mapped[Json] = mapped_column(default=dict)
    """Monthly amounts as text, by name: {"House rent": "5000.00"}."""
    tax_kind: Mapped[str] = mapped_column(default="none")
    tax_amount: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """A fixed deduction of a full month; a part month bears its part."""
    tax_percent: Mapped[Rate] = mapped_column(default=Decimal(0))
    plan_id: Mapped[Id | None] = mapped_column(ForeignKey("commission_plan.id"))
    """The commissions and incentives he earns."""


class Absence(Owned, Base):
    """A day, or half of it, that an employee did not work and is not paid for."""

    __tablename__ = "absence"
    __table_args__ = (
        UniqueConstraint("company_id", "staff_id", "day"),
        CheckConstraint("part > 0 AND part <= 1", name="part"),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[date]
    part: Mapped[Rate] = mapped_column(default=Decimal(1))
    note: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[str]
    accrual_id: Mapped[Id | None] = mapped_column(ForeignKey("salary_accrual.id"), index=True)
    """The salary it was taken from; None while it waits for the next one."""


class SalaryAccrual(Owned, Base):
    """The salary an employee earned in a month, posted once: 6000 to 2400, its tax to 2120."""

    __tablename__ = "salary_accrual"
    __table_args__ = (
        Index("uq_salary_accrual_month", "company_id", "staff_id", "month", unique=True,
              postgresql_where=text("state = 'posted'")),
        CheckConstraint("state IN ('posted', 'reversed')", name="state"),
        CheckConstraint("net = salary + allowances - absence - tax AND net >= 0", name="net"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
    )  # fmt: skip
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    month: Mapped[date]
    """The first of the month."""
    days: Mapped[Rate]
    """Days employed in the month, by the company's day basis."""
    salary: Mapped[Money]
    allowances: Mapped[Money]
    allowance_lines: Mapped[Json] = mapped_column(default=dict)
    absence_days: Mapped[Rate]
    absence: Mapped[Money]
    tax: Mapped[Money]
    net: Mapped[Money]
    posted_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="posted")


class Bonus(Owned, Base):
    """An extra payment promised on a day: 6030 to 2400, its tax to 2120."""

    __tablename__ = "bonus"
    __table_args__ = (
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount > 0 AND tax >= 0 AND tax < amount", name="amount"),
        CheckConstraint("state IN ('given', 'reversed')", name="state"),
    )
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    amount: Mapped[Money]
    tax: Mapped[Money]
    reason: Mapped[str]
    given_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="given")
    idempotency_key: Mapped[str]


class EmployeeDebt(Owned, Base):
    """What an employee owes the company: an advance (1300), or damage and missing cash (1310)."""

    __tablename__ = "employee_debt"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("kind IN ('advance', 'damage', 'cash_short', 'other')", name="kind"),
        CheckConstraint("amount > 0 AND outstanding BETWEEN 0 AND amount", name="outstanding"),
        CheckConstraint("instalment IS NULL OR instalment > 0", name="instalment"),
        CheckConstraint("approved_by <> staff_id", name="two_persons"),
        Index("ix_employee_debt_open", "company_id", "staff_id", postgresql_where=text("outstanding > 0")),
    )
    number: Mapped[str]
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]
    amount: Mapped[Money]
    outstanding: Mapped[Money]
    instalment: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """What each month's pay gives back; None gives back all at once."""
    deduct_from: Mapped[date]
    """The first of the month whose pay bears the first instalment."""
    reason: Mapped[str]
    account_code: Mapped[str]
    """The other side of its entry: where the money or the goods came from."""
    given_on: Mapped[date]
    approved_by: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    idempotency_key: Mapped[str]

    @property
    def control_account(self) -> str:
        """1300 for an advance, 1310 for the rest."""
        return DEBT_ACCOUNTS[self.kind]


class SalaryPayment(Owned, Base):
    """What an employee was paid of what he was owed, less instalments: 2400 to the money account, 1300, 1310."""

    __tablename__ = "salary_payment"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("state IN ('paid', 'reversed')", name="state"),
        CheckConstraint("settled > 0 AND settled = paid + advances + charges", name="settled"),
        CheckConstraint("paid >= 0 AND advances >= 0 AND charges >= 0", name="parts"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
    )
    number: Mapped[str]
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    month: Mapped[date]
    """The first of the month whose pay this is; it is often paid in the next one."""
    paid_on: Mapped[date]
    account_code: Mapped[str]
    settled: Mapped[Money]
    paid: Mapped[Money]
    """The money he got."""
    advances: Mapped[Money]
    charges: Mapped[Money]
    state: Mapped[str] = mapped_column(default="paid")
    idempotency_key: Mapped[str]


class DebtRepayment(Owned, Base):
    """A part of a debt given back: out of pay, or in money. Append-only; undone by a row with the other sign."""

    __tablename__ = "debt_repayment"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(salary_payment_id IS NULL) = (account_code IS NOT NULL)", name="one_source"),
        UniqueConstraint("company_id", "idempotency_key"),
    )
    debt_id: Mapped[Id] = mapped_column(ForeignKey("employee_debt.id"), index=True)
    salary_payment_id: Mapped[Id | None] = mapped_column(ForeignKey("salary_payment.id"), index=True)
    account_code: Mapped[str | None]
    """Where the money went when he paid it back himself."""
    amount: Mapped[Money]
    repaid_on: Mapped[date]
    idempotency_key: Mapped[str]
