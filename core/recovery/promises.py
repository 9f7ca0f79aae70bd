"""Promises to pay: one open per customer, extended a few times, judged by the money that came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO, parse_amount
from core.recovery.calendar import WorkCalendar, calendar_of
from core.recovery.case_models import CHANNELS, Promise, RecoveryCase
from core.recovery.promise_terms import PromiseRefused, PromiseTerms


class PromiseStillRunning(DomainError):
    """The customer has an open promise; it may be replaced, or waited for."""

    def __init__(self, promise: Promise) -> None:
        super().__init__(
            f"A promise of {promise.amount} by {promise.due_on} is open already: extend it, or wait for it",
            amount=promise.amount,
            day=promise.due_on,
        )
        self.promise = promise


class ExtensionsUsedUp(DomainError):
    """The promise was moved as often as the policy allows."""


@dataclass(frozen=True)
class Received:
    """A payment that stands: received, not bounced, not reversed."""

    payment_id: Id
    received_on: date
    amount: Decimal


def open_promise(session: Session, *, customer_id: Id) -> Promise | None:
    """The customer's running promise."""
    return session.scalar(select(Promise).where(Promise.customer_id == customer_id, Promise.state == "open"))


def promises_judged(session: Session, *, customer_id: Id) -> tuple[int, int]:
    """How many promises the customer kept and how many he broke, whole or in part."""
    counted = session.execute(
        select(func.count().filter(Promise.state == "kept"), func.count().filter(Promise.state != "kept")).where(
            Promise.customer_id == customer_id, Promise.state.in_(("kept", "partial", "broken"))
        )
    ).one()
    return counted[0], counted[1]


def make_promise(
    session: Session, *, customer_id: Id, amount: Decimal, due_on: date, terms: PromiseTerms, taken_by: str,
    agent_id: Id | None, channel: str, extend: bool, today: date, now: datetime, origin: str = "",
) -> Promise:  # fmt: skip
    """Record a promise within `terms`; `extend` lets it take the place of the open one.

    The caller holds the customer's row locked, so two people cannot both promise. Raises PromiseStillRunning,
    ExtensionsUsedUp, PromiseRefused, AmountInvalid.
    """
    amount = parse_amount(amount)
    if channel not in CHANNELS:
        raise PromiseRefused(f"{channel!r} is no channel: use one of {', '.join(CHANNELS)}")
    running = open_promise(session, customer_id=customer_id)
    if running is not None and not extend:
        raise PromiseStillRunning(running)
    calendar = calendar_of(session)
    if running is not None:
        _refuse_more_than(calendar.policy.promise_extensions_max, running)
    terms.refuse_unless_allowed(amount, due_on)
    return _recorded(
        session, running, customer_id=customer_id, amount=amount, due_on=due_on, taken_by=taken_by, agent_id=agent_id,
        channel=channel, calendar=calendar, today=today, now=now, origin=origin,
    )  # fmt: skip


def move_promise(
    session: Session, *, customer_id: Id, amount: Decimal, due_on: date, taken_by: str, today: date, now: datetime,
    origin: str = "",
) -> Promise:  # fmt: skip
    """A promise that a manager allowed beyond the terms, in place of the open one if there is one.

    Locks the customer. Raises PromiseRefused for a day that is over, AmountInvalid.
    """
    lock_customer(session, customer_id)
    if due_on < today:
        raise PromiseRefused(f"{due_on} is over: allow a later day")
    running = open_promise(session, customer_id=customer_id)
    return _recorded(session, running, customer_id=customer_id, amount=parse_amount(amount), due_on=due_on,
                     taken_by=taken_by, agent_id=running.agent_id if running else None, channel="chat",
                     calendar=calendar_of(session), today=today, now=now, origin=origin)  # fmt: skip


def _recorded(
    session: Session, running: Promise | None, *, customer_id: Id, amount: Decimal, due_on: date, taken_by: str,
    agent_id: Id | None, channel: str, calendar: WorkCalendar, today: date, now: datetime, origin: str,
) -> Promise:  # fmt: skip
    if running is not None:
        running.state, running.judged_at = "replaced", now
        session.flush()
    promise = Promise(
        id=new_id(), customer_id=customer_id, case_id=_case_of(session, customer_id), amount=amount, made_at=now,
        made_on=today, due_on=due_on, limit_on=limit_of(due_on, calendar), received=ZERO, taken_by=taken_by,
        agent_id=agent_id, channel=channel, replaces_id=running.id if running else None,
        extension_no=running.extension_no + 1 if running else 0, origin=origin,
    )  # fmt: skip
    session.add(promise)
    session.flush()
    return promise


def _refuse_more_than(most: int, running: Promise) -> None:
    if running.extension_no >= most:
        raise ExtensionsUsedUp(f"This promise was moved {running.extension_no} times, and {most} are allowed: "
                               f"it stands until {running.limit_on}", day=running.limit_on)  # fmt: skip


def _case_of(session: Session, customer_id: Id) -> Id | None:
    return session.scalar(
        select(RecoveryCase.id).where(RecoveryCase.customer_id == customer_id, RecoveryCase.state == "open")
    )


def limit_of(due_on: date, calendar: WorkCalendar) -> date:
    """The last day whose money counts: the grace after the day, moved on to a working day."""
    return calendar.working_day_from(due_on + timedelta(days=calendar.policy.promise_grace_days))


def move_limits(session: Session) -> int:
    """Give every open promise its limit by the calendar of now; returns how many moved."""
    calendar = calendar_of(session)
    moved = 0
    for promise in session.scalars(select(Promise).where(Promise.state == "open").with_for_update()):
        limit = limit_of(promise.due_on, calendar)
        moved += limit != promise.limit_on
        promise.limit_on = limit
    session.flush()
    return moved


def counts_for(promise: Promise, following: Promise | None, money: Iterable[Received]) -> Decimal:
    """The money that a promise may count: received after it was made, up to its limit, before the next was made.

    Of the day it was made only what was recorded after it counts; ids tell the order of recording.
    """
    return sum((
        each.amount for each in money
        if each.received_on <= promise.limit_on and _after(each, promise)
        and (following is None or not _after(each, following))
    ), ZERO)  # fmt: skip


def _after(money: Received, promise: Promise) -> bool:
    if money.received_on == promise.made_on:
        return money.payment_id > promise.id
    return money.received_on > promise.made_on


def verdict(amount: Decimal, received: Decimal, *, limit_on: date, today: date) -> str:
    """kept as soon as the whole amount is there; until the limit open; then partial or broken."""
    if received >= amount:
        return "kept"
    if today <= limit_on:
        return "open"
    return "partial" if received > ZERO else "broken"


def judge(
    session: Session, promises: Sequence[Promise], money: Iterable[Received], *, today: date, now: datetime
) -> list[Promise]:
    """Judge all promises of one customer by his payments; returns those whose state changed.

    Every judgement but `replaced` is computed anew, so that a bounce takes back what money had kept, and money that
    is entered late is not too late. A broken promise makes the next step of the ladder due at once.
    """
    in_order = sorted(promises, key=lambda promise: promise.id)
    sums = list(money)
    newest = in_order[-1].id if in_order else None
    changed = []
    for promise, following in zip(in_order, [*in_order[1:], None], strict=True):
        received = counts_for(promise, following, sums)
        state = promise.state
        if state != "replaced":
            state = verdict(promise.amount, received, limit_on=promise.limit_on, today=today)
        if state == "open" and promise.id != newest:
            state = "partial" if received > ZERO else "broken"  # a later promise has taken its place
        if promise.received != received:
            promise.received = received
        if state != promise.state:
            promise.state, promise.judged_at = state, now
            changed.append(promise)
    session.flush()
    _hasten(session, changed)
    return changed


def _hasten(session: Session, changed: Sequence[Promise]) -> None:
    for promise in changed:
        if promise.state == "broken":
            case = session.scalar(select(RecoveryCase).where(
                RecoveryCase.customer_id == promise.customer_id, RecoveryCase.state == "open"
            ))  # fmt: skip
            if case is not None:
                case.hastened = True
    session.flush()


def lock_customer(session: Session, customer_id: Id) -> None:
    """Let nobody else pay, promise, cut or restore for this customer until the transaction ends."""
    session.execute(text("SELECT 1 FROM customer WHERE id = :id FOR UPDATE"), {"id": customer_id})
