"""Changing what a subscription's line sells: now, on a day, or at the end of what is billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.billing.periods import period_containing
from core.billing.plan_models import Plan
from core.billing.settlement import Settled, locked_subscription, settle_difference, standing_of
from core.billing.subscription_models import Subscription, SubscriptionLine
from core.billing.subscriptions import NewLine, write_line
from core.billing.terms import Tariffs
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id
from core.money import ZERO, AmountInvalid, parse_amount

Effective = date | Literal["now", "period_end"]


class SubscriptionEnded(DomainError):
    """The subscription is over, or will be before the change."""


class AlreadyOnPlan(DomainError):
    """The line sells that plan at that price already, or will on the day."""


class PlanNotComparable(DomainError):
    """A prepaid plan and one that is invoiced cannot replace each other."""


class ChangeDayInvalid(DomainError):
    """The change cannot take effect on that day."""


@dataclass(frozen=True)
class PlanChange:
    """A change of plan: the line that ends, the one that follows, and the money it moved."""

    subscription: Subscription
    old_line: SubscriptionLine
    new_line: SubscriptionLine
    effective_on: date
    settled: Settled
    in_effect: bool
    """False for a change whose day is still to come."""


def change_plan(
    session: Session, *, subscription_id: Id, plan_id: Id, today: date, actor: str, effective: Effective | None = None,
    line_id: Id | None = None, agreed_price: Decimal | None = None, origin: str = "",
) -> PlanChange:  # fmt: skip
    """Let another plan follow the main line, or the line of `line_id`; the day of the change belongs to the new plan.

    Without `effective` an upgrade takes effect now and a downgrade at the end of what is billed, without money. Days
    that are billed already are settled at once: a credit note at the old invoice's price and rates for the days left,
    an invoice with reason `change` for the new ones; changes in one period chain (reference money 2.2). A change that
    is still to come is replaced by this one. A prepaid plan changes with its next renewal.

    Raises NotFound, SubscriptionEnded, AlreadyOnPlan, PlanNotComparable, ChangeDayInvalid, NoPriceOnDay.
    """
    subscription = locked_subscription(session, subscription_id)
    before = standing_of(session, subscription_id)
    old = _line(session, subscription, line_id, today)
    plan = _comparable(session, old, plan_id, agreed_price)
    scheduled = _scheduled(session, old, today)
    ends_on = scheduled.ends_on if scheduled is not None else old.ends_on
    day = _effective_day(session, before.tariffs, subscription, old, plan, agreed_price, effective, today)
    _check_day(old, plan, day, ends_on, scheduled, agreed_price)
    if scheduled is not None:
        scheduled.ends_on = scheduled.starts_on
    old.ends_on = day
    new = _follow(session, subscription, old, plan, day, ends_on, agreed_price)
    in_effect = day <= today
    if old.role == "main":
        _bill_by(subscription, old.plan, plan)
        if in_effect:
            subscription.plan_id = plan.id
    settled = settle_difference(
        session, before=before, reason=f"Change from {old.plan.name} to {plan.name} on {day:%d %b %Y}",
        key=f"change:{new.id}", day=today, actor=actor, origin=origin,
    )  # fmt: skip
    session.refresh(subscription)
    return PlanChange(subscription, old, new, day, settled, in_effect)


@dataclass(frozen=True)
class ChangePreview:
    """What a change would do: its day, and the amounts of its documents, taxes included."""

    effective_on: date
    credited: Decimal
    charged: Decimal


def preview_plan_change(
    session: Session, *, subscription_id: Id, plan_id: Id, today: date, effective: Effective | None = None,
    line_id: Id | None = None, agreed_price: Decimal | None = None,
) -> ChangePreview:  # fmt: skip
    """What `change_plan` would do, found by doing it and taking it back; raises what it raises, writes nothing."""
    trial = session.begin_nested()
    try:
        change = change_plan(
            session, subscription_id=subscription_id, plan_id=plan_id, today=today, actor="preview",
            effective=effective, line_id=line_id, agreed_price=agreed_price, origin="preview",
        )  # fmt: skip
        credited = sum((note.total for note in change.settled.credits), ZERO)
        charged = sum((invoice.total for invoice in change.settled.invoices), ZERO)
        return ChangePreview(change.effective_on, credited, charged)
    finally:
        trial.rollback()


def cancel_plan_change(session: Session, *, subscription_id: Id, today: date, actor: str, origin: str = "") -> Settled:
    """Let the main line go on as it is: a change still to come is forgotten, and what it moved is moved back.

    Raises NotFound, where no change is waiting.
    """
    subscription = locked_subscription(session, subscription_id)
    before = standing_of(session, subscription_id)
    line = _line(session, subscription, None, today)
    scheduled = _scheduled(session, line, today)
    if scheduled is None:
        raise NotFound("No change of plan is waiting")
    line.ends_on, scheduled.ends_on = scheduled.ends_on, scheduled.starts_on
    _bill_by(subscription, scheduled.plan, line.plan)
    return settle_difference(
        session, before=before, reason="Change of plan cancelled", key=f"uncharge:{line.id}", day=today, actor=actor,
        origin=origin,
    )  # fmt: skip


def apply_scheduled_changes(session: Session, *, today: date) -> list[Subscription]:
    """Subscriptions whose main line is another one today, their plan now set to it; safe to repeat.

    Nothing is billed here: the lines carry their days. The caller brings the network up to date.
    """
    due = session.execute(
        select(Subscription, SubscriptionLine.plan_id)
        .join(SubscriptionLine, SubscriptionLine.subscription_id == Subscription.id)
        .where(
            Subscription.state != "ended", SubscriptionLine.role == "main", SubscriptionLine.starts_on <= today,
            or_(SubscriptionLine.ends_on.is_(None), SubscriptionLine.ends_on > today),
            SubscriptionLine.plan_id != Subscription.plan_id,
        )
        .with_for_update(of=Subscription)
    ).all()  # fmt: skip
    for subscription, plan_id in due:
        subscription.plan_id = plan_id
    session.flush()
    for subscription, _ in due:
        session.refresh(subscription)
    return [subscription for subscription, _ in due]


def _line(session: Session, subscription: Subscription, line_id: Id | None, today: date) -> SubscriptionLine:
    """The line that runs today: the one asked for, or the main one."""
    lines = select(SubscriptionLine).where(SubscriptionLine.subscription_id == subscription.id)
    if line_id is None:
        running = or_(SubscriptionLine.ends_on.is_(None), SubscriptionLine.ends_on > today)
        lines = lines.where(SubscriptionLine.role == "main", running).order_by(SubscriptionLine.starts_on)
    else:
        lines = lines.where(SubscriptionLine.id == line_id)
    line = session.scalars(lines.limit(1)).first()
    if line is not None and subscription.state != "ended":
        return line
    if line_id is not None and subscription.state != "ended":
        raise NotFound("The subscription has no such line")
    raise SubscriptionEnded(f"The subscription ended on {subscription.ended_on}: start another one")


def _scheduled(session: Session, line: SubscriptionLine, today: date) -> SubscriptionLine | None:
    """The line that is to follow this one on a day to come."""
    if line.ends_on is None or line.ends_on <= today:
        return None
    following = select(SubscriptionLine).where(
        SubscriptionLine.subscription_id == line.subscription_id, SubscriptionLine.role == line.role,
        SubscriptionLine.site_id.is_not_distinct_from(line.site_id), SubscriptionLine.starts_on == line.ends_on,
        or_(SubscriptionLine.ends_on.is_(None), SubscriptionLine.ends_on > SubscriptionLine.starts_on),
    )  # fmt: skip
    return session.scalars(following.order_by(SubscriptionLine.position.desc()).limit(1)).first()


def _comparable(session: Session, old: SubscriptionLine, plan_id: Id, agreed_price: Decimal | None) -> Plan:
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFound("There is no such plan")
    if (plan.validity_days is None) != (old.plan.validity_days is None):
        raise PlanNotComparable(
            f"{old.plan.name} and {plan.name} cannot follow each other, one of them is prepaid:"
            " end the subscription and start another"
        )
    if agreed_price is not None and parse_amount(agreed_price) < ZERO:
        raise AmountInvalid(f"A price of {agreed_price} cannot be agreed")
    if plan.id == old.plan_id and agreed_price == old.agreed_price:
        raise AlreadyOnPlan(f"{plan.name} is what it has already")
    return plan


def _check_day(
    old: SubscriptionLine, plan: Plan, day: date, ends_on: date | None, scheduled: SubscriptionLine | None,
    agreed_price: Decimal | None,
) -> None:  # fmt: skip
    if day < old.starts_on or (ends_on is not None and day >= ends_on):
        raise ChangeDayInvalid(
            f"{old.plan.name} runs from {old.starts_on}{f' to {ends_on}' if ends_on else ''}: {day} is outside"
        )
    if scheduled is not None:
        waiting = (scheduled.plan_id, scheduled.agreed_price, scheduled.starts_on)
        if waiting == (plan.id, agreed_price, day):
            raise AlreadyOnPlan(f"The change to {plan.name} on {day} is waiting already")


def _effective_day(
    session: Session, tariffs: Tariffs, subscription: Subscription, old: SubscriptionLine, plan: Plan,
    agreed_price: Decimal | None, effective: Effective | None, today: date,
) -> date:  # fmt: skip
    if plan.validity_days is not None:
        return _renewal_day(session, subscription, effective, today)
    if isinstance(effective, date):
        return effective
    if effective is None:
        was = _monthly(tariffs, old.plan, old.agreed_price, today), old.plan.download_mbps
        will_be = _monthly(tariffs, plan, agreed_price, today), plan.download_mbps
        effective = "period_end" if will_be < was else "now"
    if effective == "now":
        return max(today, old.starts_on)
    return _period_end(subscription, today)


def _renewal_day(session: Session, subscription: Subscription, effective: Effective | None, today: date) -> date:
    """A prepaid line changes when its paid time is over."""
    if effective not in (None, "period_end"):
        raise ChangeDayInvalid("A prepaid plan changes with its next renewal: choose the end of the period")
    if subscription.paid_until is None:
        return today
    return max(today, business_day(subscription.paid_until, current_company(session).timezone))


def _monthly(tariffs: Tariffs, plan: Plan, agreed_price: Decimal | None, day: date) -> Decimal:
    price = agreed_price if agreed_price is not None else tariffs.plan(plan.id).price_on(day)
    return price / plan.interval_months


def _period_end(subscription: Subscription, today: date) -> date:
    """The end of what is billed; of the running period where nothing is billed ahead."""
    if subscription.billed_until is not None and subscription.billed_until >= today:
        return subscription.billed_until
    origin = subscription.billed_until or subscription.started_on
    return period_containing(today, subscription.billing_day, subscription.interval_months, origin).end


def _bill_by(subscription: Subscription, old: Plan, new: Plan) -> None:
    """Bill by the new plan's interval from the next period on, unless the subscription has one of its own."""
    if subscription.interval_months == old.interval_months:
        subscription.interval_months = new.interval_months


def _follow(
    session: Session, subscription: Subscription, old: SubscriptionLine, plan: Plan, day: date, ends_on: date | None,
    agreed_price: Decimal | None,
) -> SubscriptionLine:  # fmt: skip
    last = select(func.max(SubscriptionLine.position)).where(SubscriptionLine.subscription_id == subscription.id)
    return write_line(
        session, subscription,
        NewLine(
            plan_id=plan.id, role=old.role, site_id=old.site_id,
            description=old.description if old.role == "site" else "", quantity=old.quantity,
            agreed_price=agreed_price, starts_on=day, ends_on=ends_on,
        ),
        (session.scalar(last) or 0) + 1,
    )  # fmt: skip
