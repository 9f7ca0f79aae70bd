"""Deposits that customers had paid before these books: each gets a document, so that it can be returned or set off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.allocation import lock_customers
from core.billing.credit_notes import DEPOSITS
from core.billing.invoice_models import Invoice, InvoiceLine
from core.billing.taxes import DEPOSIT
from core.companies import current_company
from core.crm.models import Customer
from core.errors import NotFound
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry
from core.ledger.openings import OPENING_EQUITY, NothingToOpen, OpenedAlready
from core.money import ZERO, AmountInvalid, parse_amount
from core.numbering import fiscal_year_of, printed, reserve


@dataclass(frozen=True)
class DepositOpening:
    """A deposit we hold of a customer; `words` is printed."""

    customer_id: Id
    amount: Decimal
    words: str = "Deposit brought forward"


def open_customer_deposits(
    session: Session, *, posted_on: date, deposits: Sequence[DepositOpening], by: str, origin: str
) -> list[Invoice]:
    """A paid invoice (reason `opening`) for each, 3990 to 2210; `return_deposit` gives it back like any other.

    A customer's deposits are opened once, unless that invoice was voided. Locks the customers. Raises OpenedAlready,
    NothingToOpen, NotFound, AmountInvalid, PeriodClosed.
    """
    if not deposits:
        raise NothingToOpen("No deposit was given")
    if any(parse_amount(deposit.amount) <= ZERO for deposit in deposits):
        raise AmountInvalid("A deposit that is held is more than zero")
    customers = _customers(session, [deposit.customer_id for deposit in deposits])
    company = current_company(session)
    year = fiscal_year_of(posted_on, company.fiscal_year_start_month)
    numbers = reserve(session, "invoice", len(deposits), fiscal_year=year)
    invoices = []
    for deposit in deposits:
        customer, amount = customers[deposit.customer_id], deposit.amount
        line = InvoiceLine(
            id=new_id(), position=1, kind="charge", description=deposit.words, quantity=Decimal(1), unit_price=amount,
            amount=amount, account_code=DEPOSITS, service_class=DEPOSIT,
        )  # fmt: skip
        invoices.append(Invoice(
            id=new_id(), customer_id=customer.id, kind="equipment", reason="opening", state="draft",
            currency=company.currency, seller_name=company.name, seller_address=company.address,
            seller_tax_number=company.tax_number, seller_sales_tax_number=company.sales_tax_number,
            customer_name=customer.name, customer_tax_number=customer.tax_number, area_id=customer.sub_zone.area_id,
            issued_on=posted_on, due_on=posted_on, net=amount, tax=ZERO, total=amount, balance=ZERO, lines=[line],
        ))  # fmt: skip
    session.add_all(invoices)
    session.flush()
    # Lines can be written to a draft only, and a draft has no number.
    for invoice, number in zip(invoices, numbers, strict=True):
        invoice.number, invoice.state = printed("invoice", number, fiscal_year=year), "paid"
    session.flush()
    for invoice in invoices:
        post_entry(
            session, kind="opening_invoice", source_id=invoice.id, posted_on=posted_on, actor=by, origin=origin,
            memo=invoice.number or "",
            lines=[Line(OPENING_EQUITY, invoice.total), Line(DEPOSITS, -invoice.total, invoice.customer_id)],
        )  # fmt: skip
    return invoices


def _customers(session: Session, ids: Sequence[Id]) -> dict[Id, Customer]:
    lock_customers(session, ids)
    customers = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    if missing := set(ids) - customers.keys():
        raise NotFound(f"There are no such customers: {', '.join(map(str, sorted(missing)[:10]))}")
    opened = set(
        session.scalars(
            select(Invoice.customer_id)
            .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
            .where(Invoice.reason == "opening", Invoice.state != "void", InvoiceLine.account_code == DEPOSITS,
                   Invoice.customer_id.in_(ids))
        )
    )  # fmt: skip
    opened |= {customer_id for customer_id in ids if ids.count(customer_id) > 1}
    if opened:
        numbers = ", ".join(sorted(customers[customer_id].number for customer_id in opened)[:10])
        raise OpenedAlready(f"{numbers} would have two opening deposits: void the first invoice, or give their sum")
    return customers
