"""Pieces entered from a table: every row is checked, and a dry run says of each what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.inventory.attributes import AttributeInvalid, attributes_of, checked
from core.inventory.items import Piece, SerialInvalid, clean_serial
from core.inventory.models import Item, ItemType, Movement, Purchase
from core.inventory.moving import moved_before
from core.inventory.places import Place
from core.inventory.purchases import Goods, enter_opening_stock, receive_purchase
from core.inventory.types import item_types
from core.money import ZERO, AmountInvalid, parse_amount
from core.spreadsheets.read import Sheet, SheetRow

FIXED = ("type", "serial", "cost")


class ImportRefused(DomainError):
    """The table cannot be imported as it is: the dry run says why, row by row."""


@dataclass(frozen=True)
class ImportRow:
    """A row as it would be entered; `fault` is empty where it is fine."""

    line: int
    type_code: str
    serial: str
    cost: Decimal
    attributes: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class ImportPlan:
    """What a dry run shows: every row in the table's order."""

    rows: Sequence[ImportRow]

    @property
    def faults(self) -> list[ImportRow]:
        """The rows that are refused."""
        return [row for row in self.rows if row.fault]

    @property
    def total(self) -> Decimal:
        """What the rows that are fine cost together."""
        return sum((row.cost for row in self.rows if not row.fault), ZERO)


def plan_import(
    session: Session, *, sheet: Sheet, type_id: Id | None = None, unit_cost: Decimal | None = None
) -> ImportPlan:
    """Check each row of a table with the columns `serial`, `type` and `cost` and any attribute's name.

    `type_id` and `unit_cost` stand in where a row names none. Changes nothing. Raises ImportRefused for a table
    without the column `serial` or with one that no type declares.
    """
    types = {item_type.code: item_type for item_type in item_types(session) if item_type.tracking == "serial"}
    usual = next((each for each in types.values() if each.id == type_id), None)
    noted = {attribute.name for each in types.values() for attribute in attributes_of(each)}
    strange = [name for name in sheet.columns if name not in FIXED and name not in noted]
    if "serial" not in sheet.columns or strange:
        what = f"no type has {', '.join(strange)}" if strange else "the column serial is missing"
        raise ImportRefused(f"The table's columns are serial, type, cost and attributes of types: {what}")
    if not sheet.rows:
        raise ImportRefused("The table has no rows under its heading")
    rows = [_read(row, types, usual, unit_cost) for row in sheet.rows]
    return ImportPlan(_refuse_twins(session, rows, types))


def _read(row: SheetRow, types: Mapping[str, ItemType], usual: ItemType | None, unit_cost: Decimal | None) -> ImportRow:
    code = "-".join(row.cells.get("type", "").upper().split())
    serial, cost = row.cells.get("serial", ""), ZERO
    noted = {name: value for name, value in row.cells.items() if name not in FIXED and value}
    item_type = types.get(code) if code else usual
    code = item_type.code if item_type else code
    try:
        if item_type is None:
            known = ", ".join(types) or "none yet"
            raise ImportRefused(f"{code} is no type with serials: {known}" if code else "the type is missing")
        serial = clean_serial(serial)
        written = row.cells.get("cost", "").replace(",", "")
        if not written and unit_cost is None:
            raise ImportRefused("the cost is missing")
        cost = parse_amount(written) if written else parse_amount(unit_cost or ZERO)
        if cost < 0:
            raise ImportRefused("the cost is below zero")
        noted = checked(item_type, noted)
    except (ImportRefused, SerialInvalid, AttributeInvalid, AmountInvalid) as wrong:
        return ImportRow(row.line, code, serial, cost, noted, str(wrong))
    return ImportRow(row.line, code, serial, cost, noted)


def _refuse_twins(session: Session, rows: Sequence[ImportRow], types: Mapping[str, ItemType]) -> list[ImportRow]:
    """Serials and unique attributes that another row or a piece of the company has."""
    serials = {row.serial for row in rows if not row.fault}
    # One that went back to its vendor may come again; receiving it says whether from the same.
    here = Item.holder_kind != "vendor"
    known = set(session.scalars(select(Item.serial).where(Item.serial.in_(serials), here)))
    unique = {(code, each.name) for code, item_type in types.items() for each in attributes_of(item_type)
              if each.unique}  # fmt: skip
    taken = {name: _taken(session, name, rows) for name in {name for _, name in unique}}
    seen: dict[tuple[str, str], int] = {}
    checked_rows = []
    for row in rows:
        fault = row.fault
        if not fault:
            marks = [("serial", row.serial)] + [
                (name, value) for name, value in row.attributes.items() if (row.type_code, name) in unique
            ]
            for mark in marks:
                if mark in seen:
                    fault = f"{mark[0]} {mark[1]} is in line {seen[mark]} too"
                elif mark[1] in (known if mark[0] == "serial" else taken[mark[0]]):
                    fault = f"{mark[0]} {mark[1]} is entered already"
            for mark in marks:
                seen.setdefault(mark, row.line)
        checked_rows.append(ImportRow(row.line, row.type_code, row.serial, row.cost, row.attributes, fault))
    return checked_rows


def _taken(session: Session, name: str, rows: Sequence[ImportRow]) -> set[str]:
    values = {row.attributes[name] for row in rows if name in row.attributes}
    column = Item.attributes[name].astext
    query = select(column).where(column.in_(values), Item.holder_kind != "vendor")
    return set(session.scalars(query)) if values else set()


def import_purchase(
    session: Session, *, plan: ImportPlan, vendor_id: Id, warehouse_id: Id, idempotency_key: str, actor: str,
    now: datetime, origin: str = "", vendor_ref: str = "", billed: bool = False, tax: Decimal = ZERO,
) -> Purchase:  # fmt: skip
    """Receive every row from a vendor, all or nothing; a repeat of the key returns the first purchase.

    Raises ImportRefused and what receiving a purchase does.
    """
    first = session.scalar(select(Purchase).where(Purchase.idempotency_key == idempotency_key))
    if first is not None and first.vendor_id == vendor_id:
        return first
    return receive_purchase(
        session, vendor_id=vendor_id, warehouse_id=warehouse_id, goods=_goods(session, plan), actor=actor, now=now,
        idempotency_key=idempotency_key, origin=origin, vendor_ref=vendor_ref, billed=billed, tax=tax,
    )  # fmt: skip


def import_opening(
    session: Session, *, plan: ImportPlan, place: Place, idempotency_key: str, actor: str, now: datetime,
    origin: str = "",
) -> list[Movement]:  # fmt: skip
    """Enter every row as stock from before these books, all or nothing; a repeat of the key returns the first.

    Raises ImportRefused and what entering does.
    """
    before = moved_before(session, idempotency_key)
    if before:
        return before
    return enter_opening_stock(session, place=place, goods=_goods(session, plan), actor=actor, now=now, origin=origin,
                               idempotency_key=idempotency_key)  # fmt: skip


def _goods(session: Session, plan: ImportPlan) -> list[Goods]:
    if plan.faults:
        first = plan.faults[0]
        raise ImportRefused(f"{len(plan.faults)} rows are refused, the first in line {first.line}: {first.fault}")
    types = {item_type.code: item_type.id for item_type in item_types(session)}
    lots: dict[tuple[str, Decimal], list[Piece]] = {}
    for row in plan.rows:
        lots.setdefault((row.type_code, row.cost), []).append(Piece(row.serial, row.attributes))
    return [Goods(type_id=types[code], unit_cost=cost, pieces=pieces) for (code, cost), pieces in lots.items()]
