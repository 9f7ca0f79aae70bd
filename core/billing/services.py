"""A customer's services as the office works with them: lines, pauses, discounts, and charges that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.plan_models import Discount
from core.billing.subscription_models import PendingCharge, ServicePause, Subscription
from core.ids import Id


@dataclass(frozen=True)
class Service:
    """A subscription with what changes its bill; `pauses` and `discounts` are those not over on the day asked for."""

    subscription: Subscription
    pauses: Sequence[ServicePause]
    discounts: Sequence[Discount]


@dataclass(frozen=True)
class Services:
    """What runs for a customer, what ran, and the one-off charges that are on no invoice yet."""

    running: Sequence[Service]
    ended: Sequence[Subscription]
    charges: Sequence[PendingCharge]


def services_of(session: Session, *, customer_id: Id, today: date) -> Services:
    """The customer's services and waiting charges, the oldest first."""
    mine = select(Subscription).where(Subscription.customer_id == customer_id).order_by(Subscription.id)
    subscriptions = session.scalars(mine).all()
    charges = select(PendingCharge).where(
        PendingCharge.customer_id == customer_id, PendingCharge.invoice_id.is_(None),
        PendingCharge.cancelled_at.is_(None),
    )  # fmt: skip
    return Services(
        running=[_service(session, each, today) for each in subscriptions if each.state != "ended"],
        ended=[each for each in subscriptions if each.state == "ended"],
        charges=session.scalars(charges.order_by(PendingCharge.id)).all(),
    )


def _service(session: Session, subscription: Subscription, today: date) -> Service:
    pauses = select(ServicePause).where(
        ServicePause.subscription_id == subscription.id,
        ServicePause.ends_on.is_(None) | (ServicePause.ends_on > today),
    )
    discounts = select(Discount).where(
        Discount.subscription_id == subscription.id, Discount.valid_to.is_(None) | (Discount.valid_to >= today)
    )
    return Service(
        subscription, session.scalars(pauses.order_by(ServicePause.starts_on)).all(),
        session.scalars(discounts.order_by(Discount.valid_from)).all(),
    )  # fmt: skip
