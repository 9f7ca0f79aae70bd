"""What came in, what goes out, and the state of every conversation."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Keyed, Owned, Rate
from core.ids import Id

LANES = ("urgent", "reply", "notice", "billing", "bulk")
"""Lanes of the outbox in order of priority; RQ queues carry the same names."""


class WebhookEvent(Keyed, Base):
    """A signed webhook body as it came, kept before anything is done with it. Platform-wide."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'done', 'failed')", name="state"),
        Index("ix_webhook_event_waiting", "next_try_at", postgresql_where=text("state <> 'done'")),
    )
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    """When the sweep may take it up; moved ahead while a process works on it."""
    error: Mapped[str] = mapped_column(default="")


class Conversation(Owned, Base):
    """One person's talk with one business number; the row is locked for the length of a turn."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("company_id", "contact_id", "business_number_id"),
        Index("ix_conversation_human", "company_id", "human_since", postgresql_where=text("human_since IS NOT NULL")),
    )
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    state: Mapped[Json] = mapped_column(default=dict)
    """`{flow, parked, later, file, run, tries, account, role, words, sorry_at}`: names only, no positions. `flow` and
    `parked` are `{flow, run, asked, answers, asked_at, heard}`; `words` are those for which an account was asked;
    `later` are wishes that wait for the flow before them, `file` is what came before it was said what it is for."""
    last_inbound_at: Mapped[datetime | None]
    """The newest message's own timestamp; the 24-hour window counts from it."""
    human_since: Mapped[datetime | None]
    """Since when a person answers instead of the bot, or is waited for; None while the bot does."""
    human_staff_id: Mapped[Id | None] = mapped_column(ForeignKey("staff.id"))
    """Who has taken the chat over; None while nobody has."""
    human_by: Mapped[str] = mapped_column(default="", server_default="")
    """The actor who handed it over: the person himself, or the employee who took it."""
    human_due_at: Mapped[datetime | None]
    """When it returns to the bot by itself; moved on by every answer."""
    answered_at: Mapped[datetime | None]
    """When an employee last wrote in it."""


class InboundMessage(Owned, Base):
    """A message from a person; unique by Meta's id, so it acts once."""

    __tablename__ = "inbound_message"
    __table_args__ = (
        UniqueConstraint("company_id", "wamid"),
        Index("ix_inbound_message_contact", "company_id", "contact_id", "sent_at"),
        Index("ix_inbound_message_corrects", "company_id", "corrects", postgresql_where=text("corrects IS NOT NULL")),
    )
    wamid: Mapped[str]
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    event_id: Mapped[Id | None]
    type: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    """What the person said or the title he tapped, for reading."""
    content: Mapped[Json]
    """The message as it came."""
    read_as: Mapped[Json | None]
    """What the bot made of it: `{intent, flow, asked}`, the last two as the conversation stood after the answer."""
    sent_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    """When the person changed his words; `text` holds the new ones."""
    deleted_at: Mapped[datetime | None]
    """When the person took the message back."""
    corrects: Mapped[str | None]
    """Meta's id of the earlier message whose words this one changes or takes back; that one may come later."""


class OutboundMessage(Owned, Base):
    """The outbox: a message to a person and what became of it."""

    __tablename__ = "outbound_message"
    __table_args__ = (
        UniqueConstraint("company_id", "dedupe_key"),
        CheckConstraint("lane IN ('urgent', 'reply', 'notice', 'billing', 'bulk')", name="lane"),
        CheckConstraint(
            "state IN ('queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'failed', 'unknown',"
            " 'expired', 'cancelled')",
            name="state",
        ),
        CheckConstraint("cost_state IN ('', 'reserved', 'spent', 'released')", name="cost_state"),
        Index("ix_outbound_message_queued", "company_id", "business_number_id", "lane", "id",
              postgresql_where=text("state = 'queued'")),
        Index("ix_outbound_message_wamid", "company_id", "wamid", postgresql_where=text("wamid IS NOT NULL")),
        Index("ix_outbound_message_contact", "company_id", "contact_id", "id"),
        Index("ix_outbound_message_sealed", "company_id", "expires_at", postgresql_where=text("sealed IS NOT NULL")),
        Index("ix_outbound_message_doubtful", "state_since",
              postgresql_where=text("state IN ('sending', 'unknown')")),
        Index("ix_outbound_message_quota", "company_id", "quota_at", "contact_id",
              postgresql_where=text("quota_at IS NOT NULL")),
        Index("ix_outbound_message_charged", "company_id", "charged_on",
              postgresql_where=text("charged_on IS NOT NULL")),
    )  # fmt: skip
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    lane: Mapped[str]
    kind: Mapped[str]
    """The Graph type: text, interactive, image, document, template, or `read` for a read mark."""
    payload: Mapped[Json]
    """The Graph body without recipient; an attachment's media id is put in at sending."""
    text: Mapped[str] = mapped_column(default="")
    """The words in it, for reading in the panel."""
    attachment: Mapped[Json | None]
    """`{"source": "invoice_pdf" | "document", "id": ...}`, loaded and uploaded at sending."""
    template: Mapped[Json | None]
    """The twin to send once the 24-hour window is closed: `{"name", "language", "parameters"}`."""
    sealed: Mapped[str | None]
    """The one-time code that takes its place in the payload at sending, sealed by the vault; gone once the message is
    accepted, failed or expired."""
    marketing: Mapped[bool] = mapped_column(default=False, server_default="false")
    """It sells something: never sent to who has stopped marketing."""
    dedupe_key: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    state_since: Mapped[datetime]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    wamid: Mapped[str | None]
    error_code: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    category: Mapped[str] = mapped_column(default="", server_default="")
    """What Meta bills it as, one of `sending_models.CATEGORIES`; empty until it is sent and for a read mark."""
    in_window: Mapped[bool | None]
    """Whether the 24-hour window was open when it was taken for sending; None before."""
    price: Mapped[Rate] = mapped_column(default=Decimal(0), server_default="0")
    """What it costs at most, in the company's currency: twice the list's price once it was sent again in doubt."""
    cost_state: Mapped[str] = mapped_column(default="", server_default="")
    """`reserved` before it is sent, `spent` once Meta bills it, `released` where it does not or nothing was sent."""
    charged_on: Mapped[date | None]
    """The company's day whose budget it counts to."""
    quota_at: Mapped[datetime | None]
    """When it took the person's place among those whom the portfolio reaches outside the window in 24 hours; None
    where it takes none, or Meta did not count it."""


class StatusUpdate(Owned, Base):
    """A delivery status as Meta told it; kept also when its message is not known (yet)."""

    __tablename__ = "status_update"
    __table_args__ = (UniqueConstraint("company_id", "wamid", "status"),)
    wamid: Mapped[str]
    status: Mapped[str]
    told_at: Mapped[datetime]
    message_id: Mapped[Id | None]
    content: Mapped[Json]
