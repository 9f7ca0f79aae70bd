"""Recharge cards: made, sold, cancelled, counted."""

from __future__ import annotations

import io
from uuid import UUID

from flask import Response, current_app, flash, render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.billing.plans import every_plan
from core.billing.vouchers import cancel_vouchers, make_vouchers, sell_vouchers, used_unsold, voucher_batches
from core.errors import DomainError
from core.ledger.accounts import accounts_by_code
from core.spreadsheets.tables import Column, Table
from core.spreadsheets.write import write_csv


@blueprint.get("/vouchers")
@needs("voucher.write")
def vouchers() -> Page:
    with books() as page:
        accounts = accounts_by_code(page.session)
        return render_template(
            "vouchers.html", company=page.company, batches=voucher_batches(page.session), today=page.today,
            plans=[(plan.id, plan.name) for plan in every_plan(page.session) if plan.validity_days],
            unsold=len(used_unsold(page.session)),
            accounts=[
                (code, f"{code} {known.name}") for code, known in accounts.items() if code[:3] in ("101", "102", "103")
            ],
        )  # fmt: skip


@blueprint.post("/vouchers")
@needs("voucher.write")
def make_batch() -> Page:
    """The codes are in the answer and nowhere else: it is not kept by the browser and cannot be had again."""
    form = Form(request.form)
    try:
        with books() as page:
            batch, codes = make_vouchers(
                page.session, name=form.text("name", required=True), amount=form.amount("amount"),
                count=form.number("count"), expires_on=form.day("expires_on"), plan_id=form.maybe_key("plan"),
                secret=current_app.config["TAAR"].secret_key.get_secret_value(), made_by=page.actor, today=page.today,
            )  # fmt: skip
            cards = list(enumerate(codes, 1))
            shown = render_template("voucher_codes.html", company=page.company, batch=batch, cards=cards)
            name, value, last = batch.name, batch.amount, batch.expires_on
    except DomainError as refusal:
        flash(str(refusal), "problem")
        return str(vouchers()), 422
    if form.text("answer") != "csv":
        return Response(shown, headers={"Cache-Control": "no-store"})
    out = io.BytesIO()
    columns = [Column("Batch"), Column("Serial", "number"), Column("Code"), Column("Amount", "amount"),
               Column("Expires on", "date")]  # fmt: skip
    write_csv(Table(name, columns, [[name, serial, code, value, last] for serial, code in cards]), out)
    answer = Response(out.getvalue(), mimetype="text/csv", headers={"Cache-Control": "no-store"})
    answer.headers.set("Content-Disposition", "attachment", filename=f"vouchers-{name}.csv")
    return answer


@blueprint.post("/vouchers/<uuid:batch_id>/sell")
@needs("voucher.write")
def sell_cards(batch_id: UUID) -> Page:
    def sell(page: Books, form: Form) -> str:
        first, last = form.number("first"), form.number("last")
        count = sell_vouchers(
            page.session, batch_id=batch_id, first=first, last=last, received=form.amount("received"),
            sold_on=form.day("sold_on", page.today), actor=page.actor, account_code=form.text("account") or "1010",
            origin=form.once(),
        )  # fmt: skip
        return f"{count} cards are sold, {first} to {last}."

    return attempt(sell, done="panel.vouchers", show=vouchers)


@blueprint.post("/vouchers/<uuid:batch_id>/cancel")
@needs("voucher.write")
def cancel_cards(batch_id: UUID) -> Page:
    def cancel(page: Books, form: Form) -> str:
        serials = _serials(form) if form.text("serials") else None
        count = cancel_vouchers(page.session, batch_id=batch_id, serials=serials)
        return f"{count} cards are worth nothing now."

    return attempt(cancel, done="panel.vouchers", show=vouchers)


def _serials(form: Form) -> list[int]:
    words = form.text("serials").replace(",", " ").split()
    if not all(word.isdecimal() for word in words):
        raise FieldInvalid("Serials must be whole numbers such as 3, 7, 12; leave them out to cancel the whole batch.")
    return [int(word) for word in words]
