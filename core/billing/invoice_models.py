"""Invoices, credit notes and the runs that make them. Frozen once issued; the database enforces it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned, Rate
from core.ids import Id

OPEN_STATES = ("issued", "part_paid")


class Invoice(Owned, Base):
    """A numbered bill, frozen once issued; only state, balance and delivery facts move afterwards.

    Overdue is computed (balance above zero and due date past), never stored. A written-off invoice keeps its
    balance as the debt that may still be recovered; it is no longer part of the receivable.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "token"),
        Index("uq_invoice_period", "company_id", "subscription_id", "period_start", unique=True,
              postgresql_where=text("reason = 'period' AND state <> 'void'")),
        CheckConstraint("state IN ('draft', 'issued', 'part_paid', 'paid', 'void', 'written_off')", name="state"),
        CheckConstraint("kind IN ('subscription', 'installation', 'equipment', 'other')", name="kind"),
        CheckConstraint("reason IN ('period', 'change', 'one_off', 'late_fee', 'renewal', 'opening')", name="reason"),
        CheckConstraint("balance BETWEEN 0 AND total", name="balance"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="numbered_when_issued"),
        Index("ix_invoice_customer", "company_id", "customer_id"),
        Index("ix_invoice_unpaid", "company_id", "due_on", postgresql_where=text("balance > 0")),
        Index("ix_invoice_given_up", "company_id", "issued_on",
              postgresql_where=text("state IN ('void', 'written_off')")),
    )  # fmt: skip
    number: Mapped[str | None]
    token: Mapped[Id] = mapped_column(server_default=text("gen_random_uuid()"))
    """Unguessable: what links, QR codes and payment references carry."""
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    """Who owes it: the subscription's payer."""
    subscription_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    run_id: Mapped[Id | None] = mapped_column(ForeignKey("invoice_run.id"))
    kind: Mapped[str] = mapped_column(default="subscription")
    reason: Mapped[str] = mapped_column(default="one_off")
    """`period` invoices are unique by subscription and period start."""
    state: Mapped[str] = mapped_column(default="draft")
    currency: Mapped[str] = mapped_column(default="PKR")
    seller_name: Mapped[str] = mapped_column(default="")
    seller_address: Mapped[str] = mapped_column(default="")
    seller_tax_number: Mapped[str] = mapped_column(default="")
    seller_sales_tax_number: Mapped[str] = mapped_column(default="")
    customer_name: Mapped[str] = mapped_column(default="")
    customer_address: Mapped[str] = mapped_column(default="")
    customer_tax_number: Mapped[str] = mapped_column(default="")
    """NTN, or the CNIC with only its last digits."""
    area_id: Mapped[Id | None]
    """The customer's area on the day of issue, which reports split by."""
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    """The first day that is not billed."""
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    tax_rounding: Mapped[str] = mapped_column(default="line")
    net: Mapped[Money]
    tax: Mapped[Money]
    rounding: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    total: Mapped[Money]
    """net + tax + rounding, each as printed."""
    balance: Mapped[Money]
    earlier_balance: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """What was owed on earlier invoices at issue; printed apart."""
    fiscal_state: Mapped[str] = mapped_column(default="not_required")
    """not_required, pending, accepted or rejected by the tax authority's e-invoicing."""
    fiscal_number: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[InvoiceLine]] = relationship(order_by="InvoiceLine.position")


class InvoiceLine(Owned, Base):
    """What is printed: a charge net of its discount, a tax with its rate and base, or the rounding."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("company_id", "invoice_id", "position"),
        CheckConstraint("kind IN ('charge', 'tax', 'rounding')", name="kind"),
    )
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(default="charge")
    description: Mapped[str]
    quantity: Mapped[Rate]
    unit_price: Mapped[Rate]
    discount: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """What the discounts took off the amount of this line, proration included."""
    amount: Mapped[Money]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    subscription_line_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription_line.id"))
    plan_id: Mapped[Id | None]
    service_class: Mapped[str] = mapped_column(default="")
    tax_code: Mapped[str] = mapped_column(default="")
    tax_percent: Mapped[Rate | None]
    tax_base: Mapped[Money | None]
    account_code: Mapped[str]
    """The account this line is credited to."""


class CreditNote(Owned, Base):
    """Takes back a part of an issued invoice at that invoice's own rates; what was paid becomes an advance."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("total > 0", name="total"),
        CheckConstraint("unallocated BETWEEN 0 AND total", name="unallocated"),
    )
    number: Mapped[str]
    invoice_id: Mapped[Id] = mapped_column(ForeignKey("invoice.id"), index=True)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    reason: Mapped[str]
    issued_on: Mapped[date]
    net: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    unallocated: Mapped[Money]
    """The customer's advance that is left of it."""
    idempotency_key: Mapped[str]
    made_by: Mapped[str]
    lines: Mapped[list[CreditNoteLine]] = relationship(order_by="CreditNoteLine.position")


class CreditNoteLine(Owned, Base):
    """The part of one invoice line that is taken back; positive."""

    __tablename__ = "credit_note_line"
    __table_args__ = (UniqueConstraint("company_id", "credit_note_id", "position"),)
    credit_note_id: Mapped[Id] = mapped_column(ForeignKey("credit_note.id"), index=True)
    invoice_line_id: Mapped[Id] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    position: Mapped[int]
    description: Mapped[str]
    amount: Mapped[Money]
    account_code: Mapped[str]
    """The account this line is debited to, but for what was not earned of it, which is debited to 2220."""


class InvoiceRun(Owned, Base):
    """One run of a company's invoices for a day: resumable, its counts are its progress."""

    __tablename__ = "invoice_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
        Index("uq_invoice_run_running", "company_id", "run_day", unique=True,
              postgresql_where=text("state = 'running'")),
    )  # fmt: skip
    run_day: Mapped[date]
    state: Mapped[str] = mapped_column(default="running")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    due: Mapped[int] = mapped_column(default=0)
    """Subscriptions that were due when it started."""
    invoiced: Mapped[int] = mapped_column(default=0)
    problems: Mapped[int] = mapped_column(default=0)
    amount: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    started_by: Mapped[str]
    error: Mapped[str] = mapped_column(default="")


class InvoiceRunProblem(Owned, Base):
    """A subscription that could not be billed: parked by name until somebody mends it; the next run tries again."""

    __tablename__ = "invoice_run_problem"
    run_id: Mapped[Id] = mapped_column(ForeignKey("invoice_run.id"), index=True)
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    customer_number: Mapped[str]
    customer_name: Mapped[str]
    reason: Mapped[str]
    resolved_at: Mapped[datetime | None]


class InvoiceRunRequest(Owned, Base):
    """Somebody asked for a run by hand; a worker takes it up, however often the ring for it got lost."""

    __tablename__ = "invoice_run_request"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'running', 'done', 'failed')", name="state"),
        Index("uq_invoice_run_request_waiting", "company_id", "run_day", unique=True,
              postgresql_where=text("state IN ('asked', 'running')")),
    )  # fmt: skip
    run_day: Mapped[date]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="asked")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
