"""Say who sold or installed a connection, so that it earns for him."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.errors import NotFound
from core.ids import Id
from core.staff.commission_models import ConnectionCredit
from core.staff.commission_rules import credit_staff


def credit_connection(
    session: Session, *, subscription_id: Id, staff_id: Id, role: str, from_on: date | None = None
) -> ConnectionCredit:
    """From `from_on` (its first day of service unless told otherwise) the connection counts for this employee.

    `role` is sold or installed. Whoever it counted for before keeps what he earned until that day.
    Raises NotFound, CreditInvalid.
    """
    first_day = session.scalar(
        select(Subscription.started_on).where(Subscription.id == subscription_id).with_for_update(key_share=True)
    )
    if first_day is None:
        raise NotFound("There is no such subscription")
    return credit_staff(
        session, subscription_id=subscription_id, staff_id=staff_id, role=role,
        from_on=from_on or first_day,
    )  # fmt: skip
