"""Accounts, journal entries and their postings: append only, each entry adding up to zero.

The database enforces it (migrations): a deferred trigger refuses an entry that does not balance or has
fewer than two postings, and UPDATE and DELETE are refused outright. A correction is a reversal. Triggers also
refuse what belongs to a closed period, an unknown kind, a line added to an entry of an earlier transaction, and a
control account without its party or by hand (migrations/sql/ledger.sql).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Money, Owned
from core.ids import Id


class Account(Owned, Base):
    """A line of the chart of accounts."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("company_id", "code"),
        CheckConstraint("type IN ('asset', 'liability', 'equity', 'income', 'expense')", name="type"),
    )
    code: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    control: Mapped[str] = mapped_column(default="")
    """The subledger that alone may post here: customer, staff, vendor; empty for none."""


class JournalEntry(Owned, Base):
    """One business event in the books; the same event cannot post twice."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("company_id", "kind", "source_id"),
        UniqueConstraint("company_id", "reverses_id"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        CheckConstraint("posted_on BETWEEN '2000-01-01' AND '2099-12-31'", name="posted_on"),
        Index("ix_journal_entry_origin", "company_id", "origin", postgresql_where=text("origin <> ''")),
    )
    kind: Mapped[str]
    source_id: Mapped[Id]
    """The document it comes from: invoice, payment, expense, or the entry it reverses."""
    posted_on: Mapped[date]
    """The accounting day in the company's time zone."""
    memo: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    origin: Mapped[str] = mapped_column(default="")
    """Where the event came from: `message:<id>`, `panel:<action>`, `run:<id>`, `demo`."""
    reverses_id: Mapped[Id | None] = mapped_column(ForeignKey("journal_entry.id"))
    postings: Mapped[list[Posting]] = relationship(primaryjoin="JournalEntry.id == foreign(Posting.entry_id)")


class Posting(Owned, Base):
    """A signed amount on one account: debit positive, credit negative.

    Triggers see to it that entry and account exist (migrations/sql/guards_in_sets.sql), once a statement.
    """

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index("ix_posting_account", "company_id", "account_id", "posted_on",
              postgresql_include=["amount", "area_id", "plan_id"]),
        Index("ix_posting_entry", "company_id", "entry_id"),
        Index("ix_posting_party", "company_id", "party_id", "account_id", postgresql_include=["amount"],
              postgresql_where=text("party_id IS NOT NULL")),
    )  # fmt: skip
    entry_id: Mapped[Id]
    account_id: Mapped[Id]
    party_id: Mapped[Id | None]
    """The customer, employee or vendor of a control account."""
    posted_on: Mapped[date]
    amount: Mapped[Money]
    area_id: Mapped[Id | None]
    plan_id: Mapped[Id | None]
    """What reports split by; no foreign keys, since the ledger lies below both."""


class EntryCheck(Owned, Base):
    """An entry that got lines which do not add up by themselves: it is looked at again when its transaction ends.

    Written and emptied by triggers. Lines that come in one statement and add up, as they nearly always do, need none.
    """

    __tablename__ = "entry_check"
    entry_id: Mapped[Id]
