"""An outage is over: the network's record ends, whoever waits for it hears, and what policy gives back is credited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.ids import Id
from core.network import outages
from core.network.outage_models import Outage
from core.usecases.credit_outage import credit_outage
from core.usecases.tell_outage import tell_end


def end_outage(
    session: Session, *, outage_id: Id, ended_by: str, now: datetime, ended_at: datetime | None = None,
    origin: str = "",
) -> tuple[Outage, int]:  # fmt: skip
    """End it as `core.network.outages.end_outage` does, tell its reporters and those who were told of it, and credit.

    `origin` is what the credit notes' entries came from. Returns the outage and how many hear. Raises NotFound,
    OutageOver, OutageInvalid.
    """
    outage = outages.end_outage(session, outage_id=outage_id, ended_by=ended_by, now=now, ended_at=ended_at)
    if outage.confirmed_by:
        credit_outage(session, outage=outage, actor=ended_by, now=now, origin=origin or f"run:outage:{outage.id}")
    return outage, tell_end(session, outage=outage, key="outage_over", now=now)


def dismiss_outage(session: Session, *, outage_id: Id, dismissed_by: str, now: datetime) -> tuple[Outage, int]:
    """A suspicion was wrong: end it as `core.network.outages.dismiss_outage` does, and tell its reporters.

    They were told to wait; now they can ask for a ticket. Returns the outage and how many hear.
    """
    outage = outages.dismiss_outage(session, outage_id=outage_id, dismissed_by=dismissed_by, now=now)
    return outage, tell_end(session, outage=outage, key="outage_refuted", now=now)
