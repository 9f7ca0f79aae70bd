"""Pieces with serials: the list, one with its history, and what may be done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from admin_web.views.banks import chosen_customer
from admin_web.views.stock import chosen_place, place_choices
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.inventory.attributes import attributes_of
from core.inventory.history import history_of
from core.inventory.item_moves import buy_out, move_item, swap_items
from core.inventory.items import correct_item, find_items, item_by_id, item_by_serial
from core.inventory.models import OWNERSHIPS, PLACES, Item
from core.inventory.places import Place, place_names
from core.inventory.types import item_types
from core.money import ZERO
from core.usecases.hand_over_equipment import charge_lost_equipment, hand_over_equipment

SHOWN = 200
CONDITIONS = ("good", "faulty")


@blueprint.get("/stock/items")
@needs("stock.view")
def stock_items() -> Page:
    with books() as page:
        form = asked()
        try:
            found = find_items(
                page.session, words=form.text("q"), type_id=form.maybe_key("type"), holder_kind=form.text("where"),
                ownership=form.text("owner"), limit=SHOWN,
                place=chosen_place(form, "place") if form.text("place") else None,
            )  # fmt: skip
        except DomainError as wrong:
            abort(400, str(wrong))
        names = place_names(page.session, {Place(item.holder_kind, item.holder_id) for item in found})
        types = [each for each in item_types(page.session, all_of_them=True) if each.tracking == "serial"]
        return render_template(
            "stock_items.html", company=page.company, found=found, types=types, ownerships=OWNERSHIPS, kinds=PLACES,
            where={item.id: names[Place(item.holder_kind, item.holder_id)] for item in found}, shown=SHOWN, asked=form,
        )  # fmt: skip


@blueprint.get("/stock/items/<uuid:item_id>")
@needs("stock.view")
def stock_item(item_id: UUID) -> Page:
    with books() as page:
        try:
            item = item_by_id(page.session, item_id)
        except NotFound:
            abort(404)
        held = Place(item.holder_kind, item.holder_id)
        return render_template(
            "stock_item.html", company=page.company, item=item, where=place_names(page.session, {held})[held],
            history=history_of(page.session, item_id=item_id), zone=page.zone, places=place_choices(page),
            attributes=attributes_of(item.type), conditions=CONDITIONS,
        )  # fmt: skip


@blueprint.post("/stock/items/<uuid:item_id>")
@needs("stock.write")
def handle_item(item_id: UUID) -> Page:
    """Move the piece, hand it over, swap it, note that it is lost or bought, or put a mistyped serial right."""

    def handle(page: Books, form: Form) -> str:
        do = form.choice("do", tuple(ACTIONS))
        return ACTIONS[do](page, form, item_by_id(page.session, item_id))

    return attempt(handle, done="panel.stock_item", show=lambda: stock_item(item_id), item_id=item_id)


def _common(page: Books, form: Form) -> dict[str, Any]:
    key = form.once()
    return {"actor": page.actor, "now": utc_now(), "origin": key, "key": key,
            "reason": form.text("reason", required=True)}  # fmt: skip


def _move(page: Books, form: Form, item: Item) -> str:
    if form.text("target") == "scrap":
        target = Place("scrap")
    elif form.text("target") == "customer":
        target = Place("customer", chosen_customer(page, form))
    else:
        target = chosen_place(form, "target")
    move_item(page.session, item=item, to_kind=target.kind, to_id=target.id, take_back=form.ticked("take_back"),
              condition=form.choice("condition", CONDITIONS), **_common(page, form))  # fmt: skip
    return f"Serial {item.serial} is moved."


def _hand_over(page: Books, form: Form, item: Item) -> str:
    done = hand_over_equipment(
        page.session, item=item, customer_id=chosen_customer(page, form), amount=form.maybe_amount("amount"),
        terms=form.choice("terms", ("rented", "sold")), **_common(page, form),
    )  # fmt: skip
    charged = f"; {done.charge.amount:,} goes on his next invoice" if done.charge else ""
    return f"Serial {item.serial} is with the customer{charged}."


def _swap(page: Books, form: Form, item: Item) -> str:
    new = item_by_serial(page.session, form.text("new_serial", required=True))
    swap_items(page.session, old=item, new=new, condition=form.choice("condition", CONDITIONS), **_common(page, form))
    return f"Serial {new.serial} has taken the place of {item.serial}."


def _lose(page: Books, form: Form, item: Item) -> str:
    charge_lost_equipment(page.session, item=item, amount=form.maybe_amount("amount") or ZERO, **_common(page, form))
    return f"Serial {item.serial} is written off."


def _sell_rented(page: Books, form: Form, item: Item) -> str:
    buy_out(page.session, item=item, **_common(page, form))
    return f"Serial {item.serial} is the customer's now; charge what he pays for it."


def _correct(page: Books, form: Form, item: Item) -> str:
    noted = {each.name: form.text(f"attribute_{each.name}") for each in attributes_of(item.type)}
    changed = correct_item(page.session, item_id=item.id, serial=form.text("serial", required=True), attributes=noted)
    return f"Serial {changed.serial} is put right."


ACTIONS = {"move": _move, "hand_over": _hand_over, "swap": _swap, "lose": _lose, "buy_out": _sell_rented,
           "correct": _correct}  # fmt: skip
