"""What a received power at an ONU means, and what a technician does about it (reference/network.md 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import DomainError
from core.ids import Id, new_id
from core.service_desk.checklists import fill_line
from core.service_desk.job_models import Job, JobPolicy, JobReading
from core.service_desk.job_policy import job_policy_of

GOOD_ENOUGH = ("very_good", "good", "acceptable")
LOWEST, HIGHEST = Decimal(-50), Decimal(10)
WORSE_BY = Decimal(3)
"""So many dB less than at the last visit matter more than the level itself."""


class ReadingInvalid(DomainError):
    """No receiver shows such a level."""


@dataclass(frozen=True)
class Judgement:
    """A level and its verdict: too_strong, very_good, good, acceptable, weak, bad or dead."""

    dbm: Decimal
    verdict: str
    fell_by: Decimal | None
    """By how many dB it is worse than at the last visit, where that matters."""

    @property
    def good_enough(self) -> bool:
        """Whether an installation may be closed with it."""
        return self.verdict in GOOD_ENOUGH


def judge(dbm: Decimal, policy: JobPolicy) -> str:
    """The verdict on a level in dBm."""
    if dbm > policy.overload:
        return "too_strong"
    for verdict, floor in (("very_good", policy.very_good), ("good", policy.good), ("acceptable", policy.acceptable),
                           ("weak", policy.weak), ("bad", policy.dead)):  # fmt: skip
        if dbm >= floor:
            return verdict
    return "dead"


def record_reading(session: Session, job: Job, *, dbm: Decimal, actor: str, now: datetime) -> Judgement:
    """Keep a level in dBm; one that is good enough is the job's reading. Raises ReadingInvalid.

    A level that may not stay, as at an installation with less than the weakest acceptable, leaves the line open.
    """
    if not LOWEST <= dbm <= HIGHEST:
        raise ReadingInvalid(f"{dbm} dBm is no level of a fibre: between {LOWEST} and {HIGHEST}, usually -15 to -27")
    verdict = judge(dbm, job_policy_of(session))
    before = last_reading(session, site_id=job.site_id)
    session.add(JobReading(id=new_id(), job_id=job.id, site_id=job.site_id, dbm=dbm, verdict=verdict,
                           measured_at=now, measured_by=actor))  # fmt: skip
    fell = before.dbm - dbm if before is not None and before.dbm - dbm >= WORSE_BY else None
    found = Judgement(dbm, verdict, fell)
    if found.good_enough:
        fill_line(session, job, kind="reading", value=str(dbm), actor=actor, now=now)
    session.flush()
    return found


def last_reading(session: Session, *, site_id: Id | None) -> JobReading | None:
    """What was measured at the site before."""
    if site_id is None:
        return None
    return session.scalars(
        select(JobReading).where(JobReading.site_id == site_id).order_by(JobReading.measured_at.desc()).limit(1)
    ).first()


def readings_of(session: Session, job_id: Id) -> Sequence[JobReading]:
    """All levels measured on the job, the oldest first."""
    return session.scalars(select(JobReading).where(JobReading.job_id == job_id).order_by(JobReading.measured_at)).all()
