"""Goods: what comes from vendors and goes back to them, tables of serials, and the types there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from admin_web.uploads import packed_sheet, sent_sheet
from admin_web.views.stock import chosen_place, counted_choices, place_choices, typed_serials
from core.clock import utc_now
from core.errors import DomainError
from core.inventory.attributes import KINDS as ATTRIBUTE_KINDS
from core.inventory.attributes import Attribute
from core.inventory.importing import ImportPlan, import_opening, import_purchase, plan_import
from core.inventory.items import Piece, item_by_serial
from core.inventory.models import TRACKINGS
from core.inventory.places import main_warehouse, warehouses
from core.inventory.purchases import Goods, enter_opening_stock, purchases_of, receive_purchase, return_purchase
from core.inventory.types import KINDS, add_item_type, change_item_type, item_types
from core.ledger.vendors import vendors_in_use
from core.money import ZERO
from core.printing.figures import figures
from core.spreadsheets.read import Sheet

LINES = 4
FROM_BEFORE = "before"


@blueprint.get("/stock/receive")
@needs("stock.write")
def receive_goods() -> Page:
    with books() as page:
        main_warehouse(page.session)
        vendors = {vendor.id: vendor.name for vendor in vendors_in_use(page.session)}
        return render_template(
            "stock_receive.html", company=page.company, vendors=list(vendors.items()), lines=range(LINES),
            types=[(each.id, f"{each.code} {each.name}") for each in item_types(page.session)],
            rooms=[(room.id, room.name) for room in warehouses(page.session)], names=vendors,
            recent=purchases_of(page.session), counted=counted_choices(page), places=place_choices(page),
            before=FROM_BEFORE,
        )  # fmt: skip


@blueprint.post("/stock/receive")
@needs("stock.write")
def take_goods_in() -> Page:
    """Receive goods from a vendor, or enter what was there before these books."""

    def receive(page: Books, form: Form) -> str:
        key, goods = form.once(), _goods(form)
        if form.text("vendor") == FROM_BEFORE:
            moved = enter_opening_stock(page.session, place=chosen_place(form, "place"), goods=goods, actor=page.actor,
                                        now=utc_now(), idempotency_key=key, origin=key)  # fmt: skip
            return f"{len(moved)} movements are written, against the opening balances."
        made = receive_purchase(
            page.session, vendor_id=form.key("vendor"), warehouse_id=form.key("warehouse"), goods=goods,
            actor=page.actor, now=utc_now(), idempotency_key=key, origin=key, vendor_ref=form.text("vendor_ref"),
            billed=form.ticked("billed"), tax=form.maybe_amount("tax") or ZERO,
        )  # fmt: skip
        return f"{made.number}: goods of {figures(made.total)} are in stock."

    return attempt(receive, done="panel.receive_goods", show=receive_goods)


def _goods(form: Form) -> list[Goods]:
    goods = []
    for row in range(LINES):
        type_id = form.maybe_key(f"type_{row}")
        if type_id is None:
            continue
        pieces = [_piece(line) for line in form.text(f"serials_{row}").splitlines() if line.strip()]
        quantity = Decimal(0) if pieces and not form.text(f"quantity_{row}") else form.rate(f"quantity_{row}")
        goods.append(
            Goods(type_id=type_id, unit_cost=_unit_cost(form, f"cost_{row}"), quantity=quantity, pieces=pieces)
        )
    return goods


def _unit_cost(form: Form, name: str) -> Decimal:
    """With four places at most; thousands may be separated by commas."""
    return Form({name: form.text(name).replace(",", "")}).rate(name)


def _piece(line: str) -> Piece:
    """`HWTC0001 mac=A4:2B:8C:00:12:EF`: the serial, then what is noted of it."""
    serial, *noted = re.split(r"\s+(?=[a-z_]+=)", line.strip())
    return Piece(serial, dict(part.split("=", 1) for part in noted))


@blueprint.post("/stock/return")
@needs("stock.write")
def return_goods() -> Page:
    def give_back(page: Books, form: Form) -> str:
        key = form.once()
        moved = return_purchase(
            page.session, vendor_id=form.key("vendor"), actor=page.actor, now=utc_now(), key=key, origin=key,
            items=[item_by_serial(page.session, serial) for serial in typed_serials(form)],
            type_id=form.maybe_key("type") if form.text("quantity") else None,
            quantity=form.rate("quantity") if form.text("quantity") else Decimal(0),
            warehouse_id=form.maybe_key("warehouse"), reason=form.text("reason", required=True),
        )  # fmt: skip
        cost = sum((movement.cost for movement in moved), ZERO)
        return f"Goods of {figures(cost)} went back; they stand on 2310 until the vendor credits them."

    return attempt(give_back, done="panel.receive_goods", show=receive_goods)


@blueprint.get("/stock/import")
@needs("stock.write")
def import_serials() -> Page:
    return _import_page()


def _import_page(plan: ImportPlan | None = None, carried: str = "") -> str:
    with books() as page:
        main_warehouse(page.session)
        serial_types = [each for each in item_types(page.session) if each.tracking == "serial"]
        return render_template(
            "stock_import.html", company=page.company, plan=plan, carried=carried,
            vendors=[(vendor.id, vendor.name) for vendor in vendors_in_use(page.session)],
            rooms=[(room.id, room.name) for room in warehouses(page.session)], before=FROM_BEFORE,
            types=[(each.id, f"{each.code} {each.name}") for each in serial_types],
            attributes=sorted({kept["name"] for each in serial_types for kept in each.attributes}),
        )  # fmt: skip


@blueprint.post("/stock/import")
@needs("stock.write")
def try_import() -> Page:
    """A dry run shows every row; `import` then enters the same table."""
    form = Form(request.form)
    if request.form.get("do") == "import":
        return attempt(_import, done="panel.stock_items", show=_import_page)
    try:
        sheet = sent_sheet()
        with books() as page:
            plan = _plan(page, form, sheet)
    except DomainError as refusal:
        return _refused(str(refusal))
    return _import_page(plan, packed_sheet(sheet))


def _refused(reason: str) -> Page:
    def refuse(page: Books, form: Form) -> str:
        raise FieldInvalid(reason)

    return attempt(refuse, done="panel.import_serials", show=_import_page)


def _plan(page: Books, form: Form, sheet: Sheet) -> ImportPlan:
    return plan_import(page.session, sheet=sheet, type_id=form.maybe_key("type"), unit_cost=form.maybe_amount("cost"))


def _import(page: Books, form: Form) -> str:
    key, common = form.once(), {"actor": page.actor, "now": utc_now()}
    plan = _plan(page, form, sent_sheet())
    if form.text("vendor") == FROM_BEFORE:
        room = chosen_place(Form({"place": f"warehouse:{form.key('warehouse')}"}), "place")
        import_opening(page.session, plan=plan, place=room, idempotency_key=key, origin=key, **common)  # type: ignore[arg-type]
    else:
        import_purchase(
            page.session, plan=plan, vendor_id=form.key("vendor"), warehouse_id=form.key("warehouse"),
            idempotency_key=key, origin=key, vendor_ref=form.text("vendor_ref"), billed=form.ticked("billed"),
            tax=form.maybe_amount("tax") or ZERO, **common,  # type: ignore[arg-type]
        )  # fmt: skip
    return f"{len(plan.rows)} pieces of {figures(sum((row.cost for row in plan.rows), ZERO))} are in stock."


@blueprint.get("/stock/types")
@needs("stock.view")
def stock_types() -> Page:
    with books() as page:
        return render_template(
            "stock_types.html", company=page.company, types=item_types(page.session, all_of_them=True), kinds=KINDS,
            trackings=TRACKINGS, attribute_kinds=ATTRIBUTE_KINDS,
        )  # fmt: skip


@blueprint.post("/stock/types")
@needs("stock.approve")
def new_item_type() -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_item_type(
            page.session, code=form.text("code", required=True), tracking=form.choice("tracking", TRACKINGS),
            attributes=_attributes(form), **_type_fields(form),
        )  # fmt: skip
        return f"{made.code} {made.name} can be received."

    return attempt(add, done="panel.stock_types", show=stock_types)


@blueprint.post("/stock/types/<uuid:type_id>")
@needs("stock.approve")
def change_type(type_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        made = change_item_type(page.session, type_id=type_id, active=form.ticked("active"),
                                attributes=_attributes(form), **_type_fields(form))  # fmt: skip
        return f"{made.code} is changed."

    return attempt(change, done="panel.stock_types", show=stock_types)


def _type_fields(form: Form) -> dict[str, Any]:
    def threshold(name: str) -> Decimal:
        return form.rate(name) if form.text(name) else Decimal(0)

    return {
        "name": form.text("name", required=True), "kind": form.text("kind", required=True),
        "low_stock": threshold("low_stock"), "van_low_stock": threshold("van_low_stock"),
        "warranty_months": form.number("warranty_months", 0), "sale_price": form.maybe_amount("sale_price") or ZERO,
        "deposit": form.maybe_amount("deposit") or ZERO, "life_months": form.number("life_months", 0),
    }  # fmt: skip


def _attributes(form: Form) -> Sequence[Attribute]:
    """`mac mac unique` a line: the name, its kind, and whether it is required or unique."""
    found = []
    for line in form.text("attributes").splitlines():
        name, *words = line.replace(",", " ").split() or [""]
        if not name:
            continue
        kinds = [word for word in words if word in ATTRIBUTE_KINDS]
        strange = [word for word in words if word not in (*ATTRIBUTE_KINDS, "required", "unique")]
        if strange or len(kinds) > 1:
            raise FieldInvalid(f"{line.strip()!r} is no attribute: its name, then {', '.join(ATTRIBUTE_KINDS)}, "
                               "required or unique.")  # fmt: skip
        found.append(Attribute(name, kinds[0] if kinds else "text", "required" in words, "unique" in words))
    return found
