"""The head of a company's documents."""

from __future__ import annotations

from core import vault
from core.billing.invoice_models import Invoice
from core.companies import Company
from core.printing.page import Letterhead


def letterhead_of(company: Company) -> Letterhead:
    """The company as it is today, for documents that are not frozen; raises DocumentUnreadable for a lost logo."""
    numbers = (("NTN", company.tax_number), ("STRN", company.sales_tax_number))
    return Letterhead(company.name, company.address, numbers, logo_of(company))


def letterhead_of_invoice(invoice: Invoice, company: Company) -> Letterhead:
    """The seller as he was frozen into the invoice."""
    numbers = (("NTN", invoice.seller_tax_number), ("STRN", invoice.seller_sales_tax_number))
    return Letterhead(invoice.seller_name or company.name, invoice.seller_address, numbers, logo_of(company))


def logo_of(company: Company) -> bytes | None:
    """The picture printed on documents, if the company has one."""
    return vault.get(company.logo_sha256) if company.logo_sha256 else None
