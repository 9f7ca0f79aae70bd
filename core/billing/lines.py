"""Add-on lines and discounts of a running subscription."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.drafts import draft_days
from core.billing.facts import read_accounts
from core.billing.invoice_models import Invoice
from core.billing.invoices import addressee_of, due_day, issue_draft
from core.billing.periods import Period, periods_between
from core.billing.plan_models import Discount
from core.billing.proration import first_unbilled_day
from core.billing.subscription_models import Subscription, SubscriptionLine
from core.billing.subscriptions import LineInvalid, NewLine, write_line
from core.billing.tariffs import read_policy, read_tariffs
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.money import parse_amount

PERIODS_MAX = 120


class DiscountInvalid(DomainError):
    """What was asked for does not make a discount."""


def add_line(
    session: Session, *, subscription_id: Id, line: NewLine, issued_on: date, actor: str, origin: str = ""
) -> tuple[SubscriptionLine, Invoice | None]:
    """Add an add-on or a site to a running subscription, and invoice its days in the period that is billed already.

    The run bills it from the next period on. A line that starts before `issued_on` is charged from its start.
    Raises LineInvalid, NoPriceOnDay.
    """
    subscription = _locked(session, subscription_id)
    starts_on = line.starts_on or issued_on
    if subscription.state == "ended" or (subscription.ended_on is not None and starts_on >= subscription.ended_on):
        raise LineInvalid(f"The subscription ends on {subscription.ended_on}: nothing can start on {starts_on}")
    last = select(func.max(SubscriptionLine.position)).where(SubscriptionLine.subscription_id == subscription_id)
    dated = replace(line, starts_on=max(starts_on, subscription.started_on))
    added = write_line(session, subscription, dated, (session.scalar(last) or 0) + 1)
    return added, _invoice_until_billed(session, subscription, added, issued_on, actor, origin)


def _invoice_until_billed(
    session: Session, subscription: Subscription, line: SubscriptionLine, issued_on: date, actor: str, origin: str
) -> Invoice | None:
    until = subscription.billed_until
    if until is None or line.starts_on >= until:
        return None
    tariffs = read_tariffs(session)
    account = read_accounts(session, tariffs, [subscription.id])[0]
    draft = draft_days(
        tariffs, account.facts, line_ids=[line.id], start=line.starts_on, end=until, issued_on=issued_on
    )  # fmt: skip
    if not draft.lines:
        return None
    return issue_draft(
        session, draft=draft, addressee=addressee_of(account), kind="subscription", reason="change",
        issued_on=issued_on, due_on=due_day(tariffs, account, issued_on), actor=actor, origin=origin,
        subscription_id=subscription.id, period=Period(line.starts_on, until),
    )  # fmt: skip


def end_line(session: Session, *, line_id: Id, on: date) -> SubscriptionLine:
    """Stop billing a line on a day; by the company's policy the day itself is charged or not.

    What is billed beyond it is not credited here. Raises LineInvalid for the main line of a simple subscription.
    """
    line = session.get(SubscriptionLine, line_id)
    if line is None:
        raise NotFound("There is no such line")
    _locked(session, line.subscription_id)
    session.refresh(line)
    if line.ends_on is not None and line.ends_on <= on:
        raise LineInvalid(f"The line ends on {line.ends_on} already")
    if line.role == "main":
        raise LineInvalid("The main line ends with its subscription: change the plan or end the subscription")
    ends_on = first_unbilled_day(on, end_day_charged=read_policy(session).end_day_charged)
    line.ends_on = max(ends_on, line.starts_on)
    session.flush()
    return line


def grant_discount(
    session: Session, *, subscription_id: Id, valid_from: date, percent: Decimal | None = None,
    amount: Decimal | None = None, periods: int | None = None, line_id: Id | None = None, reason: str = "",
    approved_by: str = "",
) -> Discount:  # fmt: skip
    """Less to pay from the periods that start on `valid_from` or later, for so many `periods` or without end.

    Either a percent, or an amount of a whole interval that its lines share. Invoices already issued stay as they are.
    Raises DiscountInvalid, AmountInvalid.
    """
    if (percent is None) == (amount is None):
        raise DiscountInvalid("A discount is a percent or an amount, one of them")
    if percent is not None and not 0 < percent <= 100:
        raise DiscountInvalid(f"A discount of {percent} % is none: use more than 0 and up to 100")
    if amount is not None and parse_amount(amount) <= 0:
        raise DiscountInvalid(f"A discount of {amount} is none")
    if periods is not None and not 1 <= periods <= PERIODS_MAX:
        raise DiscountInvalid(f"A discount holds for 1 to {PERIODS_MAX} periods, not {periods}")
    subscription = _locked(session, subscription_id)
    line = session.get(SubscriptionLine, line_id) if line_id is not None else None
    if line_id is not None and (line is None or line.subscription_id != subscription_id):
        raise DiscountInvalid("The line is not one of this subscription")
    discount = Discount(
        id=new_id(), subscription_id=subscription_id, line_id=line_id, percent=percent, amount=amount,
        valid_from=valid_from, valid_to=_last_start(subscription, valid_from, periods) if periods else None,
        reason=reason, approved_by=approved_by,
    )  # fmt: skip
    session.add(discount)
    session.flush()
    return discount


def _last_start(subscription: Subscription, valid_from: date, periods: int) -> date:
    """The start of the last of so many periods that start on `valid_from` or later."""
    since = max(valid_from, subscription.started_on)
    origin = subscription.billed_until or subscription.started_on
    far = date(since.year + (periods * subscription.interval_months) // 12 + 4, 1, 1)
    cycle = periods_between(since, far, subscription.billing_day, subscription.interval_months, origin)
    starts = (max(whole.start, subscription.started_on) for whole in cycle)
    return next(start for count, start in enumerate((s for s in starts if s >= valid_from), 1) if count == periods)


def _locked(session: Session, subscription_id: Id) -> Subscription:
    subscription = session.get(Subscription, subscription_id, with_for_update={"of": Subscription})
    if subscription is None:
        raise NotFound("There is no such subscription")
    return subscription
