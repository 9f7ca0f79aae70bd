"""What vendors were owed before these books: each bill gets its document, so that it ages and can be paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.ids import Id
from core.ledger.bills import BillItem, enter_bill
from core.ledger.openings import OPENING_EQUITY, NothingToOpen
from core.ledger.treasury_models import Bill
from core.money import ZERO, AmountInvalid, parse_amount


@dataclass(frozen=True)
class VendorOpening:
    """A bill still owed: `vendor_ref` is the number the vendor printed, empty for a sum of several."""

    vendor_id: Id
    amount: Decimal
    due_on: date
    vendor_ref: str = ""


def open_vendor_bills(
    session: Session, *, posted_on: date, openings: Sequence[VendorOpening], by: str, origin: str
) -> list[Bill]:
    """A bill each, 3990 to 2300, due when it was; the one of a vendor and reference is opened once.

    One past due by then is due on `posted_on`: the bill belongs to these books from that day. What a vendor was paid
    ahead is opened with `open_balances`. Raises NothingToOpen, AmountInvalid and what `enter_bill` raises.
    """
    if not openings:
        raise NothingToOpen("No bill was given")
    if any(parse_amount(opening.amount) <= ZERO for opening in openings):
        raise AmountInvalid("A bill still owed is more than zero")
    return [
        enter_bill(
            session, vendor_id=opening.vendor_id, billed_on=posted_on, due_on=max(opening.due_on, posted_on),
            items=[BillItem("Balance brought forward", opening.amount, OPENING_EQUITY)], actor=by, origin=origin,
            vendor_ref=opening.vendor_ref, idempotency_key=f"opening:{opening.vendor_id}:{opening.vendor_ref}",
        )
        for opening in openings
    ]  # fmt: skip
