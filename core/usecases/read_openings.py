"""A table of what customers and vendors brought into these books: read, tried, and entered as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.models import Customer
from core.errors import DomainError
from core.ids import Id
from core.ledger.treasury_models import Vendor
from core.ledger.vendor_openings import VendorOpening, open_vendor_bills
from core.money import ZERO, AmountInvalid, parse_amount
from core.spreadsheets.read import Sheet, SheetRow
from core.usecases.open_customer_accounts import CustomerOpening, open_customer_accounts
from core.usecases.open_customer_deposits import DepositOpening, open_customer_deposits

COLUMNS: dict[str, tuple[str, ...]] = {
    "balances": ("customer", "amount", "due_on", "words"),
    "deposits": ("customer", "amount", "words"),
    "bills": ("vendor", "amount", "due_on", "their_number"),
}
"""What is opened → the columns of its table; of them `words` and `their_number` may be missing."""
OPTIONAL = ("words", "their_number")
DAY_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%d-%m-%Y")


class OpeningTableInvalid(DomainError):
    """A column is missing, or rows of the table cannot be entered."""


@dataclass(frozen=True)
class OpeningRow:
    """A row as it was understood; `fault` says why it cannot be entered, `name` is the customer's or vendor's."""

    line: int
    number: str
    name: str
    party_id: Id | None
    amount: Decimal
    due_on: date | None
    words: str
    fault: str


@dataclass(frozen=True)
class OpeningPlan:
    """A dry run. `problem` stands in the way of the whole table, once no row has a fault."""

    kind: str
    posted_on: date
    rows: Sequence[OpeningRow]
    problem: str

    @property
    def faults(self) -> Sequence[OpeningRow]:
        return [row for row in self.rows if row.fault]

    @property
    def total(self) -> Decimal:
        """Of the rows without a fault."""
        return sum((row.amount for row in self.rows if not row.fault), ZERO)


def plan_openings(
    session: Session, *, kind: str, sheet: Sheet, posted_on: date, by: str, origin: str
) -> OpeningPlan:  # fmt: skip
    """What `enter_openings` would do with the table: it is entered and taken back, so that the answer is the same.

    Raises OpeningTableInvalid for a table without its columns.
    """
    rows = _read(session, kind, sheet)
    problem = ""
    if not any(row.fault for row in rows):
        attempt = session.begin_nested()
        try:
            _ENTER[kind](session, rows, posted_on, by, origin)
        except DomainError as refusal:
            problem = str(refusal)
        finally:
            attempt.rollback()
    return OpeningPlan(kind, posted_on, rows, problem)


def enter_openings(session: Session, *, kind: str, sheet: Sheet, posted_on: date, by: str, origin: str) -> int:
    """Open every row of the table, each with its document against 3990; returns how many.

    Raises OpeningTableInvalid if a row has a fault, and what the openings themselves raise.
    """
    rows = _read(session, kind, sheet)
    if faults := [row for row in rows if row.fault]:
        raise OpeningTableInvalid(f"Nothing was entered. Line {faults[0].line}: {faults[0].fault}")
    return _ENTER[kind](session, rows, posted_on, by, origin)


def _read(session: Session, kind: str, sheet: Sheet) -> list[OpeningRow]:
    if kind not in COLUMNS:
        raise OpeningTableInvalid(f"{kind!r} is nothing that is opened by a table: use {', '.join(COLUMNS)}")
    needed = [name for name in COLUMNS[kind] if name not in OPTIONAL]
    if missing := [name for name in needed if name not in sheet.columns]:
        raise OpeningTableInvalid(f"The first row must name the columns {', '.join(needed)}: {missing[0]} is missing")
    if not sheet.rows:
        raise OpeningTableInvalid("The table has no row under its heading")
    whose = COLUMNS[kind][0]
    parties = _parties(session, whose, {row.cells[whose].strip() for row in sheet.rows})
    seen: set[tuple[str, str]] = set()
    return [_row(row, kind, parties, seen) for row in sheet.rows]


def _parties(session: Session, whose: str, numbers: set[str]) -> dict[str, tuple[Id, str]]:
    model = Customer if whose == "customer" else Vendor
    found = session.execute(select(model.number, model.id, model.name).where(model.number.in_(numbers)))
    return {number: (key, name) for number, key, name in found}


def _row(
    row: SheetRow, kind: str, parties: Mapping[str, tuple[Id, str]], seen: set[tuple[str, str]]
) -> OpeningRow:  # fmt: skip
    whose = COLUMNS[kind][0]
    number, written = row.cells[whose].strip(), row.cells["amount"].strip()
    words = row.cells.get("their_number" if kind == "bills" else "words", "").strip()
    key, name = parties.get(number, (None, ""))
    amount, due_on, fault = _figures(written, row.cells["due_on"] if "due_on" in COLUMNS[kind] else None)
    if key is None:
        fault = f"There is no {whose} {number}" if number else f"The {whose} is missing"
    elif not fault:
        fault = _fault(kind, amount, (number, words if kind == "bills" else ""), seen)
    return OpeningRow(row.line, number, name, key, amount, due_on, words, fault)


def _figures(amount: str, due_on: str | None) -> tuple[Decimal, date | None, str]:
    try:
        read = parse_amount(amount.replace(",", ""))
    except AmountInvalid:
        return ZERO, None, f"{amount!r} is no amount" if amount else "The amount is missing"
    try:
        return read, None if due_on is None else _day(due_on), ""
    except ValueError:
        return read, None, f"{due_on!r} is no day such as 2026-11-30" if due_on else "The day it was due is missing"


def _fault(kind: str, amount: Decimal, key: tuple[str, str], seen: set[tuple[str, str]]) -> str:
    if amount == ZERO:
        return "Nothing is to be opened with an amount of zero"
    if amount < ZERO and kind != "balances":
        return "The amount must be more than zero"
    if key in seen:
        return "It stands in the table twice: give one row with the sum"
    seen.add(key)
    return ""


def _day(written: str) -> date:
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(written.strip(), form).date()  # noqa: DTZ007 - a calendar day
        except ValueError:
            continue
    raise ValueError(written)


def _enter_balances(session: Session, rows: Sequence[OpeningRow], day: date, by: str, origin: str) -> int:
    openings = [
        CustomerOpening(row.party_id, row.amount, row.due_on or day, *([row.words] if row.words else []))
        for row in rows if row.party_id
    ]  # fmt: skip
    return open_customer_accounts(session, posted_on=day, openings=openings, by=by, origin=origin)


def _enter_deposits(session: Session, rows: Sequence[OpeningRow], day: date, by: str, origin: str) -> int:
    deposits = [
        DepositOpening(row.party_id, row.amount, *([row.words] if row.words else [])) for row in rows if row.party_id
    ]
    return len(open_customer_deposits(session, posted_on=day, deposits=deposits, by=by, origin=origin))


def _enter_bills(session: Session, rows: Sequence[OpeningRow], day: date, by: str, origin: str) -> int:
    openings = [
        VendorOpening(row.party_id, row.amount, row.due_on or day, row.words) for row in rows if row.party_id
    ]  # fmt: skip
    return len(open_vendor_bills(session, posted_on=day, openings=openings, by=by, origin=origin))


_ENTER: dict[str, Callable[[Session, Sequence[OpeningRow], date, str, str], int]] = {
    "balances": _enter_balances, "deposits": _enter_deposits, "bills": _enter_bills,
}  # fmt: skip
