"""Complaints and requests: the list, one of them with what was said and shown, its visits, and its end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import abort, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import sent_by_people
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.uploads import kept_file
from admin_web.windows import asked_window, next_slot
from core import vault
from core.clock import utc_now
from core.crm.models import Customer, Document
from core.errors import DomainError, NotFound
from core.service_desk.checks import checks_since
from core.service_desk.dispatch import technicians_of
from core.service_desk.job_models import OPEN_JOBS, Job
from core.service_desk.merging import may_merge
from core.service_desk.models import OPEN_STATES, Ticket, TicketDocument
from core.service_desk.priorities import PRIORITIES, change_priority
from core.service_desk.tickets import add_note, attach, ticket_by_number
from core.staff.actors import named_actors
from core.staff.models import Staff
from core.staff.people import staff_names
from core.usecases.merge_tickets import merge_tickets
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from core.usecases.resolve_ticket import resolve_ticket

CHECKS_SHOWN = timedelta(days=30)


@blueprint.get("/tickets")
@needs("ticket.view")
def tickets() -> Page:
    with books() as page:
        query, state = select(Ticket).order_by(Ticket.opened_at.desc()).limit(200), asked().text("state") or "open"
        if state == "open":
            query = query.where(Ticket.state.in_(OPEN_STATES))
        rows = page.session.scalars(query).all()
        people = {person.id: person.name for person in page.session.scalars(select(Staff))}
        checks = checks_since(page.session, since=utc_now() - CHECKS_SHOWN)
        return render_template("tickets.html", company=page.company, rows=rows, people=people, zone=page.zone,
                               now=utc_now(), checks=checks, state=state)  # fmt: skip


@blueprint.get("/tickets/<number>")
@needs("ticket.view")
def ticket(number: str) -> Page:
    with books() as page:
        found, session = _ticket(page, number), page.session
        documents = session.scalars(
            select(Document)
            .join(TicketDocument, TicketDocument.document_id == Document.id)
            .where(TicketDocument.ticket_id == found.id)
        ).all()
        jobs = session.scalars(select(Job).where(Job.ticket_id == found.id).order_by(Job.opened_at)).all()
        return render_template(
            "ticket.html", company=page.company, ticket=found, zone=page.zone, now=utc_now(), documents=documents,
            customer=session.get_one(Customer, found.customer_id), is_open=found.state in OPEN_STATES,
            technicians=[(str(person.id), person.name) for person in technicians_of(session)], jobs=jobs,
            visit=next((job for job in jobs if job.state in OPEN_JOBS), None),
            staff=staff_names(session), others=may_merge(session, found), slot=next_slot(page, utc_now()),
            kept=session.get(Ticket, found.merged_into_id) if found.merged_into_id else None,
            merged=session.scalars(select(Ticket.number).where(Ticket.merged_into_id == found.id)).all(),
            people=named_actors(session, [found.opened_by, *(note.author for note in found.notes)]),
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
    return sent_by_people(data, mime=document.mime_type, name=document.filename or number)


@blueprint.post("/tickets/<number>/visit")
@needs("job.write")
def plan_visit(number: str) -> Page:
    """Plans the ticket's visit and, where a technician is chosen, gives it to him."""

    def plan(page: Books, form: Form) -> str:
        window, technician, now = asked_window(page, form), form.maybe_key("technician"), utc_now()
        found = _ticket(page, number)
        job = plan_ticket_visit(page.session, ticket_id=found.id, actor=page.actor, now=now, window=window)
        if technician is None:
            return f"{job.number} is planned; the board says who should go."
        give_visit(page.session, job_id=job.id, staff_id=technician, actor=page.actor, now=now)
        return f"{job.number} is given to {staff_names(page.session)[technician]}; he and the customer are told."

    return attempt(plan, done="panel.ticket", show=lambda: ticket(number), number=number)


@blueprint.post("/tickets/<number>/merge")
@needs("ticket.write")
def ticket_merge(number: str) -> Page:
    def merge(page: Books, form: Form) -> str:
        kept = merge_tickets(page.session, duplicate_id=_ticket(page, number).id, kept_id=form.key("into"),
                             actor=page.actor, now=utc_now())  # fmt: skip
        return f"{number} goes on in {kept.number}."

    return attempt(merge, done="panel.ticket", show=lambda: ticket(number), number=number)


@blueprint.post("/tickets/<number>/priority")
@needs("ticket.write")
def ticket_priority(number: str) -> Page:
    def change(page: Books, form: Form) -> str:
        found = change_priority(
            page.session, ticket_id=_ticket(page, number).id, priority=form.choice("priority", PRIORITIES),
            author=page.actor, why=form.text("why", required=True), now=utc_now(),
        )  # fmt: skip
        return f"{found.number} is {'urgent' if found.priority == 'high' else 'not urgent'} now."

    return attempt(change, done="panel.ticket", show=lambda: ticket(number), number=number)


@blueprint.post("/tickets/<number>/files")
@needs("ticket.write")
def ticket_attach(number: str) -> Page:
    def keep(page: Books, form: Form) -> str:
        found = _ticket(page, number)
        document_id = kept_file(page, "file", kind="ticket", customer_id=found.customer_id)
        if document_id is None:
            raise FieldInvalid("Choose a picture or a PDF.")
        attach(page.session, ticket_id=found.id, document_ids=[document_id])
        return "Kept."

    return attempt(keep, done="panel.ticket", show=lambda: ticket(number), number=number)


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
