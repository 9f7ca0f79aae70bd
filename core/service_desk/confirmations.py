"""The customer's side of a job: he agrees from his own number, by a tap or by a code he gives to the technician."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import vault
from core.errors import DomainError
from core.ids import Id
from core.service_desk.job_models import Job
from core.service_desk.job_policy import job_policy_of
from core.service_desk.jobs import locked_job, note_event

CODE_DIGITS = 4
TRIES_MAX = 5


class CodeWrong(DomainError):
    """That is not the customer's code; the text says how many tries are left."""


class CodeGone(DomainError):
    """There is no code that still counts: ask for the customer's tap, or close without one."""


class ConfirmedAlready(DomainError):
    """The customer agreed already."""


def issue_code(session: Session, job: Job, *, now: datetime) -> str:
    """A new code for the customer; the former one counts no more. Only its fingerprint is kept."""
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    job.code_fingerprint = vault.fingerprint(f"{job.id}:{code}")
    job.code_expires_at = now + timedelta(hours=job_policy_of(session).code_hours)
    job.code_tries = 0
    session.flush()
    note_event(session, job, actor="system", what="code", now=now)
    return code


def confirm_with_code(session: Session, *, job_id: Id, code: str, actor: str, now: datetime) -> Job:
    """The technician types what the customer told him. Each wrong try counts, also when the caller rolls nothing back.

    Raises CodeGone, CodeWrong (let the transaction stand after it, so that the try is kept), ConfirmedAlready.
    """
    job = locked_job(session, job_id)
    _refuse_second(job)
    gone = job.code_expires_at is None or job.code_expires_at <= now or job.code_tries >= TRIES_MAX
    if not job.code_fingerprint or gone:
        raise CodeGone(f"Job {job.number} has no code that still counts: ask the customer to tap, or send a new code")
    if not vault.has_fingerprint(f"{job.id}:{code.strip()}", job.code_fingerprint):
        job.code_tries += 1
        session.flush()
        raise CodeWrong(f"That is not the customer's code; {TRIES_MAX - job.code_tries} tries are left",
                        left=TRIES_MAX - job.code_tries)  # fmt: skip
    return _confirmed(session, job, "code", actor, now)


def confirm_by_tap(session: Session, *, job_id: Id, actor: str, now: datetime) -> Job:
    """The customer says from his own number that it is done. Raises NotFound, ConfirmedAlready."""
    job = locked_job(session, job_id)
    _refuse_second(job)
    return _confirmed(session, job, "tap", actor, now)


def confirm_by_office(session: Session, *, job_id: Id, actor: str, now: datetime, note: str) -> Job:
    """The office called the customer. Raises NotFound, ConfirmedAlready."""
    job = locked_job(session, job_id)
    _refuse_second(job)
    note_event(session, job, actor=actor, what="note", note=note, now=now)
    return _confirmed(session, job, "office", actor, now)


def close_unconfirmed(session: Session, job: Job, *, reason: str, actor: str, now: datetime) -> Job:
    """Nobody agreed; the office sees why. Raises ConfirmedAlready."""
    _refuse_second(job)
    job.confirmed_by = "nobody"
    job.doubt = f"{job.doubt}; nobody confirmed: {reason}".lstrip("; ")
    session.flush()
    note_event(session, job, actor=actor, what="note", note=f"closed without confirmation: {reason}", now=now)
    return job


def deny_by_customer(session: Session, *, job_id: Id, actor: str, words: str, now: datetime) -> Job:
    """The customer says from his own number that it is not done, or that nobody came: the office looks at it."""
    job = locked_job(session, job_id)
    job.doubt = f"{job.doubt}; the customer says it is not done".lstrip("; ")
    job.looked_at_by = ""
    if job.confirmed_by == "tap":
        job.confirmed_by = ""
    session.flush()
    note_event(session, job, actor=actor, what="note", note=words or "not done", now=now)
    return job


def confirm_arrival(session: Session, *, job_id: Id, actor: str, now: datetime) -> Job:
    """The customer says that somebody came. Safe to repeat."""
    job = locked_job(session, job_id)
    if job.arrival_confirmed_at is None:
        job.arrival_confirmed_at = now
        session.flush()
        note_event(session, job, actor=actor, what="confirmed", note="arrival", now=now)
    return job


def doubtful_jobs(session: Session, *, limit: int = 100) -> Sequence[Job]:
    """Jobs that the office shall look at, the newest first."""
    return session.scalars(
        select(Job).where(Job.doubt != "", Job.looked_at_by == "").order_by(Job.opened_at.desc()).limit(limit)
    ).all()


def look_at_job(session: Session, *, job_id: Id, actor: str, note: str, now: datetime) -> Job:
    """Somebody of the office has seen to a doubtful job. Raises NotFound."""
    job = locked_job(session, job_id)
    job.looked_at_by = actor
    session.flush()
    note_event(session, job, actor=actor, what="note", note=note or "looked at", now=now)
    return job


def callback_sample(session: Session, *, since: datetime, until: datetime) -> Sequence[Job]:
    """The finished jobs of a span that the office calls back: the policy's share, the same ones whoever asks.

    Jobs that nobody confirmed come first.
    """
    finished = session.scalars(select(Job).where(Job.state == "done", Job.done_at >= since, Job.done_at < until)
                               .order_by(Job.confirmed_by != "nobody", func.md5(Job.number))).all()  # fmt: skip
    share = job_policy_of(session).callback_percent
    return finished[: -(-len(finished) * share // 100)]


def _refuse_second(job: Job) -> None:
    if job.confirmed_by in ("code", "tap", "office"):
        raise ConfirmedAlready(f"The customer agreed to job {job.number} already")


def _confirmed(session: Session, job: Job, how: str, actor: str, now: datetime) -> Job:
    job.confirmed_by, job.confirmed_at = how, now
    session.flush()
    note_event(session, job, actor=actor, what="confirmed", note=how, now=now)
    return job
