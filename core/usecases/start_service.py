"""A subscription begins, and its account is wanted on the network in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.billing.subscriptions import NewLine, start_subscription
from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id
from core.network.access import device_of_area, want_access
from core.network.models import Access


class AccountTaken(DomainError):
    """Another subscription has the network account of that name."""


def start_service(
    session: Session, *, customer_id: Id, site_id: Id, plan_id: Id, started_on: date, username: str = "",
    billing_day: int | None = None, agreed_price: Decimal | None = None, due_days: int | None = None,
    lines: Sequence[NewLine] = (), contract_no: str = "", contract_until: date | None = None,
) -> Subscription:  # fmt: skip
    """Start a subscription as `start_subscription` does, with its refusals; with a `username` the network shall have
    that account. A prepaid one is opened by its first renewal. Raises AccountTaken.
    """
    subscription = start_subscription(
        session, customer_id=customer_id, site_id=site_id, plan_id=plan_id, started_on=started_on,
        billing_day=billing_day, agreed_price=agreed_price, due_days=due_days, lines=lines, contract_no=contract_no,
        contract_until=contract_until,
    )  # fmt: skip
    username = username.strip().lower()
    if username:
        if session.scalar(select(Access.id).where(Access.username == username)) is not None:
            raise AccountTaken(f"The network account {username} belongs to another subscription: choose another name")
        plan = subscription.plan
        area_id = session.get_one(Customer, customer_id).sub_zone.area_id
        want_access(
            session, subscription_id=subscription.id, username=username, profile=plan.code,
            allowed=plan.validity_days is None, device_id=device_of_area(session, area_id),
        )  # fmt: skip
    return subscription
