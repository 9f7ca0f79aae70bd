"""The one way anything moves: a movement with who, when, why and its cost, and what the books say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from core.clock import business_day
from core.companies import current_company
from core.crm.models import Customer
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.balances import on_hand, pool
from core.inventory.events import AT_CUSTOMERS, EVENTS, INSIDE, STOCK
from core.inventory.models import Item, ItemType, Movement
from core.inventory.places import Place, place_names
from core.inventory.types import lock_types
from core.inventory.wear import worn_of
from core.ledger.equipment import (
    post_equipment_bought_out,
    post_equipment_lost,
    post_equipment_rented,
    post_equipment_returned,
    post_equipment_sold,
    post_stock_used,
)
from core.ledger.journal import Line, post_entry
from core.ledger.treasury_models import Vendor
from core.money import ZERO
from core.printing.figures import plain


class NotEnoughStock(DomainError):
    """There is less at the place than is to leave it."""


class SerialNotHeld(DomainError):
    """The piece is not where it is said to come from."""


class ReasonMissing(DomainError):
    """A movement says why."""


class StockKeyReused(DomainError):
    """The key came with another movement before."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Who moves something, when and why; `key` makes it happen once."""

    actor: str
    now: datetime
    reason: str
    origin: str = ""
    key: str | None = None
    ticket_id: Id | None = None
    site_id: Id | None = None
    document_id: Id | None = None


@dataclass(kw_only=True)
class Step:
    """One thing that moves. `cost` is given for what comes in; what leaves the stock goes at its average.

    `worn` is found as it moves: what a piece that leaves a customer has lost of its cost.
    """

    kind: str
    type: ItemType
    source: Place
    target: Place
    quantity: Decimal = Decimal(1)
    item: Item | None = None
    cost: Decimal | None = None
    worn: Decimal = ZERO
    ownership: str = "company"
    condition: str = "good"
    customer_id: Id | None = field(default=None)


def moved_before(session: Session, key: str | None) -> list[Movement]:
    """What a repeat of the key moved the first time."""
    if key is None:
        return []
    first = session.scalar(select(Movement).where(Movement.idempotency_key == key))
    if first is None:
        return []
    more = select(Movement).where(Movement.idempotency_key.startswith(f"{key}#", autoescape=True))
    return [first, *session.scalars(more.order_by(Movement.id))]


def carry_out(session: Session, steps: Sequence[Step], cause: Cause, *, books: bool = True) -> list[Movement]:
    """Write the steps' movements, in order, and book each one's cost; `books` False leaves that to the caller.

    The database looks at each again. Raises NotEnoughStock, SerialNotHeld, ReasonMissing, NotFound for a customer or
    vendor that is none, PeriodClosed.
    """
    if not cause.reason.strip():
        raise ReasonMissing("Say why it is moved: the reason stays with the movement")
    for kind, model in (("customer", Customer), ("vendor", Vendor)):
        for key in {step.target.id for step in steps if step.target.kind == kind}:
            if key is None or session.get(model, key) is None:
                raise NotFound(f"There is no such {kind}")
    lock_types(session, {step.type.id for step in steps})
    before = moved_before(session, cause.key)
    if before:  # by a twin of this call, while it waited for the lock
        return before
    moved_on = business_day(cause.now, current_company(session).timezone)
    _refuse_absent(session, steps)
    _price(session, steps)
    movements = [_movement(step, cause, moved_on, place) for place, step in enumerate(steps)]
    session.add_all(movements)
    session.flush()
    for step in steps:
        if step.item is not None:
            _follow(step.item, step)
    if books:
        for step, movement in zip(steps, movements, strict=True):
            _book(session, step, movement)
    return movements


def _follow(item: Item, step: Step) -> None:
    """The database has set the piece's row; what this session holds of it says the same."""
    for name, value in (("holder_kind", step.target.kind), ("holder_id", step.target.id),
                        ("ownership", step.ownership), ("condition", step.condition)):  # fmt: skip
        set_committed_value(item, name, value)


def _movement(step: Step, cause: Cause, moved_on: date, place: int) -> Movement:
    event = EVENTS[step.kind]
    return Movement(
        id=new_id(), type_id=step.type.id, item_id=step.item.id if step.item else None, quantity=step.quantity,
        kind=step.kind, from_kind=step.source.kind, from_id=step.source.id, to_kind=step.target.kind,
        to_id=step.target.id, ownership=step.ownership, condition=step.condition, cost=step.cost,
        worn=step.worn,
        debit_code=event.debit, credit_code=event.credit, document_id=cause.document_id, site_id=cause.site_id,
        ticket_id=cause.ticket_id, reason=cause.reason, actor=cause.actor, origin=cause.origin, moved_at=cause.now,
        moved_on=moved_on,
        idempotency_key=None if cause.key is None else f"{cause.key}#{place:05d}" if place else cause.key,
    )  # fmt: skip


def refuse_other(first: Movement, **expected: object) -> None:
    """A repeat of a key asks for the same thing. Raises StockKeyReused."""
    if any(getattr(first, name) != value for name, value in expected.items()):
        raise StockKeyReused("The key came with another movement: use a new key")


def _refuse_absent(session: Session, steps: Sequence[Step]) -> None:
    """Every piece is where it leaves from, and the quantities that leave a place together are there."""
    leaving: dict[tuple[Place, Id], Decimal] = {}
    pieces = [step.item.id for step in steps if step.item is not None and step.source.kind != "outside"]
    if pieces:
        query = select(Item).where(Item.id.in_(pieces)).order_by(Item.id)
        fresh = query.with_for_update(key_share=True, of=Item).execution_options(populate_existing=True)
        session.scalars(fresh).all()
    for step in steps:
        if step.item is not None:
            held = Place(step.item.holder_kind, step.item.holder_id)
            if held != step.source:
                names = place_names(session, {held, step.source})
                raise SerialNotHeld(f"Serial {step.item.serial} is with {names[held]}, not with {names[step.source]}")
        elif step.source.kind in (*INSIDE, "customer"):
            key = step.source, step.type.id
            leaving[key] = leaving.get(key, Decimal(0)) + step.quantity
    types = {step.type.id: step.type for step in steps}
    for (place, type_id), quantity in leaving.items():
        there = on_hand(session, type_id=type_id, place=place)
        if there < quantity:
            it, name = types[type_id], place_names(session, {place})[place]
            raise NotEnoughStock(f"{name} has {plain(there)} {it.unit} of {it.name}, not {plain(quantity)}")


def _price(session: Session, steps: Sequence[Step]) -> None:
    """What comes in has a cost; what leaves the stock takes the average of its type at that moment.

    The caller holds the types' lock, which the month's wear takes too.
    """
    left = {step.type.id: pool(session, type_id=step.type.id) for step in steps if step.cost is None}
    for step in steps:
        if step.cost is None:
            stock = left[step.type.id]
            step.cost = stock.cost_of(step.quantity) if EVENTS[step.kind].credit == STOCK else Decimal("0.00")
            if EVENTS[step.kind].books:
                left[step.type.id] = stock.less(step.quantity)
        if step.item is not None and EVENTS[step.kind].credit == AT_CUSTOMERS:
            step.worn = worn_of(session, item_id=step.item.id)


def _book(session: Session, step: Step, movement: Movement) -> None:
    event = EVENTS[movement.kind]
    if not event.books or movement.cost == 0:
        return
    memo = " ".join(filter(None, (step.item.serial if step.item else "", step.type.name, movement.reason)))
    common = {"posted_on": movement.moved_on, "actor": movement.actor, "origin": movement.origin, "memo": memo}
    area_id = _area_of(session, step.customer_id)
    moved = {"movement_id": movement.id, "cost": movement.cost, **common}
    match movement.kind:
        case "used":
            post_stock_used(session, area_id=area_id, **moved)  # type: ignore[arg-type]
        case "sold":
            post_equipment_sold(session, area_id=area_id, **moved)  # type: ignore[arg-type]
        case "rented":
            post_equipment_rented(session, **moved)  # type: ignore[arg-type]
        case "returned" | "taken_back":
            post_equipment_returned(
                session, was_sold=movement.kind == "taken_back", depreciated=movement.worn, area_id=area_id, **moved,  # type: ignore[arg-type]
            )  # fmt: skip
        case "lost" | "scrapped":
            post_equipment_lost(
                session, from_stock=movement.kind == "scrapped", depreciated=movement.worn, area_id=area_id, **moved,  # type: ignore[arg-type]
            )  # fmt: skip
        case "bought_out":
            post_equipment_bought_out(session, depreciated=movement.worn, area_id=area_id, **moved)  # type: ignore[arg-type]
        case other:
            post_entry(
                session, kind=OTHER_ENTRIES[other], source_id=movement.id,
                lines=[Line(event.debit, movement.cost, area_id=area_id), Line(event.credit, -movement.cost)],
                **common,  # type: ignore[arg-type]
            )  # fmt: skip


OTHER_ENTRIES = {
    "unused": "stock_unused", "purchase_return": "stock_returned", "missing": "stock_difference",
    "found": "stock_difference", "opening": "stock_opening",
    "purchase": "stock_purchase",
}  # fmt: skip
"""The kinds of journal entries for what core.ledger.equipment has no function of."""


def _area_of(session: Session, customer_id: Id | None) -> Id | None:
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.sub_zone.area_id if customer else None
