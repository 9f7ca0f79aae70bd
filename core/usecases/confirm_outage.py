"""An outage is certain: dunning waits there, and whoever is hit hears of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.ids import Id
from core.network import outages
from core.network.outage_models import Outage
from core.usecases.tell_outage import tell_outage


def confirm_outage(
    session: Session, *, outage_id: Id, confirmed_by: str, now: datetime, cause: str = "",
    expected_end: datetime | None = None,
) -> tuple[Outage, int]:  # fmt: skip
    """Confirm as `core.network.outages.confirm_outage` does and tell those whom it hits, the first time only.

    Returns the outage and how many hear of it now. Raises NotFound, OutageOver, OutageInvalid.
    """
    outages.refuse_past_end(expected_end, now)
    outage = outages.confirm_outage(
        session, outage_id=outage_id, confirmed_by=confirmed_by, cause=cause, expected_end=expected_end
    )
    return outage, tell_outage(session, outage=outage, now=now)
