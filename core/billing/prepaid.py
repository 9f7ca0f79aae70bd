"""Prepaid plans: a renewal buys days from the customer's advance; what runs out stops (reference money 1.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.allocation import lock_customers
from core.billing.drafts import draft_charges
from core.billing.facts import Account
from core.billing.invoice_models import Invoice
from core.billing.invoices import addressee_of, issue_draft
from core.billing.pauses import state_on
from core.billing.periods import Period
from core.billing.plan_changes import SubscriptionEnded
from core.billing.plan_models import Plan
from core.billing.pricing import discounted, printed_span
from core.billing.settlement import Standing, locked_subscription, standing_of
from core.billing.subscription_models import Subscription, paid_by
from core.billing.terms import ChargeTerms, Draft, LineTerms
from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.money import ZERO, rounded

DAYS_OF_A_MONTH = 30
"""What a line that is not prepaid is priced by, when it runs beside a prepaid one."""


class NotPrepaid(DomainError):
    """The subscription is invoiced by the run, not renewed."""


class AlreadyRenewed(DomainError):
    """The paid time is not what the person was shown any more."""


class AdvanceTooSmall(DomainError):
    """The customer's advance does not pay for the renewal; `missing` does."""

    def __init__(self, *, total: Decimal, advance: Decimal) -> None:
        super().__init__(
            f"A renewal costs {total} and {advance} is there: {total - advance} is missing, take a payment first"
        )
        self.total = total
        self.missing = total - advance


@dataclass(frozen=True)
class RenewalOffer:
    """What a renewal would cost and buy now; `missing` is zero where the advance suffices."""

    subscription_id: Id
    payer_id: Id
    total: Decimal
    missing: Decimal
    starts_at: datetime
    paid_until: datetime
    draft: Draft
    account: Account


@dataclass(frozen=True)
class Renewal:
    """A renewed subscription and its paid invoice."""

    subscription: Subscription
    invoice: Invoice


@dataclass(frozen=True)
class Expired:
    """A subscription that stopped, and why it was not renewed."""

    subscription: Subscription
    why: str


@dataclass(frozen=True)
class ExpiryReport:
    """What ran out: renewed from an advance, or stopped."""

    renewed: tuple[Renewal, ...]
    expired: tuple[Expired, ...]


def offer_renewal(session: Session, *, subscription_id: Id, now: datetime) -> RenewalOffer:
    """The price, taxes included, and the time that a renewal would buy; the same computation as `renew`.

    Raises NotFound, SubscriptionEnded, NotPrepaid, NoPriceOnDay.
    """
    return _offer(session, locked_subscription(session, subscription_id), now)


def renew(
    session: Session, *, subscription_id: Id, now: datetime, actor: str, shown_until: datetime | None = None,
    origin: str = "",
) -> Renewal:  # fmt: skip
    """Buy the plan's days from the payer's advance: an invoice with reason `renewal`, paid at once.

    The days count from `paid_until`, or from now where that is past. `shown_until` is the paid time the person saw when
    he agreed, so that a second tap buys nothing. Raises AdvanceTooSmall with the sum missing, AlreadyRenewed, NotFound,
    SubscriptionEnded, NotPrepaid, NoPriceOnDay, AddressMissing.
    """
    subscription = locked_subscription(session, subscription_id)
    if shown_until is not None and subscription.paid_until != shown_until:
        raise AlreadyRenewed(f"It is paid until {subscription.paid_until}, not {shown_until}: look at it again")
    offer = _offer(session, subscription, now)
    if offer.missing:
        raise AdvanceTooSmall(total=offer.total, advance=offer.total - offer.missing)
    return _renewed(session, subscription, offer, now, actor, origin)


def renew_run_out(session: Session, *, customer_id: Id, now: datetime, actor: str, origin: str = "") -> list[Renewal]:
    """Renew what the payer's advance allows of his prepaid subscriptions that have run out, the oldest first.

    To be called when money of his has arrived: his row is locked by then, so a subscription that another transaction
    holds is left to that one. A renewal that is not affordable is left for the next payment.
    """
    run_out = or_(Subscription.paid_until.is_(None), Subscription.paid_until <= now)
    session.flush()
    waiting = session.scalars(
        select(Subscription)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(
            paid_by([customer_id]), Plan.validity_days.is_not(None), run_out,
            Subscription.state.in_(("active", "suspended")),
        )
        .order_by(Subscription.paid_until.nulls_last(), Subscription.id)
        .with_for_update(of=Subscription, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    renewals = []
    for subscription in waiting:
        offer = _offer(session, subscription, now)
        if not offer.missing:
            renewals.append(_renewed(session, subscription, offer, now, actor, origin))
    return renewals


def expire_prepaid(session: Session, *, now: datetime, actor: str, origin: str = "") -> ExpiryReport:
    """Renew what has run out from the payer's advance, and suspend the rest; safe to repeat.

    A subscription that cannot be priced stops too and says why, without holding others up. The caller brings the
    network up to date.
    """
    run_out = session.scalars(
        select(Subscription.id)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.state == "active", Plan.validity_days.is_not(None), Subscription.paid_until <= now)
        .order_by(Subscription.id)
    ).all()
    renewed, expired = [], []
    for subscription_id in run_out:
        subscription = locked_subscription(session, subscription_id)
        try:
            with session.begin_nested():
                renewed.append(renew(session, subscription_id=subscription_id, now=now, actor=actor, origin=origin))
        except DomainError as refusal:
            subscription.state = "suspended"
            expired.append(Expired(subscription, str(refusal)))
    session.flush()
    return ExpiryReport(tuple(renewed), tuple(expired))


def _offer(session: Session, subscription: Subscription, now: datetime) -> RenewalOffer:
    if subscription.state == "ended":
        raise SubscriptionEnded(f"The subscription ended on {subscription.ended_on}: start another one")
    company = current_company(session)
    starts_at = max(now, subscription.paid_until or now)
    day = business_day(starts_at, company.timezone)
    standing = standing_of(session, subscription.id)
    line = _prepaid_line(standing, day)
    validity = session.scalars(select(Plan.validity_days).where(Plan.id == line.plan_id)).one() or 0
    until = starts_at + timedelta(days=validity)
    days = Period(day, business_day(until, company.timezone))
    draft = _draft(standing, days, validity, business_day(now, company.timezone))
    payer_id = standing.account.facts.payer_id
    lock_customers(session, [payer_id])
    missing = max(ZERO, draft.total - customer_advance(session, payer_id))
    return RenewalOffer(subscription.id, payer_id, draft.total, missing, starts_at, until, draft, standing.account)


def _prepaid_line(standing: Standing, day: date) -> LineTerms:
    line = next((line for line in _running(standing, day) if standing.tariffs.plan(line.plan_id).prepaid), None)
    if line is None:
        raise NotPrepaid("The subscription is invoiced by the period: it is not renewed but paid")
    return line


def _running(standing: Standing, day: date) -> list[LineTerms]:
    return [
        line
        for line in standing.account.facts.lines
        if line.starts_on <= day and (line.ends_on is None or day < line.ends_on)
    ]


def _draft(standing: Standing, days: Period, validity: int, issued_on: date) -> Draft:
    """The invoice of the lines that run on the first day, less the discounts that hold then."""
    tariffs, facts = standing.tariffs, standing.account.facts
    lines = _running(standing, days.start)
    prices = []
    for line in lines:
        plan = tariffs.plan(line.plan_id)
        unit = line.agreed_price if line.agreed_price is not None else plan.price_on(days.start)
        if not plan.prepaid:
            unit = unit * validity / (DAYS_OF_A_MONTH * plan.interval_months)
        prices.append((line.id, unit * line.quantity))
    discounts = [discount for discount in facts.discounts if discount.holds(days.start)]
    charges = [
        ChargeTerms(
            id=None, description=f"{line.description or plan.name}, {printed_span(*days)}", amount=rounded(price),
            account_code=plan.income_account, service_class=plan.service_class, tax_inclusive=plan.tax_inclusive,
        )
        for line, price in zip(lines, discounted(prices, discounts), strict=True)
        for plan in [tariffs.plan(line.plan_id)]
    ]  # fmt: skip
    draft = draft_charges(tariffs, facts.taxpayer, charges, issued_on=issued_on)
    sold = [
        replace(
            printed, period_start=days.start, period_end=days.end, subscription_line_id=line.id, plan_id=line.plan_id,
            discount=rounded(price) - charge.amount, deferred=tariffs.policy.defers(*days),
        )
        for printed, line, charge, (_, price) in zip(draft.lines, lines, charges, prices, strict=False)
    ]  # fmt: skip
    return replace(draft, lines=(*sold, *draft.lines[len(sold) :]))


def _renewed(
    session: Session, subscription: Subscription, offer: RenewalOffer, now: datetime, actor: str, origin: str
) -> Renewal:
    company = current_company(session)
    today = business_day(now, company.timezone)
    days = Period(business_day(offer.starts_at, company.timezone), business_day(offer.paid_until, company.timezone))
    invoice = issue_draft(
        session, draft=offer.draft, addressee=addressee_of(offer.account), kind="subscription", reason="renewal",
        issued_on=today, due_on=today, actor=actor, origin=origin, subscription_id=subscription.id, period=days,
    )  # fmt: skip
    subscription.paid_until = offer.paid_until
    subscription.state = state_on(session, subscription.id, today)
    session.flush()
    return Renewal(subscription, invoice)
