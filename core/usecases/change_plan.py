"""A change of plan is money and network in one operation: the invoice line and the speed profile change together."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing import plan_changes
from core.billing.plan_changes import Effective, PlanChange
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.usecases.follow_subscription import follow_plan


def change_plan(
    session: Session, *, subscription_id: Id, plan_id: Id, now: datetime, actor: str,
    effective: Effective | None = None, line_id: Id | None = None, agreed_price: Decimal | None = None,
    origin: str = "",
) -> PlanChange:  # fmt: skip
    """Change the plan as `core.billing.plan_changes.change_plan` does, and want its speed where it is in effect.

    Refuses what that refuses. A change to come asks the network by `apply_plan_changes` on its day.
    """
    change = plan_changes.change_plan(
        session, subscription_id=subscription_id, plan_id=plan_id, today=_today(session, now), actor=actor,
        effective=effective, line_id=line_id, agreed_price=agreed_price, origin=origin,
    )  # fmt: skip
    if change.in_effect and change.new_line.role == "main":
        follow_plan(session, change.subscription)
    return change


def apply_plan_changes(session: Session, *, now: datetime) -> list[Subscription]:
    """Changes whose day has come take effect: plan and speed profile; safe to repeat. Returns who changed."""
    changed = plan_changes.apply_scheduled_changes(session, today=_today(session, now))
    for subscription in changed:
        follow_plan(session, subscription)
    return changed


def _today(session: Session, now: datetime) -> date:
    return business_day(now, current_company(session).timezone)
