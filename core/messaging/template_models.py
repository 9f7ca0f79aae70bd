"""The company's message templates as Meta approves them, and every wording they ever had."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned
from core.ids import Id

STATES = ("draft", "submitted", "approved", "rejected", "paused", "disabled")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
QUALITIES = ("GREEN", "YELLOW", "RED", "UNKNOWN")


class MessageTemplate(Owned, Base):
    """A template in one language; Meta knows it by name and language."""

    __tablename__ = "message_template"
    __table_args__ = (
        UniqueConstraint("company_id", "name", "language"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"category IN {CATEGORIES}", name="category"),
        CheckConstraint(f"quality IN {QUALITIES}", name="quality"),
        CheckConstraint("asked IN ('', 'submit', 'delete')", name="asked"),
        Index("ix_message_template_asked", "company_id", postgresql_where=text("asked <> ''")),
    )
    name: Mapped[str]
    language: Mapped[str]
    """Meta's code, `en` or `ur`; Roman Urdu has none and is `ur` under a name that ends in `_roman`."""
    category: Mapped[str]
    """As asked for, or as Meta has changed it: the price follows it."""
    state: Mapped[str] = mapped_column(default="draft")
    reason: Mapped[str] = mapped_column(default="")
    """Why Meta refused, paused or disabled it, in Meta's words."""
    quality: Mapped[str] = mapped_column(default="UNKNOWN")
    meta_id: Mapped[str] = mapped_column(default="")
    """Empty until Meta has it."""
    version: Mapped[int] = mapped_column(default=1)
    """The newest wording."""
    live_version: Mapped[int | None]
    """The wording that Meta has; messages are filled by this one."""
    asked: Mapped[str] = mapped_column(default="", server_default="")
    """What a worker has yet to ask Meta for: to take the newest wording (`submit`), or to forget it (`delete`)."""
    asked_by: Mapped[str] = mapped_column(default="", server_default="")
    told_at: Mapped[datetime | None]
    """When Meta last told its state."""
    edited_at: Mapped[datetime | None]
    """When Meta last took a change of it: an approved one may be changed once a day."""


class TemplateVersion(Owned, Base):
    """One wording of a template; never changed, so that what was sent can be read as it was."""

    __tablename__ = "template_version"
    __table_args__ = (
        UniqueConstraint("company_id", "template_id", "number"),
        CheckConstraint("header_kind IN ('none', 'text', 'document', 'image')", name="header_kind"),
    )
    template_id: Mapped[Id] = mapped_column(ForeignKey("message_template.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    body: Mapped[str]
    variables: Mapped[Json]
    """Name → example; the names `1`, `2` … where Meta numbers them."""
    header_kind: Mapped[str] = mapped_column(default="none")
    header: Mapped[str] = mapped_column(default="")
    """The words of a text header; of a document or picture the handle of the sample that Meta reviews."""
    header_example: Mapped[str] = mapped_column(default="")
    footer: Mapped[str] = mapped_column(default="")
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    """`[{kind, text, value, example}]`; kinds quick_reply, url, phone."""
    session_body: Mapped[str] = mapped_column(default="")
    """Other words for inside the 24 hours, in Jinja2; empty takes the body."""
    code_minutes: Mapped[int | None]
    """Of a one-time code: after how many minutes it ends."""
    written_by: Mapped[str]
