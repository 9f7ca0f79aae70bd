"""Terms that somebody asks for and somebody else allows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned
from core.ids import Id

KINDS = ("discount", "plan_price", "promise_extension")


class TermsRequest(Owned, Base):
    """A discount, a price or a longer promise that goes beyond what the asker may grant; decided once."""

    __tablename__ = "terms_request"
    __table_args__ = (
        UniqueConstraint("company_id", "number"),
        UniqueConstraint("company_id", "idempotency_key"),
        CheckConstraint("kind IN ('discount', 'plan_price', 'promise_extension')", name="kind"),
        CheckConstraint("state IN ('asked', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided"),
        Index("ix_terms_request_asked", "company_id", "asked_at", postgresql_where=text("state = 'asked'")),
    )
    number: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    """Whom or what it is about, as people call it."""
    customer_id: Mapped[Id | None]
    amount: Mapped[Money]
    """What it costs or promises; a percentage of a discount stands in `terms`."""
    terms: Mapped[Json]
    """Exactly what is done once it is allowed."""
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    idempotency_key: Mapped[str]


class TermsPolicy(Owned, Base):
    """What a manager may grant alone; a company without a row takes the defaults of `core.staff.terms`."""

    __tablename__ = "terms_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("discount_percent_free BETWEEN 0 AND 100 AND discount_amount_free >= 0", name="sensible"),
    )
    discount_percent_free: Mapped[int]
    discount_amount_free: Mapped[Money]
    """Of one interval."""
    price_needs_owner: Mapped[bool]
