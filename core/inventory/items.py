"""Pieces with a serial number: entered, found, corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.attributes import Attribute, attributes_of, checked
from core.inventory.item_moves import move_item as move_item
from core.inventory.models import Item, ItemType
from core.inventory.moving import Cause, Step, carry_out
from core.inventory.moving import SerialNotHeld as SerialNotHeld
from core.inventory.places import OUTSIDE, Place, main_warehouse
from core.inventory.types import add_item_type
from core.money import ZERO

SERIAL_MAX = 64
COMMON = (Attribute("mac", "mac", unique=True), Attribute("pon_sn", unique=True))


class SerialInvalid(DomainError):
    """It is no serial number."""


class SerialTaken(DomainError):
    """Another piece has that serial, or that unique attribute."""


class SerialUnknown(NotFound):
    """No piece has that serial."""


@dataclass(frozen=True)
class Piece:
    """A piece as it is entered: its serial and what is noted of it."""

    serial: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


def clean_serial(written: str) -> str:
    """A serial as it is kept: in capitals, without spaces. Raises SerialInvalid."""
    serial = "".join(written.upper().split())
    if not 3 <= len(serial) <= SERIAL_MAX or not serial.isprintable() or not any(sign.isalnum() for sign in serial):
        raise SerialInvalid(f"{written!r} is no serial: 3 to {SERIAL_MAX} letters, digits and signs")
    return serial


def item_by_serial(session: Session, serial: str) -> Item:
    """The piece, however its serial is written; raises SerialUnknown."""
    found = session.scalar(select(Item).where(Item.serial == "".join(serial.upper().split())))
    if found is None:
        raise SerialUnknown(f"No piece has the serial {serial.strip()}")
    return found


def item_by_id(session: Session, item_id: Id) -> Item:
    """The piece; raises NotFound."""
    found = session.get(Item, item_id)
    if found is None:
        raise NotFound("There is no such piece of equipment")
    return found


def find_items(
    session: Session, *, words: str = "", type_id: Id | None = None, place: Place | None = None, holder_kind: str = "",
    ownership: str = "", limit: int = 100,
) -> list[Item]:  # fmt: skip
    """Pieces whose serial or attributes contain the words, narrowed by type, place or owner; by serial."""
    found = select(Item)
    sought = "".join(words.upper().split())
    if sought:
        like = f"%{sought.replace('%', '').replace('_', '')}%"
        noted = [Item.attributes[name].astext.ilike(f"%{words.strip()}%") for name in ("mac", "pon_sn")]
        found = found.where(or_(Item.serial.like(like), *noted))
    if type_id is not None:
        found = found.where(Item.type_id == type_id)
    if place is not None:
        found = found.where(Item.holder_kind == place.kind, Item.holder_id == place.id)
    if holder_kind:
        found = found.where(Item.holder_kind == holder_kind)
    if ownership:
        found = found.where(Item.ownership == ownership)
    return list(session.scalars(found.order_by(Item.serial).limit(limit)))


def enter_pieces(session: Session, *, item_type: ItemType, pieces: Sequence[Piece], source: Place) -> list[Item]:
    """Rows for pieces that are about to come in from `source`; one sent back to a vendor may come again.

    Raises SerialInvalid, SerialTaken, AttributeInvalid.
    """
    if item_type.tracking != "serial":
        raise SerialInvalid(f"{item_type.name} is tracked by {item_type.tracking}: give a quantity, no serials")
    serials = [clean_serial(piece.serial) for piece in pieces]
    attributes = [checked(item_type, piece.attributes) for piece in pieces]
    twice = (
        sorted({serial for serial in serials if serials.count(serial) > 1}) if len(set(serials)) < len(serials) else []
    )
    if twice:
        raise SerialTaken(f"Serial {twice[0]} is given twice")
    known = {item.serial: item for item in session.scalars(select(Item).where(Item.serial.in_(serials)))}
    for item in known.values():
        if Place(item.holder_kind, item.holder_id) != source or item.type_id != item_type.id or source == OUTSIDE:
            raise SerialTaken(f"Serial {item.serial} is entered already: {item.type.name}")
    refuse_taken_attributes(session, item_type, attributes, serials)
    items = []
    for serial, noted in zip(serials, attributes, strict=True):
        item = known.get(serial) or Item(
            id=new_id(), type_id=item_type.id, type=item_type, serial=serial, holder_kind=source.kind,
            holder_id=source.id, ownership="company", condition="good", deposit=ZERO,
        )  # fmt: skip
        item.attributes = noted
        items.append(item)
    session.add_all(items)
    session.flush()
    return items


def refuse_taken_attributes(
    session: Session, item_type: ItemType, attributes: Sequence[Mapping[str, str]], serials: Sequence[str]
) -> None:
    """A unique attribute is on no two pieces of the company. Raises SerialTaken."""
    for name in (attribute.name for attribute in attributes_of(item_type) if attribute.unique):
        values = [noted[name] for noted in attributes if name in noted]
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise SerialTaken(f"{name} {twice} is given twice")
        if values:
            column = Item.attributes[name].astext
            other = select(Item.serial, column).where(column.in_(values), Item.serial.not_in(serials)).limit(1)
            row = session.execute(other).one_or_none()
            if row is not None:
                raise SerialTaken(f"{name} {row[1]} belongs to serial {row[0]}")


def correct_item(session: Session, *, item_id: Id, serial: str, attributes: Mapping[str, Any]) -> Item:
    """A mistyped serial or attribute is put right; the audit trail keeps what was. Raises as entering does."""
    item = item_by_id(session, item_id)
    cleaned, noted = clean_serial(serial), checked(item.type, attributes)
    if session.scalar(select(Item.id).where(Item.serial == cleaned, Item.id != item_id)) is not None:
        raise SerialTaken(f"Serial {cleaned} is another piece's")
    refuse_taken_attributes(session, item.type, [noted], [item.serial])
    item.serial, item.attributes = cleaned, noted
    session.flush()
    return item


def register_own_item(
    session: Session, *, item_type: ItemType, piece: Piece, customer_id: Id, actor: str, now: datetime,
    reason: str = "the customer's own", origin: str = "", site_id: Id | None = None,
) -> Item:  # fmt: skip
    """A device the customer brought himself is noted with him; it is no stock and costs nothing.

    Raises SerialInvalid, SerialTaken, AttributeInvalid.
    """
    (item,) = enter_pieces(session, item_type=item_type, pieces=[piece], source=OUTSIDE)
    step = Step(kind="own", type=item_type, item=item, source=OUTSIDE, target=Place("customer", customer_id),
                ownership="customer")  # fmt: skip
    carry_out(session, [step], Cause(actor=actor, now=now, reason=reason, origin=origin, site_id=site_id))
    return item


def receive_item(
    session: Session, *, kind: str, model: str, serial: str, actor: str, now: datetime, mac: str = "", origin: str = ""
) -> Item:
    """A piece that was there before these books, into the main warehouse at no cost; its type is made if need be."""
    code = "-".join(f"{kind}-{model}".upper().split())
    item_type = session.scalar(select(ItemType).where(ItemType.code == code)) or add_item_type(
        session, code=code, name=model, kind=kind, tracking="serial", attributes=COMMON
    )
    (item,) = enter_pieces(session, item_type=item_type, pieces=[Piece(serial, {"mac": mac})], source=OUTSIDE)
    room = Place("warehouse", main_warehouse(session).id)
    step = Step(kind="opening", type=item_type, item=item, source=OUTSIDE, target=room, cost=ZERO)
    carry_out(session, [step], Cause(actor=actor, now=now, reason="received", origin=origin))
    return item
