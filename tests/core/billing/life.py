"""Short ways to make what the tests of an invoice's life start from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import CreditNoteLine, Invoice, InvoiceLine
from core.billing.invoices import issue_charges
from core.billing.payment_models import Payment
from core.billing.payments import record_payment
from core.billing.plan_models import BillingPolicy, Plan, TaxRate
from core.billing.subscription_models import PendingCharge
from core.billing.tax_table import add_tax_rate
from core.crm.models import Customer
from core.ids import Id, new_id
from core.money import ZERO
from tests.builders import make_plan
from tests.cast import NOW, TODAY

ACCOUNTS = {"internet": "4000", "equipment": "4030", "installation": "4020", "deposit": "2210"}


def policy(session: Session) -> BillingPolicy:
    return session.scalars(select(BillingPolicy)).one()


def no_taxes(session: Session) -> None:
    session.execute(delete(TaxRate))


def only_tax(session: Session, percent: str, *, rounding: str = "line") -> None:
    no_taxes(session)
    policy(session).tax_rounding = rounding
    add_tax_rate(
        session, code="VAT", name="VAT", kind="sales_tax", base="net", percent=Decimal(percent), account_code="2100",
        valid_from=date(2020, 1, 1),
    )  # fmt: skip


def bill(session: Session, customer: Customer, *charges: tuple[str, str], on: date = TODAY) -> Invoice:
    """An invoice of (net amount, service class) charges."""
    rows = [
        PendingCharge(
            id=new_id(), customer_id=customer.id, service_class=kind, description=f"{kind} {amount}",
            unit_price=Decimal(amount), amount=Decimal(amount), account_code=ACCOUNTS[kind], bill_from=on,
            idempotency_key=str(new_id()), created_by="test",
        )
        for amount, kind in charges
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return issue_charges(
        session, customer_id=customer.id, issued_on=on, actor="test", charge_ids=[row.id for row in rows]
    )


def pay(session: Session, customer_id: Id, amount: str, *, on: date = TODAY) -> Payment:
    return record_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method="cash", received_on=on,
        idempotency_key=str(new_id()), taken_by="test", now=NOW,
    )  # fmt: skip


def prepaid_plan(session: Session, *, price: str = "1000.00", days: int = 30, mbps: int = 8) -> Plan:
    plan = make_plan(session, price=price, mbps=mbps)
    plan.validity_days = days
    session.flush()
    return plan


def net_of_line(session: Session, line_id: Id) -> Decimal:
    """What a subscription line was billed, less what was credited of it."""
    lines = select(InvoiceLine.id).where(InvoiceLine.subscription_line_id == line_id)
    billed = session.scalar(select(func.sum(InvoiceLine.amount)).where(InvoiceLine.id.in_(lines))) or ZERO
    back = session.scalar(select(func.sum(CreditNoteLine.amount)).where(CreditNoteLine.invoice_line_id.in_(lines)))
    return billed - (back or ZERO)
