"""Requests for a connection: the list, one of them with its papers, its state moved on."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import sent_by_people
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.windows import asked_window
from bot.desk import leads as desk
from core.billing.plan_models import Plan
from core.clock import utc_now
from core.crm.leads import MOVES, count_leads, lead_by_number, note_lead, same_phone, search_leads
from core.crm.models import Customer
from core.crm.uploads import accesses_of, papers_of_lead, view_paper
from core.errors import DomainError, NotFound
from core.service_desk.dispatch import technicians_of
from core.service_desk.job_models import OPEN_JOBS, Job
from core.service_desk.job_policy import job_policy_of
from core.staff.actors import named_actors
from core.staff.people import staff_names
from core.usecases.connect_lead import approve_lead
from core.usecases.plan_visit import call_off_visits_of_lead, give_visit, plan_lead_visit

BY_HAND = ("refused", "new")
"""States a request is put into without anybody going there."""


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
        visits = page.session.scalars(select(Job).where(Job.lead_id == one.id).order_by(Job.opened_at)).all()
        papers = papers_of_lead(page.session, lead_id=one.id)
        looked = accesses_of(page.session, document_ids=[paper.id for paper in papers])
        actors = {note.author for note in one.notes} | {each.actor for each in looked} | {one.opened_by}
        return render_template(
            "lead.html", company=page.company, lead=one, zone=page.zone, papers=papers, today=page.today,
            moves=[state for state in MOVES[one.state] if state in BY_HAND], staff=staff_names(page.session),
            jobs=visits, visit=next((job for job in visits if job.state in OPEN_JOBS), None),
            technicians=[(str(person.id), person.name) for person in technicians_of(page.session)],
            plans=page.session.scalars(select(Plan).where(Plan.offered).order_by(Plan.name)).all(),
            policy=job_policy_of(page.session), can_approve="approved" in MOVES[one.state],
            looked=looked, others=same_phone(page.session, lead=one), names=named_actors(page.session, actors),
            plan=page.session.get(Plan, one.plan_id) if one.plan_id else None,
            customer=page.session.get(Customer, one.customer_id) if one.customer_id else None,
        )  # fmt: skip


@blueprint.post("/leads/<number>/move")
@needs("lead.manage")
def move_lead(number: str) -> Page:
    """No, or a second look; the other steps are taken by what is done: a survey, a yes, an installation."""

    def move(page: Books, form: Form) -> str:
        moved = desk.move(page.session, number=number, state=form.choice("state", BY_HAND), author=page.actor,
                          note=form.text("note"), now=utc_now())  # fmt: skip
        if moved.state == "refused":
            call_off_visits_of_lead(page.session, lead_id=moved.id, reason="", actor=page.actor, now=utc_now())
        return f"{moved.number} is {moved.state} now" + (", and the person is told." if moved.contact_id else ".")

    return attempt(move, done="panel.lead", show=lambda: lead(number), number=number)


@blueprint.post("/leads/<number>/visit")
@needs("job.write")
def visit_lead(number: str) -> Page:
    """A survey, or the installation of an approved request whose first visit came to nothing."""

    def plan(page: Books, form: Form) -> str:
        one = lead_by_number(page.session, number=number)
        kind = "installation" if one.state == "approved" else "survey"
        job = plan_lead_visit(page.session, lead_id=one.id, kind=kind, actor=page.actor, now=utc_now(),
                              window=asked_window(page, form))  # fmt: skip
        return _given(page, form, job)

    return attempt(plan, done="panel.lead", show=lambda: lead(number), number=number)


@blueprint.post("/leads/<number>/approve")
@needs("job.write")
def approve(number: str) -> Page:
    """The account is opened and the installation planned."""

    def agree(page: Books, form: Form) -> str:
        now, plan_id = utc_now(), form.maybe_key("plan")
        if plan_id is not None and page.session.get(Plan, plan_id) is None:
            raise FieldInvalid("Plan is none of the choices.")
        job = approve_lead(
            page.session, number=number, actor=page.actor, now=now, plan_id=plan_id,
            fee=form.maybe_amount("fee"), window=asked_window(page, form), note=form.text("note"),
        )  # fmt: skip
        desk.tell_person_of_lead(page.session, lead=lead_by_number(page.session, number=number), now=now)
        return _given(page, form, job)

    return attempt(agree, done="panel.lead", show=lambda: lead(number), number=number)


def _given(page: Books, form: Form, job: Job) -> str:
    technician = form.maybe_key("technician")
    if technician is None:
        return f"{job.number} is planned; the board says who should go."
    give_visit(page.session, job_id=job.id, staff_id=technician, actor=page.actor, now=utc_now())
    return f"{job.number} is given to {staff_names(page.session)[technician]}; he and the person are told."


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
    return sent_by_people(data, mime="image/jpeg", name=document.filename)
