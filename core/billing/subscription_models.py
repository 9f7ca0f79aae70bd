"""What a customer has: subscriptions with their lines, charges that wait for an invoice, measured use, vouchers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.billing.plan_models import Plan
from core.db import Base, Money, Owned, Rate
from core.ids import Id


class Subscription(Owned, Base):
    """A service running at a site, billed in one invoice a period: one line, or a contract of several."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'suspended', 'paused', 'ended')", name="state"),
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day"),
        CheckConstraint("interval_months BETWEEN 1 AND 36", name="interval_months"),
        Index(
            "ix_subscription_due", "company_id", "next_bill_on", "id", postgresql_where=text("next_bill_on IS NOT NULL")
        ),
        Index("ix_subscription_payer", "payer_id", postgresql_where=text("payer_id IS NOT NULL")),
    )
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    payer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    """Who is invoiced, when it is not the customer himself: one payer for several lines."""
    site_id: Mapped[Id] = mapped_column(ForeignKey("site.id"))
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"))
    """The plan of the main line today; what is billed stands in the lines."""
    state: Mapped[str] = mapped_column(default="active")
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    """The first day without service."""
    billing_day: Mapped[int] = mapped_column(default=1)
    interval_months: Mapped[int] = mapped_column(default=1)
    due_days: Mapped[int | None]
    """Its own days from issue to due date; None takes the company's."""
    billed_until: Mapped[date | None]
    """The first day that has not been billed in advance; None before the first invoice."""
    next_bill_on: Mapped[date | None]
    """The day on which the run bills it next; None for prepaid and for what is billed to its end."""
    paid_until: Mapped[datetime | None]
    """Prepaid only: the instant at which the service stops unless it is renewed."""
    contract_no: Mapped[str] = mapped_column(default="")
    contract_until: Mapped[date | None]
    plan: Mapped[Plan] = relationship(lazy="joined")
    lines: Mapped[list[SubscriptionLine]] = relationship(order_by="SubscriptionLine.position")


def paid_by(customer_ids: Collection[Id]) -> ColumnElement[bool]:
    """Whether one of these customers pays for a subscription; by key, which a coalesce of the two columns is not."""
    theirs = Subscription.payer_id.is_(None) & Subscription.customer_id.in_(customer_ids)
    return Subscription.payer_id.in_(customer_ids) | theirs


class SubscriptionLine(Owned, Base):
    """One thing billed in a subscription from a day to a day: the plan, an add-on, a site of a contract.

    A plan change ends a line and starts another, so the lines are the history of what was sold.
    """

    __tablename__ = "subscription_line"
    __table_args__ = (
        UniqueConstraint("company_id", "subscription_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="span"),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    position: Mapped[int]
    role: Mapped[str] = mapped_column(default="main")
    """main, addon or site."""
    plan_id: Mapped[Id] = mapped_column(ForeignKey("plan.id"))
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("site.id"))
    description: Mapped[str] = mapped_column(default="")
    """Printed in place of the plan's name, for example the branch it serves."""
    quantity: Mapped[Rate] = mapped_column(default=Decimal(1))
    agreed_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    """The negotiated price of one interval for one unit; None takes the plan's dated price."""
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The first day it is not billed."""
    plan: Mapped[Plan] = relationship(lazy="joined")


class ServicePause(Owned, Base):
    """Days without service, and why; credited by policy once it is over."""

    __tablename__ = "service_pause"
    __table_args__ = (
        CheckConstraint("reason IN ('customer_request', 'outage', 'non_payment')", name="reason"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="span"),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"), index=True)
    reason: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The first day with service again."""
    settled_at: Mapped[datetime | None]
    """When its credit was decided, also when there was none."""
    note: Mapped[str] = mapped_column(default="")


class PendingCharge(Owned, Base):
    """A one-off charge that waits for an invoice: installation, equipment, deposit, fee; negative for a reduction."""

    __tablename__ = "pending_charge"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_pending_charge_waiting", "company_id", "customer_id",
              postgresql_where=text("invoice_id IS NULL AND cancelled_at IS NULL")),
        UniqueConstraint("company_id", "idempotency_key"),
    )  # fmt: skip
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    subscription_id: Mapped[Id | None] = mapped_column(ForeignKey("subscription.id"))
    invoice_kind: Mapped[str] = mapped_column(default="other")
    """The kind of invoice it would make alone: installation, equipment, other."""
    service_class: Mapped[str] = mapped_column(default="other")
    description: Mapped[str]
    quantity: Mapped[Rate] = mapped_column(default=Decimal(1))
    unit_price: Mapped[Rate]
    amount: Mapped[Money]
    tax_inclusive: Mapped[bool] = mapped_column(default=False)
    account_code: Mapped[str]
    bill_from: Mapped[date]
    """The first day an invoice may take it."""
    invoice_id: Mapped[Id | None] = mapped_column(ForeignKey("invoice.id"))
    cancelled_at: Mapped[datetime | None]
    idempotency_key: Mapped[str]
    created_by: Mapped[str]


class UsageEvent(Owned, Base):
    """Measured bytes of a subscription on a day; counted once by its source's id."""

    __tablename__ = "usage_event"
    __table_args__ = (
        UniqueConstraint("company_id", "source_id"),
        CheckConstraint("bytes >= 0", name="bytes"),
        Index("ix_usage_event_day", "company_id", "subscription_id", "day", postgresql_include=["bytes"]),
    )
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("subscription.id"))
    day: Mapped[date]
    bytes: Mapped[int] = mapped_column(BigInteger)
    source_id: Mapped[str]


class VoucherBatch(Owned, Base):
    """Recharge cards printed together: one plan or one amount each."""

    __tablename__ = "voucher_batch"
    name: Mapped[str]
    plan_id: Mapped[Id | None] = mapped_column(ForeignKey("plan.id"))
    amount: Mapped[Money]
    """What a card is worth, taxes included."""
    expires_on: Mapped[date]
    """The last day it can be used."""
    made_by: Mapped[str]


class Voucher(Owned, Base):
    """A recharge card; only the hash of its code is kept."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("company_id", "code_hash"),
        UniqueConstraint("company_id", "batch_id", "serial"),
        CheckConstraint("state IN ('made', 'sold', 'used', 'cancelled')", name="state"),
    )
    batch_id: Mapped[Id] = mapped_column(ForeignKey("voucher_batch.id"))
    serial: Mapped[int]
    code_hash: Mapped[str]
    state: Mapped[str] = mapped_column(default="made")
    sold_on: Mapped[date | None]
    """When its sale was booked, which may be after its use."""
    used_by: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    used_at: Mapped[datetime | None]
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"))
    """What its use became, or, of a cancelled card, what its buyer was credited."""
    settlement_id: Mapped[Id | None] = mapped_column(ForeignKey("card_settlement.id"))
    """How the money of a sold card that nobody will use left 2220."""


class CardSettlement(Owned, Base):
    """The money of sold cards that nobody will use leaves 2220: to other income once expired, or back to the buyer."""

    __tablename__ = "card_settlement"
    __table_args__ = (
        CheckConstraint("kind IN ('expired', 'refunded')", name="kind"),
        CheckConstraint("cards > 0", name="cards"),
        CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amount"),
    )
    batch_id: Mapped[Id] = mapped_column(ForeignKey("voucher_batch.id"), index=True)
    kind: Mapped[str]
    settled_on: Mapped[date]
    cards: Mapped[int]
    amount: Mapped[Money]
    """The value of the cards."""
    refunded: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """What was paid back, the rest being the discount they were sold with."""
    settled_by: Mapped[str]


class WrongCard(Owned, Base):
    """A recharge code that no card has, and who tried it: too many of them look like guessing."""

    __tablename__ = "wrong_card"
    __table_args__ = (Index("ix_wrong_card_tried_by", "company_id", "tried_by", "tried_at"),)
    tried_by: Mapped[str]
    """The actor, such as `contact:<id>`."""
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    tried_at: Mapped[datetime]
