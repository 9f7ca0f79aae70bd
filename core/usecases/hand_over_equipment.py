"""Equipment goes to a customer and what he pays for it goes on his bill: a deposit, a price, or a loss."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.charges import add_charge
from core.billing.subscription_models import PendingCharge
from core.clock import business_day
from core.companies import current_company
from core.ids import Id
from core.inventory.item_moves import MoveInvalid, move_item
from core.inventory.models import Item, Movement
from core.inventory.moving import moved_before
from core.inventory.places import SCRAP
from core.money import ZERO


@dataclass(frozen=True)
class HandedOver:
    """The movement, and the charge that waits for the customer's next invoice, if there is one."""

    movement: Movement
    charge: PendingCharge | None


def hand_over_equipment(
    session: Session, *, item: Item, customer_id: Id, terms: str, actor: str, now: datetime, key: str,
    amount: Decimal | None = None, subscription_id: Id | None = None, reason: str = "", origin: str = "",
    ticket_id: Id | None = None, site_id: Id | None = None,
) -> HandedOver:  # fmt: skip
    """Rent out or sell a piece of our stock and charge the deposit or price with the next invoice.

    `terms` is rented or sold; `amount` stands in for the type's deposit or sale price, zero charges nothing. A repeat
    of the key changes nothing. Raises MoveInvalid, SerialNotHeld, ChargeInvalid, NotFound, PeriodClosed.
    """
    if terms not in ("rented", "sold") or (item.ownership in ("sold", "customer") and not moved_before(session, key)):
        raise MoveInvalid(
            f"Serial {item.serial} ({item.ownership}) cannot be handed over as {terms!r}: rent or sell ours"
        )
    movement = move_item(
        session, item=item, to_kind="customer", to_id=customer_id, ownership=terms, reason=reason or f"{terms} to him",
        actor=actor, now=now, origin=origin, ticket_id=ticket_id, site_id=site_id, key=key,
    )  # fmt: skip
    usual = item.type.deposit if terms == "rented" else item.type.sale_price
    what = "equipment_deposit" if terms == "rented" else "equipment_sale"
    charged = usual if amount is None else amount
    if terms == "rented":
        item.deposit = charged
    charge = _charge(session, item, customer_id, what, charged, actor, now, key, subscription_id)
    return HandedOver(movement, charge)


def charge_lost_equipment(
    session: Session, *, item: Item, actor: str, now: datetime, key: str, amount: Decimal, reason: str,
    origin: str = "", subscription_id: Id | None = None,
) -> HandedOver:  # fmt: skip
    """A piece at a customer is gone: its cost is an expense, and `amount` (zero for nothing) goes on his bill.

    A repeat of the key changes nothing. Raises MoveInvalid for what is not ours, ChargeInvalid.
    """
    customer_id = item.holder_id if item.holder_kind == "customer" else None
    movement = move_item(session, item=item, to_kind=SCRAP.kind, to_id=None, reason=reason, actor=actor, now=now,
                         origin=origin, key=key)  # fmt: skip
    customer_id = customer_id or movement.from_id
    if movement.from_kind != "customer" or customer_id is None:
        raise MoveInvalid(f"Serial {item.serial} was not at a customer: scrap it instead")
    charge = _charge(session, item, customer_id, "equipment_lost", amount, actor, now, key, subscription_id)
    return HandedOver(movement, charge)


def _charge(
    session: Session, item: Item, customer_id: Id, what: str, amount: Decimal, actor: str, now: datetime, key: str,
    subscription_id: Id | None,
) -> PendingCharge | None:  # fmt: skip
    if amount == ZERO:
        return None
    return add_charge(
        session, customer_id=customer_id, what=what, amount=amount, subscription_id=subscription_id, created_by=actor,
        bill_from=business_day(now, current_company(session).timezone), idempotency_key=f"{key}:charge",
        description=f"{item.type.name}, serial {item.serial}" + (
            " (refundable deposit)" if what == "equipment_deposit" else ""),
    )  # fmt: skip
