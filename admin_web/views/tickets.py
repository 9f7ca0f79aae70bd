"""Complaints and requests: the list, one of them with what was said and shown, and its end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Response, abort, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core import vault
from core.clock import utc_now
from core.crm.models import Customer, Document
from core.errors import DomainError, NotFound
from core.service_desk.checks import checks_since
from core.service_desk.models import OPEN_STATES, Ticket, TicketDocument
from core.service_desk.tickets import add_note, assign_ticket, ticket_by_number
from core.staff.actors import named_actors
from core.staff.models import Staff
from core.usecases.resolve_ticket import resolve_ticket

SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "application/pdf")
"""What a browser shows without running anything; all else is only downloaded."""

CHECKS_SHOWN = timedelta(days=30)


@blueprint.get("/tickets")
@needs("ticket.view")
def tickets() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Ticket).order_by(Ticket.opened_at.desc()).limit(200)).all()
        people = {person.id: person.name for person in page.session.scalars(select(Staff))}
        checks = checks_since(page.session, since=utc_now() - CHECKS_SHOWN)
        return render_template("tickets.html", company=page.company, rows=rows, people=people, zone=page.zone,
                               now=utc_now(), checks=checks)  # fmt: skip


@blueprint.get("/tickets/<number>")
@needs("ticket.view")
def ticket(number: str) -> Page:
    with books() as page:
        found = _ticket(page, number)
        documents = page.session.scalars(
            select(Document)
            .join(TicketDocument, TicketDocument.document_id == Document.id)
            .where(TicketDocument.ticket_id == found.id)
        ).all()
        technicians = page.session.scalars(
            select(Staff).where(Staff.role == "technician", Staff.state == "active").order_by(Staff.name)
        ).all()
        return render_template(
            "ticket.html", company=page.company, ticket=found, zone=page.zone, now=utc_now(), documents=documents,
            customer=page.session.get_one(Customer, found.customer_id), is_open=found.state in OPEN_STATES,
            technicians=[(str(person.id), person.name) for person in technicians],
            people=named_actors(page.session, [found.opened_by, *(note.author for note in found.notes)]),
        )  # fmt: skip


@blueprint.get("/tickets/<number>/files/<uuid:document_id>")
@needs("ticket.view")
def ticket_file(number: str, document_id: UUID) -> Page:
    with books() as page:
        found = _ticket(page, number)
        document = page.session.scalar(
            select(Document)
            .join(TicketDocument, TicketDocument.document_id == Document.id)
            .where(TicketDocument.ticket_id == found.id, Document.id == document_id, Document.state == "stored")
        )
        if document is None:
            abort(404)
        try:
            data = vault.get(document.sha256)
        except DomainError:
            abort(404)
    mime = document.mime_type.partition(";")[0].strip().lower()
    shown = mime in SHOWN_INLINE
    answer = Response(data, mimetype=mime if shown else "application/octet-stream")
    answer.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=document.filename or number)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/tickets/<number>/assign")
@needs("ticket.write")
def ticket_assign(number: str) -> Page:
    def give(page: Books, form: Form) -> str:
        found = assign_ticket(page.session, ticket_id=_ticket(page, number).id, staff_id=form.key("technician"))
        return f"{found.number} is assigned."

    return attempt(give, done="panel.ticket", show=lambda: ticket(number), number=number)


@blueprint.post("/tickets/<number>/note")
@needs("ticket.write")
def ticket_note(number: str) -> Page:
    def write(page: Books, form: Form) -> str:
        add_note(
            page.session, ticket_id=_ticket(page, number).id, author=page.actor, body=form.text("words", required=True),
            public=form.ticked("public"),
        )  # fmt: skip
        return "Noted."

    return attempt(write, done="panel.ticket", show=lambda: ticket(number), number=number)


@blueprint.post("/tickets/<number>/resolve")
@needs("ticket.write")
def ticket_resolve(number: str) -> Page:
    def close(page: Books, form: Form) -> str:
        found = resolve_ticket(
            page.session, ticket_id=_ticket(page, number).id, actor=page.actor, told=form.text("told"), now=utc_now()
        )
        return f"{found.number} is resolved; the customer is told and asked how satisfied he is."

    return attempt(close, done="panel.ticket", show=lambda: ticket(number), number=number)


def _ticket(page: Books, number: str) -> Ticket:
    try:
        return ticket_by_number(page.session, number=number)
    except NotFound:
        abort(404)
