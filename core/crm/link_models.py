"""Who asked to be let into which account, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id

LINK_STATES = ("code", "linked", "waiting", "approved", "refused", "cancelled", "undone", "over")


class LinkRequest(Owned, Base):
    """A person asks to act for an account: by a code sent to those who do already, or by the office's yes.

    A request for an account that does not exist is kept like any other, so that nobody learns which ones do.
    """

    __tablename__ = "link_request"
    __table_args__ = (
        CheckConstraint(
            "state IN ('code', 'linked', 'waiting', 'approved', 'refused', 'cancelled', 'undone', 'over')",
            name="state",
        ),
        Index("ix_link_request_contact", "company_id", "contact_id", "asked_at"),
        Index("ix_link_request_customer", "company_id", "customer_id", "asked_at"),
        Index("ix_link_request_waiting", "company_id", "asked_at", postgresql_where=text("state = 'waiting'")),
    )
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    customer_id: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    """None for a number that no account has."""
    wanted: Mapped[str]
    """The account number as the person gave it."""
    state: Mapped[str] = mapped_column(default="code")
    code_hash: Mapped[str]
    code_expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sent_to: Mapped[int] = mapped_column(default=0)
    """How many people got the code."""
    note: Mapped[str] = mapped_column(default="")
    """What the person told the office."""
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    """The actor, as in the audit trail."""
    decision_note: Mapped[str] = mapped_column(default="")
