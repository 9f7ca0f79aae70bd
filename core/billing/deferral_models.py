"""Revenue billed in advance of its months: what of an invoice is deferred (2220), and how it leaves there."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
from core.ids import Id


class Deferral(Owned, Base):
    """The net of one invoice line that stands in 2220 until its days are served; what is left never goes below zero."""

    __tablename__ = "deferral"
    __table_args__ = (
        UniqueConstraint("company_id", "invoice_line_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("earned >= 0 AND taken >= 0 AND earned + taken <= amount", name="parts"),
        Index("ix_deferral_open", "company_id", "id", postgresql_where=text("earned + taken < amount")),
    )
    invoice_line_id: Mapped[Id] = mapped_column(ForeignKey("invoice_line.id"))
    amount: Mapped[Money]
    """The line's net, as it was credited to 2220 with the invoice."""
    earned: Mapped[Money]
    """Released to the line's income account, month by month."""
    taken: Mapped[Money]
    """What a credit note, a write-off or the voiding of the invoice took out unearned."""


class DeferralMove(Owned, Base):
    """A part of a deferral leaves 2220 (negative: comes back); append only."""

    __tablename__ = "deferral_move"
    __table_args__ = (
        CheckConstraint("kind IN ('earned', 'credited', 'written_off', 'voided')", name="kind"),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_deferral_move_day", "company_id", "moved_on", postgresql_include=["deferral_id", "amount"]),
    )
    deferral_id: Mapped[Id] = mapped_column(ForeignKey("deferral.id"), index=True)
    kind: Mapped[str]
    moved_on: Mapped[date]
    """The day of the entry."""
    amount: Mapped[Money]
    source_id: Mapped[Id] = mapped_column(index=True)
    """The document of the entry: the month of revenue, the credit note, the write-off, or the voided invoice."""


class RevenueMonth(Owned, Base):
    """A month whose part of the deferred revenue is earned: one entry for all invoices, on the month's last day."""

    __tablename__ = "revenue_month"
    __table_args__ = (
        UniqueConstraint("company_id", "month"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("earned >= 0", name="earned"),
    )
    month: Mapped[date]
    """Its first day."""
    earned: Mapped[Money]
    lines: Mapped[int]
    """Of how many invoice lines a part was earned; without any there is no entry."""
