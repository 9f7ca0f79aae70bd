"""A manager's yes to a request for a connection: installed at once or surveyed first, by whom it fits best."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.crm.lead_models import Lead
from core.errors import NotFound
from core.ids import Id
from core.service_desk.job_models import Job
from core.usecases.connect_lead import approve_lead
from core.usecases.plan_visit import give_to_best, plan_lead_visit


def agree_connection(session: Session, *, lead_id: Id, survey: bool, actor: str, now: datetime) -> Job:
    """Approve the request as `approve_lead` does, or with `survey` send somebody to look at the place before that.

    The visit goes to the best technician with room, who hears it; else it waits on the board. Who asked is told of a
    new state by the caller. Raises what `approve_lead` and `plan_lead_visit` raise.
    """
    lead = session.get(Lead, lead_id)
    if lead is None:
        raise NotFound("There is no such request")
    if survey:
        job = plan_lead_visit(session, lead_id=lead_id, kind="survey", actor=actor, now=now)
    else:
        job = approve_lead(session, number=lead.number, actor=actor, now=now)
    return give_to_best(session, job_id=job.id, actor=actor, now=now) or job
