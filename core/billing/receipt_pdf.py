"""A payment's receipt as a PDF: what was received, what it settled, what was owed right after it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.letterhead import letterhead_of
from core.billing.payment_models import Allocation, Payment
from core.companies import Company, current_company
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO
from core.printing.figures import amount_text, day_text, figures
from core.printing.page import QUIET, Column, Page
from core.staff.models import Staff


def receipt_pdf(session: Session, *, payment_id: Id, language: str = "en") -> tuple[str, bytes]:
    """`(file name, PDF)` of a receipt in `language`; printed again later it shows the same figures."""
    payment = session.get_one(Payment, payment_id)
    customer = session.get_one(Customer, payment.customer_id)
    company = current_company(session)
    page = Page(letterhead_of(company), title=f"Receipt {payment.number}", language=language)
    _heading(session, page, payment, customer)
    settled = _settled(session, payment)
    _settlement(page, company, payment, settled)
    owed = amount_text(owed_after(session, payment=payment), language, company.currency, places=True)
    page.pair(page.word("balance_after"), owed, bold=True, size=12)
    return f"{payment.number}.pdf", page.output()


def _heading(session: Session, page: Page, payment: Payment, customer: Customer) -> None:
    page.text(f"{page.word('receipt')} {payment.number}", size=14, bold=True)
    if payment.state != "received":
        page.stamp(page.word(payment.state))
    agent = session.get(Staff, payment.collected_by) if payment.collected_by else None
    page.facts(("day", day_text(payment.received_on, page.language)), ("method", page.word(payment.method)))
    page.facts(("reference", payment.reference), ("taken_by", agent.name if agent else ""))
    page.gap()
    page.text(page.word("received_from"), size=9, colour=QUIET)
    page.text(customer.name, bold=True)
    page.facts(("account", customer.number))
    page.gap()


def _settlement(page: Page, company: Company, payment: Payment, settled: Sequence[tuple[str, Decimal]]) -> None:
    columns = (Column(page.word("invoice"), 120), Column(page.word("settled"), 54, True))
    if settled:
        page.table(columns, [(number, figures(amount)) for number, amount in settled])
    parts = (
        ("amount_received", payment.amount), ("income_tax_withheld", payment.withheld_income_tax),
        ("sales_tax_withheld", payment.withheld_sales_tax),
        ("in_advance", _whole(payment) - sum((amount for _, amount in settled), ZERO)),
    )  # fmt: skip
    for key, amount in parts:
        if amount or key == "amount_received":
            page.pair(page.word(key), amount_text(amount, page.language, company.currency, places=True))


def _whole(payment: Payment) -> Decimal:
    return payment.amount + payment.withheld_income_tax + payment.withheld_sales_tax


def _settled(session: Session, payment: Payment) -> list[tuple[str, Decimal]]:
    """Invoice numbers with what the payment settled of them on the spot."""
    rows = session.execute(
        select(Invoice.number, func.sum(Allocation.amount))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payment_id == payment.id, Allocation.created_at <= payment.created_at)
        .group_by(Invoice.id)
        .order_by(Invoice.due_on, Invoice.number)
    )
    return [(number or "", amount) for number, amount in rows if amount]


def owed_after(session: Session, *, payment: Payment) -> Decimal:
    """What the customer still owed right after `payment`, from what was in the books at that instant."""
    billed = session.scalar(
        select(func.sum(Invoice.total)).where(
            Invoice.customer_id == payment.customer_id, Invoice.state.not_in(("draft", "void")),
            Invoice.created_at <= payment.created_at,
        )
    )  # fmt: skip
    settled = session.scalar(
        select(func.sum(Allocation.amount))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(
            Invoice.customer_id == payment.customer_id, Invoice.state.not_in(("draft", "void")),
            Invoice.created_at <= payment.created_at, Allocation.created_at <= payment.created_at,
        )
    )  # fmt: skip
    return (billed or ZERO) - (settled or ZERO)
