"""What a subscriber costs and brings a month, by area: costs booked on an area are its own, the rest is shared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.ledger.statements import ProfitAndLoss, profit_and_loss
from core.money import ZERO, rounded, split


@dataclass(frozen=True)
class SubscriberCost:
    """One area over the span; `subscribers` are subscriptions that ran on its last day.

    `shared_costs` are the area's part of what was booked on no area, by the number of subscribers.
    """

    area_id: Id | None
    subscribers: int
    income: Decimal
    own_costs: Decimal
    shared_costs: Decimal

    @property
    def cost_per_subscriber(self) -> Decimal | None:
        """None where nobody subscribes."""
        return rounded((self.own_costs + self.shared_costs) / self.subscribers) if self.subscribers else None

    @property
    def income_per_subscriber(self) -> Decimal | None:
        """None where nobody subscribes."""
        return rounded(self.income / self.subscribers) if self.subscribers else None

    @property
    def profit(self) -> Decimal:
        """Income less own and shared costs."""
        return self.income - self.own_costs - self.shared_costs


def cost_per_subscriber(session: Session, *, first: date, last: date) -> list[SubscriberCost]:
    """By area, the most subscribers first; where nobody subscribes at all, shared costs stay in a row of no area."""
    books = profit_and_loss(session, first=first, last=last, by="area")
    counted = _subscribers(session, last)
    moved: dict[Id | None, tuple[Decimal, Decimal]] = {
        _area(column.key): (column.income, column.direct_costs + column.expenses) for column in books.columns
    }
    areas = sorted({*counted, *(area for area in moved if area)}, key=lambda area: (-counted.get(area, 0), str(area)))
    shared = _shared(books, areas, counted)
    rows = [
        SubscriberCost(area, counted.get(area, 0), *moved.get(area, (ZERO, ZERO)), shared.get(area, ZERO))
        for area in areas
    ]
    income, unshared = moved.get(None, (ZERO, ZERO))
    left = unshared - sum(shared.values(), ZERO)
    return [*rows, SubscriberCost(None, 0, income, ZERO, left)] if income or left else rows


def _shared(books: ProfitAndLoss, areas: list[Id], counted: dict[Id, int]) -> dict[Id, Decimal]:
    costs = next((column.direct_costs + column.expenses for column in books.columns if column.key is None), ZERO)
    weights = [Decimal(counted.get(area, 0)) for area in areas]
    if not costs or not any(weights):
        return {}
    return dict(zip(areas, split(costs, weights), strict=True))


def _subscribers(session: Session, day: date) -> dict[Id, int]:
    rows = session.execute(
        select(SubZone.area_id, func.count())
        .select_from(Subscription)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(SubZone, SubZone.id == Customer.sub_zone_id)
        .where(Subscription.started_on <= day, or_(Subscription.ended_on.is_(None), Subscription.ended_on > day))
        .group_by(SubZone.area_id)
    )
    return {row[0]: row[1] for row in rows}


def _area(key: date | Id | None) -> Id | None:
    assert not isinstance(key, date)
    return key
