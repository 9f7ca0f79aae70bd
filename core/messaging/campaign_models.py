"""Campaigns: one message to many, what it costs, who agreed to it, and whom it has reached so far."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned
from core.ids import Id

STATES = ("draft", "waiting", "running", "paused", "done", "cancelled", "refused")
VARIANTS = ("a", "b")


class Campaign(Owned, Base):
    """A template sent to a part of the customers; its people are looked up slice by slice while it runs."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("share_b BETWEEN 0 AND 100", name="share_b"),
        CheckConstraint("(template_b = '') = (share_b = 0)", name="template_b"),
        CheckConstraint("approved_by = '' OR approved_by <> written_by", name="second_person"),
        Index("ix_campaign_running", "company_id", postgresql_where=text("state = 'running'")),
    )
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    template: Mapped[str]
    """Name of the template without `_roman`; each person gets it in his language."""
    template_b: Mapped[str] = mapped_column(default="")
    """A second wording; empty where there is none."""
    share_b: Mapped[int] = mapped_column(default=0)
    """Of 100 people how many get the second wording; who does follows from campaign and person alone."""
    values: Mapped[Json] = mapped_column(default=dict)
    """Variables that are the same for everybody: `{"en": {"offer": …}, "ur_Latn": …, "ur": …}`."""
    segment: Mapped[Json] = mapped_column(default=dict)
    """`core.usecases.campaign_audience.Segment` as written."""
    marketing: Mapped[bool] = mapped_column(default=True)
    """It sells something: nobody gets it who has stopped marketing."""
    starts_at: Mapped[datetime]
    """Not before this instant."""
    written_by: Mapped[str]
    approved_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    """Why it was refused or cancelled."""
    expected: Mapped[int] = mapped_column(default=0)
    """How many people the dry run counted when it was handed in."""
    expected_cost: Mapped[Decimal] = mapped_column(Numeric(14, 2), default=Decimal(0))
    reached: Mapped[Id | None]
    """The last customer whose turn it was; the next slice begins after him."""
    queued: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    """Looked at but not written to: no approved wording in their language, or written to already."""
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class CampaignPerson(Owned, Base):
    """A person whom a campaign has written to; a person who has several accounts is written to once."""

    __tablename__ = "campaign_person"
    __table_args__ = (
        UniqueConstraint("company_id", "campaign_id", "contact_id"),
        CheckConstraint("variant IN ('a', 'b')", name="variant"),
    )
    campaign_id: Mapped[Id] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    variant: Mapped[str]
    message_id: Mapped[Id] = mapped_column(index=True)
    """In the outbox, which tells how far it came."""


class CampaignPolicy(Owned, Base):
    """One row a company: what messages cost and how many people may be written to."""

    __tablename__ = "campaign_policy"
    __table_args__ = (
        UniqueConstraint("company_id"),
        CheckConstraint("people_a_day BETWEEN 1 AND 10000000", name="people_a_day"),
        CheckConstraint("utility_price >= 0 AND marketing_price >= 0 AND authentication_price >= 0", name="prices"),
    )
    people_a_day: Mapped[int] = mapped_column(default=250)
    """Meta's limit of people a rolling day outside the 24 hours; 250 before the business is verified."""
    utility_price: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(0))
    marketing_price: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(0))
    authentication_price: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(0))
    """Of one delivered message, in the company's currency, from Meta's rate card."""
