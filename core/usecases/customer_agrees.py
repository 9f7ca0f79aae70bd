"""A customer agreed from his own number: his job is closed by itself, and its technician hears it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import DomainError
from core.service_desk.checklists import missing_of
from core.service_desk.job_models import Job
from core.usecases.close_job import close_job
from core.usecases.tell_technician import tell_technician


def close_agreed(session: Session, job: Job, *, actor: str, now: datetime, origin: str = "") -> bool:
    """Close the job if nothing of its list is missing; False where the technician has still to finish it.

    What stands in the way of starting the service is left to the technician's own closing, which says it to him.
    """
    if job.state != "arrived" or missing_of(job):
        return False
    try:
        with session.begin_nested():
            close_job(session, job_id=job.id, actor=actor, now=now, origin=origin)
    except DomainError:
        tell_technician(session, job, "agreed", now=now, mark=str(job.confirmed_at))
        return False
    tell_technician(session, job, "closed", now=now)
    return True
