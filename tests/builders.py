"""Plain functions that make what a test needs, and nothing else."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.plan_models import Plan
from core.billing.plans import add_plan
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import start_subscription
from core.crm.models import Customer, CustomerPhone, Site
from core.ids import Id, new_id
from core.numbering import next_number
from core.staff.models import Staff
from tests.cast import TestCompany

_phones = itertools.count(3_001_000_000)


def a_phone() -> str:
    return f"+92{next(_phones)}"


def make_customer(
    session: Session, company: TestCompany, *, name: str = "Ayesha Khan", phone: str | None = None
) -> Customer:
    customer = Customer(
        id=new_id(), number=next_number(session, "customer"), name=name, cnic="3520212345671",
        sub_zone_id=company.sub_zone_id,
    )  # fmt: skip
    site = Site(id=new_id(), customer_id=customer.id, address="House 4, Street 7", connection_type="fibre")
    session.add(customer)
    session.flush()
    session.add_all([site, CustomerPhone(id=new_id(), customer_id=customer.id, phone=phone or a_phone())])
    session.flush()
    return customer


def make_plan(session: Session, *, price: str = "2500.00", mbps: int = 20) -> Plan:
    """The company's plan of that speed, which is made where there is none."""
    known = session.scalar(select(Plan).where(Plan.code == f"F{mbps}"))
    return known or add_plan(
        session, code=f"F{mbps}", name=f"Fiber {mbps}", download_mbps=mbps, upload_mbps=mbps,
        price=Decimal(price), valid_from=date(2026, 1, 1),
    )  # fmt: skip


def make_subscription(session: Session, customer: Customer, plan: Plan) -> Subscription:
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id,
        started_on=date(2026, 1, 1), billing_day=1,
    )  # fmt: skip


def make_invoice(session: Session, subscription_id: Id, *, month: date = date(2026, 11, 1)) -> Invoice:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return issue_subscription_invoice(
        session, subscription_id=subscription_id, period_start=month, period_end=following, issued_on=month,
        due_on=month.replace(day=10), actor="test",
    )  # fmt: skip


def make_staff(session: Session, company: TestCompany, *, role: str, name: str = "Tariq", phone: str = "") -> Staff:
    staff = Staff(id=new_id(), name=name, role=role, phone=phone or a_phone(), area_id=company.area_id)
    session.add(staff)
    session.flush()
    return staff


def customer_who_owes(session: Session, company: TestCompany, phone: str) -> Customer:
    """Rs 3,435.63 for November, due on the 10th, so overdue on the tests' day."""
    customer = make_customer(session, company, phone=phone)
    subscription = make_subscription(session, customer, make_plan(session))
    make_invoice(session, subscription.id)
    return customer
