"""Stock as tables for spreadsheets: what it is worth on a day, every piece, and every movement of a span."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.inventory.balances import pools
from core.inventory.history import in_words
from core.inventory.models import Item, Movement
from core.inventory.places import Place, place_names
from core.inventory.types import item_types
from core.money import ZERO
from core.spreadsheets.tables import Column, Table, Value

MOVEMENTS_MAX = 100_000


def valuation_table(session: Session, *, as_of: date) -> Table:
    """The company's own stock by type at the end of a day; its total is account 1200 but for what was booked onto it
    without goods."""
    worth = pools(session, as_of=as_of)
    columns = [Column("Code"), Column("Name"), Column("Kind"), Column("Unit"), Column("Quantity", "number"),
               Column("Average cost", "amount"), Column("Value", "amount")]  # fmt: skip
    rows: list[list[Value]] = []
    for each in item_types(session, all_of_them=True):
        pool = worth.get(each.id)
        if pool is not None:
            rows.append([each.code, each.name, each.kind, each.unit, pool.quantity, pool.average, pool.value])
    total = sum((pool.value for pool in worth.values()), ZERO)
    return Table("Stock valuation", columns, [*rows, ["", "Total", "", "", None, None, total]],
                 notes=[f"Stock at moving average cost on {as_of}"])  # fmt: skip


def pieces_table(session: Session) -> Table:
    """Every piece with a serial, wherever it is, by serial."""
    items = session.scalars(select(Item).order_by(Item.serial)).all()
    names = place_names(session, {Place(item.holder_kind, item.holder_id) for item in items})
    noted = sorted({name for item in items for name in item.attributes})
    columns = [Column(title) for title in ("Serial", "Type", "Kind", "Where", "Place", "Owner", "Condition")]
    columns += [Column("Warranty until", "date"), Column("Deposit", "amount"), *(Column(name) for name in noted)]
    rows: list[list[Value]] = [
        [item.serial, item.type.code, item.kind, item.holder_kind, names[Place(item.holder_kind, item.holder_id)],
         item.ownership, item.condition, item.warranty_until, item.deposit,
         *(str(item.attributes.get(name, "")) for name in noted)]
        for item in items
    ]  # fmt: skip
    return Table("Pieces", columns, rows)


def movements_table(session: Session, *, first: date, last: date) -> Table:
    """Every movement of `[first, last]`, both days included, the first first; the last MOVEMENTS_MAX of a long span."""
    columns = [Column("When", "instant"), Column("Day", "date"), Column("What"), Column("Type"), Column("Serial"),
               Column("Quantity", "number"), Column("From"), Column("To"), Column("Why"), Column("Who"),
               Column("Debit"), Column("Credit"), Column("Cost", "amount"), Column("Worn", "amount")]  # fmt: skip
    return Table("Movements of stock", columns, _movement_rows(session, first, last), notes=[f"{first} to {last}"])


def _movement_rows(session: Session, first: date, last: date) -> Iterator[list[Value]]:
    newest = select(Movement).where(Movement.moved_on.between(first, last)).order_by(Movement.id.desc())
    moved = session.scalars(newest.limit(MOVEMENTS_MAX)).all()[::-1]
    codes = {each.id: each.code for each in item_types(session, all_of_them=True)}
    keys = {each.item_id for each in moved if each.item_id}
    serials = {row.id: row.serial for row in session.execute(select(Item.id, Item.serial).where(Item.id.in_(keys)))}
    for row in in_words(session, moved):
        it = row.movement
        serial = serials[it.item_id] if it.item_id else ""
        yield [it.moved_at, it.moved_on, row.what, codes[it.type_id], serial, it.quantity, row.source, row.target,
               it.reason, row.who, it.debit_code, it.credit_code, it.cost, it.worn]  # fmt: skip
