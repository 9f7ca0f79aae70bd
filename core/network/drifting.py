"""Accounts that differ though nobody here changed them: kept, decided by a person or corrected by policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.network.adapter import SeenAccount, WantedAccount
from core.network.record_models import NetworkDrift
from core.network.recording import shown

UNDECIDED = ("open", "ignored")


class DriftDecided(DomainError):
    """Somebody decided about it already, or the device agrees again."""


@dataclass(frozen=True)
class Finding:
    """Something on the device that is not as wanted."""

    what: str
    """changed, taken, orphan or missing: see NetworkDrift."""
    kind: str
    key: str
    access_id: Id | None
    seen: SeenAccount | None
    wanted: WantedAccount | None
    fields: tuple[str, ...] = ()


def ignored_keys(session: Session, device_id: Id) -> dict[tuple[str, str], dict[str, object]]:
    """What a person said to leave alone, with how it looked then: looking otherwise it is asked about again."""
    rows = session.scalars(
        select(NetworkDrift).where(NetworkDrift.device_id == device_id, NetworkDrift.state == "ignored")
    )
    return {(row.kind, row.key): row.seen for row in rows}


def condemned(session: Session, device_id: Id) -> set[tuple[str, str]]:
    """Orphans that a person said to delete."""
    rows = session.execute(
        select(NetworkDrift.kind, NetworkDrift.key).where(
            NetworkDrift.device_id == device_id, NetworkDrift.state == "overwritten", NetworkDrift.what == "orphan"
        )
    )
    return {(kind, key) for kind, key in rows}


def keep_findings(
    session: Session, findings: Iterable[Finding], *, device_id: Id, now: datetime, corrected: bool = False
) -> int:  # fmt: skip
    """Write what was found, once as long as it stays undecided; returns how many are new."""
    undecided = {
        (row.kind, row.key): row
        for row in session.scalars(
            select(NetworkDrift).where(NetworkDrift.device_id == device_id, NetworkDrift.state.in_(UNDECIDED))
        )
    }
    new = 0
    for finding in findings:
        row = undecided.get((finding.kind, finding.key))
        seen, wanted = shown(finding.seen), shown(finding.wanted)
        if row is None:
            new += 1
            session.add(NetworkDrift(
                id=new_id(), device_id=device_id, access_id=finding.access_id, what=finding.what, kind=finding.kind,
                key=finding.key, fields=",".join(finding.fields), seen=seen, wanted=wanted,
                state="corrected" if corrected else "open", found_at=now, decided_at=now if corrected else None,
            ))  # fmt: skip
            continue
        looks_otherwise = row.seen != seen
        row.what, row.fields, row.seen, row.wanted = finding.what, ",".join(finding.fields), seen, wanted
        if looks_otherwise and row.state == "ignored":
            row.state = "open"
    session.flush()
    return new


def close_gone(session: Session, *, device_id: Id, still: Iterable[tuple[str, str]], now: datetime) -> None:
    """What was found before and is not there any more needs nobody's decision. After a full pass only."""
    keys = set(still)
    for row in session.scalars(
        select(NetworkDrift).where(NetworkDrift.device_id == device_id, NetworkDrift.state.in_(UNDECIDED))
    ):
        if (row.kind, row.key) not in keys:
            row.state, row.decided_at = "gone", now
    session.flush()


def open_drift(session: Session, *, device_id: Id | None = None) -> Sequence[NetworkDrift]:
    """What waits for a decision, the newest first."""
    query = select(NetworkDrift).where(NetworkDrift.state == "open").order_by(NetworkDrift.found_at.desc())
    return session.scalars(query if device_id is None else query.where(NetworkDrift.device_id == device_id)).all()


def decide(session: Session, *, drift_id: Id, decision: str, decided_by: str, now: datetime) -> NetworkDrift:
    """Note a decision, once. Raises NotFound, DriftDecided."""
    decided = session.execute(
        update(NetworkDrift).where(NetworkDrift.id == drift_id, NetworkDrift.state.in_(UNDECIDED))
        .values(state=decision, decided_by=decided_by, decided_at=now).returning(NetworkDrift.id)
    ).first()  # fmt: skip
    row = session.get(NetworkDrift, drift_id, populate_existing=True)
    if row is None:
        raise NotFound("There is no such difference")
    if decided is None:
        raise DriftDecided(f"{row.key} is {row.state} already")
    return row
