"""What equipment costs as it moves: stock (1200) used, sold, rented out (1210), returned or lost (money 5.2).

Amounts are costs without tax; `movement_id` is the movement that is booked, once a kind. What the customer pays for it
is invoiced apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.ledger.journal import Line, post_entry
from core.ledger.models import JournalEntry
from core.money import ZERO, parse_amount

STOCK, AT_CUSTOMERS, DEPRECIATED = "1200", "1210", "1219"
COST_OF_SALES, CONSUMABLES, DEPRECIATION = "5010", "5020", "6900"


class CostInvalid(DomainError):
    """A cost is more than zero, and depreciation no more than the cost."""


def post_stock_used(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, area_id: Id | None = None,
    origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """Cable, connectors and the like went into an installation or repair: 5020 from 1200. Raises CostInvalid."""
    amount = _cost(cost)
    return post_entry(
        session, kind="stock_used", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin, memo=memo,
        lines=[Line(CONSUMABLES, amount, area_id=area_id), Line(STOCK, -amount)],
    )  # fmt: skip


def post_equipment_sold(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, area_id: Id | None = None,
    origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """A device became the customer's: its cost, 5010 from 1200. Raises CostInvalid."""
    amount = _cost(cost)
    return post_entry(
        session, kind="equipment_sold", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo, lines=[Line(COST_OF_SALES, amount, area_id=area_id), Line(STOCK, -amount)],
    )  # fmt: skip


def post_equipment_rented(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, origin: str = "", memo: str = ""
) -> JournalEntry:
    """A device of ours stands at a customer: 1210 from 1200. Raises CostInvalid."""
    amount = _cost(cost)
    return post_entry(
        session, kind="equipment_rented", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo, lines=[Line(AT_CUSTOMERS, amount), Line(STOCK, -amount)],
    )  # fmt: skip


def post_equipment_returned(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, depreciated: Decimal = ZERO,
    was_sold: bool = False, area_id: Id | None = None, origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """A device came back into stock at its cost less what was `depreciated` of it (1219).

    From 1210 where it was rented out; from 5010 where it `was_sold` and the sale is taken back. Raises CostInvalid.
    """
    amount, worn = _cost(cost), _worn(depreciated, cost)
    source = Line(COST_OF_SALES, worn - amount, area_id=area_id) if was_sold else Line(AT_CUSTOMERS, -amount)
    return post_entry(
        session, kind="equipment_returned", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo, lines=[Line(STOCK, amount - worn), Line(DEPRECIATED, ZERO if was_sold else worn), source],
    )  # fmt: skip


def post_equipment_bought_out(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, depreciated: Decimal = ZERO,
    area_id: Id | None = None, origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """A device that was rented is the customer's now: 5010 from 1210, less what was `depreciated` of it.

    Raises CostInvalid.
    """
    amount, worn = _cost(cost), _worn(depreciated, cost)
    return post_entry(
        session, kind="equipment_sold", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo,
        lines=[Line(COST_OF_SALES, amount - worn, area_id=area_id), Line(DEPRECIATED, worn),
               Line(AT_CUSTOMERS, -amount)],
    )  # fmt: skip


def post_equipment_worn(
    session: Session, *, month_id: Id, by_area: Mapping[Id | None, Decimal], posted_on: date, actor: str,
    origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """What a month took of the cost of all devices at customers, by the customers' areas: 6900 from 1219."""
    return post_entry(
        session, kind="equipment_worn", source_id=month_id, posted_on=posted_on, actor=actor, origin=origin, memo=memo,
        lines=[*(Line(DEPRECIATION, amount, area_id=area_id) for area_id, amount in by_area.items()),
               Line(DEPRECIATED, -sum(by_area.values(), ZERO))],
    )  # fmt: skip


def post_equipment_lost(
    session: Session, *, movement_id: Id, cost: Decimal, posted_on: date, actor: str, depreciated: Decimal = ZERO,
    from_stock: bool = False, area_id: Id | None = None, origin: str = "", memo: str = "",
) -> JournalEntry:  # fmt: skip
    """A device is gone or scrapped: 5010 from 1210, or `from_stock` from 1200, less what was `depreciated` of it.

    What the customer or an employee is charged for it is a document of its own. Raises CostInvalid.
    """
    amount, worn = _cost(cost), _worn(depreciated, cost)
    return post_entry(
        session, kind="equipment_lost", source_id=movement_id, posted_on=posted_on, actor=actor, origin=origin,
        memo=memo,
        lines=[Line(COST_OF_SALES, amount - worn, area_id=area_id), Line(DEPRECIATED, worn),
               Line(STOCK if from_stock else AT_CUSTOMERS, -amount)],
    )  # fmt: skip


def _cost(cost: Decimal) -> Decimal:
    amount = parse_amount(cost)
    if amount <= ZERO:
        raise CostInvalid(f"A device or material at a cost of {cost} is not booked: use more than zero")
    return amount


def _worn(depreciated: Decimal, cost: Decimal) -> Decimal:
    amount = parse_amount(depreciated)
    if not ZERO <= amount <= cost:
        raise CostInvalid(f"{depreciated} cannot be depreciated of a cost of {cost}")
    return amount
