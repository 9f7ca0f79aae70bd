"""A piece goes from hand to hand: to a van, to a customer on rent or sold, back, to scrap, swapped for another."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.inventory.balances import carried_cost
from core.inventory.events import INSIDE
from core.inventory.models import Item, Movement
from core.inventory.moving import Cause, SerialNotHeld, Step, carry_out, moved_before, refuse_other
from core.inventory.places import SCRAP, Place, own_place, place_names
from core.money import ZERO

CUSTOMERS_PROPERTY = ("sold", "customer")


class MoveInvalid(DomainError):
    """The piece cannot go there from where it is."""


class WarrantyOver(DomainError):
    """The sold piece's warranty is over, or it never had one."""


def move_item(
    session: Session, *, item: Item, to_kind: str, to_id: Id | None, reason: str, actor: str, now: datetime,
    ownership: str | None = None, condition: str | None = None, take_back: bool = False, origin: str = "",
    ticket_id: Id | None = None, site_id: Id | None = None, key: str | None = None,
) -> Movement:  # fmt: skip
    """Move a piece from where it is, book what that means, and start a customer's warranty.

    To a customer it goes `rented` unless `ownership` says `sold`; what is the customer's own is given back. From a
    customer, what he rented comes into stock; what he owns is only held for him, unless `take_back` undoes the sale.
    `condition` is good or faulty, as it was before unless said. A repeat of `key` returns the first movement.
    Raises SerialNotHeld for scrapped pieces, MoveInvalid also for a faulty one that is to be handed out, PlaceInvalid,
    ReasonMissing, NotFound, PeriodClosed, StockKeyReused.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], item_id=item.id, to_kind=to_kind, to_id=to_id)
        return before[0]
    target = Place(to_kind, to_id)
    step = _step(session, item, target, ownership, take_back)
    step.condition = condition or item.condition
    if step.kind in ("rented", "sold") and step.condition == "faulty":
        raise MoveInvalid(f"Serial {item.serial} is faulty: have it repaired and move it as good, or take another")
    if target.kind in INSIDE:
        own_place(session, target)
    cause = Cause(actor=actor, now=now, reason=reason, origin=origin, key=key, ticket_id=ticket_id, site_id=site_id)
    (movement,) = carry_out(session, [step], cause)
    if movement.kind in ("rented", "sold"):
        _hand_over(item, movement)
    elif movement.kind in ("returned", "taken_back"):
        item.warranty_until, item.deposit = None, ZERO
    session.flush()
    return movement


def _step(session: Session, item: Item, target: Place, ownership: str | None, take_back: bool) -> Step:
    source = Place(item.holder_kind, item.holder_id)
    if source == SCRAP:
        raise SerialNotHeld(f"Serial {item.serial} is scrapped and cannot move")
    kind = _kind_of(item, source, target, ownership, take_back)
    if kind == "given_back":
        _refuse_strange_owner(session, item, target)
    customer = target if target.kind == "customer" else source
    return Step(
        kind=kind, type=item.type, item=item, source=source, target=target,
        cost=carried_cost(session, item_id=item.id) if kind in ("returned", "taken_back", "lost") else None,
        ownership={"rented": "rented", "sold": "sold", "held": item.ownership, "given_back": item.ownership}.get(
            kind, "company"),
        customer_id=customer.id if customer.kind == "customer" else None,
    )  # fmt: skip


def _refuse_strange_owner(session: Session, item: Item, target: Place) -> None:
    """What a customer owns goes back to him only: to whom it was before it came into our hands."""
    came_from = select(Movement.from_id).where(Movement.item_id == item.id, Movement.from_kind == "customer")
    owner = Place("customer", session.scalar(came_from.order_by(Movement.id.desc()).limit(1)))
    if owner != target:
        raise MoveInvalid(
            f"Serial {item.serial} belongs to {place_names(session, {owner})[owner]}: give it back to him"
        )


def _kind_of(item: Item, source: Place, target: Place, ownership: str | None, take_back: bool) -> str:
    his = item.ownership in CUSTOMERS_PROPERTY
    match source.kind, target.kind:
        case "warehouse" | "technician", "warehouse" | "technician":
            return "held" if his else "transfer"
        case "warehouse" | "technician", "customer" if his:
            return "given_back"
        case "warehouse" | "technician", "customer" if ownership in (None, "rented", "sold"):
            return ownership or "rented"
        case "customer", "warehouse" | "technician":
            return ("taken_back" if take_back and item.ownership == "sold" else "held") if his else "returned"
        case "warehouse" | "technician", "scrap" if not his:
            return "scrapped"
        case "customer", "scrap" if not his:
            return "lost"
        case "warehouse" | "technician", "vendor" if not his:
            return "purchase_return"
    raise MoveInvalid(
        f"Serial {item.serial} ({item.ownership}) cannot go from {source.kind} to {target.kind}"
        f"{f' as {ownership}' if ownership else ''}"
    )


def _hand_over(item: Item, movement: Movement) -> None:
    months = item.type.warranty_months
    item.warranty_until = _months_later(movement.moved_on, months) if months else None
    item.deposit = item.type.deposit if movement.kind == "rented" else ZERO


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def swap_items(
    session: Session, *, old: Item, new: Item, condition: str, reason: str, actor: str, now: datetime,
    origin: str = "", ticket_id: Id | None = None, key: str | None = None,
) -> tuple[Movement, Movement]:  # fmt: skip
    """The customer's piece goes to whoever brought the new one, and the new one takes its place on the same terms.

    A sold piece is swapped within its warranty, which goes on for the new one. Returns what came back and what went.
    Raises MoveInvalid, WarrantyOver, SerialNotHeld.
    """
    before = moved_before(session, None if key is None else f"{key}:old")
    if before:
        refuse_other(before[0], item_id=old.id)
        return before[0], moved_before(session, f"{key}:new")[0]
    bag = Place(new.holder_kind, new.holder_id)
    if old.holder_kind != "customer" or bag.kind not in INSIDE or new.ownership != "company":
        raise MoveInvalid(f"Serial {old.serial} must be at a customer, and {new.serial} in our stock, to be swapped")
    if old.kind != new.kind:
        raise MoveInvalid(f"Serial {new.serial} is no {old.kind.replace('_', ' ')}: swap like for like")
    if old.ownership == "customer":
        raise MoveInvalid(f"Serial {old.serial} is the customer's own: rent or sell him another instead")
    terms, customer_id, until, deposit = old.ownership, old.holder_id, old.warranty_until, old.deposit
    if terms == "sold" and (until is None or until < _day_of(session, now)):
        raise WarrantyOver(f"The warranty of serial {old.serial} is over: sell another one instead")
    cause = {"reason": reason, "actor": actor, "now": now, "origin": origin, "ticket_id": ticket_id}
    site_id = session.scalar(
        select(Movement.site_id).where(Movement.item_id == old.id).order_by(Movement.id.desc()).limit(1)
    )
    back = move_item(session, item=old, to_kind=bag.kind, to_id=bag.id, condition=condition, take_back=True,
                     key=None if key is None else f"{key}:old", **cause)  # type: ignore[arg-type] # fmt: skip
    went = move_item(session, item=new, to_kind="customer", to_id=customer_id,
                     ownership="sold" if terms == "sold" else "rented", site_id=site_id,
                     key=None if key is None else f"{key}:new", **cause)  # type: ignore[arg-type] # fmt: skip
    if terms == "sold":
        new.warranty_until = until
    new.deposit = deposit
    session.flush()
    return back, went


def _day_of(session: Session, now: datetime) -> date:
    return business_day(now, current_company(session).timezone)


def buy_out(
    session: Session, *, item: Item, reason: str, actor: str, now: datetime, origin: str = "", key: str | None = None
) -> Movement:
    """What a customer rents becomes his: its cost goes from 1210 to 5010. What he pays is charged apart.

    Raises MoveInvalid for what he does not rent.
    """
    before = moved_before(session, key)
    if before:
        refuse_other(before[0], item_id=item.id)
        return before[0]
    if item.holder_kind != "customer" or item.ownership not in ("rented", "company"):
        raise MoveInvalid(f"Serial {item.serial} is not rented to a customer")
    place = Place(item.holder_kind, item.holder_id)
    step = Step(
        kind="bought_out", type=item.type, item=item, source=place, target=place, ownership="sold",
        condition=item.condition, cost=carried_cost(session, item_id=item.id), customer_id=item.holder_id,
    )  # fmt: skip
    (movement,) = carry_out(session, [step], Cause(actor=actor, now=now, reason=reason, origin=origin, key=key))
    return movement


def equipment_of(session: Session, *, customer_id: Id) -> list[Item]:
    """What stands at a customer, by type and serial."""
    found = select(Item).where(Item.holder_kind == "customer", Item.holder_id == customer_id)
    return list(session.scalars(found.order_by(Item.type_id, Item.serial)))
