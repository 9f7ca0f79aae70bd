"""A customer leaves: the money is settled, the line is taken off the network, and he has left if nothing else runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import ending
from core.billing.ending import ServiceEnd
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.usecases.follow_subscription import follow_subscriptions


def end_service(
    session: Session, *, subscription_id: Id, end_day: date, now: datetime, actor: str, reason: str = "",
    deposit_kept: Decimal | None = None, origin: str = "",
) -> ServiceEnd:  # fmt: skip
    """End a service as `ending.end_subscription` does, with its refusals; `apply_ends` makes an end to come true."""
    end = ending.end_subscription(
        session, subscription_id=subscription_id, end_day=end_day, now=now, actor=actor, reason=reason,
        deposit_kept=deposit_kept, origin=origin,
    )  # fmt: skip
    if end.subscription.state == "ended":
        _follow(session, [end.subscription])
    return end


def apply_ends(session: Session, *, now: datetime) -> list[Subscription]:
    """Ends whose day has come; safe to repeat."""
    ended = ending.apply_ends(session, today=business_day(now, current_company(session).timezone))
    _follow(session, ended)
    return ended


def _follow(session: Session, ended: Sequence[Subscription]) -> None:
    follow_subscriptions(session, ended)
    for customer_id in {subscription.customer_id for subscription in ended}:
        still = select(Subscription.id).where(Subscription.customer_id == customer_id, Subscription.state != "ended")
        if session.scalar(still.limit(1)) is None:
            session.get_one(Customer, customer_id).state = "left"
    session.flush()
