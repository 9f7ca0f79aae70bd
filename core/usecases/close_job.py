"""A job is closed: everything of its list done, the customer agreed, and what it was for is set in motion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.crm.lead_models import Lead
from core.crm.leads import move_lead, note_lead
from core.errors import DomainError
from core.ids import Id
from core.service_desk.checklists import missing_of
from core.service_desk.confirmations import close_unconfirmed, issue_code
from core.service_desk.field_work import JobIncomplete, finish_job, own_job
from core.service_desk.job_models import Job
from core.service_desk.jobs import JobMoveRefused, locked_job
from core.service_desk.models import OPEN_STATES, Ticket
from core.usecases.connect_lead import begin_billing, start_line
from core.usecases.resolve_ticket import resolve_ticket
from core.usecases.tell_visit import tell_visit

AGREED = ("code", "tap", "office")


class NotConfirmed(DomainError):
    """The customer has not agreed yet: his tap, his code, or a reason why there is neither."""


@dataclass(frozen=True)
class Closed:
    """What closing a job came to."""

    job: Job
    confirmed: bool
    subscription: Subscription | None = None
    """The service that an installation started."""


def ask_to_close(session: Session, *, job_id: Id, staff_id: Id, now: datetime, told: str = "") -> bool:
    """Everything is done, so the customer is asked on his own number, with a code he may give to the technician.

    `told` is what was done, for the customer. False where nobody can be reached. Asking again sends a new code.
    Raises NotYourJob, JobIncomplete, JobMoveRefused.
    """
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    if job.state != "arrived":
        raise JobMoveRefused(f"Job {job.number} is {job.state.replace('_', ' ')}: arrive there first")
    if missing := missing_of(job):
        raise JobIncomplete(job, missing)
    job.told = told.strip() or job.told
    code = issue_code(session, job, now=now)
    return tell_visit(session, job, "finished", now=now, code=code, mark=job.code_fingerprint)


def close_job(
    session: Session, *, job_id: Id, actor: str, now: datetime, told: str = "", unconfirmed: str = "", origin: str = ""
) -> Closed:  # fmt: skip
    """Finish the job and what it served: a ticket is resolved and rated, a connection starts to be billed.

    Without the customer's tap, code or the office's call it needs `unconfirmed`, the reason why, and the office looks
    at it. `told` is what was done, for the customer. Raises JobIncomplete, JobMoveRefused, NotConfirmed, and what
    starting a service raises.
    """
    job = locked_job(session, job_id)
    if job.confirmed_by not in AGREED:
        if not unconfirmed.strip():
            raise NotConfirmed(
                f"The customer has not agreed to job {job.number}: ask for his tap or code, or say why not"
            )
        close_unconfirmed(session, job, reason=unconfirmed.strip(), actor=actor, now=now)
    finish_job(session, job, actor=actor, now=now)
    subscription = None
    if job.kind == "installation":
        subscription = _connect(session, job, actor=actor, now=now, origin=origin)
    elif job.kind == "survey":
        _note_survey(session, job, actor=actor, now=now)
    _resolve(session, job, actor=actor, now=now, told=told or job.told)
    return Closed(job, job.confirmed_by in AGREED, subscription)


def _connect(session: Session, job: Job, *, actor: str, now: datetime, origin: str) -> Subscription | None:
    if job.lead_id is None:
        return None
    start_line(session, job_id=job.id, actor=actor, now=now)
    return begin_billing(session, job, actor=actor, now=now, origin=origin or f"job:{job.number}")


def _note_survey(session: Session, job: Job, *, actor: str, now: datetime) -> None:
    """The request goes to whoever decides about it."""
    if job.lead_id is None:
        return
    lead = session.get_one(Lead, job.lead_id)
    found = ", ".join(
        f"{line.what} {line.value}".strip() for line in job.lines if line.done_at and line.kind != "photo"
    )
    if lead.state == "new":
        move_lead(session, number=lead.number, state="survey", author=actor, note=f"Survey: {found}", now=now)
    else:
        note_lead(session, lead=lead, author=actor, body=f"Survey: {found}", now=now)


def _resolve(session: Session, job: Job, *, actor: str, now: datetime, told: str) -> None:
    if job.ticket_id is None:
        return
    ticket = session.get_one(Ticket, job.ticket_id)
    if ticket.state in OPEN_STATES:
        ticket.assigned_to = job.assigned_to
        resolve_ticket(session, ticket_id=ticket.id, actor=actor, now=now, told=told)
