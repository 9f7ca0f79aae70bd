"""What is counted or measured goes from place to place: to a van, to scrap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.inventory.events import INSIDE
from core.inventory.models import Item, ItemType, Movement
from core.inventory.moving import Cause, Step, carry_out, moved_before, refuse_other
from core.inventory.places import SCRAP, Place, own_place
from core.inventory.types import parse_quantity, type_by_id


class TransferInvalid(DomainError):
    """Stock cannot be moved as given."""


def transfer_stock(
    session: Session, *, source: Place, target: Place, actor: str, now: datetime, reason: str, origin: str = "",
    items: Sequence[Item] = (), quantities: Sequence[tuple[Id, Decimal]] = (), key: str | None = None,
    document_id: Id | None = None,
) -> list[Movement]:  # fmt: skip
    """Pieces, and (type, quantity) of what has no serials, go from one place of ours to another, all or nothing.

    A repeat of the key returns the first. Raises NotEnoughStock, SerialNotHeld, TransferInvalid, QuantityInvalid,
    PlaceInvalid, NotFound.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], from_kind=source.kind, from_id=source.id, to_kind=target.kind, to_id=target.id)
        return before
    own_place(session, target)
    if source.kind not in INSIDE or source == target or not (items or quantities):
        raise TransferInvalid("Say what goes from one warehouse or technician to another")
    steps = [
        Step(kind="transfer" if item.ownership == "company" else "held", type=item.type, item=item, source=source,
             target=target, ownership=item.ownership, condition=item.condition)
        for item in items
    ]  # fmt: skip
    for type_id, quantity in quantities:
        item_type = _without_serials(session, type_id)
        steps.append(Step(kind="transfer", type=item_type, source=source, target=target,
                          quantity=parse_quantity(item_type, quantity)))  # fmt: skip
    cause = Cause(actor=actor, now=now, reason=reason, origin=origin, key=key, document_id=document_id)
    return carry_out(session, steps, cause)


def scrap_stock(
    session: Session, *, place: Place, type_id: Id, quantity: Decimal, actor: str, now: datetime, reason: str,
    origin: str = "", key: str | None = None,
) -> Movement:  # fmt: skip
    """A quantity is thrown away: Dr 5010, Cr 1200. A repeat of the key returns the first.

    Raises NotEnoughStock, TransferInvalid, QuantityInvalid.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], type_id=type_id, quantity=quantity, to_kind="scrap")
        return before[0]
    if place.kind not in INSIDE or not reason.strip():
        raise TransferInvalid("Stock is scrapped out of a warehouse or a van, with a reason")
    item_type = _without_serials(session, type_id)
    step = Step(kind="scrapped", type=item_type, source=place, target=SCRAP,
                quantity=parse_quantity(item_type, quantity))  # fmt: skip
    (movement,) = carry_out(session, [step], Cause(actor=actor, now=now, reason=reason, origin=origin, key=key))
    return movement


def _without_serials(session: Session, type_id: Id) -> ItemType:
    item_type = type_by_id(session, type_id)
    if item_type.tracking == "serial":
        raise TransferInvalid(f"{item_type.name} is kept by serial: name the pieces")
    return item_type
