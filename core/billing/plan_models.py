"""What is sold and by which rules: plans with dated prices, taxes, discounts, the company's policy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Money, Owned, Rate
from core.ids import Id

SERVICE_CLASSES = ("internet", "tv", "installation", "equipment", "deposit", "fee", "other")


class Plan(Owned, Base):
    """What a customer can subscribe to; the speed profile travels with it."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("company_id", "code"),
        CheckConstraint("kind IN ('flat', 'tier', 'metered')", name="kind"),
        CheckConstraint("rating IN ('', 'graduated', 'volume')", name="rating"),
        CheckConstraint("unit IN ('GB', 'GiB')", name="unit"),
        CheckConstraint("interval_months BETWEEN 1 AND 36", name="interval_months"),
    )
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="flat")
    """flat and tier are billed in advance (a tier carries the speed it is sold by), metered in arrears."""
    service_class: Mapped[str] = mapped_column(default="internet")
    """Chooses the taxes, together with the customer's class and jurisdiction."""
    income_account: Mapped[str] = mapped_column(default="4000")
    interval_months: Mapped[int] = mapped_column(default=1)
    """How long a price lasts; a metered plan is always monthly."""
    validity_days: Mapped[int | None]
    """Set for a prepaid plan: what a renewal buys. Such a plan is never billed by the run."""
    tax_inclusive: Mapped[bool] = mapped_column(default=False)
    """The price contains the sales taxes; the net is taken out of it."""
    download_mbps: Mapped[int]
    upload_mbps: Mapped[int]
    allowance_gb: Mapped[int | None]
    """Free use of a period: the fair-use threshold of a flat plan, the included units of a metered one."""
    throttled_mbps: Mapped[int | None]
    """The speed after the fair-use threshold, until the period ends."""
    unit: Mapped[str] = mapped_column(default="GB")
    """GB is 10^9 bytes, GiB is 2^30; printed on the invoice."""
    rating: Mapped[str] = mapped_column(default="")
    """How bands price the units above the allowance: each unit by its band, or all by the band reached."""
    offered: Mapped[bool] = mapped_column(default=True)
    prices: Mapped[list[PlanPrice]] = relationship(order_by="PlanPrice.valid_from")
    bands: Mapped[list[PlanBand]] = relationship(order_by="(PlanBand.valid_from, PlanBand.above_units)")


class PlanPrice(Owned, Base):
    """The price of one interval from a day on, until the next row; a metered plan's base fee."""

    __tablename__ = "plan_price"
    __table_args__ = (UniqueConstraint("company_id", "plan_id", "valid_from"),)
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"), index=True)
    valid_from: Mapped[date]
    amount: Mapped[Money]


class PlanBand(Owned, Base):
    """The price of a metered unit above so many units; the rows of one `valid_from` are one tariff."""

    __tablename__ = "plan_band"
    __table_args__ = (
        UniqueConstraint("company_id", "plan_id", "valid_from", "above_units"),
        CheckConstraint("above_units >= 0", name="above_units"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
    )
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"), index=True)
    valid_from: Mapped[date]
    above_units: Mapped[int]
    """Counted from the first unit after the allowance; 0 is the first band."""
    unit_price: Mapped[Decimal] = mapped_column(Numeric(14, 6))


class TaxRate(Owned, Base):
    """A dated row of the tax table; rates are configuration to be checked with an accountant.

    An empty jurisdiction, service class or customer class means any; of one code the most specific row holds.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        UniqueConstraint(
            "company_id", "code", "jurisdiction", "service_class", "customer_class", "valid_from",
            name="uq_tax_rate_row",
        ),
        CheckConstraint("base IN ('net', 'net_plus_sales_tax')", name="base"),
        CheckConstraint("kind IN ('sales_tax', 'excise', 'advance_income_tax')", name="kind"),
    )  # fmt: skip
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    base: Mapped[str] = mapped_column(default="net")
    percent: Mapped[Rate]
    threshold: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """Only the part of the invoice's base above this is taxed."""
    account_code: Mapped[str]
    jurisdiction: Mapped[str] = mapped_column(default="")
    """Of the place that is served, such as `PK-PB`; see `Area.jurisdiction`."""
    service_class: Mapped[str] = mapped_column(default="")
    customer_class: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day the row holds."""


class TaxExemption(Owned, Base):
    """A customer's certificate that one tax is not to be collected from him."""

    __tablename__ = "tax_exemption"
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    tax_code: Mapped[str]
    certificate_no: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day it holds."""
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))


class Discount(Owned, Base):
    """Less to pay on a subscription, or on one of its lines, for a time. Taken off before proration."""

    __tablename__ = "discount"
    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="percent_or_amount"),
        CheckConstraint("percent IS NULL OR percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount"),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    line_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription_line.id"))
    """None discounts every line; an amount is then shared by the lines' prices."""
    percent: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """Of a whole interval."""
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last period start it holds for."""
    reason: Mapped[str] = mapped_column(default="")
    approved_by: Mapped[str] = mapped_column(default="")


class BillingPolicy(Owned, Base):
    """A company's choices (reference money 2.2, 3, 4); one row, made with the company."""

    __tablename__ = "billing_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("alignment IN ('calendar', 'anniversary')", name="alignment"),
        CheckConstraint("proration IN ('actual', 'thirty')", name="proration"),
        CheckConstraint("tax_rounding IN ('line', 'total')", name="tax_rounding"),
        CheckConstraint("late_fee_kind IN ('none', 'fixed', 'percent')", name="late_fee_kind"),
        CheckConstraint("fees_settle IN ('by_date', 'first', 'last')", name="fees_settle"),
        CheckConstraint("tax_point IN ('invoice_date', 'period_start')", name="tax_point"),
        CheckConstraint("deferral_over_months BETWEEN 1 AND 36", name="deferral_over_months"),
        CheckConstraint("cash_callback_percent BETWEEN 0 AND 100", name="cash_callback_percent"),
    )
    alignment: Mapped[str] = mapped_column(default="calendar")
    calendar_day: Mapped[int] = mapped_column(default=1)
    """The billing day of everybody under calendar alignment."""
    due_days: Mapped[int] = mapped_column(default=9)
    """Days from issue to due date, unless the subscription has its own."""
    proration: Mapped[str] = mapped_column(default="actual")
    end_day_charged: Mapped[bool] = mapped_column(default=False)
    short_first_period_days: Mapped[int] = mapped_column(default=0)
    """A first part period shorter than this is billed together with the next full one."""
    tax_rounding: Mapped[str] = mapped_column(default="line")
    tax_point: Mapped[str] = mapped_column(default="invoice_date")
    whole_rupees: Mapped[bool] = mapped_column(default=False)
    """Adds a rounding line that makes the total whole; the taxes stay as computed."""
    late_fee_kind: Mapped[str] = mapped_column(default="none")
    late_fee_amount: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    late_fee_percent: Mapped[Rate] = mapped_column(default=Decimal("0"))
    late_fee_grace_days: Mapped[int] = mapped_column(default=5)
    late_fee_cap: Mapped[Money | None]
    """The most that one invoice may bear."""
    late_fee_repeat_days: Mapped[int | None]
    """Charged again after so many days, until the cap; None charges once."""
    reconnection_fee: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    pause_credit_days_min: Mapped[int] = mapped_column(default=3)
    """A pause or outage shorter than this is not credited."""
    suspended_days_billed: Mapped[bool] = mapped_column(default=True)
    """False credits the days of a suspension for non-payment once it ends."""
    unused_days_refunded: Mapped[bool] = mapped_column(default=True)
    """Whether leaving early credits the days left."""
    fees_settle: Mapped[str] = mapped_column(default="by_date")
    small_difference: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """A rest up to this is written off with the payment that leaves it."""
    bounce_fee: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    write_off_limit: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0.00")
    """A debt above this is written off only with a second person's approval."""
    method_accounts: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    """Where money of a method is booked, such as {"bank": "1021"}; the rest by `payments.ACCOUNT_OF_METHOD`."""
    notices: Mapped[bool] = mapped_column(default=True)
    """Whether invoices are announced on WhatsApp."""
    deferral_over_months: Mapped[int] = mapped_column(default=1, server_default="1")
    """What is billed in advance for longer than so many months is earned month by month; 36 defers nothing."""
    cards_expire_to_income: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Whether the value of a sold recharge card becomes other income once nobody can use it any more."""
    wrong_cards_max: Mapped[int] = mapped_column(default=5, server_default="5")
    """After so many unknown recharge codes within an hour a person's codes are refused for `card_pause_minutes`."""
    card_pause_minutes: Mapped[int] = mapped_column(default=60, server_default="60")
    cash_callback_percent: Mapped[int] = mapped_column(default=10, server_default="10")
    """Of 100 cash receipts of agents that no customer has confirmed, so many are called back by the office."""
