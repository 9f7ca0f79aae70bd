"""A visit is planned for a ticket, a customer or a request, given to somebody, moved; everybody concerned hears it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import business_day
from core.companies import current_company
from core.crm.lead_models import Lead
from core.crm.models import Customer, Site
from core.errors import NotFound
from core.ids import Id
from core.service_desk.dispatch import day_of, propose_technicians
from core.service_desk.job_models import Job
from core.service_desk.jobs import (
    JobOpenAlready,
    Target,
    Window,
    assign_job,
    cancel_job,
    open_job_of_ticket,
    open_jobs_of_lead,
    plan_job,
    reschedule_job,
    take_back_job,
)
from core.service_desk.models import PICK_UP, Ticket
from core.usecases.tell_technician import tell_technician
from core.usecases.tell_visit import tell_visit

KIND_OF_TICKET = {PICK_UP: "pick_up", "relocation": "relocation", "disconnect": "pick_up"}
"""Every other ticket is repaired."""


def plan_ticket_visit(
    session: Session, *, ticket_id: Id, actor: str, now: datetime, window: Window | None = None
) -> Job:
    """The ticket's open job, or a new one of the kind it needs. Raises NotFound, JobInvalid."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise NotFound("There is no such ticket")
    running = open_job_of_ticket(session, ticket_id)
    if running is not None:
        return running
    target = target_of_customer(session, ticket.customer_id, site_id=ticket.site_id)
    return plan_job(
        session, kind=KIND_OF_TICKET.get(ticket.category, "repair"), what=ticket.description, actor=actor, now=now,
        window=window, priority=ticket.priority,
        target=Target(
            customer_id=target.customer_id, site_id=target.site_id, area_id=target.area_id, address=target.address,
            ticket_id=ticket.id, latitude=ticket.latitude or target.latitude,
            longitude=ticket.longitude if ticket.latitude else target.longitude,
        ),
    )  # fmt: skip


def plan_lead_visit(
    session: Session, *, lead_id: Id, kind: str, actor: str, now: datetime, window: Window | None = None
) -> Job:
    """A survey or installation for a request. Raises NotFound, JobInvalid, JobOpenAlready for one of the same kind."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise NotFound("There is no such request")
    running = next((job for job in open_jobs_of_lead(session, lead_id) if job.kind == kind), None)
    if running is not None:
        raise JobOpenAlready(running)
    target = Target(
        customer_id=lead.customer_id, lead_id=lead.id, site_id=lead.site_id,
        address=", ".join(part for part in (lead.address, lead.place) if part),
        area_id=lead.sub_zone.area_id if lead.sub_zone else None, latitude=lead.latitude, longitude=lead.longitude,
    )  # fmt: skip
    return plan_job(session, kind=kind, target=target, what=f"{lead.number} {lead.name}", actor=actor, now=now,
                    window=window)  # fmt: skip


def give_visit(
    session: Session, *, job_id: Id, staff_id: Id, actor: str, now: datetime, window: Window | None = None
) -> Job:  # fmt: skip
    """Give the job to a technician, at another time if `window` says so; he and the customer hear it.

    Raises what `assign_job` and `reschedule_job` raise.
    """
    if window is not None:
        reschedule_job(session, job_id=job_id, window=window, actor=actor, now=now)
    job = assign_job(session, job_id=job_id, staff_id=staff_id, actor=actor, now=now)
    if job.ticket_id is not None:
        ticket = session.get_one(Ticket, job.ticket_id)
        if ticket.state in ("open", "assigned", "in_progress"):
            ticket.assigned_to, ticket.state = staff_id, "assigned"
    mark = f"{staff_id}:{job.window_start}"
    tell_technician(session, job, "given", now=now, mark=mark)
    tell_visit(session, job, "scheduled", now=now, mark=mark)
    return job


def give_to_best(session: Session, *, job_id: Id, actor: str, now: datetime) -> Job | None:
    """Give it to whom `propose_technicians` puts first, as long as he is skilled and has room; None where nobody is."""
    job = session.get_one(Job, job_id)
    today = business_day(now, current_company(session).timezone)
    best = next((each for each in propose_technicians(session, job, day=day_of(session, job, today))
                 if each.skilled and not each.full), None)  # fmt: skip
    return give_visit(session, job_id=job_id, staff_id=best.staff_id, actor=actor, now=now) if best else None


def move_visit(
    session: Session, *, job_id: Id, window: Window, actor: str, now: datetime, note: str = ""
) -> Job:  # fmt: skip
    """Another time; the customer and the technician hear it. Raises what `reschedule_job` raises."""
    job = reschedule_job(session, job_id=job_id, window=window, actor=actor, now=now, note=note)
    tell_visit(session, job, "rescheduled", now=now, mark=str(window.start))
    if job.assigned_to is not None:
        tell_technician(session, job, "moved", now=now, mark=str(window.start))
    return job


def call_off_visit(session: Session, *, job_id: Id, reason: str, actor: str, now: datetime) -> Job:
    """Nobody comes; the customer and the technician hear it. Raises what `cancel_job` raises."""
    job = cancel_job(session, job_id=job_id, reason=reason, actor=actor, now=now)
    tell_visit(session, job, "cancelled", now=now)
    if job.assigned_to is not None:
        tell_technician(session, job, "called_off", now=now)
    return job


def call_off_visits_of_lead(session: Session, *, lead_id: Id, reason: str, actor: str, now: datetime) -> list[Job]:
    """Nobody comes for a request that is refused; it is told as `call_off_visit` tells it."""
    return [
        call_off_visit(session, job_id=job.id, reason=reason or "the request was refused", actor=actor, now=now)
        for job in open_jobs_of_lead(session, lead_id)
    ]


def free_technician(session: Session, *, staff_id: Id, actor: str, now: datetime) -> list[Job]:
    """Whoever leaves, or may do field work no more, gives his open jobs back: to the best other one, else the board."""
    mine = session.scalars(
        select(Job.id).where(Job.assigned_to == staff_id, Job.state.in_(("assigned", "on_the_way", "arrived", "blocked",
                                                                        "no_show")))
    ).all()  # fmt: skip
    freed = []
    for job_id in mine:
        take_back_job(session, job_id=job_id, actor=actor, now=now, note="the technician left")
        freed.append(give_to_best(session, job_id=job_id, actor=actor, now=now) or session.get_one(Job, job_id))
    return freed


def target_of_customer(session: Session, customer_id: Id, *, site_id: Id | None = None) -> Target:
    """The customer's place: the site named, else his first one. Raises NotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound("There is no such customer")
    query = select(Site).where(Site.customer_id == customer_id).order_by(Site.id)
    site = session.scalars(query.where(Site.id == site_id) if site_id else query.limit(1)).first()
    return Target(
        customer_id=customer_id, site_id=site.id if site else None, area_id=customer.sub_zone.area_id,
        address=site.address if site else "", latitude=site.latitude if site else None,
        longitude=site.longitude if site else None,
    )  # fmt: skip
