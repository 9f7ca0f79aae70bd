"""The office calls a share of the finished jobs back and keeps what the customer said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id
from core.service_desk.confirmations import callback_sample, confirm_by_office, deny_by_customer
from core.service_desk.job_models import Job, JobEvent
from core.service_desk.jobs import locked_job, note_event
from core.service_desk.models import Ticket
from core.service_desk.tickets import TicketAlreadyOpen, may_reopen, reopen_ticket

CALLED = "called"
AGREED = ("code", "tap", "office")


class NotFinished(DomainError):
    """Only a finished job is called back."""


@dataclass(frozen=True)
class Callback:
    """A job of the sample, and the call if it was made."""

    job: Job
    call: JobEvent | None


def callbacks(session: Session, *, since: datetime, until: datetime) -> Sequence[Callback]:
    """The sample of what was finished in a span, the calls that are still to be made first."""
    sample = callback_sample(session, since=since, until=until)
    events = session.scalars(
        select(JobEvent).where(JobEvent.job_id.in_([job.id for job in sample]), JobEvent.what == CALLED)
        .order_by(JobEvent.at)
    )  # fmt: skip
    calls = {event.job_id: event for event in events}
    return sorted((Callback(job, calls.get(job.id)) for job in sample), key=lambda each: each.call is not None)


def unconfirmed_jobs(session: Session, *, since: datetime, until: datetime) -> Sequence[Job]:
    """What was finished in a span without the customer's word, the newest first; also what somebody looked at."""
    finished = select(Job).where(Job.state == "done", Job.done_at >= since, Job.done_at < until)
    return session.scalars(finished.where(Job.confirmed_by.not_in(AGREED)).order_by(Job.done_at.desc())).all()


def note_callback(session: Session, *, job_id: Id, satisfied: bool, note: str, actor: str, now: datetime) -> Job:
    """Keep a call. A satisfied customer confirms a job that nobody had confirmed; else the office has to look at it.

    Where it is not solved, its ticket goes on if it may. Raises NotFound, NotFinished.
    """
    job = locked_job(session, job_id)
    if job.state != "done":
        raise NotFinished(f"Job {job.number} is {job.state.replace('_', ' ')}: call the customer once it is done")
    said = "satisfied" if satisfied else "not satisfied"
    note_event(session, job, actor=actor, what=CALLED, note=f"{said}. {note}".rstrip(". "), now=now)
    if not satisfied:
        deny_by_customer(session, job_id=job.id, actor=actor, words=note, now=now)
        _go_on(session, job, note=note, actor=actor, now=now)
    elif job.confirmed_by not in AGREED:
        confirm_by_office(session, job_id=job.id, actor=actor, now=now, note=note or said)
    return job


def _go_on(session: Session, job: Job, *, note: str, actor: str, now: datetime) -> None:
    ticket = session.get(Ticket, job.ticket_id) if job.ticket_id else None
    if ticket is None or not may_reopen(session, ticket, now=now):
        return
    try:
        reopen_ticket(
            session, ticket_id=ticket.id, author=actor, words=note or "Not solved, says the customer", now=now
        )
    except TicketAlreadyOpen:
        return  # the customer has complained again by himself
