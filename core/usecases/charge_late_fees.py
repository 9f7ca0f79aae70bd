"""Late fees of the day, but not for who has promised, disputes, or says that he has paid."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.billing import late_fees
from core.billing.late_fees import FeeBatch, FeePlan
from core.billing.payment_models import PaymentClaim
from core.billing.subscription_models import ServicePause, Subscription
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.recovery.case_models import Promise
from core.service_desk.models import OPEN_STATES, Ticket

BATCH = 1000


def charge_late_fees(
    session: Session, *, now: datetime, actor: str, origin: str, held: Collection[Id] = (), limit: int = BATCH
) -> FeeBatch:
    """Charge a batch of what is due on the company's day of `now`; call again until it is empty.

    Held are: customers in `held`, whoever has promised to pay, has an open claim of payment, disputes his bill,
    or has an outage.
    """
    today = business_day(now, current_company(session).timezone)
    return late_fees.charge_late_fees(
        session, day=today, actor=actor, held={*held, *held_customers(session, now=now)}, limit=limit, origin=origin
    )


def plan_late_fees(session: Session, *, now: datetime, limit: int | None = None) -> FeePlan:
    """What a charge at `now` would do, with the same customers held; changes nothing."""
    today = business_day(now, current_company(session).timezone)
    return late_fees.plan_late_fees(session, day=today, held=held_customers(session, now=now), limit=limit)


def held_customers(session: Session, *, now: datetime) -> set[Id]:
    """Payers whose late fees wait: a promise, a claim, a disputed bill, or an outage of a line they pay for."""
    today = business_day(now, current_company(session).timezone)
    payer = func.coalesce(Subscription.payer_id, Subscription.customer_id)
    promises = select(Promise.customer_id).where(Promise.state == "open")
    claims = select(PaymentClaim.customer_id).where(PaymentClaim.state == "pending")
    disputing = select(Ticket.customer_id).where(
        Ticket.category == "billing_dispute", Ticket.state.in_(OPEN_STATES), Ticket.customer_id.is_not(None)
    )
    their_payers = select(payer).where(Subscription.customer_id.in_(disputing))
    without_service = (
        select(payer)
        .join(ServicePause, ServicePause.subscription_id == Subscription.id)
        .where(
            ServicePause.reason == "outage", ServicePause.starts_on <= today,
            or_(ServicePause.ends_on.is_(None), ServicePause.ends_on > today),
        )
    )  # fmt: skip
    waiting = (promises, claims, disputing, their_payers, without_service)
    return {customer for query in waiting for customer in session.scalars(query)}
