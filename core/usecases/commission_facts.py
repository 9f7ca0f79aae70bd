"""The facts commissions are earned by, read in sets: connections, complaints, invoices, and cash collected."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.types import Uuid

from core.billing.cash_proof_models import CashProof
from core.billing.invoice_models import CreditNote, Invoice
from core.billing.payment_models import Allocation, Payment
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO
from core.service_desk.models import OPEN_STATES, PICK_UP, Ticket
from core.staff.agent_cash import money_in_hand
from core.staff.balances import CASH_IN_HAND
from core.staff.commission_models import CommissionAccrual, ConnectionCredit
from core.staff.commissions import Complaint, ConnectionInvoice, NewConnection
from core.staff.incentives import Collection
from core.staff.months import month_of, next_month


@dataclass
class Scope:
    """What has to be looked at: the months of collections as a whole, and single invoices and subscriptions."""

    months: set[date] = field(default_factory=set)
    invoice_ids: set[Id] = field(default_factory=set)
    subscription_ids: set[Id] = field(default_factory=set)


def scope_of_days(session: Session, *, since: date, until: date, staff_id: Id | None = None) -> Scope:
    """Everything that something happened to from `since` to `until`: issued, paid, handed over, taken back.

    With `staff_id` only connections that are credited to him, and months of cash that he held.
    """
    mine = _credited_to(staff_id)
    scope = _scope(session, and_(Allocation.allocated_on >= since, Allocation.allocated_on <= until, *mine))
    scope.months |= set(_months(since, until))
    held = money_in_hand(session, as_of=since - timedelta(days=1))
    for oldest in (cash[0].collected_on for who, cash in held.items() if cash and staff_id in (None, who)):
        scope.months |= set(_months(oldest, since))
    credited = aliased(CreditNote)
    issued = or_(
        and_(Invoice.issued_on >= since, Invoice.issued_on <= until),
        Invoice.id.in_(select(credited.invoice_id).where(credited.issued_on >= since, credited.issued_on <= until)),
        and_(Invoice.state == "void", Invoice.id.in_(select(CommissionAccrual.source_id))),
    )
    invoices = select(Invoice.id).where(issued, Invoice.subscription_id.is_not(None), *mine)
    scope.invoice_ids |= set(session.scalars(invoices))
    started = and_(Subscription.started_on >= since, Subscription.started_on <= until)
    if staff_id is not None:
        started = and_(started, Subscription.id.in_(_subscriptions_of(staff_id)))
    scope.subscription_ids |= set(session.scalars(select(Subscription.id).where(started)))
    return scope


def _credited_to(staff_id: Id | None) -> list[ColumnElement[bool]]:
    return [] if staff_id is None else [Invoice.subscription_id.in_(_subscriptions_of(staff_id))]


def _subscriptions_of(staff_id: Id) -> Select[Id]:
    return select(ConnectionCredit.subscription_id).where(ConnectionCredit.staff_id == staff_id)


def scope_of_payments(session: Session, *, payment_ids: Ids[Id]) -> Scope:
    """What these payments touch, such as those that bounced just now."""
    scope = _scope(session, _among(Allocation.payment_id, payment_ids))
    collected = select(Payment.received_on).where(_among(Payment.id, payment_ids), Payment.collected_by.is_not(None))
    scope.months |= {month_of(day) for day in session.scalars(collected)}
    return scope


def _scope(session: Session, touched: ColumnElement[bool]) -> Scope:
    scope = Scope()
    rows = session.execute(
        select(Allocation.invoice_id, Invoice.subscription_id, Payment.received_on, Payment.collected_by)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .where(touched)
    )
    for invoice_id, subscription_id, received_on, collected_by in rows:
        if collected_by is not None and received_on is not None:
            scope.months.add(month_of(received_on))
        if subscription_id is not None and invoice_id is not None:
            scope.invoice_ids.add(invoice_id)
            scope.subscription_ids.add(subscription_id)
    return scope


def _months(first: date, last: date) -> Iterable[date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def _among(column: InstrumentedAttribute[Id] | InstrumentedAttribute[Id | None], ids: Ids[Id]) -> ColumnElement[bool]:
    """One array parameter however many ids there are."""
    return column == any_(cast(list(ids), ARRAY(Uuid())))


def collections(session: Session, *, months: Ids[date], as_of: date, staff_id: Id | None = None) -> list[Collection]:
    """Every part of what agents, or one, collected in these months, with whether it stayed and was handed over by
    `as_of`.

    Whether its customer disputes it is as of now.
    """
    held = {cash.source_id for stack in money_in_hand(session, as_of=as_of).values() for cash in stack}
    undone = aliased(Allocation)
    parts = (
        select(
            Allocation.id, Allocation.amount, undone.id.label("undone_id"), Payment.id.label("payment_id"),
            Payment.number.label("receipt"), Payment.collected_by, Payment.customer_id, Payment.received_on,
            Payment.account_code, Payment.state, Payment.state_reason, Customer.number.label("customer"),
            Invoice.number.label("invoice"), Invoice.due_on, CashProof.state.label("proof"),
        )
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .join(Customer, Customer.id == Payment.customer_id)
        .outerjoin(undone, undone.reverses_id == Allocation.id)
        .outerjoin(CashProof, CashProof.payment_id == Payment.id)
        .where(Payment.collected_by.is_not(None), Allocation.reverses_id.is_(None))
    )  # fmt: skip
    if staff_id is not None:
        parts = parts.where(Payment.collected_by == staff_id)
    facts = []
    for month in sorted(months):
        within = and_(Payment.received_on >= month, Payment.received_on < next_month(month))
        for row in session.execute(parts.where(within)):
            facts.append(
                Collection(
                    allocation_id=row.id, payment_number=row.receipt, staff_id=row.collected_by,
                    customer_id=row.customer_id, customer=row.customer, invoice_number=row.invoice,
                    amount=row.amount, collected_on=row.received_on, due_on=row.due_on or row.received_on,
                    undone=_why_undone(row.state, row.state_reason, row.undone_id),
                    handed_over=row.account_code != CASH_IN_HAND or row.payment_id not in held,
                    disputed=row.proof == "disputed",
                )
            )  # fmt: skip
    return facts


def _why_undone(state: str, reason: str, moved: Id | None) -> str:
    if state != "received":
        return f"{state}, {reason}" if reason else state
    return "moved to another bill" if moved is not None else ""


def new_connections(session: Session, *, subscription_ids: Ids[Id]) -> list[NewConnection]:
    """Who is credited with these subscriptions, and when their first money came that is still there."""
    undone = aliased(Allocation)
    first_paid = (
        select(func.min(Payment.received_on))
        .join(Allocation, Allocation.payment_id == Payment.id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .outerjoin(undone, undone.reverses_id == Allocation.id)
        .where(
            Invoice.subscription_id == Subscription.id, Payment.state == "received",
            Allocation.reverses_id.is_(None), undone.id.is_(None),
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Subscription.id, Subscription.started_on, Customer.number, first_paid)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(_among(Subscription.id, subscription_ids))
        .order_by(Subscription.started_on, Subscription.id)
    )
    credits = _credits(session, subscription_ids)
    facts = []
    for subscription_id, started_on, customer, paid_on in rows:
        of_subscription = credits.get(subscription_id, [])
        for role in sorted({credit.role for credit in of_subscription}):
            day = max(started_on, paid_on or started_on)
            credit = _on(of_subscription, role, day) or next(c for c in of_subscription if c.role == role)
            facts.append(NewConnection(subscription_id, credit.staff_id, role, customer, started_on, paid_on))
    return facts


def connection_invoices(session: Session, *, invoice_ids: Ids[Id]) -> list[ConnectionInvoice]:
    """These invoices, for whoever was credited with their connection on the day of issue."""
    credited = (
        select(func.coalesce(func.sum(CreditNote.net), ZERO))
        .where(CreditNote.invoice_id == Invoice.id)
        .scalar_subquery()
    )
    paid_on = select(func.max(Allocation.allocated_on)).where(Allocation.invoice_id == Invoice.id).scalar_subquery()
    rows = session.execute(
        select(
            Invoice.id, Invoice.number, Invoice.subscription_id, Invoice.issued_on, Invoice.state,
            Invoice.net - credited, paid_on,
        )
        .where(_among(Invoice.id, invoice_ids), Invoice.subscription_id.is_not(None), Invoice.issued_on.is_not(None))
        .order_by(Invoice.issued_on, Invoice.id)
    ).all()  # fmt: skip
    credits = _credits(session, {row[2] for row in rows if row[2] is not None})
    facts = []
    for invoice_id, number, subscription_id, issued_on, state, net, last_paid in rows:
        assert subscription_id is not None and issued_on is not None
        of_subscription = credits.get(subscription_id, [])
        for role in sorted({credit.role for credit in of_subscription}):
            credit = _on(of_subscription, role, issued_on)
            if credit is not None:
                facts.append(
                    ConnectionInvoice(
                        invoice_id, number or "", credit.staff_id, role, credit.from_on, issued_on, net,
                        last_paid if state == "paid" else None, state == "void",
                    )
                )  # fmt: skip
    return facts


def _credits(session: Session, subscription_ids: Ids[Id]) -> dict[Id, list[ConnectionCredit]]:
    query = select(ConnectionCredit).where(_among(ConnectionCredit.subscription_id, subscription_ids))
    found: dict[Id, list[ConnectionCredit]] = {}
    for credit in session.scalars(query.order_by(ConnectionCredit.from_on)):
        found.setdefault(credit.subscription_id, []).append(credit)
    return found


def _on(credits: Iterable[ConnectionCredit], role: str, day: date) -> ConnectionCredit | None:
    for credit in credits:
        if credit.role == role and credit.from_on <= day and (credit.until_on is None or day < credit.until_on):
            return credit
    return None


def complaints(session: Session, *, since: date, until: date, staff_id: Id | None = None) -> list[Complaint]:
    """Tickets resolved from `since` to `until` by somebody, or by one, and whether the same complaint came back."""
    zone = current_company(session).timezone
    again = aliased(Ticket)
    came_back = (
        select(func.min(again.opened_at))
        .where(
            again.customer_id == Ticket.customer_id, again.category == Ticket.category, again.id != Ticket.id,
            again.opened_at > Ticket.resolved_at,
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Ticket, came_back).where(
            Ticket.category != PICK_UP,
            Ticket.assigned_to.is_not(None) if staff_id is None else Ticket.assigned_to == staff_id,
            Ticket.resolved_at >= business_midnight(since, zone),
            Ticket.resolved_at < business_midnight(until + timedelta(days=1), zone),
        ).order_by(Ticket.resolved_at, Ticket.id)
    )  # fmt: skip
    facts = []
    for ticket, reopened_at in rows:
        assert ticket.resolved_at is not None and ticket.assigned_to is not None
        reopened_on = business_day(reopened_at, zone) if reopened_at else None
        resolved_on = business_day(ticket.resolved_at, zone)
        if ticket.state in OPEN_STATES:
            reopened_on = resolved_on
        facts.append(Complaint(ticket.id, ticket.number, ticket.category, ticket.assigned_to, resolved_on, reopened_on))
    return facts


def business_midnight(day: date, timezone: str) -> datetime:
    """The instant at which the company's day begins."""
    return datetime.combine(day, time.min, ZoneInfo(timezone))
