"""What a technician uses at a customer, out of his own bag only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.crm.models import Site
from core.errors import DomainError, NotFound
from core.ids import Id
from core.inventory.balances import pieces_at, stock_by_place, used_cost
from core.inventory.item_moves import move_item
from core.inventory.items import item_by_serial
from core.inventory.models import Item, ItemType, Movement
from core.inventory.moving import Cause, NotEnoughStock, SerialNotHeld, Step, carry_out, moved_before, refuse_other
from core.inventory.places import Place, place_names
from core.inventory.types import item_types, lock_types, parse_quantity, type_by_id
from core.printing.figures import plain


class PartInvalid(DomainError):
    """It is not said what was used, or how much of it."""


def use_part(
    session: Session, *, staff_id: Id, customer_id: Id, actor: str, now: datetime, serial: str = "",
    type_id: Id | None = None, quantity: Decimal = Decimal(0), ownership: str = "rented", ticket_id: Id | None = None,
    site_id: Id | None = None, reason: str = "", origin: str = "", key: str | None = None,
) -> Movement:  # fmt: skip
    """Something out of the technician's own stock is at the customer's now: a piece by serial, or a quantity of a type.

    A piece goes on rent (1210) or is `sold` (5010), or is the customer's own and given back; a quantity is used up
    (5020). A repeat of the key returns the first movement. Raises SerialNotHeld when the piece is somebody else's,
    SerialUnknown, NotEnoughStock, QuantityInvalid, PartInvalid, NotFound.
    """
    reason = reason.strip() or "used at the customer"
    _refuse_strange_site(session, customer_id, site_id)
    if bool(serial.strip()) == (type_id is not None):
        raise PartInvalid("Name one piece by its serial, or a type and how much of it")
    if serial.strip():
        item = item_by_serial(session, serial)
        if Place(item.holder_kind, item.holder_id) != Place("technician", staff_id) and not moved_before(session, key):
            own_piece(session, staff_id=staff_id, serial=serial)
        return move_item(
            session, item=item, to_kind="customer", to_id=customer_id, ownership=ownership, reason=reason, actor=actor,
            now=now, origin=origin, ticket_id=ticket_id, site_id=site_id, key=key,
        )  # fmt: skip
    assert type_id is not None
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], type_id=type_id, quantity=quantity, to_id=customer_id)
        return before[0]
    item_type = _counted(session, type_id)
    step = Step(kind="used", type=item_type, source=Place("technician", staff_id), customer_id=customer_id,
                target=Place("customer", customer_id), quantity=parse_quantity(item_type, quantity))  # fmt: skip
    cause = Cause(actor=actor, now=now, reason=reason, origin=origin, key=key, ticket_id=ticket_id, site_id=site_id)
    (movement,) = carry_out(session, [step], cause)
    return movement


def return_part(
    session: Session, *, staff_id: Id, customer_id: Id, type_id: Id, quantity: Decimal, actor: str, now: datetime,
    reason: str = "", origin: str = "", ticket_id: Id | None = None, key: str | None = None,
) -> Movement:  # fmt: skip
    """Material used at a customer comes back into the technician's stock, at what it cost when it was used.

    Pieces come back by `move_item`. Raises NotEnoughStock for more than was used there, PartInvalid.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], type_id=type_id, quantity=quantity, to_id=staff_id)
        return before[0]
    item_type = _counted(session, type_id)
    amount = parse_quantity(item_type, quantity)
    lock_types(session, {type_id})
    used = used_cost(session, type_id=type_id, customer_id=customer_id)
    if amount > used.quantity:
        raise NotEnoughStock(
            f"{plain(used.quantity)} {item_type.unit} of {item_type.name} were used there, not {plain(amount)}"
        )
    step = Step(kind="unused", type=item_type, source=Place("customer", customer_id), quantity=amount,
                target=Place("technician", staff_id), cost=used.cost_of(amount), customer_id=customer_id)  # fmt: skip
    cause = Cause(actor=actor, now=now, reason=reason.strip() or "brought back", origin=origin, ticket_id=ticket_id,
                  key=key)  # fmt: skip
    (movement,) = carry_out(session, [step], cause)
    return movement


def own_piece(session: Session, *, staff_id: Id, serial: str) -> Item:
    """The piece, which must be in the technician's bag. Raises SerialUnknown, SerialNotHeld."""
    item = item_by_serial(session, serial)
    held = Place(item.holder_kind, item.holder_id)
    if held != Place("technician", staff_id):
        names = place_names(session, {held})
        raise SerialNotHeld(f"Serial {item.serial} is with {names[held]}, not in the technician's own stock")
    return item


def own_stock(session: Session, *, staff_id: Id) -> list[tuple[ItemType, Decimal, list[Item]]]:
    """What a technician carries: each type with its quantity and, where it has serials, the pieces."""
    bag = Place("technician", staff_id)
    held = {type_id: quantity for (_, type_id), quantity in stock_by_place(session, place=bag).items()}
    pieces: dict[Id, list[Item]] = {}
    for item in pieces_at(session, place=bag):
        pieces.setdefault(item.type_id, []).append(item)
    return [
        (each, held.get(each.id, Decimal(0)), pieces.get(each.id, []))
        for each in item_types(session, all_of_them=True) if each.id in held or each.id in pieces
    ]  # fmt: skip


def pieces_shown(session: Session, *, staff_id: Id, serials: Collection[str]) -> list[Item]:
    """What of the technician's own stock is named by serials read from a photo, or by another number noted of it."""
    read = {_plain(serial) for serial in serials}
    held = pieces_at(session, place=Place("technician", staff_id)) if read else []
    return [item for item in held if read & {_plain(item.serial), *map(_plain, item.attributes.values())}]


def _plain(written: object) -> str:
    return "".join(sign for sign in str(written).upper() if sign.isalnum())


def _counted(session: Session, type_id: Id) -> ItemType:
    item_type = type_by_id(session, type_id)
    if item_type.tracking == "serial":
        raise PartInvalid(f"{item_type.name} is kept by serial: name the piece")
    return item_type


def _refuse_strange_site(session: Session, customer_id: Id, site_id: Id | None) -> None:
    if site_id is not None:
        site = session.get(Site, site_id)
        if site is None or site.customer_id != customer_id:
            raise NotFound("The customer has no such site")
