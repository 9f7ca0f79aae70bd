"""Subscriptions: a plan running at a site, or a contract of several lines in one invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.periods import BillingDayInvalid, billing_day_of
from core.billing.plan_models import Plan
from core.billing.plans import price_on
from core.billing.subscription_models import Subscription, SubscriptionLine
from core.billing.tariffs import read_policy
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import ZERO, parse_amount, split

ROLES = ("main", "addon", "site")


class LineInvalid(DomainError):
    """What was asked for does not make a line of a subscription."""


@dataclass(frozen=True)
class NewLine:
    """A line to be sold; None starts with the subscription, and takes the plan's price."""

    plan_id: Id
    role: str = "addon"
    site_id: Id | None = None
    description: str = ""
    quantity: Decimal = Decimal(1)
    agreed_price: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None


def start_subscription(
    session: Session, *, customer_id: Id, site_id: Id, plan_id: Id, started_on: date, billing_day: int | None = None,
    payer_id: Id | None = None, agreed_price: Decimal | None = None, due_days: int | None = None,
    lines: Sequence[NewLine] = (), contract_no: str = "", contract_until: date | None = None,
) -> Subscription:  # fmt: skip
    """An active subscription from `started_on`, with its main line and any others; the run bills it from then on.

    The billing day follows the company's alignment unless given; days 29 to 31 bill on the last day of shorter months.
    `due_days` are its own days from issue to due date; `payer_id` is invoiced in place of the customer. A prepaid plan
    is not billed but renewed. Raises BillingDayInvalid, LineInvalid, NotFound.
    """
    main = NewLine(plan_id, "main", site_id, agreed_price=agreed_price)
    return _started(
        session, [main, *lines], customer_id=customer_id, site_id=site_id, started_on=started_on,
        billing_day=billing_day, payer_id=payer_id, due_days=due_days, contract_no=contract_no,
        contract_until=contract_until,
    )  # fmt: skip


def _started(
    session: Session, lines: Sequence[NewLine], *, customer_id: Id, site_id: Id, started_on: date,
    billing_day: int | None, payer_id: Id | None, due_days: int | None, contract_no: str, contract_until: date | None,
) -> Subscription:  # fmt: skip
    plan = _plan(session, lines[0].plan_id)
    if billing_day is None:
        policy = read_policy(session)
        billing_day = billing_day_of(policy.alignment, policy.calendar_day, started_on)
    if not 1 <= billing_day <= 31:
        raise BillingDayInvalid(f"{billing_day} is no day of the month: use 1 to 31")
    if due_days is not None and due_days < 0:
        raise LineInvalid(f"An invoice cannot be due {-due_days} days before it is issued")
    subscription = Subscription(
        id=new_id(), customer_id=customer_id, payer_id=payer_id, site_id=site_id, plan_id=plan.id,
        started_on=started_on, billing_day=billing_day, interval_months=plan.interval_months, state="active",
        next_bill_on=None if plan.validity_days is not None else started_on, due_days=due_days,
        contract_no=contract_no, contract_until=contract_until,
    )  # fmt: skip
    session.add(subscription)
    session.flush()
    for position, line in enumerate(lines, 1):
        write_line(session, subscription, line, position)
    return subscription


def start_contract(
    session: Session, *, customer_id: Id, started_on: date, lines: Sequence[NewLine], contract_no: str,
    contract_until: date | None = None, package_price: Decimal | None = None, billing_day: int | None = None,
    due_days: int | None = None, payer_id: Id | None = None,
) -> Subscription:  # fmt: skip
    """A corporate package: one invoice for several sites, each line with its own days and price.

    `package_price` is what all lines cost together for an interval; it is shared by their prices without losing a
    paisa and kept as the agreed price of each. The first line is the main one and needs a site. Raises LineInvalid.
    """
    site_id = lines[0].site_id if lines else None
    if site_id is None:
        raise LineInvalid("A contract needs a line, and its first one a site")
    if package_price is not None:
        lines = _sharing(session, lines, parse_amount(package_price), started_on)
    main, *others = lines
    return _started(
        session, [replace(main, role="main"), *others], customer_id=customer_id, site_id=site_id,
        started_on=started_on, billing_day=billing_day, payer_id=payer_id, due_days=due_days,
        contract_no=contract_no, contract_until=contract_until,
    )  # fmt: skip


def _sharing(session: Session, lines: Sequence[NewLine], price: Decimal, day: date) -> list[NewLine]:
    if any(line.quantity != 1 for line in lines):
        raise LineInvalid("The lines of a package have the quantity 1: give each site its own line")
    listed = [
        line.agreed_price if line.agreed_price is not None else price_on(session, plan_id=line.plan_id, day=day)
        for line in lines
    ]
    if price < ZERO or not sum(listed):
        raise LineInvalid(f"A package of {price} cannot be shared by lines that cost {sum(listed)}")
    parts = split(price, listed)
    return [replace(line, agreed_price=part) for line, part in zip(lines, parts, strict=True)]


def write_line(session: Session, subscription: Subscription, line: NewLine, position: int) -> SubscriptionLine:
    """Add a line to a subscription at a position; charges nothing. Raises LineInvalid, NotFound, AmountInvalid."""
    starts_on = line.starts_on or subscription.started_on
    plan = _plan(session, line.plan_id)
    faults = {
        f"{line.role!r} is no role: use {', '.join(ROLES)}": line.role not in ROLES,
        "its quantity is more than nothing": line.quantity <= 0,
        f"it would end on {line.ends_on}, before it starts": line.ends_on is not None and line.ends_on < starts_on,
        "its agreed price is not negative": line.agreed_price is not None and parse_amount(line.agreed_price) < 0,
        "a prepaid plan is renewed, not added": plan.validity_days is not None and line.role != "main",
    }
    found = [fault for fault, there in faults.items() if there]
    if found:
        raise LineInvalid(f"{plan.name} cannot be a line like this: {'; '.join(found)}")
    row = SubscriptionLine(
        id=new_id(), subscription_id=subscription.id, position=position, role=line.role, plan_id=line.plan_id,
        site_id=line.site_id or subscription.site_id, description=line.description, quantity=line.quantity,
        agreed_price=line.agreed_price, starts_on=starts_on, ends_on=line.ends_on,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _plan(session: Session, plan_id: Id) -> Plan:
    plan = session.get(Plan, plan_id)
    if plan is None:
        raise NotFound("There is no such plan")
    return plan


def current_subscription(session: Session, *, customer_id: Id) -> Subscription | None:
    """The newest subscription that has not ended."""
    running = select(Subscription).where(Subscription.customer_id == customer_id, Subscription.state != "ended")
    return session.scalars(running.order_by(Subscription.started_on.desc()).limit(1)).first()
