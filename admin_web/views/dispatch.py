"""Field work of a day: the board, and visits given, moved and called off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, asked, attempt
from admin_web.views.jobs import job_page
from admin_web.windows import asked_window, required_window
from core.clock import utc_now
from core.crm.customers import areas_of
from core.errors import DomainError, NotFound
from core.ids import Id
from core.service_desk.board import Board, board_of, tickets_without_visit
from core.service_desk.confirmations import doubtful_jobs
from core.service_desk.dispatch import Proposal, day_of, propose_technicians
from core.service_desk.job_models import Job
from core.service_desk.jobs import job_by_number, locked_job, take_back_job
from core.staff.people import staff_names
from core.usecases.plan_visit import call_off_visit, give_visit, move_visit

PROPOSED_MAX = 40
"""For so many jobs without anybody the board says who should go."""


@blueprint.get("/dispatch")
@needs("job.view")
def dispatch() -> Page:
    with books() as page:
        form = asked()
        try:
            day, area_id = form.day("day", page.today), form.maybe_key("area")
        except DomainError as wrong:
            abort(400, str(wrong))
        now = utc_now()
        board = board_of(page.session, day=day, now=now, area_id=area_id)
        return render_template(
            "dispatch.html", company=page.company, zone=page.zone, now=now, today=page.today, day=day, board=board,
            before=day - timedelta(days=1), after=day + timedelta(days=1), areas=areas_of(page.session),
            area_id=area_id, best=_best(page, board), tickets=tickets_without_visit(page.session, area_id=area_id),
            doubtful=len(doubtful_jobs(page.session)),
        )  # fmt: skip


def _best(page: Books, board: Board) -> Mapping[Id, Proposal]:
    """Job → who should go."""
    found = {}
    for job in board.unassigned[:PROPOSED_MAX]:
        day = max(day_of(page.session, job, page.today), page.today)
        fit = [each for each in propose_technicians(page.session, job, day=day) if each.skilled and not each.full]
        if fit:
            found[job.id] = fit[0]
    return found


@blueprint.post("/jobs/<number>/give")
@needs("job.write")
def give_job(number: str) -> Page:
    def give(page: Books, form: Form) -> str:
        job, window = _as_shown(page, number, form), asked_window(page, form)
        give_visit(page.session, job_id=job.id, staff_id=form.key("technician"), actor=page.actor, now=utc_now(),
                   window=window)  # fmt: skip
        name = staff_names(page.session)[form.key("technician")]
        return f"{job.number} is given to {name}; he and the customer are told."

    return _at_job(give, number)


@blueprint.post("/jobs/<number>/reschedule")
@needs("job.write")
def reschedule(number: str) -> Page:
    def move(page: Books, form: Form) -> str:
        job = move_visit(page.session, job_id=_job(page, number).id, window=required_window(page, form),
                         actor=page.actor, now=utc_now(), note=form.text("note"))  # fmt: skip
        return f"{job.number} is moved; the customer is told."

    return _at_job(move, number)


@blueprint.post("/jobs/<number>/back")
@needs("job.write")
def take_job_back(number: str) -> Page:
    def back(page: Books, form: Form) -> str:
        job = _as_shown(page, number, form)
        take_back_job(page.session, job_id=job.id, actor=page.actor, now=utc_now(), note=form.text("note"))
        return f"{job.number} is on the board again."

    return _at_job(back, number)


@blueprint.post("/jobs/<number>/call-off")
@needs("job.write")
def call_off(number: str) -> Page:
    def off(page: Books, form: Form) -> str:
        job = call_off_visit(page.session, job_id=_job(page, number).id, reason=form.text("reason", required=True),
                             actor=page.actor, now=utc_now())  # fmt: skip
        return f"{job.number} is called off; technician and customer are told."

    return _at_job(off, number)


def _as_shown(page: Books, number: str, form: Form) -> Job:
    """The job, held, if the same person has it as on the page that was sent: two dispatchers do not undo each other."""
    job = locked_job(page.session, _job(page, number).id)
    if form.maybe_key("had") != job.assigned_to:
        name = staff_names(page.session).get(job.assigned_to, "nobody") if job.assigned_to else "nobody"
        raise FieldInvalid(f"Meanwhile {job.number} was given to {name}: look again.")
    return job


def _job(page: Books, number: str) -> Job:
    try:
        return job_by_number(page.session, number)
    except NotFound:
        abort(404)


def _at_job(action: Callable[[Books, Form], str], number: str) -> Page:
    return attempt(action, done="panel.job_page", show=lambda: job_page(number), number=number)
