"""A runaway is stopped: more cuts and deletions on a device than its share need a manager's yes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import business_day, day_begins
from core.companies import current_company
from core.ids import Id
from core.network.adapter import Change
from core.network.devices import allowed_that_day, device_by_id
from core.network.models import Access
from core.network.recording import CUTS, cuts_since


@dataclass(frozen=True)
class Guarded:
    """What may be done now, and what waits for a yes."""

    free: Sequence[Change]
    held: Sequence[Change] = ()
    why: str = ""


def guarded(
    session: Session, changes: Sequence[Change], unasked: Collection[Change], *, device_id: Id, now: datetime
) -> Guarded:  # fmt: skip
    """Hold every cut, deletion and re-creation of a vanished account once the day has more of them than are free.

    `unasked` are differences nobody here asked for: many accounts missing at once mean a router that was reset, or the
    wrong one. Restorations, changes and new accounts always pass.
    """
    vanished = {id(change) for change in unasked if change.move == "create"}
    risky = [change for change in changes if change.move in CUTS or id(change) in vanished]
    if not risky:
        return Guarded(changes)
    device = device_by_id(session, device_id)
    timezone = current_company(session).timezone
    day = business_day(now, timezone)
    owned = session.scalar(
        select(func.count()).select_from(Access).where(Access.device_id == device_id, Access.state != "absent")
    ) or 0  # fmt: skip
    limit = max(device.changes_free, owned * device.changes_share_max // 100,
                allowed_that_day(session, device_id=device_id, day=day))  # fmt: skip
    total = cuts_since(session, device_id=device_id, since=day_begins(day, timezone)) + len(risky)
    if total <= limit:
        return Guarded(changes)
    why = (
        f"{total} of {owned} accounts would be cut, deleted or made anew today, {limit} are free: a manager must agree"
    )
    kept = {id(change) for change in risky}
    return Guarded([change for change in changes if id(change) not in kept], risky, why)
