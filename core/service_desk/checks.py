"""Checks that customers make before a technician is sent, and how often they help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ids import Id, new_id
from core.service_desk.desk_models import GuidedCheck


def note_check(
    session: Session, *, customer_id: Id, category: str, light: str, helped: bool, now: datetime,
    ticket_id: Id | None = None,
) -> GuidedCheck:  # fmt: skip
    """Count a check a customer made before a ticket; `light` is what he saw on the box."""
    check = GuidedCheck(
        id=new_id(), customer_id=customer_id, category=category, light=light, helped=helped, ticket_id=ticket_id,
        checked_at=now,
    )  # fmt: skip
    session.add(check)
    session.flush()
    return check


def checks_since(session: Session, *, since: datetime) -> dict[bool, int]:
    """How many checks helped and how many did not since an instant."""
    rows = session.execute(
        select(GuidedCheck.helped, func.count()).where(GuidedCheck.checked_at >= since).group_by(GuidedCheck.helped)
    )
    counted: dict[bool, int] = {row[0]: row[1] for row in rows}
    return {True: counted.get(True, 0), False: counted.get(False, 0)}
