"""The life of one piece: every movement, with who, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.inventory.events import EVENTS
from core.inventory.models import Movement
from core.inventory.places import Place, place_names
from core.staff.people import staff_names


@dataclass(frozen=True)
class Moved:
    """A movement in words; `who` is the employee's name, or the actor where he is none."""

    movement: Movement
    what: str
    source: str
    target: str
    who: str

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.movement.moved_at


def history_of(session: Session, *, item_id: Id) -> list[Moved]:
    """Every movement of a piece, the first first."""
    found = select(Movement).where(Movement.item_id == item_id).order_by(Movement.id)
    return in_words(session, session.scalars(found).all())


def recent_movements(
    session: Session, *, type_id: Id | None = None, place: Place | None = None, document_id: Id | None = None,
    ticket_id: Id | None = None, limit: int = 100,
) -> list[Moved]:  # fmt: skip
    """The last movements, the newest first; of a type, a place, a document (purchase, request, count) or a ticket."""
    found = select(Movement).order_by(Movement.id.desc()).limit(limit)
    if type_id is not None:
        found = found.where(Movement.type_id == type_id)
    if place is not None:
        there = (Movement.to_kind == place.kind) & (Movement.to_id == place.id)
        found = found.where(there | ((Movement.from_kind == place.kind) & (Movement.from_id == place.id)))
    if document_id is not None:
        found = found.where(Movement.document_id == document_id)
    if ticket_id is not None:
        found = found.where(Movement.ticket_id == ticket_id)
    return in_words(session, session.scalars(found).all())


def in_words(session: Session, movements: Sequence[Movement]) -> list[Moved]:
    """The movements with the names of places and people."""
    places = {Place(each.from_kind, each.from_id) for each in movements}
    names = place_names(session, places | {Place(each.to_kind, each.to_id) for each in movements})
    people = {f"staff:{staff_id}": name for staff_id, name in staff_names(session).items()}
    return [
        Moved(each, EVENTS[each.kind].label, names[Place(each.from_kind, each.from_id)],
              names[Place(each.to_kind, each.to_id)], people.get(each.actor, each.actor))
        for each in movements
    ]  # fmt: skip
