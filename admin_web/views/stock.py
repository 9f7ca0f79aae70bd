"""Stock: what there is where and what it is worth, what runs out, what moved, and moving it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import exported
from admin_web.forms import FieldInvalid, Form, asked, attempt
from core.clock import utc_now
from core.errors import DomainError
from core.inventory.balances import holding_places, pools, rented_out_value, stock_by_place
from core.inventory.events import EVENTS
from core.inventory.history import recent_movements
from core.inventory.item_moves import move_item
from core.inventory.items import item_by_serial
from core.inventory.models import Item
from core.inventory.places import SCRAP, Place, add_warehouse, main_warehouse, stock_places
from core.inventory.quantities import scrap_stock, transfer_stock
from core.inventory.shortages import shortages
from core.inventory.tables import movements_table, pieces_table, valuation_table
from core.inventory.types import item_types
from core.inventory.wear import worn_at_customers
from core.money import ZERO
from core.spreadsheets.write import write_csv, write_xlsx

SHOWN = 300
FORMATS = {
    "csv": (write_csv, "text/csv"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@blueprint.get("/stock")
@needs("stock.view")
def stock() -> Page:
    with books() as page:
        main_warehouse(page.session)
        kept, worth = stock_by_place(page.session), pools(page.session)
        holding = holding_places(page.session)
        places = [(place, name) for place, name in holding
                  if place.kind == "warehouse" or any(at == place for at, _ in kept)]  # fmt: skip
        types = [each for each in item_types(page.session, all_of_them=True) if each.active or each.id in worth]
        return render_template(
            "stock.html", company=page.company, types=types, places=places, kept=kept, worth=worth,
            total=sum((pool.value for pool in worth.values()), ZERO), rented=rented_out_value(page.session),
            worn=worn_at_customers(page.session),
            short=shortages(page.session), sources=[(place.key, name) for place, name in holding],
            targets=place_choices(page), counted=counted_choices(page),
        )  # fmt: skip


def place_choices(page: Books) -> list[tuple[str, str]]:
    """The company's own places, as forms offer them."""
    return [(place.key, name) for place, name in stock_places(page.session)]


def counted_choices(page: Books) -> list[tuple[UUID, str]]:
    """Types without serials, as forms offer them."""
    return [(each.id, f"{each.name} ({each.unit})") for each in item_types(page.session) if each.tracking != "serial"]


def chosen_place(form: Form, name: str) -> Place:
    """A place of the company that was chosen."""
    kind, _, key = form.text(name, required=True).partition(":")
    if kind not in ("warehouse", "technician"):
        raise FieldInvalid("Choose a warehouse or a technician.")
    try:
        return Place(kind, UUID(key))
    except ValueError as wrong:
        raise FieldInvalid("The place is none of the choices.") from wrong


def typed_serials(form: Form, name: str = "serials") -> list[str]:
    """Serials, one a line or with commas between them."""
    return [part for part in re.split(r"[\n,;]+", form.text(name)) if part.strip()]


@blueprint.get("/stock/export/<what>.<format>")
@needs("stock.view")
def stock_file(what: str, format: str) -> Page:
    """The valuation of a day, every piece, or the movements of a span, as CSV or XLSX."""
    if what not in ("valuation", "pieces", "movements") or format not in FORMATS:
        abort(404)
    write, mime = FORMATS[format]
    out, form = io.BytesIO(), asked()
    with books() as page:
        try:
            last = form.day("last", page.today)
            first = form.day("first", last.replace(day=1))
        except DomainError as wrong:
            abort(400, str(wrong))
        if what == "movements":
            table = movements_table(page.session, first=first, last=last)
        else:
            table = pieces_table(page.session) if what == "pieces" else valuation_table(page.session, as_of=last)
        write(table, out)
    name = f"{what}-{last}.{format}"
    return exported(out.getvalue(), mime=mime, name=name)


@blueprint.post("/stock/move")
@needs("stock.write")
def move_stock() -> Page:
    """Pieces and quantities go from one place of ours to another, or to scrap."""

    def move(page: Books, form: Form) -> str:
        source = chosen_place(form, "source")
        items = [item_by_serial(page.session, serial) for serial in typed_serials(form)]
        if form.text("target") == "scrap":
            return _scrap(page, form, source, items)
        quantities = [(form.key("type"), form.rate("quantity"))] if form.text("quantity") else []
        moved = transfer_stock(
            page.session, source=source, target=chosen_place(form, "target"), items=items, quantities=quantities,
            reason=form.text("reason", required=True), actor=page.actor, now=utc_now(), key=form.once(),
            origin=form.once(),
        )  # fmt: skip
        return f"{len(moved)} movements are written."

    return attempt(move, done="panel.stock", show=stock)


def _scrap(page: Books, form: Form, source: Place, items: Sequence[Item]) -> str:
    common = {"reason": form.text("reason", required=True), "actor": page.actor, "now": utc_now()}
    key = form.once()
    if not items and not form.text("quantity"):
        raise FieldInvalid("Say what is scrapped: serials, or a type and a quantity.")
    for item in items:
        if Place(item.holder_kind, item.holder_id) not in (source, SCRAP):
            raise FieldInvalid(f"Serial {item.serial} is not there.")
        move_item(page.session, item=item, to_kind=SCRAP.kind, to_id=None, key=f"{key}:{item.serial}", origin=key,
                  **common)  # type: ignore[arg-type] # fmt: skip
    if form.text("quantity"):
        scrap_stock(page.session, place=source, type_id=form.key("type"), quantity=form.rate("quantity"), key=key,
                    origin=key, **common)  # type: ignore[arg-type] # fmt: skip
    return "It is scrapped; its cost is booked on 5010."


@blueprint.post("/stock/warehouses")
@needs("stock.approve")
def new_warehouse() -> Page:
    def add(page: Books, form: Form) -> str:
        return f"{add_warehouse(page.session, name=form.text('name', required=True)).name} is a warehouse."

    return attempt(add, done="panel.stock", show=stock)


@blueprint.get("/stock/movements")
@needs("stock.view")
def stock_movements() -> Page:
    with books() as page:
        form = asked()
        try:
            place = chosen_place(form, "place") if form.text("place") else None
            rows = recent_movements(page.session, type_id=form.maybe_key("type"), place=place,
                                    document_id=form.maybe_key("document"), limit=SHOWN)  # fmt: skip
        except DomainError as wrong:
            abort(400, str(wrong))
        types = {each.id: each for each in item_types(page.session, all_of_them=True)}
        serials = {row.movement.item_id for row in rows if row.movement.item_id}
        return render_template(
            "stock_movements.html", company=page.company, rows=rows, types=types, zone=page.zone, events=EVENTS,
            places=place_choices(page), pieces={key: page.session.get_one(Item, key).serial for key in serials},
            asked=form,
        )  # fmt: skip
