"""The invoice run: everybody billed once, in sets, whatever is broken and whenever it is stopped."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.plan_models import Plan
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import start_subscription
from core.db import company_session
from core.ids import Id
from core.usecases.run_invoices import run_invoices
from tests.builders import make_customer, make_plan
from tests.cast import NOW, TestCompany

DAY = date(2026, 11, 1)


def subscribe(session: Session, company: TestCompany, plan: Plan, *, started_on: date = DAY, **more: object) -> Id:
    customer = make_customer(session, company)
    subscription = start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id, started_on=started_on, **more
    )  # type: ignore[arg-type]
    return subscription.id


def bill(company: TestCompany, day: date = DAY, **more: object):
    return run_invoices(company.id, day, started_by="test", now=NOW, **more)


def test_a_run_bills_everybody_who_is_due_and_moves_them_on(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        due = [subscribe(session, company, plan) for _ in range(3)]
        later = subscribe(session, company, plan, started_on=date(2026, 11, 2))
    report = bill(company)
    assert (report.state, report.due, report.invoiced, report.problems) == ("done", 3, 3, 0)
    assert str(report.amount) == "10306.89"
    with company_session(company.id, "test") as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
        assert numbers == [f"INV-2026-27-00000{n}" for n in (1, 2, 3)]
        assert session.get_one(Subscription, due[0]).next_bill_on == date(2026, 12, 1)
        assert session.get_one(Subscription, later).billed_until is None
