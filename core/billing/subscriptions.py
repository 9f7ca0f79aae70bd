"""A plan running at a site."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.periods import BillingDayInvalid
from core.billing.subscription_models import Subscription, SubscriptionLine
from core.ids import Id, new_id


def start_subscription(
    session: Session, *, customer_id: Id, site_id: Id, plan_id: Id, started_on: date, billing_day: int
) -> Subscription:
    """An active subscription from `started_on`; days 29 to 31 bill on the last day of shorter months."""
    if not 1 <= billing_day <= 31:
        raise BillingDayInvalid(f"{billing_day} is no day of the month: use 1 to 31")
    subscription = Subscription(
        id=new_id(), customer_id=customer_id, site_id=site_id, plan_id=plan_id, started_on=started_on,
        billing_day=billing_day, state="active", next_bill_on=started_on,
    )  # fmt: skip
    session.add(subscription)
    session.flush()
    session.add(
        SubscriptionLine(
            id=new_id(),
            subscription_id=subscription.id,
            position=1,
            plan_id=plan_id,
            site_id=site_id,
            starts_on=started_on,
        )
    )
    session.flush()
    return subscription


def current_subscription(session: Session, *, customer_id: Id) -> Subscription | None:
    """The newest subscription that has not ended."""
    running = select(Subscription).where(Subscription.customer_id == customer_id, Subscription.state != "ended")
    return session.scalars(running.order_by(Subscription.started_on.desc()).limit(1)).first()
