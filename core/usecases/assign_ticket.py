"""An open ticket is given to a technician, who hears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.crm.models import Customer, SubZone
from core.errors import DomainError
from core.ids import Id
from core.service_desk import tickets
from core.service_desk.board import VISITED
from core.service_desk.jobs import open_job_of_ticket
from core.service_desk.models import OPEN_STATES, PICK_UP, Ticket
from core.staff.models import Staff
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from core.usecases.tell_office import tell_employee

ROLE = "technician"
SAID = {
    "en": "Ticket *{ticket}* is yours now: {customer}, {place}. Write “my jobs” to see it.",
    "ur_Latn": "Ticket *{ticket}* ab aap ka hai: {customer}, {place}. Dekhne ke liye “mere kaam” likhein.",
    "ur": "ٹکٹ *{ticket}* اب آپ کا ہے: {customer}، {place}۔ دیکھنے کے لیے ”میرے کام“ لکھیں۔",
}


class TechnicianUnfit(DomainError):
    """The person is no technician at work."""


@dataclass(frozen=True)
class TechnicianLoad:
    """A technician and what he has to do."""

    staff_id: Id
    name: str
    area_id: Id | None
    open_tickets: int


def technician_loads(session: Session) -> Sequence[TechnicianLoad]:
    """Technicians at work, whoever has least to do first; a manager who repairs lines too is one."""
    busy = dict(session.execute(
        select(Ticket.assigned_to, func.count()).where(Ticket.state.in_(OPEN_STATES)).group_by(Ticket.assigned_to)
    ).all())  # fmt: skip
    people = session.scalars(select(Staff).where(Staff.state == "active").order_by(Staff.name)).all()
    fit = [person for person in people if _is_fit(person)]
    return sorted(
        (TechnicianLoad(person.id, person.name, person.area_id, busy.get(person.id, 0)) for person in fit),
        key=lambda load: (load.open_tickets, load.name),
    )


def _is_fit(person: Staff) -> bool:
    return person.state == "active" and ROLE in (person.role, *person.extra_roles)


def open_tickets(session: Session, *, limit: int = 200) -> Sequence[Ticket]:
    """Open ones, those of nobody first, then by due time; pick-ups of the office's own are among them."""
    waiting = select(Ticket).where(Ticket.state.in_(OPEN_STATES))
    return session.scalars(
        waiting.order_by(Ticket.assigned_to.is_not(None), Ticket.category == PICK_UP, Ticket.due_at).limit(limit)
    ).all()


def assign_ticket(session: Session, *, ticket_id: Id, staff_id: Id, actor: str, now: datetime) -> Ticket:
    """Give it to the technician and tell him, a fault as a visit; the same once more changes nothing.

    Raises NotFound, TicketClosed, TechnicianUnfit, JobMoveRefused.
    """
    person = session.get(Staff, staff_id)
    if person is None or not _is_fit(person):
        raise TechnicianUnfit("Tickets go to technicians at work: choose one from the list")
    ticket, visit = session.get(Ticket, ticket_id), open_job_of_ticket(session, ticket_id)
    needs_visit = ticket is not None and ticket.state in OPEN_STATES and ticket.category in VISITED
    has_visit = not needs_visit or (visit is not None and visit.assigned_to == staff_id)
    if ticket is not None and ticket.state in OPEN_STATES and ticket.assigned_to == staff_id and has_visit:
        return ticket
    ticket = tickets.assign_ticket(session, ticket_id=ticket_id, staff_id=staff_id)
    note = tickets.add_note(session, ticket_id=ticket.id, author=actor, public=False, body=f"given to {person.name}")
    if needs_visit or visit is not None:
        job = plan_ticket_visit(session, ticket_id=ticket.id, actor=actor, now=now)
        give_visit(session, job_id=job.id, staff_id=staff_id, actor=actor, now=now)
        return ticket
    customer = session.get_one(Customer, ticket.customer_id)
    place = session.scalar(select(SubZone.name).where(SubZone.id == customer.sub_zone_id)) or ""
    facts = {"ticket": ticket.number, "customer": customer.name, "place": place}
    tell_employee(
        session, staff=person, words=lambda language: SAID.get(language, SAID["en"]).format(**facts),
        dedupe_key=f"assigned:{note.id}", now=now,
    )  # fmt: skip
    return ticket
