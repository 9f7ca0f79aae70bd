"""Money received and given back, what it settled, and what customers say they have paid."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned
from core.ids import Id

METHODS = ("cash", "bank", "cheque", "jazzcash", "easypaisa", "card", "gateway", "voucher")


class Payment(Owned, Base):
    """Money received; allocations say what it settled, the rest is the customer's advance.

    A corporate payer may withhold tax: what is settled is `amount` plus both withheld parts.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount >= 0 AND withheld_income_tax >= 0 AND withheld_sales_tax >= 0", name="amount"),
        CheckConstraint("amount + withheld_income_tax + withheld_sales_tax > 0", name="settles"),
        CheckConstraint(
            "unallocated BETWEEN 0 AND amount + withheld_income_tax + withheld_sales_tax", name="unallocated"
        ),
        CheckConstraint("state IN ('received', 'bounced', 'reversed')", name="state"),
        Index("ix_payment_customer", "company_id", "customer_id"),
        Index("ix_payment_collected_by", "collected_by", postgresql_where=text("collected_by IS NOT NULL")),
        Index("ix_payment_left", "company_id", "customer_id", postgresql_where=text("unallocated > 0")),
        Index("ix_payment_reference", "company_id", "reference_key", postgresql_where=text("reference_key <> ''")),
    )
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    method: Mapped[str]
    account_code: Mapped[str]
    """The asset account that was debited."""
    amount: Mapped[Money]
    withheld_income_tax: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    withheld_sales_tax: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    certificate_no: Mapped[str] = mapped_column(default="")
    """Of the tax withheld (CPR); empty while it is awaited."""
    unallocated: Mapped[Money]
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    reference_key: Mapped[str] = mapped_column(default="", server_default="")
    """The reference as references are compared; see `core.billing.references`."""
    idempotency_key: Mapped[str]
    taken_by: Mapped[str]
    collected_by: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    """The agent in whose hands the cash is."""
    place: Mapped[Json | None]
    """Where it was taken: {"latitude", "longitude"} as text."""
    state: Mapped[str] = mapped_column(default="received")
    state_reason: Mapped[str] = mapped_column(default="")
    suspect: Mapped[bool] = mapped_column(default=False)
    """Same customer, amount and day as another: to be looked at, not refused."""


class Allocation(Owned, Base):
    """A part of a payment or credit note that settled an invoice, or went back as a refund, on a day.

    Append-only: undone by a row with the other sign.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name="one_source"),
        CheckConstraint("(invoice_id IS NULL) <> (refund_id IS NULL)", name="one_target"),
        UniqueConstraint("company_id", "reverses_id"),
        Index("ix_allocation_credit_note_id", "credit_note_id", postgresql_where=text("credit_note_id IS NOT NULL")),
        Index("ix_allocation_refund_id", "refund_id", postgresql_where=text("refund_id IS NOT NULL")),
        Index("ix_allocation_day", "company_id", "allocated_on"),
    )
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"), index=True)
    credit_note_id: Mapped[Id | None] = mapped_column(ForeignKey("credit_note.id"))
    invoice_id: Mapped[Id | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    refund_id: Mapped[Id | None] = mapped_column(ForeignKey("refund.id"))
    amount: Mapped[Money]
    written_off: Mapped[Money] = mapped_column(default=Decimal("0.00"), server_default="0.00")
    """The small rest of the invoice that was forgiven with it, beside the amount; an entry of its own."""
    recovers: Mapped[bool] = mapped_column(default=False, server_default="false")
    """The invoice was written off before: bad debt (6820) was credited in place of the receivable."""
    allocated_on: Mapped[date]
    from_advance: Mapped[bool] = mapped_column(default=False)
    """Whether it was an advance first, so that the entry moved 2200 to 1100."""
    reverses_id: Mapped[Id | None] = mapped_column(ForeignKey("allocation.id"))


class ChequeRefusal(Owned, Base):
    """Cheques of a customer are not accepted since one of them bounced, until a person lifts it."""

    __tablename__ = "cheque_refusal"
    __table_args__ = (
        Index("uq_cheque_refusal_standing", "company_id", "customer_id", unique=True,
              postgresql_where=text("lifted_at IS NULL")),
    )  # fmt: skip
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    payment_id: Mapped[Id] = mapped_column(ForeignKey("payment.id"))
    """The cheque that bounced."""
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(default="")


class Refund(Owned, Base):
    """Advance given back to the customer; a second person approves it."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('asked', 'paid', 'refused')", name="state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name="two_persons"),
    )
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    amount: Mapped[Money]
    account_code: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    asked_by: Mapped[str]
    approved_by: Mapped[str | None]
    paid_on: Mapped[date | None]
    idempotency_key: Mapped[str]


class PaymentClaim(Owned, Base):
    """A customer says he has paid; it becomes money only when a person or the bank confirms it."""

    __tablename__ = "payment_claim"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("state IN ('pending', 'approved', 'rejected')", name="state"),
        Index("ix_payment_claim_pending", "company_id", "customer_id", postgresql_where=text("state = 'pending'")),
        Index("ix_payment_claim_reference", "company_id", "reference_key",
              postgresql_where=text("reference_key <> ''")),
    )  # fmt: skip
    number: Mapped[str]
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    amount: Mapped[Money]
    method: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    reference_key: Mapped[str] = mapped_column(default="", server_default="")
    """The reference as references are compared."""
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    image_hash: Mapped[str] = mapped_column(default="")
    """The document's, so that claims can be compared; empty until the picture is fetched."""
    duplicate_of: Mapped[Id | None] = mapped_column(ForeignKey("payment_claim.id"))
    """An earlier claim with the same reference or picture; shown to who decides."""
    paid_already: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"))
    """A payment that is booked under the same reference; shown to who decides."""
    state: Mapped[str] = mapped_column(default="pending")
    claimed_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(default="")
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"))


class GatewayEvent(Owned, Base):
    """A signed callback of a payment gateway as it came; the same transaction is booked once."""

    __tablename__ = "gateway_event"
    __table_args__ = (
        UniqueConstraint("company_id", "gateway", "transaction_id", "kind"),
        CheckConstraint("state IN ('booked', 'ignored', 'waiting')", name="state"),
    )
    gateway: Mapped[str]
    kind: Mapped[str]
    """paid, failed, refunded."""
    transaction_id: Mapped[str]
    amount: Mapped[Money]
    currency: Mapped[str] = mapped_column(default="", server_default="")
    reference: Mapped[str]
    """What the payer was given: an invoice's token or number, or a customer number."""
    occurred_at: Mapped[datetime]
    content: Mapped[Json]
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    """Why it waits for a person: unknown reference, another currency."""
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("payment.id"))
