"""What stories of field work need: a technician, a customer with a place, a lead, a job in hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crm.distance import Place
from core.crm.lead_models import Lead
from core.crm.leads import Wish, open_lead
from core.crm.models import Contact, Customer
from core.ids import Id, new_id
from core.messaging.models import OutboundMessage
from core.service_desk.job_models import Job
from core.service_desk.jobs import Window, plan_job
from core.service_desk.tickets import open_ticket
from core.staff.models import Staff
from core.usecases.plan_visit import give_visit, plan_ticket_visit, target_of_customer
from tests.builders import a_phone, make_customer, make_plan, make_staff
from tests.cast import NOW, TestCompany

GATE = Place(Decimal("31.520400"), Decimal("74.358700"))
NEXT_STREET = Place(Decimal("31.520900"), Decimal("74.359000"))
OTHER_TOWN = Place(Decimal("31.620400"), Decimal("74.358700"))
WINDOW = Window(NOW + timedelta(hours=1), NOW + timedelta(hours=3))


def a_technician(session: Session, company: TestCompany, name: str = "Tariq") -> Staff:
    staff = make_staff(session, company, role="technician", name=name)
    session.add(Contact(id=new_id(), phone=staff.phone, name=name, staff_id=staff.id))
    session.flush()
    return staff


def a_customer(session: Session, company: TestCompany, *, placed: bool = True) -> Customer:
    phone = a_phone()
    customer = make_customer(session, company, phone=phone)
    if placed:
        customer.sites[0].latitude, customer.sites[0].longitude = GATE.latitude, GATE.longitude
    session.add(Contact(id=new_id(), phone=phone, name=customer.name))
    session.flush()
    return customer


def a_job(session: Session, company: TestCompany, kind: str = "repair", *, placed: bool = True) -> Job:
    customer = a_customer(session, company, placed=placed)
    return plan_job(session, kind=kind, target=target_of_customer(session, customer.id), what="No light on the ONU",
                    actor="staff:boss", now=NOW, window=WINDOW)  # fmt: skip


def a_given_job(session: Session, company: TestCompany, kind: str = "repair", *, placed: bool = True) -> tuple[Job, Id]:
    job, technician = a_job(session, company, kind, placed=placed), a_technician(session, company)
    give_visit(session, job_id=job.id, staff_id=technician.id, actor="staff:boss", now=NOW)
    return job, technician.id


def a_ticket_job(session: Session, company: TestCompany) -> tuple[Job, Id]:
    customer, technician = a_customer(session, company), a_technician(session, company)
    ticket = open_ticket(session, customer_id=customer.id, category="no_internet", description="Laal light",
                         opened_by="test", now=NOW)  # fmt: skip
    job = plan_ticket_visit(session, ticket_id=ticket.id, actor="staff:boss", now=NOW, window=WINDOW)
    give_visit(session, job_id=job.id, staff_id=technician.id, actor="staff:boss", now=NOW)
    return job, technician.id


def a_lead(session: Session, company: TestCompany, *, fee: str | None = None) -> Lead:
    phone = a_phone()
    contact = Contact(id=new_id(), phone=phone, name="Sidra", language="ur")
    session.add(contact)
    session.flush()
    plan = make_plan(session)
    wish = Wish(name="Sidra Tariq", phone=phone, place="Gulberg III", sub_zone_id=company.sub_zone_id,
                address="House 9", latitude=GATE.latitude, longitude=GATE.longitude, plan_id=plan.id)  # fmt: skip
    lead = open_lead(session, wish=wish, contact_id=contact.id, customer_id=None, opened_by="test", now=NOW).lead
    lead.installation_fee = Decimal(fee) if fee else None
    session.flush()
    return lead


def said(session: Session) -> list[str]:
    return list(session.scalars(select(OutboundMessage.text).order_by(OutboundMessage.id)))
