"""What runs out: types below their threshold, place by place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ids import Id
from core.inventory.balances import stock_by_place
from core.inventory.events import INSIDE
from core.inventory.models import Item, ItemType
from core.inventory.places import Place, main_warehouse, stock_places
from core.inventory.types import item_types


@dataclass(frozen=True)
class Shortage:
    """A type of which a place has less than its threshold."""

    type: ItemType
    place: Place
    place_name: str
    on_hand: Decimal
    threshold: Decimal


def shortages(session: Session) -> list[Shortage]:
    """Types in use below their threshold: in the main warehouse and every other that has some, and in each van.

    Faulty pieces do not count. The worst first: by what is left of the threshold.
    """
    kept, main = stock_by_place(session), main_warehouse(session)
    for key, faulty in _faulty(session).items():
        kept[key] = kept.get(key, Decimal(0)) - faulty
    found = []
    for item_type in item_types(session):
        for place, name in stock_places(session):
            threshold = item_type.low_stock if place.kind == "warehouse" else item_type.van_low_stock
            there = kept.get((place, item_type.id))
            expected_here = place.kind == "technician" or place.id == main.id or there is not None
            if expected_here and (there or Decimal(0)) < threshold:
                found.append(Shortage(item_type, place, name, there or Decimal(0), threshold))
    return sorted(found, key=lambda each: (each.on_hand / each.threshold, each.type.code, each.place_name))


def _faulty(session: Session) -> dict[tuple[Place, Id], int]:
    ours = (
        select(Item.holder_kind, Item.holder_id, Item.type_id, func.count())
        .where(Item.condition == "faulty", Item.ownership == "company", Item.holder_kind.in_(INSIDE))
        .group_by(Item.holder_kind, Item.holder_id, Item.type_id)
    )
    return {(Place(kind, key), type_id): count for kind, key, type_id, count in session.execute(ours)}
