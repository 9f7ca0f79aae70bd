"""Goods come from vendors, with or without their bill, and go back to them (reference money 5.2).

Received goods are Dr 1200, Cr 2310 (received, not billed); the vendor's bill is Dr 2310, Cr 2300. So a bill that comes
later, or is voided, leaves the stock alone, and 2310 says what vendors still have to bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import Id, new_id
from core.inventory.events import OPENING, STOCK, UNBILLED
from core.inventory.items import Piece, enter_pieces
from core.inventory.models import Item, ItemType, Movement, Purchase
from core.inventory.moving import Cause, Step, carry_out, moved_before, refuse_other
from core.inventory.places import OUTSIDE, Place, own_place
from core.inventory.types import lock_types, parse_quantity, type_by_id
from core.ledger.bills import BillItem, enter_bill
from core.ledger.journal import Line, post_entry
from core.ledger.vendor_payments import lock_vendor
from core.money import AMOUNT_MAX, ZERO, parse_amount, rounded
from core.numbering import next_number


class PurchaseInvalid(DomainError):
    """The goods cannot be received as given."""


@dataclass(frozen=True, kw_only=True)
class Goods:
    """Some of one type: `pieces` of a type with serials, a `quantity` of any other. `unit_cost` is net of tax that
    may be set off; of what is measured or counted it may have four places, so that a drum's price comes out."""

    type_id: Id
    unit_cost: Decimal
    quantity: Decimal = Decimal(0)
    pieces: Sequence[Piece] = field(default=())

    @property
    def count(self) -> Decimal:
        """How much of it there is."""
        return Decimal(len(self.pieces)) if self.pieces else self.quantity

    @property
    def total(self) -> Decimal:
        """What it costs, rounded once."""
        return rounded(self.count * self.unit_cost)


def receive_purchase(
    session: Session, *, vendor_id: Id, warehouse_id: Id, goods: Sequence[Goods], idempotency_key: str, actor: str,
    now: datetime, origin: str = "", vendor_ref: str = "", billed: bool = False, tax: Decimal = ZERO,
    due_on: date | None = None, document_id: Id | None = None,
) -> Purchase:  # fmt: skip
    """Put what a vendor brought into a warehouse, once a key; with his bill at once where it is `billed`.

    `tax` is the input tax on the bill (1130). The day is that of `now` where the company is. Raises PurchaseInvalid,
    SerialTaken, SerialInvalid, AttributeInvalid, QuantityInvalid, BillKnown, PeriodClosed, NotFound.
    """
    vendor = lock_vendor(session, vendor_id)
    first = session.scalar(select(Purchase).where(Purchase.idempotency_key == idempotency_key))
    _refuse(goods, billed, tax)
    total = sum((each.total for each in goods), ZERO)
    if first is not None:
        if (first.vendor_id, first.total) != (vendor_id, total):
            raise PurchaseInvalid(f"The key of {first.number} came with other goods: use a new key")
        return first
    target = own_place(session, Place("warehouse", warehouse_id))
    steps = _steps(session, goods, "purchase", Place("vendor", vendor_id), target)
    purchase = Purchase(
        id=new_id(), number=next_number(session, "purchase"), vendor_id=vendor_id, warehouse_id=warehouse_id,
        received_on=business_day(now, current_company(session).timezone), total=total,
        vendor_ref=" ".join(vendor_ref.split()), bill_id=None, made_by=actor, idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(purchase)
    session.flush()
    cause = Cause(actor=actor, now=now, reason=purchase.number, origin=origin, document_id=purchase.id)
    carry_out(session, steps, cause, books=False)
    if total:
        post_entry(
            session, kind="stock_purchase", source_id=purchase.id, posted_on=purchase.received_on, actor=actor,
            origin=origin, memo=f"{purchase.number} {vendor.name}",
            lines=[Line(STOCK, total), Line(UNBILLED, -total)],
        )  # fmt: skip
    if billed:
        purchase.bill_id = enter_bill(
            session, vendor_id=vendor_id, items=_bill_items(session, goods, tax), billed_on=purchase.received_on,
            actor=actor, idempotency_key=f"goods:{idempotency_key}", vendor_ref=vendor_ref, due_on=due_on,
            document_id=document_id, origin=origin,
        ).id  # fmt: skip
        session.flush()
    return purchase


def _refuse(goods: Sequence[Goods], billed: bool, tax: Decimal) -> None:
    if not goods:
        raise PurchaseInvalid("Nothing was received: give at least one type with its quantity or serials")
    for each in goods:
        cost = parse_amount(each.unit_cost) if each.pieces else each.unit_cost
        if not cost.is_finite() or cost < 0 or cost != round(cost, 4) or not each.count.is_finite():
            raise PurchaseInvalid(f"A unit costs nothing or more, with four places at most, not {cost}")
        if cost * each.count > AMOUNT_MAX:
            raise PurchaseInvalid(f"{each.count} at {cost} is more than these books can hold")
    if parse_amount(tax) < 0 or (tax and not billed):
        raise PurchaseInvalid("Input tax is booked with the vendor's bill, and is not negative")


def _bill_items(session: Session, goods: Sequence[Goods], tax: Decimal) -> list[BillItem]:
    items = [
        BillItem(type_by_id(session, each.type_id).name, each.unit_cost, UNBILLED, each.count)
        for each in goods if each.total
    ]  # fmt: skip
    if tax and items:
        last = items[-1]
        items[-1] = BillItem(last.description, last.unit_price, last.account_code, last.quantity, tax)
    return items


def _steps(session: Session, goods: Sequence[Goods], kind: str, source: Place, target: Place) -> list[Step]:
    types = lock_types(session, {each.type_id for each in goods})
    steps: list[Step] = []
    for each in goods:
        item_type = types[each.type_id]
        if item_type.tracking == "serial":
            steps += _piece_steps(session, item_type, each, kind, source, target)
        else:
            if each.pieces:
                raise PurchaseInvalid(f"{item_type.name} has no serials: give a quantity")
            quantity = parse_quantity(item_type, each.quantity)
            steps.append(Step(kind=kind, type=item_type, source=source, target=target, quantity=quantity,
                              cost=rounded(quantity * each.unit_cost)))  # fmt: skip
    return steps


def _piece_steps(
    session: Session, item_type: ItemType, goods: Goods, kind: str, source: Place, target: Place
) -> list[Step]:
    if not goods.pieces or goods.quantity not in (0, len(goods.pieces)):
        raise PurchaseInvalid(f"{item_type.name} is kept by serial: give the serial of every piece")
    items = enter_pieces(session, item_type=item_type, pieces=goods.pieces, source=source)
    return [
        Step(kind=kind, type=item_type, item=item, source=source, target=target, cost=parse_amount(goods.unit_cost))
        for item in items
    ]


def enter_opening_stock(
    session: Session, *, place: Place, goods: Sequence[Goods], actor: str, now: datetime, idempotency_key: str,
    origin: str = "", reason: str = "opening stock",
) -> list[Movement]:  # fmt: skip
    """What a warehouse or technician had before these books, at its cost: Dr 1200, Cr 3990, once a key.

    So account 1200 needs no opening balance of its own. Raises as receiving a purchase does.
    """
    before = moved_before(session, idempotency_key)
    if before:
        refuse_other(before[0], to_kind=place.kind, to_id=place.id)
        return before
    _refuse(goods, billed=False, tax=ZERO)
    steps = _steps(session, goods, "opening", OUTSIDE, own_place(session, place))
    cause = Cause(actor=actor, now=now, reason=reason, origin=origin, key=idempotency_key)
    movements = carry_out(session, steps, cause, books=False)
    total = sum((movement.cost for movement in movements), ZERO)
    if total:
        post_entry(
            session, kind="stock_opening", source_id=movements[0].id, posted_on=movements[0].moved_on, actor=actor,
            origin=origin, memo=reason, lines=[Line(STOCK, total), Line(OPENING, -total)],
        )  # fmt: skip
    return movements


def return_purchase(
    session: Session, *, vendor_id: Id, actor: str, now: datetime, reason: str, origin: str = "",
    items: Sequence[Item] = (), type_id: Id | None = None, quantity: Decimal = Decimal(0),
    warehouse_id: Id | None = None, key: str | None = None,
) -> list[Movement]:  # fmt: skip
    """Pieces, or a quantity out of a warehouse, go back to a vendor at their average cost: Dr 2310, Cr 1200.

    What he credits is entered with his next bill as a negative line on 2310. A repeat of the key returns the first.
    Raises NotEnoughStock, SerialNotHeld, PurchaseInvalid, NotFound.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], to_kind="vendor", to_id=vendor_id)
        return before
    lock_vendor(session, vendor_id)
    target = Place("vendor", vendor_id)
    steps = [
        Step(kind="purchase_return", type=item.type, item=item, source=_our_place(item), target=target,
             condition=item.condition)
        for item in items
    ]  # fmt: skip
    if type_id is not None:
        item_type = type_by_id(session, type_id)
        if item_type.tracking == "serial" or warehouse_id is None:
            raise PurchaseInvalid("Pieces go back by their serials, all else by quantity out of a warehouse")
        steps.append(Step(kind="purchase_return", type=item_type, source=Place("warehouse", warehouse_id),
                          target=target, quantity=parse_quantity(item_type, quantity)))  # fmt: skip
    if not steps or not reason.strip():
        raise PurchaseInvalid("Say what goes back to the vendor, and why")
    return carry_out(session, steps, Cause(actor=actor, now=now, reason=reason, origin=origin, key=key))


def _our_place(item: Item) -> Place:
    if item.holder_kind not in ("warehouse", "technician") or item.ownership != "company":
        raise PurchaseInvalid(f"Serial {item.serial} is not in our stock, so it cannot go back to a vendor")
    return Place(item.holder_kind, item.holder_id)


def purchases_of(session: Session, *, vendor_id: Id | None = None, limit: int = 50) -> list[Purchase]:
    """What was received, the newest first."""
    newest = select(Purchase).order_by(Purchase.received_on.desc(), Purchase.id.desc()).limit(limit)
    return list(session.scalars(newest.where(Purchase.vendor_id == vendor_id) if vendor_id else newest))
