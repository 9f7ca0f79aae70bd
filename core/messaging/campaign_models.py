"""Campaigns: one message to many, what it costs, who agreed to it, and whom it has reached so far."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Money, Owned
from core.ids import Id

STATES = ("draft", "waiting", "running", "paused", "done", "cancelled", "refused")


class Campaign(Owned, Base):
    """A template sent to a part of the customers; its people are looked up slice by slice while it runs."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("share_b BETWEEN 0 AND 99 AND (template_b = '') = (share_b = 0)", name="second_wording"),
        CheckConstraint("decided_by = '' OR decided_by <> handed_in_by", name="second_person"),
        CheckConstraint("state IN ('draft', 'waiting', 'cancelled') OR decided_by <> ''", name="decided"),
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
    """`core.usecases.campaign_audience.Segment` as `Segment.as_json` writes it."""
    starts_at: Mapped[datetime]
    """Not before this instant."""
    written_by: Mapped[str]
    handed_in_by: Mapped[str] = mapped_column(default="")
    """Who asked for it to be sent; somebody else decides."""
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    """Why it was refused or cancelled."""
    expected: Mapped[int] = mapped_column(default=0)
    """How many people the dry run counted when it was handed in."""
    expected_cost: Mapped[Money] = mapped_column(default=Decimal(0))
    reached: Mapped[Id | None]
    """The last customer whose turn it was; the next slice begins after him."""
    queued: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    """Looked at but not written to: nobody to write to, or no approved wording in his language."""
    all_queued_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class CampaignPerson(Owned, Base):
    """A person whom a campaign has written to; a person who has several accounts is written to once."""

    __tablename__ = "campaign_person"
    __table_args__ = (
        UniqueConstraint("company_id", "campaign_id", "contact_id"),
        CheckConstraint("variant IN ('a', 'b')", name="variant"),
        Index("ix_campaign_person_message", "company_id", "message_id"),
    )
    campaign_id: Mapped[Id] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    variant: Mapped[str]
    message_id: Mapped[Id]
    """In the outbox, which tells how far it came."""
