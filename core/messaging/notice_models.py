"""What the company itself has decided about the notices that go out by themselves."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Json, Owned


class NoticeRule(Owned, Base):
    """One kind of automatic notice; a company without a row for it has the usual."""

    __tablename__ = "notice_rule"
    __table_args__ = (
        UniqueConstraint("company_id", "kind"),
        CheckConstraint("send_hour IS NULL OR send_hour BETWEEN 0 AND 23", name="send_hour"),
    )
    kind: Mapped[str]
    """A key of `core.messaging.notice_rules.KINDS`."""
    is_on: Mapped[bool] = mapped_column(default=True)
    send_hour: Mapped[int | None]
    """Not before this hour of the company's day; None as soon as it happens."""
    words: Mapped[Json] = mapped_column(default=dict)
    """Own words for inside the 24 hours by language, in Jinja2; a language without has the usual ones."""
