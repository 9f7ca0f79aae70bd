"""What the ladder must know of a set of debtors, gathered from every domain in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import OPEN_STATES, CreditNote, Invoice
from core.billing.payment_models import Payment, PaymentClaim
from core.billing.plan_models import Plan
from core.billing.subscription_models import ServicePause, Subscription, paid_by
from core.clock import business_day
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.inventory.models import Item
from core.messaging.models import OutboundMessage
from core.network.outage_models import Outage, OutageSubZone
from core.recovery.calendar import WorkCalendar
from core.recovery.case_models import NeverCut, Promise, RecoveryCase, ServiceCut, StepRecord
from core.recovery.ladder import Standing
from core.service_desk.models import OPEN_STATES as TICKET_OPEN
from core.service_desk.models import PICK_UP, REQUESTS, Ticket

ARRIVED = ("accepted", "sent", "delivered", "read")
"""States of a message that count as a notice given."""


@dataclass(frozen=True)
class Overdue:
    """What a customer owes past its day; `oldest_due_on` is where the ladder counts from."""

    amount: Decimal
    oldest_due_on: date


def overdue_of(session: Session, customer_ids: Sequence[Id], *, today: date) -> dict[Id, Overdue]:
    """The overdue debt of each customer who has one."""
    rows = session.execute(
        select(Invoice.customer_id, func.sum(Invoice.balance), func.min(Invoice.due_on))
        .where(Invoice.customer_id.in_(customer_ids), Invoice.balance > 0, Invoice.state.in_(OPEN_STATES),
               Invoice.due_on < today)
        .group_by(Invoice.customer_id)
    )  # fmt: skip
    return {customer_id: Overdue(amount, oldest) for customer_id, amount, oldest in rows if oldest is not None}


@dataclass(frozen=True)
class Lines:
    """The running subscriptions a customer pays for, and the people and services behind them."""

    users: Mapping[Id, set[Id]]
    """Payer → customers whose service he pays, himself included."""
    services: Mapping[Id, set[Id]]
    """Payer → subscriptions that have not ended."""
    cuttable: Mapping[Id, int]
    """Payer → active subscriptions that are paid for afterwards."""


def lines_of(session: Session, payer_ids: Sequence[Id]) -> Lines:
    """Subscriptions by who pays for them."""
    payer = func.coalesce(Subscription.payer_id, Subscription.customer_id)
    rows = session.execute(
        select(payer, Subscription.customer_id, Subscription.id, is_cuttable())
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(paid_by(payer_ids), Subscription.state != "ended")
    )
    users: dict[Id, set[Id]] = {payer_id: {payer_id} for payer_id in payer_ids}
    services: dict[Id, set[Id]] = defaultdict(set)
    cuttable: dict[Id, int] = defaultdict(int)
    for payer_id, user_id, subscription_id, may_be_cut in rows:
        users[payer_id].add(user_id)
        services[payer_id].add(subscription_id)
        cuttable[payer_id] += bool(may_be_cut)
    return Lines(users, services, cuttable)


def is_cuttable() -> ColumnElement[bool]:
    """The condition on a subscription joined with its plan; prepaid ones end by themselves."""
    return (Subscription.state == "active") & Plan.validity_days.is_(None) & Subscription.paid_until.is_(None)


def holds_of(
    session: Session, payer_ids: Sequence[Id], lines: Lines, debts: Mapping[Id, Overdue], *, today: date, now: datetime,
    ticket_hold_days: int,
) -> dict[Id, set[str]]:  # fmt: skip
    """What halts the ladder for each customer, by the names of `core.recovery.ladder.HOLDS`."""
    holds: dict[Id, set[str]] = defaultdict(set)
    for customer_id in session.scalars(select(PaymentClaim.customer_id).where(
        PaymentClaim.customer_id.in_(payer_ids), PaymentClaim.state == "pending"
    )):  # fmt: skip
        holds[customer_id].add("claim")
    for customer_id in session.scalars(select(Promise.customer_id).where(
        Promise.customer_id.in_(payer_ids), Promise.state == "open", Promise.limit_on >= today
    )):  # fmt: skip
        holds[customer_id].add("promise")
    for customer_id, advance in _advances(session, payer_ids).items():
        if customer_id in debts and advance >= debts[customer_id].amount:
            holds[customer_id].add("advance")
    _add_tickets(session, holds, lines, now - timedelta(days=ticket_hold_days))
    _add_outages(session, holds, lines, today)
    return holds


def _advances(session: Session, customer_ids: Sequence[Id]) -> dict[Id, Decimal]:
    advances: dict[Id, Decimal] = defaultdict(Decimal)
    paid = select(Payment.customer_id, func.sum(Payment.unallocated)).where(
        Payment.customer_id.in_(customer_ids), Payment.unallocated > 0, Payment.state == "received"
    )
    credited = select(CreditNote.customer_id, func.sum(CreditNote.unallocated)).where(
        CreditNote.customer_id.in_(customer_ids), CreditNote.unallocated > 0
    )
    for query in (paid.group_by(Payment.customer_id), credited.group_by(CreditNote.customer_id)):
        for customer_id, left in session.execute(query):
            advances[customer_id] += left
    return advances


def _add_tickets(session: Session, holds: dict[Id, set[str]], lines: Lines, since: datetime) -> None:
    payers = _payers_by(lines.users)
    tickets = select(Ticket.customer_id, Ticket.category, Ticket.opened_at).where(
        Ticket.customer_id.in_(payers), Ticket.state.in_(TICKET_OPEN), Ticket.category.not_in((*REQUESTS, PICK_UP))
    )
    for user_id, category, opened_at in session.execute(tickets):
        hold = "dispute" if category == "billing_dispute" else "ticket"
        if hold == "dispute" or opened_at > since:
            for payer_id in payers[user_id]:
                holds[payer_id].add(hold)


def _add_outages(session: Session, holds: dict[Id, set[str]], lines: Lines, today: date) -> None:
    payers = _payers_by(lines.services)
    down = select(ServicePause.subscription_id).where(
        ServicePause.subscription_id.in_(payers), ServicePause.reason == "outage", ServicePause.starts_on <= today,
        or_(ServicePause.ends_on.is_(None), ServicePause.ends_on > today),
    )  # fmt: skip
    for subscription_id in session.scalars(down):
        for payer_id in payers[subscription_id]:
            holds[payer_id].add("outage")
    users = _payers_by(lines.users)
    dark = (
        select(Customer.id)
        .join(OutageSubZone, OutageSubZone.sub_zone_id == Customer.sub_zone_id)
        .join(Outage, Outage.id == OutageSubZone.outage_id)
        .where(Customer.id.in_(users), Outage.state == "confirmed")
    )
    for user_id in session.scalars(dark):
        for payer_id in users[user_id]:
            holds[payer_id].add("outage")


def _payers_by(theirs: Mapping[Id, set[Id]]) -> dict[Id, list[Id]]:
    payers: dict[Id, list[Id]] = defaultdict(list)
    for payer_id, ids in theirs.items():
        for each in ids:
            payers[each].append(payer_id)
    return payers


def standings(
    session: Session, cases: Sequence[RecoveryCase], *, today: date, now: datetime, calendar: WorkCalendar
) -> dict[Id, Standing]:  # fmt: skip
    """Case → where its customer stands today; a case whose debt is gone is left out."""
    payer_ids = [case.customer_id for case in cases]
    debts = overdue_of(session, payer_ids, today=today)
    lines = lines_of(session, payer_ids)
    holds = holds_of(
        session, payer_ids, lines, debts, today=today, now=now, ticket_hold_days=calendar.policy.ticket_hold_days
    )
    customers = customers_of(session, payer_ids)
    records = _records(session, payer_ids)
    protected = _protected(session, payer_ids, today)
    cut = set(session.scalars(
        select(ServiceCut.customer_id).where(ServiceCut.customer_id.in_(payer_ids), ServiceCut.restored_at.is_(None))
    ))  # fmt: skip
    rented = _with_equipment(session, lines)
    found = {}
    for case in cases:
        debt = debts.get(case.customer_id)
        if debt is None:
            continue
        mine = [row for row in records[case.customer_id] if row[0].counted_from == debt.oldest_due_on]
        notice_on, announced_for = _notice(mine, calendar.timezone)
        found[case.id] = Standing(
            customer_id=case.customer_id, case_id=case.id, amount=debt.amount, counted_from=debt.oldest_due_on,
            area_id=case.area_id, customer_class=customers[case.customer_id].customer_class,
            never_cut=case.customer_id in protected, holds=frozenset(holds[case.customer_id]),
            taken=frozenset((record.day, record.kind) for record, _ in mine), hastened=case.hastened,
            notice_on=notice_on, announced_for=announced_for, is_cut=case.customer_id in cut,
            has_rented=case.customer_id in rented, cuttable=lines.cuttable.get(case.customer_id, 0),
        )  # fmt: skip
    return found


def customers_of(session: Session, customer_ids: Sequence[Id]) -> dict[Id, Customer]:
    """The customers by id."""
    return {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(customer_ids)))}


Recorded = tuple[StepRecord, OutboundMessage | None]


def _records(session: Session, customer_ids: Sequence[Id]) -> dict[Id, list[Recorded]]:
    rows = session.execute(
        select(StepRecord, OutboundMessage)
        .outerjoin(OutboundMessage, OutboundMessage.id == StepRecord.message_id)
        .where(StepRecord.customer_id.in_(customer_ids), StepRecord.state != "withdrawn", StepRecord.day > 0)
    )
    records: dict[Id, list[Recorded]] = defaultdict(list)
    for record, message in rows:
        records[record.customer_id].append((record, message))
    return records


def _notice(records: Sequence[Recorded], timezone: str) -> tuple[date | None, date | None]:
    for record, message in records:
        if record.kind != "final_notice" or record.state != "done":
            continue
        if message is None:
            return record.done_on, record.announced_for
        if message.state in ARRIVED:
            return business_day(message.sent_at or message.state_since, timezone), record.announced_for
    return None, None


def _protected(session: Session, customer_ids: Sequence[Id], today: date) -> set[Id]:
    flags = select(NeverCut.customer_id).where(
        NeverCut.customer_id.in_(customer_ids), NeverCut.from_on <= today, NeverCut.until_on >= today,
        NeverCut.ended_at.is_(None),
    )  # fmt: skip
    return set(session.scalars(flags))


def _with_equipment(session: Session, lines: Lines) -> set[Id]:
    payers = _payers_by(lines.users)
    ours = select(Item.holder_id).where(
        Item.holder_kind == "customer", Item.holder_id.in_(payers), Item.ownership.in_(("company", "rented"))
    )
    return {payer_id for holder in session.scalars(ours) if holder for payer_id in payers[holder]}


def customers_by_area(session: Session) -> dict[Id | None, int]:
    """Customers who have not left, by area; None is the whole company."""
    rows = session.execute(
        select(SubZone.area_id, func.count())
        .join(Customer, Customer.sub_zone_id == SubZone.id)
        .where(Customer.state != "left")
        .group_by(SubZone.area_id)
    )
    counted: dict[Id | None, int] = {row[0]: row[1] for row in rows}
    return counted | {None: sum(counted.values())}
