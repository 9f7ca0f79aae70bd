"""What an agent should do today, the most pressing first."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.crm.distance import Place, metres_between, place_at
from core.crm.models import Customer, CustomerPhone, Site, SubZone
from core.ids import Id
from core.recovery.case_models import Attempt, Promise, RecoveryCase, StepRecord

WHYS = ("promise_today", "promise_broken", "action_due", "notice_to_bring", "overdue")
"""Why a case is on the list, in their order."""
QUIET_STAGES = ("new", "reminder")
"""Before the agent's step the messages do the work."""


@dataclass(frozen=True)
class WorkItem:
    """One customer to see about; `metres` is the distance as the crow flies, where both places are known."""

    case_id: Id
    customer_id: Id
    number: str
    name: str
    phone: str
    address: str
    sub_zone: str
    place: Place | None
    amount: Decimal
    days: int
    stage: str
    held_by: str
    why: str
    promised: Decimal | None
    promised_by: date | None
    attempts: int
    metres: int | None


@dataclass(frozen=True)
class Narrowed:
    """Only cases in these sub-zones, any without; and only debts between two sums, both of them included."""

    sub_zone_ids: Collection[Id] = ()
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @property
    def conditions(self) -> list[Any]:
        """What a case has to meet."""
        conditions: list[Any] = []
        if self.sub_zone_ids:
            conditions.append(RecoveryCase.sub_zone_id.in_(self.sub_zone_ids))
        if self.at_least is not None:
            conditions.append(RecoveryCase.amount >= self.at_least)
        if self.at_most is not None:
            conditions.append(RecoveryCase.amount <= self.at_most)
        return conditions


def worklist(
    session: Session, *, agent_id: Id, today: date, here: Place | None = None, everything: bool = False,
    narrowed: Narrowed | None = None, limit: int = 50,
) -> list[WorkItem]:  # fmt: skip
    """An agent's open cases: promises due today, broken promises, actions he set himself, then the rest; within each
    the nearest to `here` first, without it the largest. Cases the ladder has not given to a person yet come with
    `everything`; `narrowed` leaves only some of them.
    """
    rows = session.execute(_query(agent_id, narrowed or Narrowed())).all()
    items = [_item(row, today, here) for row in rows]
    wanted = [item for item in items if everything or item.why != "overdue" or item.stage not in QUIET_STAGES]
    return sorted(wanted, key=_urgency)[:limit]


def _urgency(item: WorkItem) -> tuple[int, float, Decimal, str]:
    metres = math.inf if item.metres is None else item.metres
    return WHYS.index(item.why), metres, -item.amount, item.number


def _query(agent_id: Id, narrowed: Narrowed) -> Any:
    phone = select(CustomerPhone.phone).where(CustomerPhone.customer_id == Customer.id).order_by(CustomerPhone.id)
    sites = select(Site.id).where(Site.customer_id == Customer.id).order_by(Site.id).limit(1)
    site = sites.correlate(Customer).scalar_subquery()
    newest = (
        select(Promise.id)
        .where(Promise.customer_id == Customer.id, Promise.state != "replaced")
        .order_by(Promise.id.desc())
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )
    tried = select(func.count()).where(Attempt.case_id == RecoveryCase.id).scalar_subquery()
    last_tried = select(func.max(Attempt.attempted_at)).where(Attempt.case_id == RecoveryCase.id).scalar_subquery()
    to_bring = select(StepRecord.id).where(StepRecord.case_id == RecoveryCase.id, StepRecord.state == "by_hand")
    return (
        select(
            RecoveryCase, Customer, Site, Promise, SubZone.name.label("sub_zone"),
            phone.limit(1).scalar_subquery().label("phone"), tried.label("tried"), last_tried.label("last_tried"),
            to_bring.exists().label("to_bring"),
        )
        .join(Customer, Customer.id == RecoveryCase.customer_id)
        .join(SubZone, SubZone.id == RecoveryCase.sub_zone_id)
        .outerjoin(Site, Site.id == site)
        .outerjoin(Promise, Promise.id == newest)
        .where(RecoveryCase.state == "open", RecoveryCase.agent_id == agent_id, *narrowed.conditions)
    )  # fmt: skip


def _item(row: Any, today: date, here: Place | None) -> WorkItem:
    case, customer, site, promise = row[0], row[1], row[2], row[3]
    place = place_at(site.latitude, site.longitude) if site is not None else None
    running = promise if promise is not None and promise.state == "open" else None
    return WorkItem(
        case_id=case.id, customer_id=customer.id, number=customer.number, name=customer.name, phone=row.phone or "",
        address=site.address if site is not None else "", sub_zone=row.sub_zone, place=place, amount=case.amount,
        days=(today - case.oldest_due_on).days, stage=case.stage, held_by=case.held_by, why=_why(row, today),
        promised=running.amount if running else None, promised_by=running.due_on if running else None,
        attempts=row.tried, metres=metres_between(here, place) if here and place else None,
    )  # fmt: skip


def _why(row: Any, today: date) -> str:
    case, promise = row[0], row[3]
    if promise is not None and promise.state == "open" and promise.due_on <= today:
        return "promise_today"
    failed = promise is not None and promise.state in ("broken", "partial")
    if failed and (row.last_tried is None or row.last_tried < promise.judged_at):
        return "promise_broken"
    if case.next_action_on is not None and case.next_action_on <= today:
        return "action_due"
    return "notice_to_bring" if row.to_bring else "overdue"
