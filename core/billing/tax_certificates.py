"""Advance income tax collected from customers, for the yearly certificate they ask for (reference money 1.4, s.236)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.money import ZERO, rounded

ACCOUNT = "2110"


class TaxYearInvalid(DomainError):
    """A tax year is named by the calendar year it starts in."""


@dataclass(frozen=True)
class InvoiceTax:
    """The tax of one invoice: what was charged, and what of it the customer paid within the year."""

    number: str
    issued_on: date
    base: Decimal
    percent: Decimal
    charged: Decimal
    collected: Decimal


@dataclass(frozen=True)
class TaxCertificate:
    """What one customer paid of the tax in a tax year, as its certificate needs it."""

    customer_id: Id
    number: str
    name: str
    cnic: str
    tax_number: str
    year_from: date
    year_to: date
    """The last day."""
    collected: Decimal
    invoices: tuple[InvoiceTax, ...]


_TAXED = text("""
    WITH tax AS (
        SELECT l.invoice_id, sum(l.amount) AS tax, max(l.tax_percent) AS percent, sum(l.tax_base) AS base
          FROM invoice_line l WHERE l.kind = 'tax' AND l.account_code = :account GROUP BY l.invoice_id)
    SELECT i.customer_id, i.id, i.number, i.issued_on, i.total, t.tax, t.percent, t.base,
           coalesce(paid.before, 0) AS paid_before, coalesce(paid.after, 0) AS paid_after,
           coalesce(given.before, 0) AS given_before, coalesce(given.after, 0) AS given_after
      FROM tax t
      JOIN invoice i ON i.id = t.invoice_id
      LEFT JOIN LATERAL (
           SELECT sum(a.amount) FILTER (WHERE a.allocated_on < :first) AS before, sum(a.amount) AS after
             FROM allocation a
            WHERE a.invoice_id = i.id AND a.payment_id IS NOT NULL AND a.allocated_on <= :last) paid ON true
      LEFT JOIN LATERAL (
           SELECT sum(c.amount) FILTER (WHERE n.issued_on < :first) AS before, sum(c.amount) AS after
             FROM credit_note n
             JOIN credit_note_line c ON c.credit_note_id = n.id
             JOIN invoice_line l ON l.id = c.invoice_line_id
            WHERE n.invoice_id = i.id AND n.issued_on <= :last AND l.kind = 'tax' AND l.account_code = :account
           ) given ON true
     WHERE i.state NOT IN ('draft', 'void') AND i.issued_on <= :last AND i.total > 0
       AND (CAST(:customer AS uuid) IS NULL OR i.customer_id = :customer)
     ORDER BY i.customer_id, i.issued_on, i.id
""").bindparams(bindparam("account", ACCOUNT))
_CUSTOMERS = text("SELECT id, number, name, cnic, tax_number FROM customer WHERE id = ANY(:ids) ORDER BY number, id")


def tax_certificates(session: Session, *, year: int, customer_id: Id | None = None) -> list[TaxCertificate]:
    """The advance income tax collected in the tax year that starts in `year`, by customer, of all or of one.

    The year is the company's fiscal year, July to June in Pakistan. Tax counts when it is paid: of each invoice the
    share that payments settled by the last day, less what was settled before the first, at most the tax that credit
    notes left. Who paid none has no certificate. Raises TaxYearInvalid.
    """
    if not 2000 <= year <= 2200:
        raise TaxYearInvalid(f"There is no tax year {year}: name the calendar year it starts in")
    month = current_company(session).fiscal_year_start_month
    first, after = date(year, month, 1), date(year + 1, month, 1)
    last = date.fromordinal(after.toordinal() - 1)
    session.flush()
    rows = session.execute(_TAXED, {"first": first, "last": last, "customer": customer_id}).all()
    taxes: dict[Id, list[InvoiceTax]] = {}
    for row in rows:
        before = _collected(row.paid_before, row.given_before, row)
        collected = _collected(row.paid_after, row.given_after, row) - before
        if collected:
            entry = InvoiceTax(row.number, row.issued_on, row.base, row.percent, row.tax - row.given_after, collected)
            taxes.setdefault(row.customer_id, []).append(entry)
    customers = session.execute(_CUSTOMERS, {"ids": list(taxes)}).all()
    return [
        TaxCertificate(
            customer.id, customer.number, customer.name, customer.cnic, customer.tax_number, first, last,
            sum((invoice.collected for invoice in taxes[customer.id]), ZERO), tuple(taxes[customer.id]),
        )
        for customer in customers
    ]  # fmt: skip


def _collected(paid: Decimal, credited: Decimal, row: Any) -> Decimal:
    """The tax in what was paid of an invoice by a day."""
    tax: Decimal = row.tax
    return min(rounded(paid * tax / row.total), tax - credited)


def certificate_rows(certificates: Sequence[TaxCertificate]) -> list[tuple[object, ...]]:
    """One row an invoice, for a sheet: customer, CNIC, NTN, invoice, day, base, percent, charged, collected."""
    return [
        (certificate.number, certificate.name, certificate.cnic, certificate.tax_number, invoice.number,
         invoice.issued_on, invoice.base, invoice.percent, invoice.charged, invoice.collected)
        for certificate in certificates
        for invoice in certificate.invoices
    ]  # fmt: skip
