"""Where the company's money lies, whom it owes, and what it spends.

Amounts are in the company's currency. What a row has booked is in the journal, under the row's id as source.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Json, Money, Owned, Rate
from core.ids import Id

CASH_KINDS = ("bank", "cash", "wallet", "gateway")
PRICINGS = ("fixed", "per_mbps", "per_gb")


class TreasuryPolicy(Owned, Base):
    """A company's settings for spending and for bank reconciliation; one row, made when first asked for."""

    __tablename__ = "treasury_policy"
    __table_args__ = (UniqueConstraint("company_id"),)
    expense_approval_above: Mapped[Money] = mapped_column(default=Decimal("25000.00"))
    """A larger expense waits for a second person."""
    match_days: Mapped[int] = mapped_column(default=3)
    """How far apart the bank's day and ours may be for the same amount."""
    gateway_fee_percent_max: Mapped[Rate] = mapped_column(default=Decimal("5"))
    """What a gateway may have kept of a settlement for it to be proposed."""


class CashAccount(Owned, Base):
    """A bank account, the office's cash, a mobile wallet or a gateway's clearing, each on its own ledger account."""

    __tablename__ = "cash_account"
    __table_args__ = (
        UniqueConstraint("company_id", "account_code"),
        UniqueConstraint("company_id", "name"),
        ForeignKeyConstraint(["company_id", "account_code"], ["account.company_id", "account.code"]),
        CheckConstraint("kind IN ('bank', 'cash', 'wallet', 'gateway')", name="kind"),
    )
    name: Mapped[str]
    kind: Mapped[str]
    account_code: Mapped[str]
    currency: Mapped[str]
    bank_name: Mapped[str] = mapped_column(default="")
    branch: Mapped[str] = mapped_column(default="")
    bank_number: Mapped[str] = mapped_column(default="")
    """IBAN, account or wallet number; a statement file that names another is refused."""
    holder: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    statement_mapping: Mapped[Json | None]
    """How this bank's CSV or XLSX reads: the fields of `bank_files_table.TableMapping`."""


class Transfer(Owned, Base):
    """Money on its way from one account of ours to another, in 1050 until it arrives."""

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount > 0 AND fee >= 0 AND arrival_fee >= 0 AND arrival_fee < amount", name="amount"),
        CheckConstraint("from_id <> to_id", name="two_accounts"),
        CheckConstraint("state IN ('sent', 'arrived', 'cancelled')", name="state"),
        CheckConstraint("(state = 'arrived') = (arrived_on IS NOT NULL)", name="arrived"),
    )
    number: Mapped[str]
    from_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    to_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    amount: Mapped[Money]
    fee: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """Taken by the sending side on top of the amount."""
    arrival_fee: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """Taken by the receiving side out of the amount."""
    sent_on: Mapped[date]
    arrived_on: Mapped[date | None]
    arrival_id: Mapped[Id | None]
    """Source of the arrival's journal entry; a new one for each arrival, since one may be taken back."""
    state: Mapped[str] = mapped_column(default="sent")
    reference: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    made_by: Mapped[str]
    idempotency_key: Mapped[str]


class CashMovement(Owned, Base):
    """Money in or out that no bill, claim or customer explains: other income, the owner, fees, taxes paid over.

    `kind` is also the kind of its journal entry.
    """

    __tablename__ = "cash_movement"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint(
            "kind IN ('other_income', 'owner_capital', 'owner_drawing', 'bank_fee', 'bank_profit', 'tax_payment',"
            " 'unidentified_receipt', 'gateway_settlement', 'expense')",
            name="kind",
        ),
    )
    number: Mapped[str]
    kind: Mapped[str]
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    amount: Mapped[Money]
    """What the account gained; negative for money that went out."""
    account_code: Mapped[str] = mapped_column(default="")
    """The other side, where it is one account."""
    moved_on: Mapped[date]
    description: Mapped[str] = mapped_column(default="")
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    made_by: Mapped[str]
    idempotency_key: Mapped[str]


class Vendor(Owned, Base):
    """Whom the company buys from: an upstream provider, a supplier, a landlord."""

    __tablename__ = "vendor"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "name"),
        CheckConstraint("terms_days BETWEEN 0 AND 365", name="terms_days"),
        CheckConstraint("withholding_percent BETWEEN 0 AND 100", name="withholding_percent"),
    )
    number: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="supplier")
    """upstream, supplier, landlord or other; for lists only."""
    phone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    bank_details: Mapped[str] = mapped_column(default="")
    terms_days: Mapped[int] = mapped_column(default=0)
    """From the bill's day to its due day."""
    withholding_percent: Mapped[Rate] = mapped_column(default=Decimal("0"))
    """Income tax the company must keep back when it pays; a proposal, the payer decides."""
    active: Mapped[bool] = mapped_column(default=True)


class VendorContract(Owned, Base):
    """What a vendor bills every month: a fixed amount, a price per Mbps, or a price per GB."""

    __tablename__ = "vendor_contract"
    __table_args__ = (
        UniqueConstraint("company_id", "vendor_id", "name"),
        CheckConstraint("pricing IN ('fixed', 'per_mbps', 'per_gb')", name="pricing"),
        CheckConstraint("unit_price >= 0 AND units >= 0 AND tax_percent BETWEEN 0 AND 100", name="price"),
        CheckConstraint("ends_on IS NULL OR ends_on > starts_on", name="term"),
    )
    vendor_id: Mapped[Id] = mapped_column(ForeignKey("vendor.id"), index=True)
    name: Mapped[str]
    pricing: Mapped[str]
    unit_price: Mapped[Rate]
    units: Mapped[Rate] = mapped_column(default=Decimal("1"))
    """Mbps bought, or the GB a month that are billed in any case; 1 for a fixed amount."""
    tax_percent: Mapped[Rate] = mapped_column(default=Decimal("0"))
    account_code: Mapped[str] = mapped_column(default="5000")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The first day that is no longer billed."""
    vendor: Mapped[Vendor] = relationship()


class Bill(Owned, Base):
    """What a vendor asks for; a draft until a person accepts it, frozen from then on but for state and balance."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("state IN ('draft', 'open', 'part_paid', 'paid', 'void')", name="state"),
        CheckConstraint("balance BETWEEN 0 AND total AND total = net + tax", name="balance"),
        CheckConstraint("(state = 'void') = (voided_on IS NOT NULL)", name="voided"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="numbered_when_accepted"),
        Index("uq_bill_contract", "company_id", "contract_id", "period_start", unique=True,
              postgresql_where=text("state <> 'void'")),
        Index("uq_bill_vendor_ref", "company_id", "vendor_id", text("lower(vendor_ref)"), unique=True,
              postgresql_where=text("vendor_ref <> '' AND state <> 'void'")),
        Index("ix_bill_unpaid", "company_id", "vendor_id", "due_on", postgresql_where=text("balance > 0")),
    )  # fmt: skip
    number: Mapped[str | None]
    vendor_id: Mapped[Id] = mapped_column(ForeignKey("vendor.id"), index=True)
    contract_id: Mapped[Id | None] = mapped_column(ForeignKey("vendor_contract.id"))
    vendor_ref: Mapped[str] = mapped_column(default="")
    """The number the vendor printed; the same one twice is refused."""
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    """The first day that is not billed."""
    billed_on: Mapped[date]
    due_on: Mapped[date]
    net: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    balance: Mapped[Money]
    state: Mapped[str] = mapped_column(default="draft")
    voided_on: Mapped[date | None]
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    idempotency_key: Mapped[str | None]
    made_by: Mapped[str]
    vendor: Mapped[Vendor] = relationship()
    lines: Mapped[list[BillLine]] = relationship(order_by="BillLine.position", cascade="all, delete-orphan")


class BillLine(Owned, Base):
    """One thing on a bill; `tax` is input tax that may be set off (1130)."""

    __tablename__ = "bill_line"
    __table_args__ = (UniqueConstraint("company_id", "bill_id", "position"),)
    bill_id: Mapped[Id] = mapped_column(ForeignKey("bill.id"), index=True)
    position: Mapped[int]
    description: Mapped[str]
    quantity: Mapped[Rate]
    unit_price: Mapped[Rate]
    amount: Mapped[Money]
    tax: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    account_code: Mapped[str]


class VendorPayment(Owned, Base):
    """Money given to a vendor; what no bill takes is an advance to him, a debit within 2300."""

    __tablename__ = "vendor_payment"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("amount >= 0 AND withheld >= 0 AND amount + withheld > 0", name="amount"),
        CheckConstraint("unallocated BETWEEN 0 AND amount + withheld", name="unallocated"),
        CheckConstraint("state IN ('paid', 'reversed')", name="state"),
        CheckConstraint("(state = 'reversed') = (reversed_on IS NOT NULL)", name="reversed"),
    )
    number: Mapped[str]
    vendor_id: Mapped[Id] = mapped_column(ForeignKey("vendor.id"), index=True)
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    amount: Mapped[Money]
    withheld: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """Tax kept back for the authority (2120); it settles the bill like money."""
    unallocated: Mapped[Money]
    paid_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="paid")
    reversed_on: Mapped[date | None]
    made_by: Mapped[str]
    idempotency_key: Mapped[str]


class VendorCredit(Owned, Base):
    """The vendor's credit note on one bill: it settles what is unpaid of it, the rest is an advance he holds."""

    __tablename__ = "vendor_credit"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("total > 0 AND total = net + tax", name="total"),
        CheckConstraint("unallocated BETWEEN 0 AND total", name="unallocated"),
        CheckConstraint("reason <> ''", name="reason"),
    )
    number: Mapped[str]
    vendor_id: Mapped[Id] = mapped_column(ForeignKey("vendor.id"), index=True)
    bill_id: Mapped[Id] = mapped_column(ForeignKey("bill.id"), index=True)
    vendor_ref: Mapped[str] = mapped_column(default="")
    """The number the vendor printed."""
    reason: Mapped[str]
    credited_on: Mapped[date]
    net: Mapped[Money]
    tax: Mapped[Money]
    total: Mapped[Money]
    unallocated: Mapped[Money]
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    idempotency_key: Mapped[str]
    made_by: Mapped[str]


class VendorCreditLine(Owned, Base):
    """The part of one line of the bill that is taken back, and of its input tax."""

    __tablename__ = "vendor_credit_line"
    __table_args__ = (UniqueConstraint("company_id", "credit_id", "bill_line_id"),)
    credit_id: Mapped[Id] = mapped_column(ForeignKey("vendor_credit.id"))
    bill_line_id: Mapped[Id] = mapped_column(ForeignKey("bill_line.id"), index=True)
    amount: Mapped[Money]
    tax: Mapped[Money]


class VendorAllocation(Owned, Base):
    """A part of a payment or credit that settled a bill on a day. Append-only: undone by a row with the other sign."""

    __tablename__ = "vendor_allocation"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(payment_id IS NULL) <> (credit_id IS NULL)", name="source"),
    )
    payment_id: Mapped[Id | None] = mapped_column(ForeignKey("vendor_payment.id"), index=True)
    credit_id: Mapped[Id | None] = mapped_column(ForeignKey("vendor_credit.id"), index=True)
    bill_id: Mapped[Id] = mapped_column(ForeignKey("bill.id"), index=True)
    amount: Mapped[Money]
    allocated_on: Mapped[date]


class ExpenseCategory(Owned, Base):
    """The company's own word for what it spends on, and the account it goes to."""

    __tablename__ = "expense_category"
    __table_args__ = (
        UniqueConstraint("company_id", "name"),
        ForeignKeyConstraint(["company_id", "account_code"], ["account.company_id", "account.code"]),
    )
    name: Mapped[str]
    account_code: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class RecurringExpense(Owned, Base):
    """An expense that comes back: rent, licence fees. It proposes; a person pays."""

    __tablename__ = "recurring_expense"
    __table_args__ = (
        CheckConstraint("net > 0 AND tax >= 0", name="amount"),
        CheckConstraint("interval_months BETWEEN 1 AND 36", name="interval_months"),
    )
    category_id: Mapped[Id] = mapped_column(ForeignKey("expense_category.id"))
    vendor_id: Mapped[Id | None] = mapped_column(ForeignKey("vendor.id"))
    description: Mapped[str]
    net: Mapped[Money]
    tax: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    interval_months: Mapped[int] = mapped_column(default=1)
    starts_on: Mapped[date]
    """Its day of the month is kept; a shorter month takes its last day."""
    next_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The first day it is no longer proposed for."""
    made_by: Mapped[str]


class Expense(Owned, Base):
    """Money spent, or asked for: asked → approved → paid, or refused; on credit it becomes a vendor's bill."""

    __tablename__ = "expense"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        UniqueConstraint("company_id", "recurring_id", "asked_on"),
        CheckConstraint("net > 0 AND tax >= 0 AND total = net + tax", name="amount"),
        CheckConstraint("state IN ('asked', 'approved', 'paid', 'refused')", name="state"),
        CheckConstraint("approved_by IS NULL OR approved_by <> asked_by", name="two_persons"),
        CheckConstraint("cash_account_id IS NULL OR bill_id IS NULL", name="cash_or_credit"),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
    )
    number: Mapped[str]
    category_id: Mapped[Id] = mapped_column(ForeignKey("expense_category.id"), index=True)
    recurring_id: Mapped[Id | None] = mapped_column(ForeignKey("recurring_expense.id"))
    vendor_id: Mapped[Id | None] = mapped_column(ForeignKey("vendor.id"))
    description: Mapped[str]
    net: Mapped[Money]
    tax: Mapped[Money] = mapped_column(default=Decimal("0.00"))
    """Input tax that may be set off (1130)."""
    total: Mapped[Money]
    asked_on: Mapped[date]
    paid_on: Mapped[date | None]
    """The accounting day: paid from an account, or billed on credit."""
    cash_account_id: Mapped[Id | None] = mapped_column(ForeignKey("cash_account.id"), index=True)
    bill_id: Mapped[Id | None] = mapped_column(ForeignKey("bill.id"))
    document_id: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    state: Mapped[str] = mapped_column(default="asked")
    asked_by: Mapped[str]
    approved_by: Mapped[str | None]
    """Empty where no approval was needed; for a refusal, who refused."""
    note: Mapped[str] = mapped_column(default="")
    idempotency_key: Mapped[str]
    category: Mapped[ExpenseCategory] = relationship()
