"""What customers get back for an outage, where the company's policy gives it: full hours or days above a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.credit_notes import CREDITABLE_STATES, credit_invoice, credited_by_line
from core.billing.invoice_models import Invoice, InvoiceLine
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO, rounded
from core.network.outage_models import Outage, OutageCredit, OutagePolicy
from core.network.outages import outage_policy_of
from core.usecases.tell_outage import customers_hit

HOURS = {"hour": 1, "day": 24}


@dataclass(frozen=True)
class Credit:
    """What one subscription gets back, before taxes, or why nothing."""

    subscription_id: Id
    customer: Customer
    units: int
    net: Decimal
    amounts: Mapping[Id, Decimal]
    """By charge line of the bill."""
    invoice: Invoice | None
    refused: str = ""


def credited_units(policy: OutagePolicy, started_at: datetime, ended_at: datetime) -> int:
    """How many full hours or days lie above the threshold; pure."""
    beyond = ended_at - started_at - timedelta(hours=policy.credit_after_hours)
    return max(0, beyond // timedelta(hours=HOURS[policy.credit_unit]))


def preview_credits(session: Session, *, outage: Outage, at: datetime) -> list[Credit]:
    """What would be credited if the outage ended at `at`, or did; an empty list where nothing is long enough."""
    policy = outage_policy_of(session)
    units = credited_units(policy, outage.started_at, outage.ended_at or at)
    if not units:
        return []
    customers = {customer.id: customer for customer in customers_hit(session, outage.id)}
    day = business_day(outage.started_at, current_company(session).timezone)
    running = session.scalars(
        select(Subscription)
        .where(Subscription.customer_id.in_(customers), Subscription.state == "active", Subscription.started_on <= day)
        .order_by(Subscription.customer_id, Subscription.id)
    ).unique()
    paid = set(session.scalars(select(OutageCredit.subscription_id).where(OutageCredit.outage_id == outage.id)))
    found = []
    for subscription in running:
        if subscription.id not in paid:
            lines = _billed(session, subscription.id, outage, current_company(session).timezone)
            found.append(_credit(session, subscription, customers[subscription.customer_id], units, policy, lines))
    return found


def _billed(session: Session, subscription_id: Id, outage: Outage, timezone: str) -> Sequence[InvoiceLine]:
    """The charges for the day on which the outage began, of the newest bill that has any."""
    day = business_day(outage.started_at, timezone)
    lines = session.scalars(
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.subscription_id == subscription_id, Invoice.state.in_(CREDITABLE_STATES),
            InvoiceLine.kind == "charge", InvoiceLine.amount > 0, InvoiceLine.period_start <= day,
            InvoiceLine.period_end > day,
        )
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc(), InvoiceLine.position)
    ).all()  # fmt: skip
    return [line for line in lines if line.invoice_id == lines[0].invoice_id]


def _credit(
    session: Session, subscription: Subscription, customer: Customer, units: int, policy: OutagePolicy,
    lines: Sequence[InvoiceLine],
) -> Credit:  # fmt: skip
    if not lines:
        return Credit(subscription.id, customer, units, ZERO, {}, None, "no bill covers the day")
    gone = credited_by_line(session, lines[0].invoice_id)
    amounts = {}
    for line in lines:
        assert line.period_start is not None and line.period_end is not None
        whole = (line.period_end - line.period_start).days * 24 // HOURS[policy.credit_unit]
        share = rounded(line.amount * min(units, whole) / whole)
        amounts[line.id] = min(share, line.amount - gone.get(line.id, ZERO))
    amounts = {line_id: amount for line_id, amount in amounts.items() if amount > ZERO}
    net = sum(amounts.values(), ZERO)
    invoice = session.get_one(Invoice, lines[0].invoice_id)
    refused = "" if net > ZERO else "all of the bill is credited already"
    return Credit(subscription.id, customer, units, net, amounts, invoice, refused)


def credit_outage(
    session: Session, *, outage: Outage, actor: str, now: datetime, origin: str
) -> list[OutageCredit]:  # fmt: skip
    """Write a credit note for each subscription that was hit, once; nothing where the policy gives none.

    The outage has ended and its row is held. A credit that the books refuse is left out, for the office to write by
    hand.
    """
    policy = outage_policy_of(session)
    if not policy.gives_credit or outage.ended_at is None:
        return []
    given = []
    for credit in preview_credits(session, outage=outage, at=now):
        if credit.invoice is None or credit.refused:
            continue
        try:
            with session.begin_nested():
                given.append(_write(session, outage, credit, policy, actor, now, origin))
        except DomainError:
            continue  # the page of the outage shows that nothing was credited for it
    return given


def _write(
    session: Session, outage: Outage, credit: Credit, policy: OutagePolicy, actor: str, now: datetime, origin: str
) -> OutageCredit:
    assert credit.invoice is not None and outage.ended_at is not None
    timezone = current_company(session).timezone
    since = business_day(outage.started_at, timezone)
    unit = policy.credit_unit + ("" if credit.units == 1 else "s")
    note = credit_invoice(
        session, invoice_id=credit.invoice.id, reason=f"No service since {since:%d %b %Y}: {credit.units} {unit}",
        issued_on=business_day(now, timezone), made_by=actor, amounts=credit.amounts, origin=origin,
        idempotency_key=f"outage:{outage.id}:{credit.subscription_id}",
    )  # fmt: skip
    row = OutageCredit(
        id=new_id(), outage_id=outage.id, subscription_id=credit.subscription_id, credit_note_id=note.id,
        units=credit.units, net=credit.net,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row
