"""What the bank says, line by line, and how it was brought together with the books."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from core.db import Base, Money, Owned
from core.ids import Id


class StatementImport(Owned, Base):
    """A statement file as it was read; the file itself is in the vault under its hash."""

    __tablename__ = "statement_import"
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    filename: Mapped[str]
    format: Mapped[str]
    """csv, xlsx, ofx, mt940 or camt053."""
    sha256: Mapped[str]
    opening: Mapped[Money | None]
    closing: Mapped[Money | None]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    line_count: Mapped[int]
    new_count: Mapped[int]
    warnings: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    withdrawn_by: Mapped[str] = mapped_column(default="")
    """Who took its lines out again, having read it with a wrong mapping."""
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]


class BankMatch(Owned, Base):
    """Bank lines and postings that are the same money: their sums are equal.

    Without a line it sets postings off against each other (an entry and its reversal).
    """

    __tablename__ = "bank_match"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('existing', 'payment', 'claim', 'movement', 'expense', 'vendor_payment', 'transfer',"
            " 'settlement', 'set_off')",
            name="kind",
        ),
    )
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"), index=True)
    kind: Mapped[str]
    """What confirming it booked; `existing` booked nothing."""
    source_id: Mapped[Id | None]
    """The payment, movement, expense, vendor's payment or transfer that was booked for it."""
    reason: Mapped[str] = mapped_column(default="")
    matched_by: Mapped[str]
    matched_at: Mapped[datetime]
    reconciliation_id: Mapped[Id | None] = mapped_column(ForeignKey("reconciliation.id"), index=True)
    """Locked by this reconciliation."""


class MatchedPosting(Owned, Base):
    """The books' side of a match; a posting is matched once."""

    __tablename__ = "matched_posting"
    __table_args__ = (UniqueConstraint("company_id", "posting_id"),)
    match_id: Mapped[Id] = mapped_column(ForeignKey("bank_match.id"), index=True)
    posting_id: Mapped[Id] = mapped_column(ForeignKey("posting.id"))


class BankLine(Owned, Base):
    """One line of the bank's statement, imported once and never changed.

    Its identity is account, day, amount, reference and text (`fingerprint`) and its ordinal among equal lines.
    """

    __tablename__ = "bank_line"
    __table_args__ = (
        UniqueConstraint("company_id", "cash_account_id", "fingerprint", "ordinal"),
        CheckConstraint("amount <> 0 OR kind = 'opening'", name="amount"),
        CheckConstraint("kind IN ('line', 'opening')", name="kind"),
        Index("uq_bank_line_opening", "company_id", "cash_account_id", unique=True,
              postgresql_where=text("kind = 'opening'")),
        Index("ix_bank_line_day", "company_id", "cash_account_id", "booked_on", "position"),
        Index("ix_bank_line_open", "company_id", "cash_account_id", postgresql_where=text("match_id IS NULL")),
    )  # fmt: skip
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"))
    import_id: Mapped[Id | None] = mapped_column(ForeignKey("statement_import.id"), index=True)
    kind: Mapped[str] = mapped_column(default="line")
    """`opening` is the balance before the first line, so that the lines always add up to the statement's balance."""
    booked_on: Mapped[date]
    value_on: Mapped[date | None]
    amount: Mapped[Money]
    """Positive for money that came in."""
    reference: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    payer_name: Mapped[str] = mapped_column(default="")
    payer_account: Mapped[str] = mapped_column(default="")
    bank_id: Mapped[str] = mapped_column(default="")
    """What the bank calls the line; banks do not keep it stable, so it is no part of the identity."""
    raw: Mapped[str] = mapped_column(default="")
    balance_after: Mapped[Money | None]
    fingerprint: Mapped[str]
    ordinal: Mapped[int]
    position: Mapped[int]
    """Order within the day."""
    booked_times: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often something was booked for it; more than once after an undo."""
    match_id: Mapped[Id | None] = mapped_column(ForeignKey("bank_match.id"), index=True)
    reconciliation_id: Mapped[Id | None] = mapped_column(ForeignKey("reconciliation.id"))


class BankRule(Owned, Base):
    """What a person taught: a line with these words goes to this account."""

    __tablename__ = "bank_rule"
    __table_args__ = (
        UniqueConstraint("company_id", "words", "direction", "cash_account_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
    )
    words: Mapped[str]
    """Folded words, in order, that the line's text must hold (see `reconciliation_rules.words_of`)."""
    direction: Mapped[str]
    account_code: Mapped[str]
    cash_account_id: Mapped[Id | None] = mapped_column(ForeignKey("cash_account.id"))
    """Only for this account; empty for all."""
    automatic: Mapped[bool] = mapped_column(default=False)
    """Booked without asking."""
    made_by: Mapped[str]


class Reconciliation(Owned, Base):
    """A saved statement that books and bank agree but for the listed items; frozen, and at most reopened."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        Index("uq_reconciliation_standing", "company_id", "cash_account_id", "statement_on", unique=True,
              postgresql_where=text("reopened_at IS NULL")),
        CheckConstraint("reopened_at IS NULL OR reopen_reason <> ''", name="reopen_reason"),
    )  # fmt: skip
    cash_account_id: Mapped[Id] = mapped_column(ForeignKey("cash_account.id"))
    statement_on: Mapped[date]
    book_balance: Mapped[Money]
    statement_balance: Mapped[Money]
    book_only: Mapped[Money]
    statement_only: Mapped[Money]
    """book_balance - statement_balance = book_only - statement_only."""
    note: Mapped[str] = mapped_column(default="")
    closed_by: Mapped[str]
    closed_at: Mapped[datetime]
    reopened_at: Mapped[datetime | None]
    """When the owner took it back: it holds nothing any more."""
    reopened_by: Mapped[str] = mapped_column(default="", server_default="")
    reopen_reason: Mapped[str] = mapped_column(default="", server_default="")


class ReconciliationItem(Owned, Base):
    """What stood on one side only when the reconciliation was saved."""

    __tablename__ = "reconciliation_item"
    __table_args__ = (CheckConstraint("(posting_id IS NULL) <> (line_id IS NULL)", name="one_side"),)
    reconciliation_id: Mapped[Id] = mapped_column(ForeignKey("reconciliation.id"), index=True)
    posting_id: Mapped[Id | None] = mapped_column(ForeignKey("posting.id"))
    line_id: Mapped[Id | None] = mapped_column(ForeignKey("bank_line.id"))
    amount: Mapped[Money]
