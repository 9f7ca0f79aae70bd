"""Who an actor is: the audit trail, the journal and documents name people as `staff:<id>`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ids import Id
from core.staff.models import Staff

KNOWN = {"contact": "the customer", "login": "a log-in", "system": "the system"}


def named_actors(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Actor → what a person calls it: the employee's name, else what kind of actor it is."""
    keys = {actor: actor.partition(":")[2] for actor in actors if actor.startswith("staff:")}
    names = {
        f"staff:{row.id}": row.name
        for row in session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(_ids(keys.values()))))
    }
    return {actor: names.get(actor) or _kind(actor) for actor in actors}


def _ids(texts: Iterable[str]) -> list[Id]:
    found = []
    for text in texts:
        try:
            found.append(Id(text))
        except ValueError:
            continue
    return found


def _kind(actor: str) -> str:
    kind = actor.partition(":")[0]
    return KNOWN.get(kind, kind)
