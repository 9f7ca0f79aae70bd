"""Commissions and recovery incentives: plans of dated rules, who is credited with a connection, what was earned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned
from core.ids import Id

KINDS = ("new_connection", "complaint", "invoice", "recovery")
ACCOUNT_OF_KIND = {"new_connection": "6010", "complaint": "6010", "invoice": "6010", "recovery": "6020"}
CREDITS = ("sold", "installed")
INVOICE_EVENTS = ("paid", "issued")
TIERS_BY = ("", "age", "month")


class CommissionPlan(Owned, Base):
    """A set of rules that terms of pay refer to, such as "Field technicians"."""

    __tablename__ = "commission_plan"
    __table_args__ = (UniqueConstraint("company_id", "name"),)
    name: Mapped[str]


class CommissionRule(Owned, Base):
    """One way to earn, from a day to a day. It never changes, only ends: what was earned stays explained."""

    __tablename__ = "commission_rule"
    __table_args__ = (
        CheckConstraint("kind IN ('new_connection', 'complaint', 'invoice', 'recovery')", name="kind"),
        CheckConstraint("credit IN ('sold', 'installed')", name="credit"),
        CheckConstraint("invoice_event IN ('issued', 'paid')", name="invoice_event"),
        CheckConstraint("tier_by IN ('', 'age', 'month')", name="tier_by"),
        CheckConstraint("tier_by = '' OR kind = 'recovery'", name="tiers_of_recovery"),
        CheckConstraint("percent IS NULL OR percent > 0", name="percent"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount"),
        CheckConstraint(
            "num_nonnulls(percent, amount) + CASE WHEN tier_by = '' THEN 0 ELSE 1 END = 1", name="one_measure"
        ),
        CheckConstraint("percent IS NULL OR kind IN ('invoice', 'recovery')", name="percent_of_money"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="span"),
    )
    plan_id: Mapped[Id] = mapped_column(ForeignKey("commission_plan.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    """The first day it no longer holds."""
    percent: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """A fixed amount: per connection, complaint or invoice; in recovery per account and month."""
    category: Mapped[str] = mapped_column(default="")
    """The complaints it pays for; empty for every category that has no rule of its own."""
    reopen_days: Mapped[int] = mapped_column(default=7)
    """A complaint pays only after so many days without being opened again."""
    credit: Mapped[str] = mapped_column(default="installed")
    """Who earns by a connection: who sold it, or who installed it."""
    invoice_event: Mapped[str] = mapped_column(default="paid")
    months_max: Mapped[int | None]
    """How many months after the installation its invoices pay; None for as long as it runs."""
    days_late_min: Mapped[int | None]
    """Recovery: money for bills less late than this earns nothing; None pays for every bill."""
    tier_by: Mapped[str] = mapped_column(default="")
    """`age`: the tier is the bill's days overdue; `month`: the sum collected in the month."""
    graduated: Mapped[bool] = mapped_column(default=False)
    """Monthly tiers: each slice at its own percent, instead of the whole sum at the tier reached."""
    tiers: Mapped[list[RuleTier]] = relationship(order_by="RuleTier.position", lazy="selectin")


class RuleTier(Owned, Base):
    """One step of a rule: up to and including a number of days or an amount; the last has no end."""

    __tablename__ = "rule_tier"
    __table_args__ = (
        UniqueConstraint("company_id", "rule_id", "position"),
        CheckConstraint("num_nonnulls(percent, amount) = 1", name="one_measure"),
        CheckConstraint("coalesce(percent, 0) >= 0 AND coalesce(amount, 0) >= 0", name="not_negative"),
    )
    rule_id: Mapped[Id] = mapped_column(ForeignKey("commission_rule.id"))
    position: Mapped[int]
    up_to: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    percent: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))


class ConnectionCredit(Owned, Base):
    """Who sold or installed a connection, and until when its invoices count for him."""

    __tablename__ = "connection_credit"
    __table_args__ = (
        UniqueConstraint("company_id", "subscription_id", "role", "from_on"),
        CheckConstraint("role IN ('sold', 'installed')", name="role"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="span"),
        Index("uq_connection_credit_running", "company_id", "subscription_id", "role", unique=True,
              postgresql_where=text("until_on IS NULL")),
    )  # fmt: skip
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    """The first day it no longer counts."""


class CommissionAccrual(Owned, Base):
    """A commission or incentive earned (positive) or taken back (negative) for one document under one rule.

    Append-only. The parts of a rule and document add up to what is due for it now, so a repeat adds nothing.
    """

    __tablename__ = "commission_accrual"
    __table_args__ = (
        UniqueConstraint("company_id", "rule_id", "source_id", "part"),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_commission_accrual_source", "company_id", "source_id"),
        Index("ix_commission_accrual_staff", "company_id", "staff_id", "posted_on"),
    )
    rule_id: Mapped[Id] = mapped_column(ForeignKey("commission_rule.id"))
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    source_kind: Mapped[str]
    """subscription, ticket, invoice, allocation; `month` and `account` are a month's sums."""
    source_id: Mapped[Id]
    part: Mapped[int]
    earned_on: Mapped[date]
    posted_on: Mapped[date]
    amount: Mapped[Money]
    account_code: Mapped[str]
    why: Mapped[str]
    """The calculation in words, as it is shown to him."""
