"""How much there is of what, where, and what it is worth: sums over the movements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.ids import Id
from core.inventory.events import AT_CUSTOMERS, INSIDE, STOCK
from core.inventory.models import Item, Movement
from core.inventory.places import Place, place_names, stock_places
from core.money import ZERO, rounded

Amounts = ColumnElement[Decimal] | InstrumentedAttribute[Decimal]
KEPT = Movement.cost - Movement.worn
"""What a movement is worth where it goes: all of its cost, but for a piece that lost some of it at a customer."""


@dataclass(frozen=True)
class Pool:
    """The company's own stock of a type in all its places, and its worth in account 1200."""

    quantity: Decimal
    value: Decimal

    @property
    def average(self) -> Decimal:
        """The moving average of one unit, rounded for people; zero of nothing."""
        return rounded(self.value / self.quantity) if self.quantity else ZERO

    def cost_of(self, quantity: Decimal) -> Decimal:
        """What `quantity` of it costs; whoever takes the last takes what is left of the value."""
        if quantity >= self.quantity:
            return self.value
        return rounded(self.value * quantity / self.quantity)

    def less(self, quantity: Decimal) -> Pool:
        """What is left after `quantity` went out at its cost."""
        return Pool(self.quantity - quantity, self.value - self.cost_of(quantity))


def pool(session: Session, *, type_id: Id) -> Pool:
    """The stock of a type; lock the type first where something is decided by it."""
    return pools(session, type_id=type_id).get(type_id, Pool(Decimal(0), ZERO))


def pools(session: Session, *, type_id: Id | None = None, as_of: date | None = None) -> dict[Id, Pool]:
    """The stock of every type that has any, or of one; at the end of a day, or now."""
    into, out = Movement.debit_code == STOCK, Movement.credit_code == STOCK
    sums = select(Movement.type_id, _net(Movement.quantity, into, out).label("quantity"), _net(KEPT, into, out)).where(
        or_(into, out) & (Movement.debit_code != Movement.credit_code)
    )
    if type_id is not None:
        sums = sums.where(Movement.type_id == type_id)
    if as_of is not None:
        sums = sums.where(Movement.moved_on <= as_of)
    rows = session.execute(sums.group_by(Movement.type_id))
    return {row[0]: Pool(row[1], row[2]) for row in rows if row[1] or row[2]}


def _net(what: Amounts, into: ColumnElement[bool], out: ColumnElement[bool]) -> ColumnElement[Decimal]:
    came = func.coalesce(func.sum(what).filter(into), 0)
    return came - func.coalesce(func.sum(what).filter(out), 0)


def on_hand(session: Session, *, type_id: Id, place: Place) -> Decimal:
    """How much of the company's own there is at a warehouse or technician, or went to a customer and stayed there.

    A customer's piece that is in for repair does not count.
    """
    rows = stock_by_place(session, type_id=type_id, place=place)
    return rows.get((place, type_id), Decimal(0))


def stock_by_place(
    session: Session, *, type_id: Id | None = None, place: Place | None = None
) -> dict[tuple[Place, Id], Decimal]:
    """The company's own stock by warehouse or technician and type; with `place` only there, a customer's too."""
    into, out = Movement.debit_code == STOCK, Movement.credit_code == STOCK
    if place is None:
        to: ColumnElement[bool] = into & Movement.to_kind.in_(INSIDE)
        gone: ColumnElement[bool] = out & Movement.from_kind.in_(INSIDE)
    else:
        to = and_(Movement.to_kind == place.kind, Movement.to_id == place.id)
        gone = and_(Movement.from_kind == place.kind, Movement.from_id == place.id)
        if place.kind in INSIDE:
            to, gone = to & into, gone & out
    came = select(Movement.to_kind.label("kind"), Movement.to_id.label("id"), Movement.type_id, Movement.quantity)
    went = select(Movement.from_kind, Movement.from_id, Movement.type_id, literal(-1) * Movement.quantity)
    if type_id is not None:
        came, went = came.where(Movement.type_id == type_id), went.where(Movement.type_id == type_id)
    both = union_all(came.where(to), went.where(gone)).subquery()
    rows = session.execute(
        select(both.c.kind, both.c.id, both.c.type_id, func.sum(both.c.quantity))
        .group_by(both.c.kind, both.c.id, both.c.type_id)
        .having(func.sum(both.c.quantity) != 0)
    )
    return {(Place(row[0], row[1]), row[2]): row[3] for row in rows}


def holding_places(session: Session) -> list[tuple[Place, str]]:
    """Where stock is kept, and whoever else still holds some: employees who left, warehouses that are closed."""
    known = stock_places(session)
    others = {place for place, _ in stock_by_place(session)} - {place for place, _ in known}
    return known + [(place, f"{name} (left)") for place, name in place_names(session, others).items()]


def carried_cost(session: Session, *, item_id: Id) -> Decimal:
    """What a rented piece stands at in account 1210, or what a sold or missing one cost when it left the stock."""
    last = session.execute(
        select(KEPT)
        .where(Movement.item_id == item_id, Movement.kind.in_(("rented", "sold", "bought_out", "missing")))
        .order_by(Movement.id.desc())
        .limit(1)
    ).scalar()
    return ZERO if last is None else last


def used_cost(session: Session, *, type_id: Id, customer_id: Id) -> Pool:
    """What of a type was used at a customer and not brought back, and what it cost."""
    used, back = Movement.kind == "used", Movement.kind == "unused"
    at_customer = or_(used & (Movement.to_id == customer_id), back & (Movement.from_id == customer_id))
    quantity, cost = session.execute(
        select(_net(Movement.quantity, used, back), _net(Movement.cost, used, back)).where(
            Movement.type_id == type_id, at_customer
        )
    ).one()
    return Pool(quantity, cost)


def rented_out_value(session: Session) -> Decimal:
    """What all the equipment at customers cost, account 1210."""
    into, out = Movement.debit_code == AT_CUSTOMERS, Movement.credit_code == AT_CUSTOMERS
    value = session.scalar(select(_net(Movement.cost, into, out)))
    return ZERO if value is None else value


def pieces_at(session: Session, *, place: Place, type_id: Id | None = None, limit: int = 500) -> list[Item]:
    """The pieces with serials at a place, by type and serial; a technician's bag, a customer's equipment."""
    found = select(Item).where(Item.holder_kind == place.kind, Item.holder_id == place.id)
    if type_id is not None:
        found = found.where(Item.type_id == type_id)
    return list(session.scalars(found.order_by(Item.type_id, Item.serial).limit(limit)))
