"""What customers owed or had paid ahead before these books: each gets a document, so that it can be paid and used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.allocation import lock_customers
from core.billing.invoice_models import Invoice, InvoiceLine
from core.billing.payment_models import Payment
from core.companies import Company, current_company
from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.ledger.openings import OPENING_EQUITY, NothingToOpen, OpenedAlready
from core.money import ZERO, parse_amount
from core.numbering import fiscal_year_of, printed, reserve

RECEIVABLE, ADVANCES = "1100", "2200"
METHOD = "opening"


@dataclass(frozen=True)
class CustomerOpening:
    """Positive is owed since `due_on`, negative was paid ahead; `words` is printed on the invoice."""

    customer_id: Id
    amount: Decimal
    due_on: date
    words: str = "Balance brought forward"


def open_customer_accounts(
    session: Session, *, posted_on: date, openings: Sequence[CustomerOpening], by: str, origin: str
) -> int:
    """An invoice (reason `opening`, no tax) or a payment (method `opening`) each, against 3990; returns how many.

    A customer is opened once, unless his opening invoice was voided. Locks the customers. Raises OpenedAlready,
    NothingToOpen, NotFound, AmountInvalid, PeriodClosed.
    """
    brought = [opening for opening in openings if parse_amount(opening.amount) != 0]
    if not brought:
        raise NothingToOpen("No balance was given that is not zero")
    lock_customers(session, [opening.customer_id for opening in brought])
    customers = _customers(session, brought)
    company = current_company(session)
    owed = [opening for opening in brought if opening.amount > 0]
    ahead = [opening for opening in brought if opening.amount < 0]
    _open_invoices(session, company, customers, owed, posted_on, by, origin)
    _open_advances(session, ahead, posted_on, by, origin)
    return len(brought)


def _customers(session: Session, brought: Sequence[CustomerOpening]) -> dict[Id, Customer]:
    ids = [opening.customer_id for opening in brought]
    customers = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    billed = select(Invoice.customer_id).where(
        Invoice.reason == "opening", Invoice.state != "void", Invoice.customer_id.in_(ids), Invoice.kind == "other"
    )
    paid = select(Payment.customer_id).where(
        Payment.method == METHOD, Payment.state == "received", Payment.customer_id.in_(ids)
    )
    opened = set(session.scalars(billed.union_all(paid)))
    opened |= {customer_id for customer_id, times in Counter(ids).items() if times > 1}
    if missing := set(ids) - customers.keys():
        raise NotFound(f"There are no such customers: {', '.join(map(str, sorted(missing)[:10]))}")
    if opened:
        numbers = ", ".join(sorted(customers[customer_id].number for customer_id in opened)[:10])
        raise OpenedAlready(f"{numbers} would have two opening balances: void the opening invoice first, or leave it")
    return customers


def _open_invoices(
    session: Session, company: Company, customers: dict[Id, Customer], owed: Sequence[CustomerOpening],
    posted_on: date, by: str, origin: str,
) -> None:  # fmt: skip
    if not owed:
        return
    year = fiscal_year_of(posted_on, company.fiscal_year_start_month)
    numbers = reserve(session, "invoice", len(owed), fiscal_year=year)
    invoices = [_invoice(company, customers[opening.customer_id], opening, posted_on) for opening in owed]
    session.add_all(invoices)
    session.flush()
    # Lines can be written to a draft only, and a draft has no number.
    for invoice, number in zip(invoices, numbers, strict=True):
        invoice.number, invoice.state = printed("invoice", number, fiscal_year=year), "issued"
    session.flush()
    for invoice in invoices:
        post_entry(
            session, kind="opening_invoice", source_id=invoice.id, posted_on=posted_on, actor=by, origin=origin,
            memo=invoice.number or "",
            lines=[Line(RECEIVABLE, invoice.total, invoice.customer_id), Line(OPENING_EQUITY, -invoice.total)],
        )  # fmt: skip


def _invoice(company: Company, customer: Customer, opening: CustomerOpening, posted_on: date) -> Invoice:
    amount = opening.amount
    line = InvoiceLine(
        id=new_id(), position=1, kind="charge", description=opening.words, quantity=Decimal(1), unit_price=amount,
        amount=amount, account_code=OPENING_EQUITY,
    )  # fmt: skip
    return Invoice(
        id=new_id(), customer_id=customer.id, kind="other", reason="opening", state="draft", currency=company.currency,
        seller_name=company.name, seller_address=company.address, seller_tax_number=company.tax_number,
        seller_sales_tax_number=company.sales_tax_number, customer_name=customer.name,
        customer_tax_number=customer.tax_number, area_id=customer.sub_zone.area_id, issued_on=posted_on,
        due_on=opening.due_on, net=amount, tax=ZERO, total=amount, balance=amount, lines=[line],
    )  # fmt: skip


def _open_advances(
    session: Session, ahead: Sequence[CustomerOpening], posted_on: date, by: str, origin: str
) -> None:  # fmt: skip
    if not ahead:
        return
    numbers = reserve(session, "receipt", len(ahead))
    payments = [
        Payment(
            id=new_id(), number=printed("receipt", number), customer_id=opening.customer_id, method=METHOD,
            account_code=OPENING_EQUITY, amount=-opening.amount, unallocated=-opening.amount, received_on=posted_on,
            reference=opening.words, idempotency_key=f"opening:{opening.customer_id}:{number}", taken_by=by,
        )
        for opening, number in zip(ahead, numbers, strict=True)
    ]  # fmt: skip
    session.add_all(payments)
    session.flush()
    for payment in payments:
        post_entry(
            session, kind="opening_advance", source_id=payment.id, posted_on=posted_on, actor=by, origin=origin,
            memo=payment.number,
            lines=[Line(OPENING_EQUITY, payment.amount), Line(ADVANCES, -payment.amount, payment.customer_id)],
        )  # fmt: skip
