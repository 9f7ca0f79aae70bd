"""Say who sold or installed a connection, so that it earns for him."""

from __future__ import annotations

from datetime import date

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
    subscription = session.get(Subscription, subscription_id, with_for_update=True)
    if subscription is None:
        raise NotFound("There is no such subscription")
    return credit_staff(
        session, subscription_id=subscription_id, staff_id=staff_id, role=role,
        from_on=from_on or subscription.started_on,
    )  # fmt: skip
