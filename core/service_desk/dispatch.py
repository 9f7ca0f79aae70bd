"""Who should go: by area, skill, what he has that day already, and how far he is; each proposal says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import any_, func, select
from sqlalchemy.orm import Session

from core.clock import business_day, day_begins
from core.companies import current_company
from core.crm.distance import metres_between, place_at
from core.errors import DomainError
from core.ids import Id, new_id
from core.service_desk.job_models import IN_HAND, KINDS, Job, TechnicianCard
from core.staff.models import Staff

JOBS_A_DAY = 8


class CardInvalid(DomainError):
    """These are no skills, or no number of jobs a day."""


@dataclass(frozen=True)
class Proposal:
    """A technician who could go, and how well it fits."""

    staff_id: Id
    name: str
    own_area: bool
    skilled: bool
    jobs_that_day: int
    capacity: int
    nearest_metres: int | None
    """To the nearest other job of his that day."""

    @property
    def full(self) -> bool:
        """Whether his day is full already."""
        return self.jobs_that_day >= self.capacity

    @property
    def why(self) -> str:
        """In words for the dispatcher."""
        parts = ["his area" if self.own_area else "another area", f"{self.jobs_that_day} of {self.capacity} jobs"]
        if not self.skilled:
            parts.append("has not learnt this kind")
        if self.nearest_metres is not None:
            parts.append(f"another job of his {self.nearest_metres / 1000:.1f} km away")
        return ", ".join(parts)


def propose_technicians(session: Session, job: Job, *, day: date) -> Sequence[Proposal]:
    """Every technician, the best first: skilled, with room that day, of the area, nearest, with the fewest jobs."""
    cards = {card.staff_id: card for card in session.scalars(select(TechnicianCard))}
    theirs = _jobs_of_day(session, day)
    spot = place_at(job.latitude, job.longitude)
    found = []
    for person in technicians_of(session):
        card = cards.get(person.id)
        own = [other for other in theirs if other.assigned_to == person.id and other.id != job.id]
        places = [place_at(other.latitude, other.longitude) for other in own]
        away = [metres_between(spot, place) for place in places if spot and place]
        found.append(Proposal(
            person.id, person.name, own_area=person.area_id is not None and person.area_id == job.area_id,
            skilled=card is None or not card.skills or job.kind in card.skills, jobs_that_day=len(own),
            capacity=card.jobs_a_day if card else JOBS_A_DAY, nearest_metres=min(away, default=None),
        ))  # fmt: skip
    return sorted(found, key=_fit)


def technicians_of(session: Session) -> Sequence[Staff]:
    """Everybody who does field work now, by name."""
    also = any_(Staff.extra_roles) == "technician"
    return session.scalars(
        select(Staff).where(Staff.state == "active", (Staff.role == "technician") | also).order_by(Staff.name)
    ).all()


def loads_of(session: Session) -> dict[Id, int]:
    """How many jobs each technician has in hand."""
    rows = session.execute(
        select(Job.assigned_to, func.count()).where(Job.state.in_(IN_HAND)).group_by(Job.assigned_to)
    )
    return {staff_id: count for staff_id, count in rows if staff_id is not None}


def keep_card(session: Session, *, staff_id: Id, skills: Sequence[str], jobs_a_day: int) -> TechnicianCard:
    """What a technician can do; no skill means all of them. Raises CardInvalid."""
    strange = [skill for skill in skills if skill not in KINDS]
    if strange or not 1 <= jobs_a_day <= 50:
        raise CardInvalid(f"Skills are kinds of jobs ({', '.join(KINDS)}), and a day has 1 to 50 jobs")
    card = session.scalar(select(TechnicianCard).where(TechnicianCard.staff_id == staff_id))
    if card is None:
        card = TechnicianCard(id=new_id(), staff_id=staff_id)
        session.add(card)
    card.skills, card.jobs_a_day = list(skills), jobs_a_day
    session.flush()
    return card


def day_of(session: Session, job: Job, now_day: date) -> date:
    """The day on which the job is planned; today where it has no window."""
    if job.window_start is None:
        return now_day
    return business_day(job.window_start, current_company(session).timezone)


def _jobs_of_day(session: Session, day: date) -> Sequence[Job]:
    timezone = current_company(session).timezone
    until = day_begins(day + timedelta(days=1), timezone)
    return session.scalars(
        select(Job).where(Job.state.in_(IN_HAND), Job.window_start.is_(None) | (Job.window_start < until))
    ).all()


def _fit(proposal: Proposal) -> tuple[bool, bool, bool, float, int, str]:
    metres = proposal.nearest_metres if proposal.nearest_metres is not None else 10**6
    return (not proposal.skilled, proposal.full, not proposal.own_area, metres // 2000, proposal.jobs_that_day,
            proposal.name)  # fmt: skip
