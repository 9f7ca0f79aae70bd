"""Serialised equipment: received once, then moved from hand to hand by movements that stay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.inventory.models import Item, Movement


class SerialNotHeld(DomainError):
    """The item is not where it is said to come from."""


def receive_item(
    session: Session, *, kind: str, model: str, serial: str, actor: str, now: datetime, mac: str = ""
) -> Item:
    """A new item in the warehouse, with its first movement from the vendor."""
    item = Item(id=new_id(), kind=kind, model=model, serial=serial, mac=mac, ownership="company",
                holder_kind="warehouse")  # fmt: skip
    session.add(item)
    session.flush()
    session.add(
        Movement(id=new_id(), item_id=item.id, from_kind="vendor", to_kind="warehouse", reason="received",
                 actor=actor, moved_at=now)
    )  # fmt: skip
    return item


def move_item(
    session: Session, *, item: Item, to_kind: str, to_id: Id | None, reason: str, actor: str, now: datetime,
    ownership: str | None = None,
) -> Movement:  # fmt: skip
    """Move an item to a warehouse, technician, customer or scrap; raises SerialNotHeld for scrapped items."""
    if item.holder_kind == "scrap":
        raise SerialNotHeld(f"Serial {item.serial} is scrapped and cannot move")
    movement = Movement(
        id=new_id(), item_id=item.id, from_kind=item.holder_kind, from_id=item.holder_id, to_kind=to_kind,
        to_id=to_id, reason=reason, actor=actor, moved_at=now,
    )  # fmt: skip
    session.add(movement)
    item.holder_kind, item.holder_id = to_kind, to_id
    item.ownership = ownership or item.ownership
    session.flush()
    return movement
