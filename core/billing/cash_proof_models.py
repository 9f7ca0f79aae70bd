"""What customers say of the cash that an employee received from them in the field."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Money, Owned
from core.ids import Id

STATES = ("waiting", "unreachable", "disputed", "confirmed", "settled", "ended")
"""Waiting for the customer's word; nobody of his is on WhatsApp; he says otherwise; he agreed; the office decided in
the agent's favour; the payment was taken back, so that there is no receipt any more."""
STANDING = STATES[:-1]


class CashProof(Owned, Base):
    """The other side of one cash receipt of an agent: one row a payment, with the state of the customer's word.

    Its state is that of its last event: a trigger refuses another one, so the event goes in first.
    """

    __tablename__ = "cash_proof"
    __table_args__ = (
        UniqueConstraint("company_id", "payment_id"),
        CheckConstraint(
            "state IN ('waiting', 'unreachable', 'disputed', 'confirmed', 'settled', 'ended')", name="state"
        ),
        CheckConstraint("said IN ('', 'other_amount', 'not_paid')", name="said"),
        CheckConstraint("confirmed_by IN ('', 'tap', 'words', 'office')", name="confirmed_by"),
        CheckConstraint("(state = 'confirmed') = (confirmed_by <> '')", name="confirmed"),
        CheckConstraint("state <> 'disputed' OR said <> ''", name="disputed"),
        CheckConstraint("amount_said IS NULL OR said = 'other_amount'", name="amount_said"),
        Index("ix_cash_proof_state", "company_id", "state", "asked_at"),
        Index("ix_cash_proof_agent", "company_id", "agent_id", "state"),
        Index("ix_cash_proof_customer", "company_id", "customer_id", "asked_at"),
    )
    payment_id: Mapped[Id] = mapped_column(ForeignKey("payment.id"))
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    agent_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str]
    said: Mapped[str] = mapped_column(default="", server_default="")
    """What the last dispute was about; kept when it is over."""
    amount_said: Mapped[Money | None]
    """The amount that the customer gave, where he named another one."""
    confirmed_by: Mapped[str] = mapped_column(default="", server_default="")
    asked_at: Mapped[datetime]
    """When the receipt was made, from which its age counts."""


class CashProofEvent(Owned, Base):
    """Who said what about a receipt, and what the proof became by it. Append-only."""

    __tablename__ = "cash_proof_event"
    __table_args__ = (
        UniqueConstraint("company_id", "proof_id", "position"),
        CheckConstraint("what IN ('asked', 'confirmed', 'other_amount', 'not_paid', 'settled', 'ended')", name="what"),
    )
    proof_id: Mapped[Id] = mapped_column(ForeignKey("cash_proof.id"))
    position: Mapped[int]
    """Counted from 1 within the proof."""
    at: Mapped[datetime]
    actor: Mapped[str]
    """Who said it, as in the audit trail: the customer's contact, or the employee who called him."""
    what: Mapped[str]
    amount_said: Mapped[Money | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str]
    """The proof's state from then on."""
