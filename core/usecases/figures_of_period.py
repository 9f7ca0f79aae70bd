"""What a manager asks of a day, a week or a month: money by method, area and agent, complaints, lines won and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.billing.payment_models import Payment
from core.billing.subscription_models import Subscription
from core.companies import current_company
from core.crm.models import Area, Customer, SubZone
from core.money import ZERO
from core.network.outage_models import RUNNING, Outage
from core.recovery.case_models import ServiceCut
from core.service_desk.models import OPEN_STATES, PICK_UP, REQUESTS, Ticket
from core.staff.models import Staff

Share = tuple[str, Decimal]
"""A name and its amount; an empty name is what came in without one."""


@dataclass(frozen=True)
class Collected:
    """Money received between two days of the company's calendar, both included; each split the most first."""

    total: Decimal
    payments: int
    by_method: Sequence[Share]
    by_area: Sequence[Share]
    by_agent: Sequence[Share]
    """Cash that agents took; the empty name is what came to the office or an account."""


@dataclass(frozen=True)
class Complaints:
    """Complaints of a span; requests and pick-ups are none."""

    opened: int
    resolved: int
    late: int
    """Opened in the span and past their due time, solved too late or not at all."""
    open_now: int
    late_now: int


@dataclass(frozen=True)
class Lines:
    """Lines won and lost in a span, and how they stand."""

    started: int
    ended: int
    cut: int
    """Suspended for debt in the span."""
    active: int
    suspended: int
    outages: int
    """That run now."""


def collected_in(session: Session, *, first: date, last: date) -> Collected:
    """What came in and did not bounce; the area is the customer's."""
    within = (Payment.received_on.between(first, last), Payment.state == "received")
    total, count = session.execute(select(func.sum(Payment.amount), func.count()).where(*within)).one()
    of_customer = Customer.id == Payment.customer_id
    area = (
        select(Area.name, func.sum(Payment.amount)).join(SubZone, SubZone.area_id == Area.id)
        .join(Customer, Customer.sub_zone_id == SubZone.id).join(Payment, of_customer)
    )  # fmt: skip
    agent = select(func.coalesce(Staff.name, ""), func.sum(Payment.amount)).select_from(Payment)
    agent = agent.outerjoin(Staff, Staff.id == Payment.collected_by)
    return Collected(
        total=total or ZERO, payments=count,
        by_method=_largest(session.execute(
            select(Payment.method, func.sum(Payment.amount)).where(*within).group_by(Payment.method)).all()),
        by_area=_largest(session.execute(area.where(*within).group_by(Area.name)).all()),
        by_agent=_largest(session.execute(agent.where(*within).group_by(Staff.name)).all()),
    )  # fmt: skip


def _largest(rows: Sequence[Any]) -> list[Share]:
    return sorted(((row[0], row[1]) for row in rows), key=lambda share: (-share[1], share[0]))


def complaints_in(session: Session, *, first: date, last: date, now: datetime) -> Complaints:
    """Opened, solved and late ones; what is open or late now does not depend on the span."""
    since, until = span_of(session, first, last)
    complaint = Ticket.category.not_in((*REQUESTS, PICK_UP))
    opened = Ticket.opened_at.between(since, until)
    is_open = Ticket.state.in_(OPEN_STATES)
    overdue = or_(Ticket.resolved_at > Ticket.due_at, is_open & (Ticket.due_at < now))
    row = session.execute(select(
        _count(opened), _count(Ticket.resolved_at.between(since, until)), _count(opened & overdue), _count(is_open),
        _count(is_open & (Ticket.due_at < now)),
    ).where(complaint)).one()  # fmt: skip
    return Complaints(*row)


def lines_in(session: Session, *, first: date, last: date) -> Lines:
    """Lines that began, ended or were suspended between the two days, and how many run or are suspended now."""
    row = session.execute(select(
        _count(Subscription.started_on.between(first, last)), _count(Subscription.ended_on.between(first, last)),
        _count(Subscription.state == "active"), _count(Subscription.state == "suspended"),
    )).one()  # fmt: skip
    cut = session.scalar(select(func.count()).select_from(ServiceCut).where(ServiceCut.cut_on.between(first, last)))
    running = session.scalar(select(func.count()).select_from(Outage).where(Outage.state.in_(RUNNING)))
    return Lines(row[0], row[1], cut or 0, row[2], row[3], running or 0)


def span_of(session: Session, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants between which the days lie on the company's clock."""
    zone = ZoneInfo(current_company(session).timezone)
    begins = datetime.combine(first, time(), zone)
    return begins, datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
