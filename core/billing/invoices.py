"""Invoices: drafted with their lines, then issued with number and journal entry, frozen from then on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import apply_advance
from core.billing.invoice_models import Invoice, InvoiceLine
from core.billing.periods import period_containing
from core.billing.plan_models import Plan
from core.billing.plans import price_on
from core.billing.subscription_models import Subscription
from core.billing.taxes import TaxLine, tax_lines, taxes_on
from core.companies import current_company
from core.crm.models import Customer, Site
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.money import ZERO, rounded
from core.numbering import fiscal_year_of, next_number

RECEIVABLE = "1100"
SUBSCRIPTION_INCOME = "4000"


class AlreadyInvoiced(DomainError):
    """That period of that subscription has its invoice."""


@dataclass(frozen=True)
class Charge:
    """What is charged, before tax."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    account_code: str


def issue_subscription_invoice(
    session: Session, *, subscription_id: Id, period_start: date, period_end: date, issued_on: date, due_on: date,
    actor: str, origin: str = "",
) -> Invoice:  # fmt: skip
    """Bill `[period_start, period_end)` of a subscription; a part of a period by its actual days.

    The customer's advance settles it at once. Raises AlreadyInvoiced.
    """
    subscription = session.get_one(Subscription, subscription_id)
    _refuse_second(session, subscription_id, period_start)
    charge = _period_charge(session, subscription, period_start, period_end)
    taxes = tax_lines(charge.amount, taxes_on(session, day=issued_on))
    invoice = _draft(session, subscription, charge, taxes)
    invoice.period_start, invoice.period_end = period_start, period_end
    _issue(session, invoice, issued_on, due_on)
    _post(session, invoice, charge, taxes, actor=actor, origin=origin)
    apply_advance(session, invoice=invoice, day=issued_on, actor=actor, origin=origin)
    return invoice


def _refuse_second(session: Session, subscription_id: Id, period_start: date) -> None:
    first = select(Invoice.number).where(
        Invoice.subscription_id == subscription_id, Invoice.period_start == period_start
    )
    number = session.scalar(first)
    if number is not None:
        raise AlreadyInvoiced(f"The period from {period_start} is billed by {number}")


def _period_charge(session: Session, subscription: Subscription, start: date, end: date) -> Charge:
    plan: Plan = subscription.plan
    price = price_on(session, plan_id=plan.id, day=start)
    whole_start, whole_end = period_containing(start, subscription.billing_day)
    used, whole = (end - start).days, (whole_end - whole_start).days
    amount = rounded(price * used / whole)
    last_day = date.fromordinal(end.toordinal() - 1)
    return Charge(f"{plan.name}, {start:%d %b %Y} - {last_day:%d %b %Y}", Decimal(1), amount, amount,
                  SUBSCRIPTION_INCOME)  # fmt: skip


def _draft(session: Session, subscription: Subscription, charge: Charge, taxes: list[TaxLine]) -> Invoice:
    customer = session.get_one(Customer, subscription.customer_id)
    site = session.get_one(Site, subscription.site_id)
    tax = sum((line.amount for line in taxes), ZERO)
    total = charge.amount + tax
    invoice = Invoice(
        id=new_id(), customer_id=customer.id, subscription_id=subscription.id, kind="subscription",
        reason="period", state="draft",
        currency=current_company(session).currency, customer_name=customer.name, customer_address=site.address,
        net=charge.amount, tax=tax, total=total, balance=total,
    )  # fmt: skip
    invoice.lines = [
        InvoiceLine(
            id=new_id(), position=1, kind="charge", description=charge.description, quantity=charge.quantity,
            unit_price=charge.unit_price, amount=charge.amount, account_code=charge.account_code,
        ),
        *(_tax_line(position, line) for position, line in enumerate(taxes, 2)),
    ]  # fmt: skip
    session.add(invoice)
    session.flush()
    return invoice


def _tax_line(position: int, line: TaxLine) -> InvoiceLine:
    return InvoiceLine(
        id=new_id(), position=position, kind="tax", description=line.name, quantity=Decimal(1),
        unit_price=line.amount, amount=line.amount, tax_code=line.code, tax_percent=line.percent,
        tax_base=line.base, account_code=line.account_code,
    )  # fmt: skip


def _issue(session: Session, invoice: Invoice, issued_on: date, due_on: date) -> None:
    year = fiscal_year_of(issued_on, current_company(session).fiscal_year_start_month)
    invoice.number = next_number(session, "invoice", fiscal_year=year)
    invoice.issued_on, invoice.due_on = issued_on, due_on
    invoice.state = "issued"
    session.flush()


def _post(session: Session, invoice: Invoice, charge: Charge, taxes: list[TaxLine], *, actor: str, origin: str) -> None:
    assert invoice.issued_on is not None
    credits = [Line(charge.account_code, -charge.amount), *(Line(t.account_code, -t.amount) for t in taxes)]
    if invoice.total:
        post_entry(
            session, kind="invoice", source_id=invoice.id, posted_on=invoice.issued_on, actor=actor, origin=origin,
            lines=[Line(RECEIVABLE, invoice.total, invoice.customer_id), *credits], memo=invoice.number or "",
        )  # fmt: skip


def invoices_of(session: Session, *, customer_id: Id, limit: int = 12) -> list[Invoice]:
    """A customer's issued invoices, the newest first."""
    issued = select(Invoice).where(Invoice.customer_id == customer_id, Invoice.state != "draft")
    return list(session.scalars(issued.order_by(Invoice.issued_on.desc(), Invoice.number.desc()).limit(limit)))


def invoice_by_number(session: Session, *, number: str) -> Invoice:
    """The invoice printed as `number`; raises NotFound."""
    invoice = session.scalar(select(Invoice).where(Invoice.number == number))
    if invoice is None:
        raise NotFound(f"There is no invoice {number}")
    return invoice
