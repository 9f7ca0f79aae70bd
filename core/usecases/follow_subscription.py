"""The network shall be as a subscription says: its plan's speed, and access while it is active."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.ids import Id
from core.network.access import want_access, want_no_access
from core.network.models import Access


def follow_subscriptions(session: Session, subscriptions: Iterable[Subscription]) -> None:
    """Want each one's account allowed if it is active, absent if it has ended, else blocked."""
    for subscription in subscriptions:
        access = _access_of(session, subscription.id)
        if access is None:
            continue
        if subscription.state == "ended":
            want_no_access(session, access)
        else:
            _want(session, access, subscription, allowed=subscription.state == "active")


def follow_plan(session: Session, subscription: Subscription) -> None:
    """Want the speed profile of the subscription's plan; what is blocked stays blocked, what is absent stays absent."""
    access = _access_of(session, subscription.id)
    if access is not None and access.state != "absent":
        _want(session, access, subscription, allowed=access.state == "allowed")


def _access_of(session: Session, subscription_id: Id) -> Access | None:
    return session.scalar(select(Access).where(Access.subscription_id == subscription_id))


def _want(session: Session, access: Access, subscription: Subscription, *, allowed: bool) -> None:
    want_access(
        session, subscription_id=subscription.id, username=access.username, profile=subscription.plan.code,
        allowed=allowed,
    )  # fmt: skip
