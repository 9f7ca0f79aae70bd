"""The dispatcher's board of a day: who has what, what nobody has, what is late, what has no visit yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.distance import place_at, route_link
from core.crm.lead_models import Lead
from core.crm.models import Customer, SubZone
from core.ids import Id
from core.service_desk.dispatch import JOBS_A_DAY, technicians_of
from core.service_desk.job_models import OPEN_JOBS, Job, TechnicianCard
from core.service_desk.jobs import jobs_of_day
from core.service_desk.models import OPEN_STATES, Ticket
from core.staff.models import Staff

VISITED = (
    "no_internet", "slow_speed", "intermittent", "router_wifi", "cable_damage", "relocation", "disconnect", "pick_up",
)  # fmt: skip
"""Categories of tickets that somebody goes out for."""


@dataclass(frozen=True)
class Column:
    """A technician and his day."""

    person: Staff
    skills: Sequence[str]
    """None means all."""
    capacity: int
    jobs: list[Job] = field(default_factory=list)

    @property
    def route(self) -> str:
        """A link to the way past what is still to be done; empty for fewer than two known places."""
        return route_link([
            place for job in self.jobs
            if job.state in OPEN_JOBS and (place := place_at(job.latitude, job.longitude)) is not None
        ])  # fmt: skip

    @property
    def to_do(self) -> int:
        """How many of them are not finished."""
        return sum(job.state in OPEN_JOBS for job in self.jobs)


@dataclass(frozen=True)
class Board:
    """A day of field work."""

    unassigned: Sequence[Job]
    """What nobody has, the late ones first."""
    late: Sequence[Job]
    """Not finished, though their window is over; they also stand in their column."""
    columns: Sequence[Column]
    names: dict[Id, str]
    """Job → for whom it is."""


def board_of(session: Session, *, day: date, now: datetime, area_id: Id | None = None) -> Board:
    """The board of a day, everything that is overdue from before on it; of one area, if `area_id` is given."""
    jobs = jobs_of_day(session, day=day, area_id=area_id)
    cards = {card.staff_id: card for card in session.scalars(select(TechnicianCard))}
    columns = {person.id: _column(person, cards.get(person.id)) for person in technicians_of(session)}
    for job in jobs:
        if job.assigned_to in columns:
            columns[job.assigned_to].jobs.append(job)
    return Board(
        unassigned=sorted((job for job in jobs if job.state in OPEN_JOBS and job.assigned_to not in columns),
                          key=lambda job: not is_late(job, now)),
        late=[job for job in jobs if is_late(job, now)],
        columns=[column for column in columns.values()
                 if column.jobs or area_id is None or column.person.area_id in (None, area_id)],
        names=names_of(session, jobs),
    )  # fmt: skip


def is_late(job: Job, now: datetime) -> bool:
    """Whether somebody should have been there by now."""
    return job.state in OPEN_JOBS and job.state != "arrived" and job.window_end is not None and job.window_end < now


def names_of(session: Session, jobs: Sequence[Job]) -> dict[Id, str]:
    """Job → for whom it is: the customer, or who asked for a connection."""
    customers = {row.id: row.name for row in session.execute(
        select(Customer.id, Customer.name).where(Customer.id.in_({job.customer_id for job in jobs if job.customer_id}))
    )}  # fmt: skip
    leads = {row.id: row.name for row in session.execute(
        select(Lead.id, Lead.name).where(Lead.id.in_({job.lead_id for job in jobs if job.lead_id}))
    )}  # fmt: skip
    return {
        job.id: customers.get(job.customer_id, "") if job.customer_id else leads.get(job.lead_id, "") for job in jobs
    }


def tickets_without_visit(session: Session, *, area_id: Id | None = None, limit: int = 50) -> Sequence[Ticket]:
    """Open tickets that somebody should go out for and that no open job serves, the most urgent first."""
    visits = select(Job.ticket_id).where(Job.ticket_id.is_not(None), Job.state.in_(OPEN_JOBS))
    query = select(Ticket).where(
        Ticket.state.in_(OPEN_STATES), Ticket.category.in_(VISITED), Ticket.id.not_in(visits)
    ).order_by(Ticket.priority == "normal", Ticket.due_at).limit(limit)  # fmt: skip
    if area_id is not None:
        homes = select(Customer.id).join(SubZone, SubZone.id == Customer.sub_zone_id)
        query = query.where(Ticket.customer_id.in_(homes.where(SubZone.area_id == area_id)))
    return session.scalars(query).all()


def _column(person: Staff, card: TechnicianCard | None) -> Column:
    return Column(person, card.skills if card else (), card.jobs_a_day if card else JOBS_A_DAY)
