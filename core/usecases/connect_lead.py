"""From a request to a customer: the account is opened, the line started by the technician, billing begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import vault
from core.billing.charges import add_charge
from core.billing.drafts import NothingToBill
from core.billing.invoices import issue_subscription_invoice
from core.billing.subscription_models import Subscription
from core.clock import business_day
from core.companies import current_company
from core.crm.intake import add_customer
from core.crm.lead_models import Lead
from core.crm.leads import lead_by_number, move_lead
from core.crm.models import ContactAccount, Customer, Site
from core.errors import DomainError
from core.ids import Id, new_id
from core.money import ZERO
from core.network.models import Access
from core.service_desk.job_models import Job
from core.service_desk.job_policy import job_policy_of
from core.service_desk.jobs import Window, locked_job
from core.usecases.credit_connection import credit_connection
from core.usecases.plan_visit import plan_lead_visit
from core.usecases.start_service import start_service
from core.usecases.tell_welcome import tell_welcome


class LeadIncomplete(DomainError):
    """Something is missing without which no account can be opened; the text says what."""


@dataclass(frozen=True)
class Line:
    """What a technician types into the customer's box."""

    username: str
    password: str


def approve_lead(
    session: Session, *, number: str, actor: str, now: datetime, plan_id: Id | None = None, fee: Decimal | None = None,
    window: Window | None = None, note: str = "",
) -> Job:  # fmt: skip
    """Say yes: the account is opened at the place of the request, linked to who asked, and the installation planned.

    An existing customer gets a second site. `plan_id` and `fee` stand in for what was asked and the company's fee.
    Raises LeadIncomplete, LeadMoveRefused, NotFound, JobInvalid.
    """
    lead = lead_by_number(session, number=number, lock=True)
    lead.plan_id = plan_id or lead.plan_id
    lead.installation_fee = fee if fee is not None else lead.installation_fee
    _refuse_incomplete(lead)
    if lead.customer_id is None:
        _open_account(session, lead)
    else:
        _add_site(session, lead, lead.customer_id)
    move_lead(session, number=number, state="approved", author=actor, note=note, now=now)
    job = plan_lead_visit(session, lead_id=lead.id, kind="installation", actor=actor, now=now, window=window)
    job.site_id = lead.site_id
    session.flush()
    return job


def start_line(session: Session, *, job_id: Id, actor: str, now: datetime) -> Line:
    """Start the service of an installation, so that the technician can try it; asked again it gives the same line.

    The subscription begins today and the network shall have the account. Raises LeadIncomplete, and what
    `start_service` raises.
    """
    job = locked_job(session, job_id)
    if job.subscription_id is None:
        job.subscription_id = _start(session, job, business_day(now, current_company(session).timezone)).id
        session.flush()
    access = session.scalars(select(Access).where(Access.subscription_id == job.subscription_id)).one()
    return Line(access.username, vault.unseal(access.sealed_password))


def begin_billing(session: Session, job: Job, *, actor: str, now: datetime, origin: str) -> Subscription:
    """Installation fee and first period are billed, the connection counts for its technician, the customer is welcome.

    A prepaid line is billed its fee only; it opens with its first renewal.
    """
    lead = session.get_one(Lead, job.lead_id)
    subscription = session.get_one(Subscription, job.subscription_id)
    today = business_day(now, current_company(session).timezone)
    fee = lead.installation_fee if lead.installation_fee is not None else job_policy_of(session).installation_fee
    if fee > ZERO:
        add_charge(
            session, customer_id=subscription.customer_id, what="installation", amount=fee, bill_from=today,
            created_by=actor, idempotency_key=f"installation:{job.id}", subscription_id=subscription.id,
        )  # fmt: skip
    if subscription.plan.validity_days is None:
        try:
            issue_subscription_invoice(
                session, subscription_id=subscription.id, issued_on=today, actor=actor, origin=origin
            )
        except NothingToBill:
            subscription.next_bill_on = subscription.next_bill_on or today
    if job.assigned_to is not None:
        credit_connection(session, subscription_id=subscription.id, staff_id=job.assigned_to, role="installed")
    move_lead(session, number=lead.number, state="installed", author=actor, note=job.number, now=now,
              customer_id=subscription.customer_id)  # fmt: skip
    tell_welcome(session, subscription=subscription, now=now)
    return subscription


def _refuse_incomplete(lead: Lead) -> None:
    missing = [
        what for what, there in (
            ("the name", lead.name.strip()), ("a sub-zone of ours", lead.sub_zone_id), ("the plan", lead.plan_id),
            ("the address", lead.address.strip() or lead.latitude is not None),
        ) if not there
    ]  # fmt: skip
    if missing:
        raise LeadIncomplete(f"Request {lead.number} lacks {', '.join(missing)}: complete it first")


def _open_account(session: Session, lead: Lead) -> None:
    assert lead.sub_zone_id is not None
    customer, site = add_customer(
        session, name=lead.name, cnic="", sub_zone_id=lead.sub_zone_id, phones=[lead.phone] if lead.phone else [],
        address=lead.address or lead.place, latitude=lead.latitude, longitude=lead.longitude,
    )  # fmt: skip
    lead.customer_id, lead.site_id = customer.id, site.id
    if lead.contact_id is not None:
        session.add(ContactAccount(id=new_id(), contact_id=lead.contact_id, customer_id=customer.id, linked_by="staff"))
    session.flush()


def _add_site(session: Session, lead: Lead, customer_id: Id) -> None:
    site = Site(
        id=new_id(), customer_id=customer_id, address=lead.address or lead.place, latitude=lead.latitude,
        longitude=lead.longitude, connection_type="fibre",
    )  # fmt: skip
    session.add(site)
    session.flush()
    lead.site_id = site.id


def _start(session: Session, job: Job, today: date) -> Subscription:
    lead = session.get(Lead, job.lead_id) if job.lead_id else None
    if lead is None or lead.plan_id is None or job.customer_id is None or job.site_id is None:
        raise LeadIncomplete(f"Job {job.number} is for no approved request: the office approves it first")
    customer = session.get_one(Customer, job.customer_id)
    taken = session.scalar(
        select(Access.id).join(Subscription, Subscription.id == Access.subscription_id)
        .where(Subscription.customer_id == customer.id).limit(1)
    )  # fmt: skip
    username = customer.number.lower() if taken is None else f"{customer.number.lower()}-{job.number.lower()}"
    return start_service(
        session, customer_id=customer.id, site_id=job.site_id, plan_id=lead.plan_id, started_on=today,
        username=username,
    )  # fmt: skip
