"""Who stands at the counter: found by what he says of himself, with what he owes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core.billing.balance import AccountBalance, account_balance
from core.crm.customers import search_customers
from core.errors import DomainError
from core.ids import Id

SHOWN = 8


class PayerUnclear(DomainError):
    """The words fit nobody, or several people, or another than the one that was chosen."""


@dataclass(frozen=True)
class Payer:
    """A customer who may be meant."""

    id: Id
    number: str
    name: str
    place: str
    balance: AccountBalance


def find_payers(session: Session, *, wanted: str, today: date) -> list[Payer]:
    """Up to SHOWN customers of that number, phone or name; a whole customer number finds him alone."""
    wanted = " ".join(wanted.split())
    if not wanted:
        return []
    rows = search_customers(session, wanted=wanted, limit=SHOWN)
    named = [row for row in rows if row.number.casefold() == wanted.casefold()]
    return [
        Payer(row.id, row.number, row.name, f"{row.area}, {row.sub_zone}",
              account_balance(session, customer_id=row.id, today=today))
        for row in named or rows
    ]  # fmt: skip


def chosen_payer(session: Session, *, wanted: str, chosen: Id | None, today: date) -> Payer:
    """The one that `wanted` finds, or `chosen` among several; raises PayerUnclear.

    A choice that the words do not find is refused: somebody typed on after choosing.
    """
    found: Sequence[Payer] = find_payers(session, wanted=wanted, today=today)
    if not found:
        raise PayerUnclear(f"Nobody is found as {wanted!r}: type the customer number, the phone, or a part of the name")
    if chosen is not None:
        found = [payer for payer in found if payer.id == chosen]
    if len(found) != 1:
        raise PayerUnclear(f"{wanted!r} is not clear: choose the customer from the list")
    return found[0]
