"""The end of a service: what is billed beyond it comes back, what waits is billed, the deposit is returned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from core.billing.deposits import DepositReturn, return_deposit
from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_charges
from core.billing.lines import end_line
from core.billing.plan_changes import SubscriptionEnded
from core.billing.plan_models import BillingPolicy
from core.billing.proration import first_unbilled_day
from core.billing.schedule import next_step
from core.billing.settlement import Settled, locked_subscription, settle_difference, standing_of
from core.billing.subscription_models import PendingCharge, ServicePause, Subscription, SubscriptionLine
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id


class EndDayInvalid(DomainError):
    """The service cannot end on that day."""


@dataclass(frozen=True)
class ServiceEnd:
    """An ended subscription, what came back of it, the last one-off charges, and the deposit if it was settled."""

    subscription: Subscription
    settled: Settled
    last_charges: Invoice | None
    deposit: DepositReturn | None


def end_subscription(
    session: Session, *, subscription_id: Id, end_day: date, now: datetime, actor: str, reason: str = "",
    deposit_kept: Decimal | None = None, origin: str = "",
) -> ServiceEnd:  # fmt: skip
    """End a service on `end_day`; by policy that day is charged or not, and the days beyond it are credited or not.

    Its one-off charges in waiting are invoiced at once. Days before the end that are not billed yet, and metered use,
    are left to the run. With `deposit_kept` (0 keeps nothing) the customer's deposit is set off against what he owes,
    less that part; None leaves it until the equipment is back. An end to come takes effect by `apply_ends`.
    Raises NotFound, SubscriptionEnded, EndDayInvalid, and what `return_deposit` raises.
    """
    subscription = locked_subscription(session, subscription_id)
    if subscription.state == "ended":
        raise SubscriptionEnded(f"The subscription ended on {subscription.ended_on}")
    if end_day < subscription.started_on:
        raise EndDayInvalid(f"The service began on {subscription.started_on}: it cannot end on {end_day}")
    policy = session.scalars(select(BillingPolicy)).one()
    today = business_day(now, current_company(session).timezone)
    before = standing_of(session, subscription_id)
    _cut(session, subscription, first_unbilled_day(end_day, end_day_charged=policy.end_day_charged), now)
    settled = settle_difference(
        session, before=before, reason=f"Service ended on {end_day:%d %b %Y}" + (f": {reason}" if reason else ""),
        key=f"end:{subscription.id}", day=today, actor=actor, origin=origin, credits_days=policy.unused_days_refunded,
    )  # fmt: skip
    _plan_last_bill(session, subscription)
    last_charges = _bill_waiting(session, subscription, today, actor, origin)
    deposit = None
    if deposit_kept is not None:
        deposit = return_deposit(
            session, customer_id=subscription.payer_id or subscription.customer_id, day=today, actor=actor,
            kept=deposit_kept, kept_for="Equipment not returned", origin=origin,
        )  # fmt: skip
    if end_day <= today:
        subscription.state = "ended"
    session.flush()
    return ServiceEnd(subscription, settled, last_charges, deposit)


def drop_line(session: Session, *, line_id: Id, on: date, today: date, actor: str, origin: str = "") -> Settled:
    """End an add-on or a site as `end_line` does, and credit by policy what is billed beyond. Raises what it raises."""
    line = session.get(SubscriptionLine, line_id)
    if line is None:
        raise NotFound("There is no such line")
    locked_subscription(session, line.subscription_id)
    before = standing_of(session, line.subscription_id)
    end_line(session, line_id=line_id, on=on)
    return settle_difference(
        session, before=before, reason=f"{line.description or line.plan.name} ended on {on:%d %b %Y}",
        key=f"line:{line_id}", day=today, actor=actor, origin=origin,
        credits_days=session.scalars(select(BillingPolicy.unused_days_refunded)).one(),
    )  # fmt: skip


def apply_ends(session: Session, *, today: date) -> list[Subscription]:
    """Subscriptions whose end has come, their state now ended; safe to repeat. The caller brings the network up."""
    due = session.scalars(
        select(Subscription)
        .where(Subscription.state != "ended", Subscription.ended_on <= today)
        .order_by(Subscription.id)
        .with_for_update(of=Subscription)
    ).all()
    for subscription in due:
        subscription.state = "ended"
    session.flush()
    return list(due)


def _cut(session: Session, subscription: Subscription, first_free: date, now: datetime) -> None:
    """Nothing of the subscription is billed from that day on, and a pause is over by then."""
    subscription.ended_on = first_free
    lines = session.scalars(
        select(SubscriptionLine).where(
            SubscriptionLine.subscription_id == subscription.id,
            or_(SubscriptionLine.ends_on.is_(None), SubscriptionLine.ends_on > first_free),
        )
    )
    for line in lines:
        line.ends_on = max(line.starts_on, first_free)
    open_pauses = update(ServicePause).where(
        ServicePause.subscription_id == subscription.id, ServicePause.ends_on.is_(None)
    )
    ends_on = func.greatest(ServicePause.starts_on, first_free)
    session.execute(open_pauses.values(ends_on=ends_on, settled_at=now))
    session.flush()


def _plan_last_bill(session: Session, subscription: Subscription) -> None:
    """The run still bills what is open up to the end: days, or metered use."""
    if subscription.next_bill_on is None:
        return
    standing = standing_of(session, subscription.id)
    step = next_step(standing.tariffs, standing.account.facts)
    if step is None or (step.start == step.end and any(start == step.start for start, _ in standing.account.invoiced)):
        subscription.next_bill_on = None
    elif step.start == step.end:
        subscription.next_bill_on = step.start
    session.flush()


def _bill_waiting(session: Session, subscription: Subscription, today: date, actor: str, origin: str) -> Invoice | None:
    payer_id = subscription.payer_id or subscription.customer_id
    waiting = session.scalars(
        select(PendingCharge.id).where(
            PendingCharge.subscription_id == subscription.id, PendingCharge.invoice_id.is_(None),
            PendingCharge.cancelled_at.is_(None), PendingCharge.amount > 0, PendingCharge.customer_id == payer_id,
        )
    ).all()  # fmt: skip
    if not waiting:
        return None
    return issue_charges(session, customer_id=payer_id, issued_on=today, actor=actor, charge_ids=waiting, origin=origin)
