"""Days without service: vacation, suspension, outage. What the policy does not charge for is credited or not billed.

A pause without an end is billed on. As soon as its end is known, also one to come, its days that are billed already
are credited, each by its own period's price, and the run leaves out those that are not (`facts.not_billed`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.billing.settlement import Settled, Standing, locked_subscription, settle_difference, standing_of
from core.billing.subscription_models import ServicePause, Subscription
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id

STATE_DURING = {"customer_request": "paused", "non_payment": "suspended"}
"""An outage leaves the state as it is."""
WORDS = {"customer_request": "Pause", "non_payment": "Suspension", "outage": "Outage"}


class PauseInvalid(DomainError):
    """The days or the reason do not make a pause of this subscription."""


class AlreadyPaused(DomainError):
    """A pause for that reason covers some of these days already."""


class PauseOver(DomainError):
    """The pause has ended."""


@dataclass(frozen=True)
class PauseChange:
    """A pause and the money that a change of it moved."""

    pause: ServicePause
    subscription: Subscription
    settled: Settled


def start_pause(
    session: Session, *, subscription_id: Id, reason: str, starts_on: date, now: datetime, actor: str,
    ends_on: date | None = None, note: str = "", origin: str = "",
) -> PauseChange:  # fmt: skip
    """Record days without service from `starts_on` to `ends_on`, the first day with service again, if it is known.

    `reason` is customer_request, non_payment or outage. The subscription is paused or suspended from its first day;
    `apply_pauses` does so for a pause to come. Sends nothing to the network. Raises NotFound, PauseInvalid,
    AlreadyPaused.
    """
    subscription = locked_subscription(session, subscription_id)
    before = standing_of(session, subscription_id)
    _check(session, subscription, reason, starts_on, ends_on)
    pause = ServicePause(
        id=new_id(), subscription_id=subscription_id, reason=reason, starts_on=starts_on, ends_on=ends_on, note=note
    )
    session.add(pause)
    return _settled(session, subscription, pause, before, now=now, actor=actor, origin=origin)


def end_pause(
    session: Session, *, pause_id: Id, ends_on: date, now: datetime, actor: str, origin: str = ""
) -> PauseChange:
    """Service is there again from `ends_on`: credit by policy, or charge again what an earlier end gave back.

    Also moves an end that is still to come. Raises NotFound, PauseOver, PauseInvalid.
    """
    pause = session.get(ServicePause, pause_id)
    if pause is None:
        raise NotFound("There is no such pause")
    subscription = locked_subscription(session, pause.subscription_id)
    session.refresh(pause)
    if pause.ends_on is not None and pause.ends_on <= _today(session, now):
        raise PauseOver(f"The pause from {pause.starts_on} ended on {pause.ends_on}")
    if ends_on < pause.starts_on:
        raise PauseInvalid(f"A pause from {pause.starts_on} cannot end on {ends_on}")
    before = standing_of(session, subscription.id)
    pause.ends_on = ends_on
    return _settled(session, subscription, pause, before, now=now, actor=actor, origin=origin)


def settle_pauses(session: Session, *, now: datetime, actor: str, origin: str = "") -> list[PauseChange]:
    """Credit what the policy gives for pauses that were ended elsewhere, such as by a payment; safe to repeat.

    Days the run left out meanwhile are not given back again.
    """
    waiting = select(ServicePause.id, ServicePause.subscription_id).where(
        ServicePause.ends_on.is_not(None), ServicePause.settled_at.is_(None)
    )
    changes = []
    for pause_id, subscription_id in session.execute(waiting.order_by(ServicePause.subscription_id)).all():
        subscription = locked_subscription(session, subscription_id)
        pause = session.get_one(ServicePause, pause_id, populate_existing=True)
        if pause.settled_at is None and pause.ends_on is not None:
            before = _as_if_not_paused(standing_of(session, subscription_id), pause.starts_on, pause.ends_on)
            changes.append(_settled(session, subscription, pause, before, now=now, actor=actor, origin=origin))
    return changes


def _as_if_not_paused(standing: Standing, starts_on: date, ends_on: date) -> Standing:
    facts = standing.account.facts
    others = list(facts.not_billed)
    if (starts_on, ends_on) in others:
        others.remove((starts_on, ends_on))
    facts = replace(facts, not_billed=tuple(others))
    return replace(standing, account=replace(standing.account, facts=facts))


def record_outage(
    session: Session, *, subscription_ids: Collection[Id], starts_on: date, ends_on: date, now: datetime, actor: str,
    note: str = "", origin: str = "",
) -> list[PauseChange]:  # fmt: skip
    """The whole days of an outage that is over, for everybody it hit; who has them recorded already is left out.

    Raises NotFound, PauseInvalid.
    """
    changes = []
    for subscription_id in sorted(set(subscription_ids)):
        try:
            changes.append(
                start_pause(
                    session, subscription_id=subscription_id, reason="outage", starts_on=starts_on, ends_on=ends_on,
                    now=now, actor=actor, note=note, origin=origin,
                )
            )  # fmt: skip
        except AlreadyPaused:
            continue
    return changes


def apply_pauses(session: Session, *, today: date) -> list[Subscription]:
    """Subscriptions whose pause began, or whose vacation ended by itself, their state now set; safe to repeat.

    Bills nothing. The caller brings the network up to date.
    """
    of_it = ServicePause.subscription_id == Subscription.id
    holding = exists().where(of_it, ServicePause.reason.in_(STATE_DURING), _covers(today))
    begun = (Subscription.state == "active") & holding
    over = (Subscription.state == "paused") & ~holding
    moved = session.scalars(
        select(Subscription).where(or_(begun, over)).order_by(Subscription.id).with_for_update(of=Subscription)
    ).all()
    for subscription in moved:
        subscription.state = state_on(session, subscription.id, today)
    session.flush()
    return list(moved)


def state_on(session: Session, subscription_id: Id, day: date) -> str:
    """suspended or paused where a pause covers the day, else active; debt weighs more than vacation."""
    running = select(ServicePause.reason).where(ServicePause.subscription_id == subscription_id, _covers(day))
    states = {STATE_DURING.get(reason, "active") for reason in session.scalars(running)}
    return next((state for state in ("suspended", "paused") if state in states), "active")


def running_pause(session: Session, *, subscription_id: Id, reason: str, day: date) -> ServicePause | None:
    """The pause for that reason which covers the day."""
    running = select(ServicePause).where(
        ServicePause.subscription_id == subscription_id, ServicePause.reason == reason, _covers(day)
    )
    return session.scalars(running.order_by(ServicePause.starts_on.desc()).limit(1)).first()


def _covers(day: date) -> ColumnElement[bool]:
    return and_(ServicePause.starts_on <= day, or_(ServicePause.ends_on.is_(None), ServicePause.ends_on > day))


def _check(session: Session, subscription: Subscription, reason: str, starts_on: date, ends_on: date | None) -> None:
    faults = {
        f"{reason!r} is no reason: use {', '.join(WORDS)}": reason not in WORDS,
        "the subscription has ended": subscription.state == "ended",
        f"the service began on {subscription.started_on}": starts_on < subscription.started_on,
        f"it ends on {ends_on}, so it has no day": ends_on is not None and ends_on <= starts_on,
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise PauseInvalid(f"A pause from {starts_on} cannot be recorded: {'; '.join(found)}")
    alike = select(ServicePause).where(
        ServicePause.subscription_id == subscription.id, ServicePause.reason == reason,
        or_(ServicePause.ends_on.is_(None), ServicePause.ends_on > func.greatest(starts_on, ServicePause.starts_on)),
    )  # fmt: skip
    if ends_on is not None:
        alike = alike.where(ServicePause.starts_on < ends_on)
    first = session.scalars(alike.limit(1)).first()
    if first is not None:
        until = f" to {first.ends_on}" if first.ends_on else ""
        raise AlreadyPaused(f"{WORDS[reason]} is recorded from {first.starts_on}{until} already")


def _settled(
    session: Session, subscription: Subscription, pause: ServicePause, before: Standing, *, now: datetime, actor: str,
    origin: str,
) -> PauseChange:  # fmt: skip
    session.flush()
    today = _today(session, now)
    settled = Settled()
    if pause.ends_on is not None:
        settled = settle_difference(
            session, before=before, reason=f"{WORDS[pause.reason]} from {pause.starts_on} to {pause.ends_on}",
            key=f"pause:{pause.id}", day=today, actor=actor, origin=origin,
        )  # fmt: skip
        pause.settled_at = now
        _stop_the_clock(session, subscription, pause, before)
    if subscription.state != "ended" and pause.reason in STATE_DURING:
        subscription.state = state_on(session, subscription.id, today)
    session.flush()
    return PauseChange(pause, subscription, settled)


def _stop_the_clock(session: Session, subscription: Subscription, pause: ServicePause, before: Standing) -> None:
    """Paid time of a prepaid plan goes on by as many days as the policy does not charge for."""
    if subscription.paid_until is None or subscription.paid_until.date() < pause.starts_on:
        return
    after = standing_of(session, subscription.id)
    subscription.paid_until += timedelta(days=_days_off(after) - _days_off(before))


def _days_off(standing: Standing) -> int:
    days: set[date] = set()
    for start, end in standing.account.facts.not_billed:
        days.update(start + timedelta(days=i) for i in range((end - start).days))
    return len(days)


def _today(session: Session, now: datetime) -> date:
    return business_day(now, current_company(session).timezone)
