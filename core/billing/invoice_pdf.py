"""An invoice as a PDF, from what was frozen at issue; only what has been paid since is read afresh."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice, InvoiceLine
from core.billing.letterhead import letterhead_of_invoice
from core.companies import Company, current_company
from core.crm.models import Customer
from core.ids import Id
from core.printing.figures import amount_text, day_text, figures, plain
from core.printing.page import QUIET, Column, Page
from core.printing.phrases import phrased


def invoice_pdf(session: Session, *, invoice_id: Id, language: str = "en") -> tuple[str, bytes]:
    """`(file name, PDF)` of an issued invoice in `language`; what is owed on earlier ones stands apart."""
    invoice = session.get_one(Invoice, invoice_id)
    customer = session.get_one(Customer, invoice.customer_id)
    company = current_company(session)
    page = Page(letterhead_of_invoice(invoice, company), title=f"Invoice {invoice.number}", language=language)
    _heading(page, invoice)
    _parties(page, invoice, customer)
    _lines(page, invoice)
    _totals(page, invoice)
    if invoice.state in ("issued", "part_paid"):
        _how_to_pay(page, invoice, customer, company)
    return f"{invoice.number}.pdf", page.output()


def _heading(page: Page, invoice: Invoice) -> None:
    page.text(f"{page.word('invoice')} {invoice.number}", size=14, bold=True)
    if invoice.state in ("paid", "void"):
        page.stamp(page.word(invoice.state))
    issued, due = (_day(value, page.language) for value in (invoice.issued_on, invoice.due_on))
    page.facts(("issued", issued), ("due", due))
    if invoice.period_start and invoice.period_end:
        page.facts(("period", _span(invoice.period_start, invoice.period_end, page.language)))
    page.facts(("fiscal_number", invoice.fiscal_number))


def _parties(page: Page, invoice: Invoice, customer: Customer) -> None:
    page.gap()
    page.text(page.word("billed_to"), size=9, colour=QUIET)
    page.text(invoice.customer_name, bold=True)
    page.text(invoice.customer_address)
    page.facts(("account", customer.number))
    page.facts(("tax_number", invoice.customer_tax_number), size=9)
    page.gap()


def _lines(page: Page, invoice: Invoice) -> None:
    columns = (
        Column(page.word("description"), 92), Column(page.word("quantity"), 14, True),
        Column(page.word("price"), 24, True), Column(page.word("discount"), 20, True),
        Column(page.word("amount"), 24, True),
    )  # fmt: skip
    page.table(columns, [_charge(line, page.language) for line in invoice.lines if line.kind == "charge"])


def _charge(line: InvoiceLine, language: str) -> tuple[str, str, str, str, str]:
    discount = figures(line.discount) if line.discount else ""
    said = phrased(line.description, language)
    return said, plain(line.quantity), figures(line.unit_price), discount, figures(line.amount)


def _totals(page: Page, invoice: Invoice) -> None:
    page.pair(page.word("net"), _money(page, invoice, invoice.net))
    for line in invoice.lines:
        if line.kind != "charge":
            page.pair(phrased(_described(line), page.language), _money(page, invoice, line.amount))
    page.pair(page.word("total"), _money(page, invoice, invoice.total), bold=True)
    if invoice.balance != invoice.total:
        page.pair(page.word("paid_so_far"), _money(page, invoice, invoice.total - invoice.balance))
    if invoice.earlier_balance:
        page.pair(page.word("earlier_balance"), _money(page, invoice, invoice.earlier_balance))
    if invoice.balance:
        page.pair(page.word("to_pay"), _money(page, invoice, invoice.balance), bold=True, size=13)


def _described(line: InvoiceLine) -> str:
    if line.tax_percent is None or line.tax_base is None:
        return line.description
    return f"{line.description} ({plain(line.tax_percent)}% × {figures(line.tax_base)})"


def _how_to_pay(page: Page, invoice: Invoice, customer: Customer, company: Company) -> None:
    page.gap(6)
    ways = [f"{way}: {number}" for way, number in company.payment_methods.items()]
    facts = (("write_reference", customer.number), ("questions", company.support_phone))
    content = f"{invoice.number} {customer.number} {invoice.balance} {invoice.currency} {invoice.token}"
    page.beside_qr(content, page.word("how_to_pay"), ways, facts)


def _money(page: Page, invoice: Invoice, amount: Decimal) -> str:
    return amount_text(amount, "ur" if page.rtl else "en", invoice.currency, places=True)


def _day(value: date | None, language: str) -> str:
    return day_text(value, language) if value else "-"


def _span(start: date, end: date, language: str) -> str:
    """The first and the last day, both of them billed."""
    last = date.fromordinal(end.toordinal() - 1)
    return f"{day_text(start, language)} – {day_text(last, language)}"
