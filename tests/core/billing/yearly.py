"""Subscriptions that are billed for longer than a month, and what stands in 2220 of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.plan_models import Plan
from core.billing.plans import add_plan
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import start_subscription
from core.usecases.deferred_revenue import deferred_revenue
from core.usecases.earn_revenue import earn_revenue
from tests.builders import make_customer
from tests.cast import TestCompany
from tests.core.billing.ledger_checks import booked
from tests.core.billing.life import no_taxes


def long_plan(session: Session, *, price: str = "36500.00", months: int = 12) -> Plan:
    return add_plan(
        session, code=f"Y{months}-{price}", name=f"Fiber for {months} months", download_mbps=20, upload_mbps=20,
        price=Decimal(price), valid_from=date(2025, 1, 1), interval_months=months,
    )  # fmt: skip


def subscribe_for_long(
    session: Session, company: TestCompany, *, price: str = "36500.00", months: int = 12,
    started_on: date = date(2026, 1, 1), taxes: bool = False,
) -> Subscription:  # fmt: skip
    if not taxes:
        no_taxes(session)
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, started_on=started_on,
        plan_id=long_plan(session, price=price, months=months).id, billing_day=started_on.day,
    )  # fmt: skip


def bill(session: Session, subscription: Subscription, on: date = date(2026, 1, 1)) -> Invoice:
    return issue_subscription_invoice(session, subscription_id=subscription.id, issued_on=on, actor="test")


def earn_until(session: Session, today: date) -> list[Decimal]:
    """What each month that was over and not earned yet came to."""
    earned = []
    while (month := earn_revenue(session, today=today, actor="system")) is not None:
        earned.append(month.earned)
    return earned


def held(session: Session) -> tuple[Decimal, Decimal]:
    """What stands in 2220 and what is income, both credit positive; the report explains the former."""
    report = deferred_revenue(session, as_of=date(2060, 12, 31))
    assert (report.balance, report.other) == (-booked(session, "2220"), 0)
    return -booked(session, "2220"), -booked(session, "4000")
