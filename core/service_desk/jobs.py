"""Jobs: planned once, given to one technician, moved only as the table of moves allows, every move kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import day_begins
from core.companies import current_company
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.numbering import next_number
from core.service_desk.checklists import lay_out
from core.service_desk.job_models import IN_HAND, KINDS, OPEN_JOBS, Job, JobEvent
from core.staff.models import Staff

MOVES: Mapping[str, Sequence[str]] = {
    "planned": ("assigned", "cancelled"),
    "assigned": ("assigned", "planned", "on_the_way", "blocked", "cancelled"),
    "on_the_way": ("arrived", "assigned", "planned", "blocked", "no_show", "cancelled"),
    "arrived": ("done", "assigned", "planned", "blocked", "no_show", "cancelled"),
    "blocked": ("assigned", "planned", "cancelled"),
    "no_show": ("assigned", "planned", "cancelled"),
    "done": (),
    "cancelled": (),
}
"""From a state to those it may move to. Back to `assigned` is another technician, or the same another time."""
WINDOW_LONGEST = timedelta(hours=12)


class JobMoveRefused(DomainError):
    """A job in this state does not move to that one."""


class JobOpenAlready(DomainError):
    """The ticket has a job that is not finished; the text names it."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.number} is open for it already: assign or move that one")
        self.job = job


class JobInvalid(DomainError):
    """What was asked for makes no job."""


class NoTechnician(DomainError):
    """The chosen person does no field work here any more."""


@dataclass(frozen=True)
class Target:
    """Where and for whom a job is."""

    customer_id: Id | None = None
    lead_id: Id | None = None
    site_id: Id | None = None
    ticket_id: Id | None = None
    subscription_id: Id | None = None
    area_id: Id | None = None
    address: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@dataclass(frozen=True)
class Window:
    """When somebody comes: two instants, the second excluded."""

    start: datetime
    end: datetime


def plan_job(
    session: Session, *, kind: str, target: Target, what: str, actor: str, now: datetime,
    window: Window | None = None, priority: str = "normal",
) -> Job:  # fmt: skip
    """Put a job on the board with the checklist of its kind. Raises JobInvalid, JobOpenAlready."""
    if kind not in KINDS:
        raise JobInvalid(f"{kind!r} is no kind of job: {', '.join(KINDS)}")
    if target.customer_id is None and target.lead_id is None:
        raise JobInvalid("A job is for a customer or for a request of a new connection")
    if window is not None:
        _refuse_window(window, now)
    if target.ticket_id is not None and (running := open_job_of_ticket(session, target.ticket_id)) is not None:
        raise JobOpenAlready(running)
    job = Job(
        id=new_id(), number=next_number(session, "job"), kind=kind, state="planned", customer_id=target.customer_id,
        lead_id=target.lead_id, site_id=target.site_id, ticket_id=target.ticket_id,
        subscription_id=target.subscription_id, area_id=target.area_id, address=target.address,
        latitude=target.latitude, longitude=target.longitude, what=what.strip(), priority=priority, created_by=actor,
        opened_at=now, window_start=window.start if window else None, window_end=window.end if window else None,
        lines=[],
    )  # fmt: skip
    session.add(job)
    session.flush()
    lay_out(session, job)
    note_event(session, job, actor=actor, what="planned", now=now)
    return job


def assign_job(session: Session, *, job_id: Id, staff_id: Id, actor: str, now: datetime, note: str = "") -> Job:
    """Give the job to a technician; who had it before has it no more. Raises NotFound, JobMoveRefused, NoTechnician."""
    job = locked_job(session, job_id)
    person = session.get(Staff, staff_id)
    fit = person is not None and person.state == "active"
    if person is None or not fit or "technician" not in (person.role, *person.extra_roles):
        raise NoTechnician("Choose a technician who works here")
    _move(job, "assigned")
    job.assigned_to, job.reason = staff_id, ""
    job.started_at = job.arrived_at = job.arrival_metres = None
    return _kept(session, job, actor, f"{person.name}. {note}".rstrip(". "), now)


def take_back_job(session: Session, *, job_id: Id, actor: str, now: datetime, note: str = "") -> Job:
    """Nobody has the job any more: back on the board. Raises NotFound, JobMoveRefused."""
    job = locked_job(session, job_id)
    _move(job, "planned")
    job.assigned_to = job.started_at = job.arrived_at = None
    return _kept(session, job, actor, note, now)


def reschedule_job(
    session: Session, *, job_id: Id, window: Window, actor: str, now: datetime, note: str = ""
) -> Job:  # fmt: skip
    """Another time; a job that was blocked or met nobody waits again. Raises NotFound, JobMoveRefused, JobInvalid."""
    job = locked_job(session, job_id)
    if job.state not in OPEN_JOBS:
        raise JobMoveRefused(f"Job {job.number} is {job.state}: plan a new one")
    _refuse_window(window, now)
    job.window_start, job.window_end = window.start, window.end
    if job.state in ("blocked", "no_show", "on_the_way", "arrived"):
        _move(job, "assigned" if job.assigned_to else "planned")
        job.started_at = job.arrived_at = None
    note_event(session, job, actor=actor, what="rescheduled", note=note, now=now)
    return job


def cancel_job(session: Session, *, job_id: Id, actor: str, now: datetime, reason: str) -> Job:
    """It is not done, and will not be. Raises NotFound, JobMoveRefused, JobInvalid."""
    if not reason.strip():
        raise JobInvalid("Say why the job is cancelled")
    job = locked_job(session, job_id)
    _move(job, "cancelled")
    job.reason = reason.strip()
    return _kept(session, job, actor, job.reason, now)


def move_job(session: Session, job: Job, state: str, *, actor: str, now: datetime, note: str = "") -> Job:
    """Another state, where the table of moves has it. Raises JobMoveRefused."""
    _move(job, state)
    return _kept(session, job, actor, note, now)


def locked_job(session: Session, job_id: Id) -> Job:
    """The job, held for the length of the transaction. Raises NotFound."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound("There is no such job")
    return job


def job_by_number(session: Session, number: str) -> Job:
    """The job people call `J-311`. Raises NotFound."""
    job = session.scalar(select(Job).where(Job.number == number.strip().upper()))
    if job is None:
        raise NotFound(f"There is no job {number}")
    return job


def open_job_of_ticket(session: Session, ticket_id: Id) -> Job | None:
    """The ticket's job that is not finished."""
    return session.scalar(select(Job).where(Job.ticket_id == ticket_id, Job.state.in_(OPEN_JOBS)))


def open_jobs_of_lead(session: Session, lead_id: Id) -> Sequence[Job]:
    """The jobs of a request that are not finished, the oldest first."""
    mine = select(Job).where(Job.lead_id == lead_id, Job.state.in_(OPEN_JOBS))
    return session.scalars(mine.order_by(Job.opened_at)).all()


def jobs_in_hand(session: Session, *, staff_id: Id, until: datetime | None = None) -> Sequence[Job]:
    """What a technician has before him, up to the instant `until`: the running one first, then by window."""
    query = select(Job).where(Job.assigned_to == staff_id, Job.state.in_(IN_HAND))
    if until is not None:
        query = query.where(Job.window_start.is_(None) | (Job.window_start < until))
    jobs = session.scalars(query).all()
    return sorted(jobs, key=_urgency)


def jobs_of_day(session: Session, *, day: date, area_id: Id | None = None) -> Sequence[Job]:
    """The board of a day: what is planned for it, what was finished on it, and on no day what waits for one."""
    timezone = current_company(session).timezone
    since, until = day_begins(day, timezone), day_begins(day + timedelta(days=1), timezone)
    planned = (Job.window_start >= since) & (Job.window_start < until)
    waiting = Job.window_start.is_(None) & Job.state.in_(OPEN_JOBS)
    late = (Job.window_start < since) & Job.state.in_(OPEN_JOBS)
    finished = (Job.done_at >= since) & (Job.done_at < until)
    query = select(Job).where(planned | waiting | late | finished)
    if area_id is not None:
        query = query.where(Job.area_id == area_id)
    return sorted(session.scalars(query).all(), key=_urgency)


def events_of(session: Session, job_id: Id) -> Sequence[JobEvent]:
    """What happened to it, the oldest first."""
    return session.scalars(select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.at, JobEvent.id)).all()


def previous_visits(session: Session, job: Job, *, limit: int = 3) -> Sequence[Job]:
    """Earlier finished jobs at the same customer, the newest first."""
    if job.customer_id is None:
        return []
    return session.scalars(
        select(Job).where(Job.customer_id == job.customer_id, Job.id != job.id, Job.state == "done")
        .order_by(Job.done_at.desc()).limit(limit)
    ).all()  # fmt: skip


def note_event(session: Session, job: Job, *, actor: str, what: str, now: datetime, note: str = "") -> None:
    """Keep what happened."""
    session.add(JobEvent(id=new_id(), job_id=job.id, at=now, actor=actor, what=what, note=note))
    session.flush()


def usual_window(day: date, hour: int, hours: int, timezone: str) -> Window:
    """So many hours from an hour of a day where the company is."""
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(timezone)) + timedelta(hours=hour)
    return Window(start, start + timedelta(hours=hours))


def _urgency(job: Job) -> tuple[int, bool, datetime, datetime]:
    running = {"arrived": 0, "on_the_way": 1}.get(job.state, 2)
    return running, job.priority != "high", job.window_start or job.opened_at, job.opened_at


def _move(job: Job, state: str) -> None:
    if state not in MOVES[job.state]:
        raise JobMoveRefused(f"Job {job.number} is {job.state.replace('_', ' ')}: it cannot be {state} now")
    job.state = state


def _kept(session: Session, job: Job, actor: str, note: str, now: datetime) -> Job:
    session.flush()
    note_event(session, job, actor=actor, what=job.state, note=note, now=now)
    return job


def _refuse_window(window: Window, now: datetime) -> None:
    if window.end <= window.start or window.end - window.start > WINDOW_LONGEST:
        raise JobInvalid("A window ends after it starts, and within twelve hours")
    if window.end <= now:
        raise JobInvalid("The window is over already: choose a later one")
