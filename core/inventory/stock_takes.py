"""A place is counted, type by type, and a manager's yes books what was missing and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.inventory.balances import carried_cost, on_hand, pieces_at, pool, stock_by_place
from core.inventory.events import INSIDE
from core.inventory.items import clean_serial
from core.inventory.models import Item, ItemType, Movement
from core.inventory.moving import Cause, Step, carry_out
from core.inventory.places import COUNT, Place, own_place
from core.inventory.request_models import StockTake, StockTakeLine
from core.inventory.types import QUANTITY_MAX, lock_types, parse_quantity, type_by_id
from core.money import rounded
from core.numbering import next_number


class StockTakeClosed(DomainError):
    """The stock take is approved or dropped already, or one is open at that place."""


class CountInvalid(DomainError):
    """The count cannot be entered or approved as given."""


def open_stock_take(session: Session, *, place: Place, opened_by: str, now: datetime, note: str = "") -> StockTake:
    """Counting begins at a warehouse or a technician's van. Raises StockTakeClosed while one is open there."""
    place = own_place(session, place)
    assert place.id is not None
    other = session.scalar(
        select(StockTake.number).where(
            StockTake.place_kind == place.kind, StockTake.place_id == place.id, StockTake.state == "open"
        )
    )
    if other is not None:
        raise StockTakeClosed(f"{other} is open at that place: approve or drop it first")
    take = StockTake(
        id=new_id(), number=next_number(session, "stock_take"), place_kind=place.kind, place_id=place.id, state="open",
        opened_by=opened_by, opened_at=now, note=note.strip()[:500], lines=[],
    )  # fmt: skip
    session.add(take)
    session.flush()
    return take


def count_stock(
    session: Session, *, take_id: Id, type_id: Id, counted_by: str, quantity: Decimal = Decimal(0),
    serials: Sequence[str] = (),
) -> StockTakeLine:  # fmt: skip
    """Enter what was counted of a type: its serials, or a quantity (zero too). It replaces an earlier count.

    The difference is to what the books have at this moment; what moves later changes neither. Raises StockTakeClosed,
    CountInvalid, SerialInvalid, QuantityInvalid, NotFound.
    """
    take = _locked(session, take_id)
    item_type = lock_types(session, {type_id})[type_id]
    place = Place(take.place_kind, take.place_id)
    missing: list[str] = []
    found: list[str] = []
    if item_type.tracking == "serial":
        seen = list(dict.fromkeys(clean_serial(serial) for serial in serials if serial.strip()))
        if quantity not in (0, len(seen)):
            raise CountInvalid(f"{item_type.name} is counted by serial: give each")
        booked = {item.serial for item in pieces_at(session, place=place, type_id=type_id, limit=100_000)
                  if item.ownership == "company"}  # fmt: skip
        missing, found = sorted(booked - set(seen)), [serial for serial in seen if serial not in booked]
        _refuse_strangers(session, item_type, found)
        counted, expected = Decimal(len(seen)), Decimal(len(booked))
    else:
        if serials or not 0 <= quantity <= QUANTITY_MAX:
            raise CountInvalid(f"{item_type.name} is counted by quantity, zero or more")
        counted = parse_quantity(item_type, quantity) if quantity else Decimal(0)
        expected = on_hand(session, type_id=type_id, place=place)
    line = next((line for line in take.lines if line.type_id == type_id), None)
    if line is None:
        line = StockTakeLine(id=new_id(), take_id=take.id, type_id=type_id, type=item_type)
        take.lines.append(line)
    line.counted, line.expected, line.missing, line.found = counted, expected, missing, found
    line.counted_by = counted_by
    session.flush()
    return line


def _refuse_strangers(session: Session, item_type: ItemType, serials: Sequence[str]) -> None:
    known = {item.serial: item for item in session.scalars(select(Item).where(Item.serial.in_(serials)))}
    for serial in serials:
        item = known.get(serial)
        if item is None or item.type_id != item_type.id:
            what = f"is a {item.type.name}" if item else "is not entered yet: receive it or enter it as opening stock"
            raise CountInvalid(f"Serial {serial} cannot be counted as {item_type.name}: it {what}")
        if item.holder_kind not in (*INSIDE, "count") or item.ownership != "company":
            raise CountInvalid(
                f"The books have serial {serial} with a {item.holder_kind} ({item.ownership}): book its return first"
            )


def uncounted_types(session: Session, *, take_id: Id) -> list[ItemType]:
    """Types the books have at the place and nobody counted yet; approving leaves them as they are."""
    take = stock_take_by_id(session, take_id)
    there = stock_by_place(session, place=Place(take.place_kind, take.place_id))
    counted = {line.type_id for line in take.lines}
    return [type_by_id(session, type_id) for _, type_id in there if type_id not in counted]


def approve_stock_take(
    session: Session, *, take_id: Id, decided_by: str, now: datetime, origin: str = ""
) -> list[Movement]:
    """Book the differences once: what is missing goes to 5010, what was found comes back from it, at average cost.

    A piece that was missing comes back at what it went for; one that belonged elsewhere is moved here. Raises
    StockTakeClosed, CountInvalid when nothing was counted, NotEnoughStock where what is missing has moved since.
    """
    take = _locked(session, take_id)
    if not take.lines:
        raise CountInvalid(f"Nothing was counted in {take.number}: count, or drop it")
    lock_types(session, {line.type_id for line in take.lines})
    place = Place(take.place_kind, take.place_id)
    steps: list[Step] = []
    for line in take.lines:
        steps += _piece_steps(session, line, place) if line.type.tracking == "serial" else (
            _quantity_steps(session, line, place))  # fmt: skip
    take.state, take.decided_by, take.decided_at = "approved", decided_by, now
    cause = Cause(actor=decided_by, now=now, reason=take.number, origin=origin, document_id=take.id,
                  key=f"stock_take:{take.id}")  # fmt: skip
    return carry_out(session, steps, cause) if steps else []


def _quantity_steps(session: Session, line: StockTakeLine, place: Place) -> list[Step]:
    difference = line.counted - line.expected
    if not difference:
        return []
    if difference < 0:
        return [Step(kind="missing", type=line.type, source=place, target=COUNT, quantity=-difference)]
    stock = pool(session, type_id=line.type_id)
    worth = rounded(stock.value * difference / stock.quantity) if stock.quantity else Decimal("0.00")
    return [Step(kind="found", type=line.type, source=COUNT, target=place, quantity=difference, cost=worth)]


def _piece_steps(session: Session, line: StockTakeLine, place: Place) -> list[Step]:
    items = {item.serial: item for item in session.scalars(
        select(Item).where(Item.serial.in_([*line.missing, *line.found])))}  # fmt: skip
    steps = [
        Step(kind="missing", type=line.type, item=items[serial], source=place, target=COUNT,
             condition=items[serial].condition)
        for serial in line.missing if Place(items[serial].holder_kind, items[serial].holder_id) == place
    ]  # fmt: skip
    _refuse_strangers(session, line.type, line.found)
    for serial in line.found:
        item = items[serial]
        source = Place(item.holder_kind, item.holder_id)
        if source != place:
            known = source == COUNT
            steps.append(
                Step(
                    kind="found" if known else "transfer", type=line.type, item=item, source=source, target=place,
                    condition=item.condition, cost=carried_cost(session, item_id=item.id) if known else None,
                )
            )  # fmt: skip
    return steps


def drop_stock_take(session: Session, *, take_id: Id, decided_by: str, now: datetime) -> StockTake:
    """The count is thrown away; nothing is booked. Raises StockTakeClosed, NotFound."""
    take = _locked(session, take_id)
    take.state, take.decided_by, take.decided_at = "dropped", decided_by, now
    session.flush()
    return take


def _locked(session: Session, take_id: Id) -> StockTake:
    take = session.get(StockTake, take_id, with_for_update=True, populate_existing=True)
    if take is None:
        raise NotFound("There is no such stock take")
    if take.state != "open":
        raise StockTakeClosed(f"{take.number} is {take.state} already")
    return take


def stock_take_by_id(session: Session, take_id: Id) -> StockTake:
    """The stock take; raises NotFound."""
    take = session.get(StockTake, take_id)
    if take is None:
        raise NotFound("There is no such stock take")
    return take


def stock_takes(session: Session, *, limit: int = 50) -> list[StockTake]:
    """The stock takes, open ones first, then the newest."""
    newest = select(StockTake).order_by(StockTake.state != "open", StockTake.opened_at.desc()).limit(limit)
    return list(session.scalars(newest))
