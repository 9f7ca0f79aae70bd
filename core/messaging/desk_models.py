"""Who of the office talks to a customer from his own phone."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned
from core.ids import Id


class DeskTalk(Owned, Base):
    """An employee has a customer's chat on his own WhatsApp: what the customer writes comes to him.

    It counts only while the conversation itself names him; a colleague who takes the chat ends it.
    """

    __tablename__ = "desk_talk"
    __table_args__ = (
        UniqueConstraint("company_id", "conversation_id"),
        Index("uq_desk_talk_speaking", "company_id", "staff_id", unique=True, postgresql_where=text("speaking")),
    )
    conversation_id: Mapped[Id] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    staff_id: Mapped[Id] = mapped_column(ForeignKey("staff.id"))
    contact_id: Mapped[Id] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    """The employee's own."""
    business_number_id: Mapped[Id] = mapped_column(ForeignKey("business_number.id"))
    """The number he writes to."""
    speaking: Mapped[bool] = mapped_column(default=True)
    """All that he writes goes to the customer; otherwise only what he quotes."""
