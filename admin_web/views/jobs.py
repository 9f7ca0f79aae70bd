"""One job with its proof; the jobs that somebody has to look at or call back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import sent_by_people
from admin_web.forms import Form, asked, attempt
from admin_web.windows import next_slot
from core.clock import day_begins, utc_now
from core.errors import DomainError, NotFound
from core.service_desk.board import is_late, names_of
from core.service_desk.callbacks import callbacks, note_callback, unconfirmed_jobs
from core.service_desk.confirmations import confirm_by_office, doubtful_jobs, look_at_job
from core.service_desk.job_models import OPEN_JOBS, Job
from core.service_desk.job_policy import job_policy_of
from core.service_desk.jobs import MOVES, job_by_number
from core.staff.actors import named_actors
from core.staff.people import staff_names
from core.usecases.job_file import job_file, proof_picture

SAMPLE_DAYS = 7


@blueprint.get("/jobs/<number>")
@needs("job.view")
def job_page(number: str) -> Page:
    with books() as page:
        now = utc_now()
        try:
            file = job_file(page.session, number=number, now=now)
        except NotFound:
            abort(404)
        job = file.job
        actors = {event.actor for event in file.events} | {line.done_by for line in job.lines} | {job.created_by}
        actors |= {reading.measured_by for reading in file.readings}
        return render_template(
            "job.html", company=page.company, zone=page.zone, file=file, job=job, slot=next_slot(page, now),
            names=named_actors(page.session, actors), staff=staff_names(page.session), moves=MOVES[job.state],
            is_open=job.state in OPEN_JOBS, late=is_late(job, now), policy=job_policy_of(page.session),
            technicians=[(str(each.staff_id), f"{each.name}: {each.why}") for each in file.proposals],
        )  # fmt: skip


@blueprint.get("/jobs/<number>/photos/<uuid:document_id>")
@needs("job.view")
def job_photo(number: str, document_id: UUID) -> Page:
    with books() as page:
        try:
            document, data = proof_picture(page.session, number=number, document_id=document_id)
        except DomainError:
            abort(404)
    return sent_by_people(data, mime=document.mime_type, name=document.filename or number)


@blueprint.get("/dispatch/checks")
@needs("job.view")
def job_checks() -> Page:
    """What is doubtful, what no customer confirmed, and whom the office calls."""
    with books() as page:
        try:
            until = asked().day("until", page.today)
        except DomainError as wrong:
            abort(400, str(wrong))
        since = until - timedelta(days=SAMPLE_DAYS - 1)
        zone = page.company.timezone
        span = {"since": day_begins(since, zone), "until": day_begins(until + timedelta(days=1), zone)}
        sample, unconfirmed = callbacks(page.session, **span), unconfirmed_jobs(page.session, **span)
        doubtful = doubtful_jobs(page.session)
        jobs = [*doubtful, *unconfirmed, *(each.job for each in sample)]
        actors = {each.call.actor for each in sample if each.call}
        return render_template(
            "job_checks.html", company=page.company, zone=page.zone, doubtful=doubtful, sample=sample, since=since,
            unconfirmed=unconfirmed,
            until=until, names=names_of(page.session, jobs), staff=staff_names(page.session),
            people=named_actors(page.session, actors), percent=job_policy_of(page.session).callback_percent,
        )  # fmt: skip


@blueprint.post("/jobs/<number>/looked")
@needs("job.write")
def looked_at(number: str) -> Page:
    def look(page: Books, form: Form) -> str:
        job = look_at_job(page.session, job_id=_job(page, number).id, actor=page.actor,
                          note=form.text("note", required=True), now=utc_now())  # fmt: skip
        return f"{job.number} is seen to."

    return _back(look, number)


@blueprint.post("/jobs/<number>/called")
@needs("job.write")
def called_back(number: str) -> Page:
    def called(page: Books, form: Form) -> str:
        job = note_callback(
            page.session, job_id=_job(page, number).id, satisfied=form.choice("said", ("good", "bad")) == "good",
            note=form.text("note"), actor=page.actor, now=utc_now(),
        )  # fmt: skip
        return f"The call about {job.number} is kept."

    return _back(called, number)


@blueprint.post("/jobs/<number>/confirm")
@needs("job.write")
def confirm_job(number: str) -> Page:
    """The office called the customer of a job that is being worked on."""

    def confirm(page: Books, form: Form) -> str:
        job = confirm_by_office(page.session, job_id=_job(page, number).id, actor=page.actor, now=utc_now(),
                                note=form.text("note", required=True))  # fmt: skip
        return f"{job.number} is confirmed by the office's call."

    return _back(confirm, number)


def _job(page: Books, number: str) -> Job:
    try:
        return job_by_number(page.session, number)
    except NotFound:
        abort(404)


def _back(action: Callable[[Books, Form], str], number: str) -> Page:
    return attempt(action, done="panel.job_page", show=lambda: job_page(number), number=number)
