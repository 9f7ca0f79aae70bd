"""The articles a company keeps, and how much of one can be spoken of."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.attributes import Attribute, declared
from core.inventory.models import TRACKINGS, Item, ItemType
from core.money import ZERO, parse_amount

KINDS = (
    "onu", "router", "dish", "set_top_box", "splicing_box", "fibre", "drop_cable", "ethernet", "patch_cord",
    "connector", "other",
)  # fmt: skip
"""The usual groups; a company may have others."""
QUANTITY_MAX = Decimal("9999999.99")


class ItemTypeInvalid(DomainError):
    """The type cannot be kept as given."""


class ItemTypeTaken(DomainError):
    """Another type has that code."""


class QuantityInvalid(DomainError):
    """It is no quantity of that type."""


def add_item_type(
    session: Session, *, code: str, name: str, kind: str, tracking: str, attributes: Sequence[Attribute] = (),
    low_stock: Decimal = Decimal(0), van_low_stock: Decimal = Decimal(0), warranty_months: int = 0,
    sale_price: Decimal = ZERO, deposit: Decimal = ZERO, life_months: int = 0,
) -> ItemType:  # fmt: skip
    """A new article; `code` is kept in capitals, `tracking` is serial, count or length (metres).

    A rented piece is worth nothing after `life_months`, or keeps its cost where that is zero.

    Raises ItemTypeInvalid, ItemTypeTaken, AttributeInvalid, AmountInvalid.
    """
    code = "-".join(code.upper().split())
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9._/-]{0,39}", code) or tracking not in TRACKINGS:
        raise ItemTypeInvalid(
            f"{code!r} tracked by {tracking!r} is no type: a code such as ONU-HG8546M, tracked by one of "
            f"{', '.join(TRACKINGS)}"
        )
    if attributes and tracking != "serial":
        raise ItemTypeInvalid(f"Attributes are noted of pieces with a serial; {code} is tracked by {tracking}")
    if session.scalar(select(ItemType.id).where(ItemType.code == code)) is not None:
        raise ItemTypeTaken(f"There is a type {code} already")
    made = ItemType(id=new_id(), code=code, tracking=tracking, attributes=declared(attributes), active=True)
    _settle(made, name=name, kind=kind, low_stock=low_stock, van_low_stock=van_low_stock,
            warranty_months=warranty_months, sale_price=sale_price, deposit=deposit,
            life_months=life_months)  # fmt: skip
    session.add(made)
    session.flush()
    return made


def change_item_type(
    session: Session, *, type_id: Id, name: str, kind: str, low_stock: Decimal, van_low_stock: Decimal,
    warranty_months: int, sale_price: Decimal, deposit: Decimal, active: bool = True,
    attributes: Sequence[Attribute] | None = None, life_months: int | None = None,
) -> ItemType:  # fmt: skip
    """What is known of an article changes; its code and tracking stay. What is in stock keeps its cost.

    A life that changes counts for the pieces that are out from the next month that is booked.

    New attributes count for pieces entered from now on; one that a piece has is not taken away. Raises
    ItemTypeInvalid, AttributeInvalid, NotFound.
    """
    changed = type_by_id(session, type_id)
    _settle(changed, name=name, kind=kind, low_stock=low_stock, van_low_stock=van_low_stock,
            warranty_months=warranty_months, sale_price=sale_price, deposit=deposit,
            life_months=changed.life_months if life_months is None else life_months)  # fmt: skip
    if attributes is not None:
        _refuse_lost(session, changed, {attribute.name for attribute in attributes})
        changed.attributes = declared(attributes if changed.tracking == "serial" else ())
    changed.active = active
    session.flush()
    return changed


def _settle(
    it: ItemType, *, name: str, kind: str, low_stock: Decimal, van_low_stock: Decimal, warranty_months: int,
    sale_price: Decimal, deposit: Decimal, life_months: int,
) -> None:  # fmt: skip
    name, kind = " ".join(name.split()), "_".join(kind.lower().split())
    if not name or len(name) > 120 or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", kind):
        raise ItemTypeInvalid("A type needs a name of at most 120 letters, and a kind such as router or drop_cable")
    price, left = parse_amount(sale_price), parse_amount(deposit)
    if min(low_stock, van_low_stock, price, left) < 0 or not 0 <= warranty_months <= 120:
        raise ItemTypeInvalid("Thresholds, prices and deposits are not negative, a warranty is 0 to 120 months")
    if not 0 <= life_months <= 240 or (life_months and it.tracking != "serial"):
        raise ItemTypeInvalid("A life is 0 to 240 months, and only pieces with a serial have one")
    it.name, it.kind, it.low_stock, it.van_low_stock = name, kind, low_stock, van_low_stock
    it.warranty_months, it.sale_price, it.deposit, it.life_months = warranty_months, price, left, life_months


def _refuse_lost(session: Session, item_type: ItemType, kept: Collection[str]) -> None:
    for before in item_type.attributes:
        name = before["name"]
        if name not in kept and session.scalar(
            select(Item.id).where(Item.type_id == item_type.id, Item.attributes.has_key(name)).limit(1)
        ):
            raise ItemTypeInvalid(f"{item_type.code} keeps the attribute {name}: there are pieces that have it")


def type_by_id(session: Session, type_id: Id) -> ItemType:
    """The type; raises NotFound."""
    found = session.get(ItemType, type_id)
    if found is None:
        raise NotFound("There is no such type of item")
    return found


def type_by_code(session: Session, code: str) -> ItemType:
    """The type of a code, however it is written; raises NotFound."""
    found = session.scalar(select(ItemType).where(ItemType.code == "-".join(code.upper().split())))
    if found is None:
        raise NotFound(f"There is no type {code!r} of item")
    return found


def item_types(session: Session, *, all_of_them: bool = False) -> list[ItemType]:
    """The types in use, or all of them, by kind and code."""
    found = select(ItemType).order_by(ItemType.kind, ItemType.code)
    return list(session.scalars(found if all_of_them else found.where(ItemType.active)))


def lock_types(session: Session, type_ids: Collection[Id]) -> dict[Id, ItemType]:
    """The types, locked until the transaction ends, so that what leaves the stock is decided in turn.

    Take this lock before any row of their pieces. Raises NotFound.
    """
    wanted = select(ItemType).where(ItemType.id.in_(type_ids)).order_by(ItemType.id)
    found = {row.id: row for row in session.scalars(wanted.with_for_update(key_share=True))}
    if len(found) < len(set(type_ids)):
        raise NotFound("There is no such type of item")
    return found


def parse_quantity(item_type: ItemType, quantity: Any) -> Decimal:
    """Whole pieces, or metres with two places at most. Raises QuantityInvalid."""
    value = Decimal(quantity) if isinstance(quantity, int | Decimal) else None
    places = 2 if item_type.tracking == "length" else 0
    if value is None or not value.is_finite() or not 0 < value <= QUANTITY_MAX or round(value, places) != value:
        what = "metres, with two places at most" if places else "whole pieces"
        raise QuantityInvalid(f"{quantity} is no quantity of {item_type.name}: say how many {what}")
    return value
