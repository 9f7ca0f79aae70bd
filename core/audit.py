"""The audit trail: written by a database trigger, append-only, partitioned by month."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, PrimaryKeyConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base, Json
from core.ids import Id


class AuditEntry(Base):
    """One change of one row: who, when, old and new values of the columns that changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        PrimaryKeyConstraint("changed_at", "id"),
        Index("ix_audit_entry_row", "company_id", "row_id"),
        {"postgresql_partition_by": "RANGE (changed_at)"},
    )
    id: Mapped[Id] = mapped_column(server_default=text("uuidv7()"))
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    company_id: Mapped[Id | None]
    actor: Mapped[str]
    table_name: Mapped[str]
    row_id: Mapped[Id | None]
    action: Mapped[str]
    old: Mapped[Json | None]
    new: Mapped[Json | None]


def prepare_partitions(session: Session, months_ahead: int) -> None:
    """Make the partitions of this and the coming months; safe to repeat."""
    session.execute(text("SELECT taar_prepare_audit(:months)"), {"months": months_ahead})
