"""Invoices: found, looked into, and corrected: credit notes, voiding, write-offs, waived fees."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from flask import abort, render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import printed
from admin_web.forms import Form, asked, attempt
from core.billing.credit_notes import credit_invoice
from core.billing.document_history import invoice_history
from core.billing.invoice_pdf import invoice_pdf
from core.billing.invoices import invoice_by_number
from core.billing.late_fees import waive_late_fee
from core.billing.searching import PAGE, search_invoices, write_offs_with_invoices
from core.billing.voiding import void_invoice
from core.billing.write_offs import approve_write_off, refuse_write_off, write_off_invoice
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.printing.figures import figures
from core.staff.actors import named_actors

STATES = ("issued", "part_paid", "paid", "void", "written_off")
KINDS = ("subscription", "installation", "equipment", "other")
LANGUAGES = ("en", "ur")
HUNDRED = Decimal(100)


@blueprint.get("/invoices")
@needs("invoice.view")
def invoices() -> Page:
    form = asked()
    with books() as page:
        try:
            rows = search_invoices(
                page.session, wanted=form.text("q"), state=form.text("state"), kind=form.text("kind"),
                after=form.maybe_key("after"), overdue_on=page.today if form.ticked("overdue") else None,
            )  # fmt: skip
        except DomainError as wrong:
            abort(400, str(wrong))
        following = rows[-1][0].id if len(rows) == PAGE else None
        template = "invoice_rows.html" if request.headers.get("HX-Request") else "invoices.html"
        return render_template(
            template, company=page.company, rows=rows, following=following, states=STATES, kinds=KINDS,
            today=page.today,
        )  # fmt: skip


@blueprint.get("/invoices/<number>")
@needs("invoice.view")
def invoice(number: str) -> Page:
    with books() as page:
        try:
            history = invoice_history(page.session, number=number)
        except NotFound:
            abort(404)
        return render_template("invoice.html", company=page.company, history=history, today=page.today)


@blueprint.get("/invoices/<number>.pdf")
@needs("invoice.view")
def invoice_file(number: str) -> Page:
    language = request.args.get("language", "en")
    if language not in LANGUAGES:
        abort(404)
    with books() as page:
        try:
            found = invoice_by_number(page.session, number=number)
            name, pdf = invoice_pdf(page.session, invoice_id=found.id, language=language)
        except NotFound:
            abort(404)
    return printed(pdf, name)


@blueprint.post("/invoices/<number>/credit")
@needs("invoice.write")
def credit(number: str) -> Page:
    def write(page: Books, form: Form) -> str:
        found = invoice_by_number(page.session, number=number)
        how = form.choice("how_much", ("all", "share", "lines"))
        amounts = {line.id: form.maybe_amount(f"line_{line.id}") for line in found.lines if line.kind == "charge"}
        made = credit_invoice(
            page.session, invoice_id=found.id, reason=form.text("credit_reason", required=True), issued_on=page.today,
            made_by=page.actor, idempotency_key=form.once(), origin=form.once(),
            share=form.rate("share_percent") / HUNDRED if how == "share" else None,
            amounts={line: amount for line, amount in amounts.items() if amount} if how == "lines" else None,
            keep_as_advance=form.ticked("keep_as_advance"),
        )  # fmt: skip
        return f"Credit note {made.number} takes back {figures(made.total)}."

    return _act(number, write)


@blueprint.post("/invoices/<number>/void")
@needs("invoice.write")
def void(number: str) -> Page:
    def undo(page: Books, form: Form) -> str:
        found = invoice_by_number(page.session, number=number)
        void_invoice(
            page.session, invoice_id=found.id, reason=form.text("void_reason", required=True), day=page.today,
            actor=page.actor, origin=form.once(),
        )  # fmt: skip
        return f"{number} is void; what it billed can be billed again."

    return _act(number, undo)


@blueprint.post("/invoices/<number>/write-off")
@needs("invoice.write")
def write_off(number: str) -> Page:
    def give_up(page: Books, form: Form) -> str:
        found = invoice_by_number(page.session, number=number)
        made = write_off_invoice(
            page.session, invoice_id=found.id, reason=form.text("write_off_reason", required=True),
            asked_by=page.actor, now=utc_now(), origin=form.once(),
        )  # fmt: skip
        what = "waits for a second person" if made.state == "asked" else "is written off"
        return f"{figures(made.amount)} of {number} {what}."

    return _act(number, give_up)


@blueprint.post("/invoices/<number>/waive/<uuid:late_fee_id>")
@needs("invoice.write")
def waive(number: str, late_fee_id: UUID) -> Page:
    def take_back(page: Books, form: Form) -> str:
        note = waive_late_fee(
            page.session, late_fee_id=late_fee_id, reason=form.text("waive_reason", required=True), now=utc_now(),
            actor=page.actor, origin=form.once(),
        )  # fmt: skip
        return f"The late fee is waived by credit note {note.number}."

    return _act(number, take_back)


def _act(number: str, action: Callable[[Books, Form], str]) -> Page:
    return attempt(action, done="panel.invoice", show=lambda: invoice(number), number=number)


@blueprint.get("/write-offs")
@needs("invoice.write")
def write_offs() -> Page:
    with books() as page:
        waiting = write_offs_with_invoices(page.session)
        people = named_actors(page.session, [row[0].asked_by for row in waiting])
        return render_template("write_offs.html", company=page.company, waiting=waiting, zone=page.zone,
                               people=people, me=page.actor)  # fmt: skip


@blueprint.post("/write-offs/<uuid:write_off_id>")
@needs("invoice.write")
def decide_write_off(write_off_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        if form.choice("decision", ("approve", "refuse")) == "approve":
            made = approve_write_off(
                page.session, write_off_id=write_off_id, approved_by=page.actor, now=utc_now(), origin=form.once()
            )
            return f"{figures(made.amount)} is written off."
        made = refuse_write_off(
            page.session, write_off_id=write_off_id, refused_by=page.actor, note=form.text("note"), now=utc_now()
        )
        return f"The write-off of {figures(made.amount)} is refused."

    return attempt(decide, done="panel.write_offs", show=write_offs)
