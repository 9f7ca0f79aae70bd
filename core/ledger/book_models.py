"""What keeps the books beside the journal: closings, monthly totals, manual entries, opening balances, policy."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned
from core.ids import Id


class PeriodEvent(Owned, Base):
    """A closing or a reopening of the books; append-only, the newest row says what is closed now."""

    __tablename__ = "period_event"
    __table_args__ = (
        UniqueConstraint("company_id", "serial"),
        CheckConstraint("action IN ('close', 'reopen')", name="action"),
        CheckConstraint("action <> 'reopen' OR reason <> ''", name="reopened_with_reason"),
        CheckConstraint("hard_through IS NULL OR soft_through >= hard_through", name="hard_within_soft"),
        CheckConstraint("totals_through IS NULL OR totals_through <= soft_through", name="totals_within_soft"),
    )
    serial: Mapped[int]
    """1 for the company's first closing."""
    action: Mapped[str]
    soft_through: Mapped[date | None]
    """After this event, the last day into which only an accountant may post; None while all is open."""
    hard_through: Mapped[date | None]
    """After this event, the last day into which nobody may post."""
    totals_through: Mapped[date | None]
    """The last day that monthly totals cover: the end of the last whole month that is closed."""
    reason: Mapped[str] = mapped_column(default="")
    done_by: Mapped[str]
    done_at: Mapped[datetime]


class AccountMonth(Owned, Base):
    """What an account moved in a closed month, by area and plan; made at closing, thrown away at reopening.

    A trigger adds what an accountant posts into a month that is closed softly.
    """

    __tablename__ = "account_month"
    __table_args__ = (
        UniqueConstraint(
            "company_id", "account_id", "month", "area_id", "plan_id", "closing", name="uq_account_month_row",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
    )  # fmt: skip
    account_id: Mapped[Id] = mapped_column(ForeignKey("account.id"))
    month: Mapped[date]
    """Its first day."""
    area_id: Mapped[Id | None]
    plan_id: Mapped[Id | None]
    closing: Mapped[bool]
    """Whether these are lines of year closings, which a profit and loss leaves out."""
    debit: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    credit: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    """Positive."""


class LedgerPolicy(Owned, Base):
    """A company's choices for its books; one row, made with the chart of accounts."""

    __tablename__ = "ledger_policy"
    __table_args__ = (UniqueConstraint("company_id"), CheckConstraint("manual_limit >= 0", name="manual_limit"))
    manual_limit: Mapped[Money] = mapped_column(default=Decimal("50000.00"))
    """A manual entry above this waits for a second person."""
    accountants: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    """Actors who may adjust a softly closed period, for example `staff:<id>`."""


class ManualEntry(Owned, Base):
    """An entry that a person writes for a reason; above the policy's limit a second person approves it."""

    __tablename__ = "manual_entry"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        CheckConstraint("state IN ('waiting', 'posted', 'refused')", name="state"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_persons"),
        Index("ix_manual_entry_waiting", "company_id", "posted_on", postgresql_where=text("state = 'waiting'")),
    )
    number: Mapped[str]
    posted_on: Mapped[date]
    reason: Mapped[str]
    amount: Mapped[Money]
    """The sum of its debits."""
    document_id: Mapped[Id | None]
    """A file in the vault; no foreign key, since the ledger lies below it."""
    state: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    """Who approved or refused it; None for what is within the limit."""
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[ManualEntryLine]] = relationship(order_by="ManualEntryLine.position")


class ManualEntryLine(Owned, Base):
    """One side of a manual entry: debit positive, credit negative."""

    __tablename__ = "manual_entry_line"
    __table_args__ = (
        UniqueConstraint("company_id", "manual_entry_id", "position"),
        CheckConstraint("amount <> 0", name="amount"),
    )
    manual_entry_id: Mapped[Id] = mapped_column(ForeignKey("manual_entry.id"), index=True)
    position: Mapped[int]
    account_code: Mapped[str]
    amount: Mapped[Money]
    area_id: Mapped[Id | None]
    plan_id: Mapped[Id | None]


class OpeningBalance(Owned, Base):
    """What an account, or one party of a control account, brought into these books; once, unless withdrawn."""

    __tablename__ = "opening_balance"
    __table_args__ = (
        Index("uq_opening_balance_live", "company_id", "account_id", "party_id", unique=True,
              postgresql_nulls_not_distinct=True, postgresql_where=text("withdrawn_on IS NULL")),
        CheckConstraint("amount <> 0", name="amount"),
    )  # fmt: skip
    account_id: Mapped[Id] = mapped_column(ForeignKey("account.id"))
    party_id: Mapped[Id | None]
    amount: Mapped[Money]
    """Debit positive, credit negative."""
    entry_id: Mapped[Id] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    withdrawn_on: Mapped[date | None]
    """The day its entry was reversed, after which it may be opened anew."""
