"""What a technician has to know for a job of his own, and nothing about money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import vault
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.crm.lead_models import Lead
from core.crm.models import Customer, CustomerPhone
from core.ids import Id
from core.inventory.models import Item
from core.network.models import Access
from core.service_desk.checklists import missing_of
from core.service_desk.job_models import Job, JobLine
from core.service_desk.jobs import previous_visits
from core.service_desk.models import Ticket
from core.service_desk.secrets import read_secret
from core.service_desk.signals import last_reading


@dataclass(frozen=True)
class JobFacts:
    """A job as its technician sees it."""

    job: Job
    name: str
    number: str
    """The customer's, or the request's."""
    phone: str
    """Whom to call, E.164."""
    plan: str
    speed_mbps: int | None
    username: str
    password: str
    """Of the PPPoE account; shown for installations, repairs and relocations only."""
    equipment: Sequence[str]
    last_dbm: Decimal | None
    wished_wifi: str | None
    said: str
    """The complaint in the customer's words."""
    visits: Sequence[Job]
    missing: Sequence[JobLine]


def job_facts(session: Session, job: Job) -> JobFacts:
    """Everything about one job; the caller has made sure that it is the technician's own."""
    customer = session.get(Customer, job.customer_id) if job.customer_id else None
    lead = session.get(Lead, job.lead_id) if job.lead_id else None
    ticket = session.get(Ticket, job.ticket_id) if job.ticket_id else None
    line = _line(session, job)
    plan = session.get(Plan, lead.plan_id) if lead and lead.plan_id else line[0] if line else None
    reading = last_reading(session, site_id=job.site_id)
    return JobFacts(
        job=job, name=customer.name if customer else lead.name if lead else "",
        number=customer.number if customer else lead.number if lead else "",
        phone=_phone(session, job, lead), plan=plan.name if plan else "",
        speed_mbps=plan.download_mbps if plan else None,
        username=line[1].username if line else "", password=_password(job, line[1]) if line else "",
        equipment=_equipment(session, job.customer_id), last_dbm=reading.dbm if reading else None,
        wished_wifi=read_secret(session, ticket_id=ticket.id) if ticket else None,
        said=ticket.description if ticket else "", visits=previous_visits(session, job), missing=missing_of(job),
    )  # fmt: skip


def _line(session: Session, job: Job) -> tuple[Plan, Access] | None:
    if job.customer_id is None:
        return None
    query = (
        select(Plan, Access).join(Subscription, Subscription.plan_id == Plan.id)
        .join(Access, Access.subscription_id == Subscription.id)
        .where(Subscription.customer_id == job.customer_id, Subscription.state != "ended")
        .order_by(Subscription.site_id != job.site_id, Subscription.started_on)
    )  # fmt: skip
    if job.subscription_id is not None:
        query = query.where(Subscription.id == job.subscription_id)
    elif job.kind == "installation":
        return None
    row = session.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def _password(job: Job, access: Access) -> str:
    needed = job.kind in ("installation", "repair", "relocation") and access.sealed_password
    return vault.unseal(access.sealed_password) if needed else ""


def _phone(session: Session, job: Job, lead: Lead | None) -> str:
    if job.customer_id is not None:
        numbers = select(CustomerPhone.phone).where(CustomerPhone.customer_id == job.customer_id)
        return session.scalars(numbers.order_by(CustomerPhone.id).limit(1)).first() or ""
    return lead.phone if lead else ""


def _equipment(session: Session, customer_id: Id | None) -> list[str]:
    if customer_id is None:
        return []
    items = session.scalars(
        select(Item).where(Item.holder_kind == "customer", Item.holder_id == customer_id).order_by(Item.serial)
    )
    return [f"{item.type.name} {item.serial}" for item in items]
