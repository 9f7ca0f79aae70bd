"""The store's desk: technicians' requests, and counting what is there."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from admin_web.views.stock import chosen_place, place_choices, typed_serials
from core.clock import utc_now
from core.errors import NotFound
from core.inventory.balances import stock_by_place
from core.inventory.places import Place, main_warehouse, place_names, stock_places, warehouses
from core.inventory.restock import ask_restock, issue_restock, restock_requests
from core.inventory.stock_takes import (
    approve_stock_take,
    count_stock,
    drop_stock_take,
    open_stock_take,
    stock_take_by_id,
    stock_takes,
    uncounted_types,
)
from core.inventory.types import item_types, type_by_id
from core.staff.people import staff_names
from core.usecases.decide_restock import grant_restock, turn_down_restock

ASKED_LINES = 4


@blueprint.get("/stock/restock")
@needs("stock.view")
def restock() -> Page:
    with books() as page:
        main_warehouse(page.session)
        people = [(place.id, name) for place, name in stock_places(page.session) if place.kind == "technician"]
        return render_template(
            "stock_restock.html", company=page.company, waiting=restock_requests(page.session), zone=page.zone,
            done=restock_requests(page.session, states=("issued", "refused", "withdrawn"))[::-1][:30], people=people,
            names=staff_names(page.session), rooms=[(room.id, room.name) for room in warehouses(page.session)],
            types=[(each.id, f"{each.name} ({each.unit})") for each in item_types(page.session)],
            kept=stock_by_place(page.session), place=Place, lines=range(ASKED_LINES),
        )  # fmt: skip


@blueprint.post("/stock/restock")
@needs("stock.write")
def ask_for_stock() -> Page:
    """A request entered for a technician."""

    def ask(page: Books, form: Form) -> str:
        lines = [(form.key(f"type_{row}"), form.rate(f"quantity_{row}")) for row in range(ASKED_LINES)
                 if form.text(f"type_{row}")]  # fmt: skip
        made = ask_restock(page.session, staff_id=form.key("staff"), lines=lines, note=form.text("note"),
                           idempotency_key=form.once(), now=utc_now())  # fmt: skip
        return f"{made.number} waits for a decision."

    return attempt(ask, done="panel.restock", show=restock)


@blueprint.post("/stock/restock/<uuid:request_id>")
@needs("stock.approve")
def decide_restock(request_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        now, key = utc_now(), form.once()
        match form.choice("decision", ("approve", "refuse", "issue")):
            case "approve":
                request = next((each for each in restock_requests(page.session) if each.id == request_id), None)
                lines = request.lines if request else []
                granted = {line.type_id: form.rate(f"granted_{line.id}") for line in lines if
                           form.text(f"granted_{line.id}")}  # fmt: skip
                made = grant_restock(page.session, request_id=request_id, decided_by=page.actor, now=now,
                                       granted=granted or None)  # fmt: skip
            case "refuse":
                made = turn_down_restock(page.session, request_id=request_id, decided_by=page.actor, now=now,
                                      reason=form.text("reason"))  # fmt: skip
            case _:
                made = issue_restock(
                    page.session, request_id=request_id, warehouse_id=form.key("warehouse"), issued_by=page.actor,
                    now=now, serials=typed_serials(form), origin=key,
                )  # fmt: skip
        return f"{made.number} is {made.state}."

    return attempt(decide, done="panel.restock", show=restock)


@blueprint.get("/stock/takes")
@needs("stock.view")
def stock_counts() -> Page:
    with books() as page:
        main_warehouse(page.session)
        found = stock_takes(page.session)
        return render_template(
            "stock_takes.html", company=page.company, takes=found, places=place_choices(page), zone=page.zone,
            names=place_names(page.session, {Place(take.place_kind, take.place_id) for take in found}), place=Place,
        )  # fmt: skip


@blueprint.post("/stock/takes")
@needs("stock.write")
def new_stock_count() -> Page:
    def begin(page: Books, form: Form) -> str:
        made = open_stock_take(page.session, place=chosen_place(form, "place"), opened_by=page.actor, now=utc_now(),
                               note=form.text("note"))  # fmt: skip
        return f"{made.number} is open: count."

    return attempt(begin, done="panel.stock_counts", show=stock_counts)


@blueprint.get("/stock/takes/<uuid:take_id>")
@needs("stock.view")
def stock_count(take_id: UUID) -> Page:
    with books() as page:
        try:
            shown = stock_take_by_id(page.session, take_id)
        except NotFound:
            abort(404)
        place = Place(shown.place_kind, shown.place_id)
        return render_template(
            "stock_take.html", company=page.company, take=shown, where=place_names(page.session, {place})[place],
            uncounted=uncounted_types(page.session, take_id=take_id) if shown.state == "open" else [], zone=page.zone,
            types=[(each.id, f"{each.name} ({each.tracking})") for each in item_types(page.session, all_of_them=True)],
        )  # fmt: skip


@blueprint.post("/stock/takes/<uuid:take_id>")
@needs("stock.write")
def work_on_stock_count(take_id: UUID) -> Page:
    """Enter a count, or approve or drop the stock take, which needs a manager."""

    def work(page: Books, form: Form) -> str:
        do = form.choice("do", ("count", "approve", "drop"))
        if do == "count":
            return _count(page, form, take_id)
        user = current_user()
        if user is None or not user.may("stock.approve"):
            raise FieldInvalid("A manager approves or drops a stock take.")
        if do == "drop":
            dropped = drop_stock_take(page.session, take_id=take_id, decided_by=page.actor, now=utc_now())
            return f"{dropped.number} is dropped."
        moved = approve_stock_take(page.session, take_id=take_id, decided_by=page.actor, now=utc_now(),
                                   origin=form.once())  # fmt: skip
        return f"The stock take is approved; {len(moved)} differences are booked."

    return attempt(work, done="panel.stock_count", show=lambda: stock_count(take_id), take_id=take_id)


def _count(page: Books, form: Form, take_id: UUID) -> str:
    item_type = type_by_id(page.session, form.key("type"))
    serial = item_type.tracking == "serial"
    line = count_stock(
        page.session, take_id=take_id, type_id=item_type.id, counted_by=page.actor,
        serials=typed_serials(form) if serial else (), quantity=Decimal(0) if serial else form.rate("quantity"),
    )  # fmt: skip
    return f"{item_type.name}: {line.counted.normalize():f} counted, {line.expected.normalize():f} by the books."
