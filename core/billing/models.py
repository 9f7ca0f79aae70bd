"""Plans, subscriptions, invoices, payments and what each payment settled."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned, Rate
from core.ids import Id


class Plan(Owned, Base):
    """What a customer can subscribe to; the speed profile travels with it."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("company_id", "code"),)
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="flat")
    download_mbps: Mapped[int]
    upload_mbps: Mapped[int]
    allowance_gb: Mapped[int | None]
    """Fair-use threshold of a period in GB (10^9 bytes); none is unlimited."""
    offered: Mapped[bool] = mapped_column(default=True)
    prices: Mapped[list[PlanPrice]] = relationship(order_by="PlanPrice.valid_from")


class PlanPrice(Owned, Base):
    """The monthly net price from a day on, until the next row."""

    __tablename__ = "plan_price"
    __table_args__ = (UniqueConstraint("company_id", "plan_id", "valid_from"),)
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"), index=True)
    valid_from: Mapped[date]
    amount: Mapped[Money]


class TaxRate(Owned, Base):
    """A dated row of the tax table; rates are configuration to be checked with an accountant."""

    __tablename__ = "tax_rate"
    __table_args__ = (
        UniqueConstraint("company_id", "code", "valid_from"),
        CheckConstraint("base IN ('net', 'net_plus_sales_tax')", name="base"),
    )
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    """sales_tax, excise or advance_income_tax."""
    base: Mapped[str] = mapped_column(default="net")
    percent: Mapped[Rate]
    account_code: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day the row holds."""


class Subscription(Owned, Base):
    """A plan running at a site."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'suspended', 'ended')", name="state"),
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day"),
    )
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"))
    state: Mapped[str] = mapped_column(default="active")
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    billing_day: Mapped[int] = mapped_column(default=1)
    plan: Mapped[Plan] = relationship(lazy="joined")


class Invoice(Owned, Base):
    """A numbered bill, frozen once issued; only `state` and `balance` move afterwards."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "subscription_id", "period_start"),
        CheckConstraint("state IN ('draft', 'issued', 'part_paid', 'paid', 'void', 'written_off')", name="state"),
        CheckConstraint("kind IN ('subscription', 'installation', 'equipment', 'other')", name="kind"),
        CheckConstraint("balance BETWEEN 0 AND total", name="balance"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="numbered_when_issued"),
        Index("ix_invoice_unpaid", "company_id", "due_on", postgresql_where=text("balance > 0")),
    )
    number: Mapped[str | None]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[str] = mapped_column(default="subscription")
    state: Mapped[str] = mapped_column(default="draft")
    currency: Mapped[str] = mapped_column(default="PKR")
    customer_name: Mapped[str] = mapped_column(default="")
    customer_address: Mapped[str] = mapped_column(default="")
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    """The first day that is not billed."""
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    net: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    balance: Mapped[Money]
    lines: Mapped[list[InvoiceLine]] = relationship(order_by="InvoiceLine.position")


class InvoiceLine(Owned, Base):
    """What is printed: a charge, or a tax with its rate and base."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("company_id", "invoice_id", "position"),
        CheckConstraint("kind IN ('charge', 'discount', 'tax')", name="kind"),
    )
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(default="charge")
    description: Mapped[str]
    quantity: Mapped[Rate]
    unit_price: Mapped[Rate]
    amount: Mapped[Money]
    tax_code: Mapped[str] = mapped_column(default="")
    tax_percent: Mapped[Rate | None]
    tax_base: Mapped[Money | None]
    account_code: Mapped[str]
    """The account this line is credited to."""


class Payment(Owned, Base):
    """Money received; allocations say which invoices it settled, the rest is the customer's advance."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("unallocated BETWEEN 0 AND amount", name="unallocated"),
        CheckConstraint("state IN ('received', 'bounced', 'reversed')", name="state"),
    )
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    method: Mapped[str]
    """cash, bank, cheque, jazzcash, easypaisa, card."""
    account_code: Mapped[str]
    """The asset account that was debited."""
    amount: Mapped[Money]
    unallocated: Mapped[Money]
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    idempotency_key: Mapped[str]
    taken_by: Mapped[str]
    state: Mapped[str] = mapped_column(default="received")


class Allocation(Owned, Base):
    """A part of a payment that settled an invoice on a day."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)
    payment_id: Mapped[Id] = mapped_column(ForeignKey("payment.id"), index=True)
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[Money]
    allocated_on: Mapped[date]


class PaymentClaim(Owned, Base):
    """A customer says he has paid; it becomes money only when a person or the bank confirms it."""

    __tablename__ = "payment_claim"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("state IN ('pending', 'approved', 'rejected')", name="state"),
    )
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    amount: Mapped[Money]
    method: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    state: Mapped[str] = mapped_column(default="pending")
    claimed_at: Mapped[datetime]
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"))
