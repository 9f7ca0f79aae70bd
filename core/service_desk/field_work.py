"""What a technician does on a job of his own: he goes, arrives, works, is stopped, meets nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.crm.distance import Place, metres_between, place_at
from core.errors import DomainError, NotFound
from core.ids import Id
from core.service_desk.checklists import missing_of
from core.service_desk.job_models import Job, JobLine
from core.service_desk.job_policy import job_policy_of
from core.service_desk.jobs import JobMoveRefused, locked_job, move_job


class NotYourJob(NotFound):
    """Another technician has it, or there is none of that number: both read alike."""


class JobIncomplete(DomainError):
    """Something of the checklist is still to be done."""

    def __init__(self, job: Job, missing: list[JobLine]) -> None:
        super().__init__(f"Job {job.number} still needs: {', '.join(f'{line.kind} {line.what}' for line in missing)}")
        self.job, self.missing = job, missing


class ReasonMissing(DomainError):
    """Say why."""


@dataclass(frozen=True)
class Arrival:
    """A technician says he is there."""

    job: Job
    metres: int | None
    """How far away he is; None where nobody knows."""
    doubtful: bool


def own_job(session: Session, *, job_id: Id, staff_id: Id) -> Job:
    """The technician's own job, locked. Raises NotYourJob."""
    try:
        job = locked_job(session, job_id)
    except NotFound as missing:
        raise NotYourJob("That job is not yours") from missing
    if job.assigned_to != staff_id:
        raise NotYourJob("That job is not yours")
    return job


def start_job(session: Session, *, job_id: Id, staff_id: Id, now: datetime) -> Job:
    """He is on his way. Raises NotYourJob, JobMoveRefused."""
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    move_job(session, job, "on_the_way", actor=f"staff:{staff_id}", now=now)
    job.started_at = now
    return job


def arrive_at_job(
    session: Session, *, job_id: Id, staff_id: Id, now: datetime, here: Place | None = None, note: str = ""
) -> Arrival:  # fmt: skip
    """He says he is there. Far from the place, or without saying where he is, it is doubtful and the office sees it.

    A job whose own place is not known learns it from him. Raises NotYourJob, JobMoveRefused.
    """
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    if job.state == "assigned":
        move_job(session, job, "on_the_way", actor=f"staff:{staff_id}", now=now)
        job.started_at = now
    site = place_at(job.latitude, job.longitude)
    metres = metres_between(here, site) if here and site else None
    far = metres is not None and metres > job_policy_of(session).arrival_metres
    move_job(session, job, "arrived", actor=f"staff:{staff_id}", now=now, note=note)
    job.arrived_at, job.arrival_metres = now, metres
    if far or here is None:
        why = f"arrived {metres} m away" if far else "did not say where he arrived"
        job.doubt = f"{job.doubt}; {why}".lstrip("; ")
    if here and site is None:
        job.latitude, job.longitude = here.latitude, here.longitude
    session.flush()
    return Arrival(job, metres, far)


def block_job(session: Session, *, job_id: Id, staff_id: Id, reason: str, now: datetime) -> Job:
    """It cannot go on now; the office decides what comes next. Raises NotYourJob, JobMoveRefused, ReasonMissing."""
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    if not reason.strip():
        raise ReasonMissing("Say what stands in the way")
    move_job(session, job, "blocked", actor=f"staff:{staff_id}", now=now, note=reason.strip())
    job.reason = reason.strip()
    session.flush()
    return job


def nobody_there(session: Session, *, job_id: Id, staff_id: Id, now: datetime, note: str = "") -> Job:
    """He came and met nobody. Raises NotYourJob, JobMoveRefused."""
    job = own_job(session, job_id=job_id, staff_id=staff_id)
    move_job(session, job, "no_show", actor=f"staff:{staff_id}", now=now, note=note)
    job.reason = note or "nobody there"
    session.flush()
    return job


def finish_job(session: Session, job: Job, *, actor: str, now: datetime) -> Job:
    """Everything is done. Raises JobIncomplete with what is missing, JobMoveRefused."""
    if job.state != "arrived":
        raise JobMoveRefused(f"Job {job.number} is {job.state.replace('_', ' ')}: arrive there first")
    if missing := missing_of(job):
        raise JobIncomplete(job, missing)
    move_job(session, job, "done", actor=actor, now=now)
    job.done_at = now
    session.flush()
    return job
