"""Walking the books both ways: from an entry to what caused it and its document, and back to the entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased, selectinload

from core.errors import NotFound
from core.ids import Id
from core.ledger.kinds import KINDS, label_of
from core.ledger.models import JournalEntry

ENTRIES = 500


@dataclass(frozen=True)
class Source:
    """Where an entry came from. `origin_kind` is message, panel, run…, `origin_key` what it names.

    `document` is the table that `source_id` is a key of, empty where the kind has none; a reversal gives the
    document of what it reverses, and `reversed_entry_id`.
    """

    entry_id: Id
    kind: str
    label: str
    document: str
    source_id: Id
    origin_kind: str
    origin_key: str
    actor: str
    reversed_entry_id: Id | None
    reversed_by_id: Id | None


def entry_with_postings(session: Session, *, entry_id: Id) -> JournalEntry:
    """The entry with its `postings` loaded; raises NotFound."""
    loaded = select(JournalEntry).options(selectinload(JournalEntry.postings)).where(JournalEntry.id == entry_id)
    entry = session.scalar(loaded)
    if entry is None:
        raise NotFound("There is no such journal entry")
    return entry


def source_of_entry(session: Session, *, entry_id: Id) -> Source:
    """What caused the entry and the document it books; raises NotFound."""
    undo = aliased(JournalEntry)
    row = session.execute(
        select(JournalEntry, undo.id)
        .outerjoin(undo, undo.reverses_id == JournalEntry.id)
        .where(JournalEntry.id == entry_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such journal entry")
    entry, reversed_by = row
    booked = session.get_one(JournalEntry, entry.reverses_id) if entry.reverses_id else entry
    origin_kind, _, origin_key = entry.origin.partition(":")
    return Source(
        entry_id=entry.id, kind=entry.kind, label=label_of(entry.kind),
        document=KINDS[booked.kind].document if booked.kind in KINDS else "", source_id=booked.source_id,
        origin_kind=origin_kind, origin_key=origin_key, actor=entry.actor, reversed_entry_id=entry.reverses_id,
        reversed_by_id=reversed_by,
    )  # fmt: skip


def entries_of_origin(session: Session, *, origin: str, limit: int = ENTRIES) -> Sequence[JournalEntry]:
    """What a chat message (`message:<id>`), a panel action or a run caused, in order of posting."""
    return _entries(session, JournalEntry.origin == origin, limit)


def entries_of_document(session: Session, *, source_id: Id, limit: int = ENTRIES) -> Sequence[JournalEntry]:
    """Every entry that books the document, with their reversals, in order of posting."""
    booked = select(JournalEntry.id).where(JournalEntry.kind.in_(list(KINDS)), JournalEntry.source_id == source_id)
    ids = list(session.scalars(booked))
    return _entries(session, JournalEntry.id.in_(ids) | JournalEntry.reverses_id.in_(ids), limit)


def _entries(session: Session, condition: ColumnElement[bool], limit: int) -> Sequence[JournalEntry]:
    query = select(JournalEntry).options(selectinload(JournalEntry.postings)).where(condition)
    return session.scalars(query.order_by(JournalEntry.id).limit(limit)).all()
