"""Requests for a connection: the list, one of them with its papers, its state moved on."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, asked, attempt
from bot.desk import leads as desk
from core.billing.plan_models import Plan
from core.clock import utc_now
from core.crm.customers import customer_by_number
from core.crm.leads import MOVES, count_leads, lead_by_number, note_lead, same_phone, search_leads
from core.crm.models import Customer
from core.crm.uploads import accesses_of, papers_of_lead, view_paper
from core.errors import DomainError, NotFound
from core.staff.actors import named_actors


@blueprint.get("/leads")
@needs("lead.manage")
def leads() -> Page:
    state = asked().text("state") or "open"
    with books() as page:
        rows = search_leads(page.session, state=state, wanted=asked().text("q"))
        return render_template(
            "leads.html", company=page.company, rows=rows, zone=page.zone, counts=count_leads(page.session),
            state=state, wanted=asked().text("q"),
        )  # fmt: skip


@blueprint.get("/leads/<number>")
@needs("lead.manage")
def lead(number: str) -> Page:
    with books() as page:
        try:
            one = lead_by_number(page.session, number=number)
        except NotFound:
            abort(404)
        papers = papers_of_lead(page.session, lead_id=one.id)
        looked = accesses_of(page.session, document_ids=[paper.id for paper in papers])
        actors = {note.author for note in one.notes} | {each.actor for each in looked} | {one.opened_by}
        return render_template(
            "lead.html", company=page.company, lead=one, zone=page.zone, moves=MOVES[one.state], papers=papers,
            looked=looked, others=same_phone(page.session, lead=one), names=named_actors(page.session, actors),
            plan=page.session.get(Plan, one.plan_id) if one.plan_id else None,
            customer=page.session.get(Customer, one.customer_id) if one.customer_id else None,
        )  # fmt: skip


@blueprint.post("/leads/<number>/move")
@needs("lead.manage")
def move_lead(number: str) -> Page:
    def move(page: Books, form: Form) -> str:
        state = form.choice("state", tuple(MOVES))
        account = form.text("account")
        customer = _customer(page, account) if account else None
        moved = desk.move(
            page.session, number=number, state=state, author=page.actor, note=form.text("note"), now=utc_now(),
            customer_id=customer.id if customer else None,
        )  # fmt: skip
        return f"{moved.number} is {moved.state} now" + (", and the person is told." if moved.contact_id else ".")

    return attempt(move, done="panel.lead", show=lambda: lead(number), number=number)


def _customer(page: Books, number: str) -> Customer:
    try:
        return customer_by_number(page.session, number=number)
    except NotFound as unknown:
        raise FieldInvalid(f"There is no customer {number}.") from unknown


@blueprint.post("/leads/<number>/note")
@needs("lead.manage")
def add_lead_note(number: str) -> Page:
    def note(page: Books, form: Form) -> str:
        one = lead_by_number(page.session, number=number)
        note_lead(page.session, lead=one, author=page.actor, body=form.text("note", required=True), now=utc_now())
        return "Noted."

    return attempt(note, done="panel.lead", show=lambda: lead(number), number=number)


@blueprint.get("/leads/<number>/papers/<uuid:document_id>")
@needs("lead.papers")
def lead_paper(number: str, document_id: UUID) -> Page:
    """One side of an identity card; that it was looked at is kept."""
    with books() as page:
        try:
            one = lead_by_number(page.session, number=number)
            document, data = view_paper(
                page.session, lead_id=one.id, document_id=document_id, actor=page.actor, now=utc_now()
            )
        except DomainError:
            abort(404)
    answer = Response(data, mimetype="image/jpeg")
    answer.headers.set("Content-Disposition", "inline", filename=document.filename)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
