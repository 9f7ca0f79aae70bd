"""A vacation stops the service and what is paid for it; the network follows."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from core.billing import pauses
from core.billing.pauses import PauseChange
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.usecases.follow_subscription import follow_subscriptions


def pause_service(
    session: Session, *, subscription_id: Id, starts_on: date, now: datetime, actor: str, ends_on: date | None = None,
    note: str = "", origin: str = "",
) -> PauseChange:  # fmt: skip
    """Pause at the customer's wish, as `core.billing.pauses.start_pause` does with its refusals."""
    change = pauses.start_pause(
        session, subscription_id=subscription_id, reason="customer_request", starts_on=starts_on, ends_on=ends_on,
        now=now, actor=actor, note=note, origin=origin,
    )  # fmt: skip
    follow_subscriptions(session, [change.subscription])
    return change


def resume_service(
    session: Session, *, pause_id: Id, ends_on: date, now: datetime, actor: str, origin: str = ""
) -> PauseChange:
    """End a pause, or move its end, as `core.billing.pauses.end_pause` does with its refusals."""
    change = pauses.end_pause(session, pause_id=pause_id, ends_on=ends_on, now=now, actor=actor, origin=origin)
    follow_subscriptions(session, [change.subscription])
    return change


def apply_pauses(session: Session, *, now: datetime, actor: str, origin: str = "") -> list[Subscription]:
    """The day's pauses begin and end, and what payments ended is credited; safe to repeat, best before the run."""
    pauses.settle_pauses(session, now=now, actor=actor, origin=origin)
    today = business_day(now, current_company(session).timezone)
    changed = pauses.apply_pauses(session, today=today)
    follow_subscriptions(session, changed)
    return changed
