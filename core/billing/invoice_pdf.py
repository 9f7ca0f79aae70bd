"""An invoice as a PDF, from its frozen lines alone; no system library is needed."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import segno
from babel.dates import format_date
from babel.numbers import format_currency
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice, InvoiceLine
from core.companies import Company, current_company
from core.crm.models import Customer
from core.ids import Id
from core.money import ZERO

INK = (30, 41, 59)
QUIET = (100, 116, 139)
ACCENT = (15, 118, 110)
RULE = (203, 213, 225)


def invoice_pdf(session: Session, *, invoice_id: Id) -> tuple[str, bytes]:
    """`(file name, PDF)` of an issued invoice; what is still owed on earlier ones stands apart."""
    invoice = session.get_one(Invoice, invoice_id)
    customer = session.get_one(Customer, invoice.customer_id)
    company = current_company(session)
    earlier = session.scalar(
        select(func.sum(Invoice.balance)).where(
            Invoice.customer_id == customer.id, Invoice.id != invoice.id, Invoice.balance > 0,
            Invoice.issued_on < invoice.issued_on,
        )
    ) or ZERO  # fmt: skip
    page = _Page(company)
    page.heading(invoice)
    page.parties(invoice, customer)
    page.lines(invoice)
    page.totals(invoice, earlier)
    page.how_to_pay(invoice, customer, earlier)
    return f"{invoice.number}.pdf", bytes(page.pdf.output())


class _Page:
    """One A4 page being drawn from top to bottom; millimetres."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.pdf = FPDF(format="A4")
        self.pdf.set_margins(18, 16, 18)
        self.pdf.add_page()
        self.pdf.set_title("Invoice")

    def heading(self, invoice: Invoice) -> None:
        self._write(self.company.name, size=16, bold=True, colour=ACCENT)
        self._write(self.company.address, size=9, colour=QUIET)
        taxes = [("NTN", self.company.tax_number), ("STRN", self.company.sales_tax_number)]
        self._write("   ".join(f"{name} {number}" for name, number in taxes if number), size=9, colour=QUIET)
        self.pdf.ln(6)
        self._write(f"Invoice {invoice.number}", size=14, bold=True)
        self._write(f"Issued {_day(invoice.issued_on)}     Due {_day(invoice.due_on)}", size=10)
        if invoice.period_start and invoice.period_end:
            last = date.fromordinal(invoice.period_end.toordinal() - 1)
            self._write(f"Period {_day(invoice.period_start)} to {_day(last)}", size=10)

    def parties(self, invoice: Invoice, customer: Customer) -> None:
        self.pdf.ln(4)
        self._write("Billed to", size=9, colour=QUIET)
        self._write(f"{invoice.customer_name}   ({customer.number})", bold=True)
        self._write(invoice.customer_address)
        if customer.cnic:
            self._write(f"CNIC *********{customer.cnic[-4:]}", size=9, colour=QUIET)
        self.pdf.ln(5)

    def lines(self, invoice: Invoice) -> None:
        self._rule()
        for line in invoice.lines:
            self._pair(_described(line), self._money(line.amount))
        self._rule()

    def totals(self, invoice: Invoice, earlier: Decimal) -> None:
        self._pair("Total of this invoice", self._money(invoice.total), bold=True)
        if invoice.balance != invoice.total:
            self._pair("Already paid", self._money(invoice.total - invoice.balance))
        if earlier:
            self._pair("Earlier balance", self._money(earlier))
        self._pair("Amount to pay", self._money(invoice.balance + earlier), bold=True, size=13)

    def how_to_pay(self, invoice: Invoice, customer: Customer, earlier: Decimal) -> None:
        self.pdf.ln(6)
        top = self.pdf.get_y()
        self._write("How to pay", bold=True)
        for way, number in self.company.payment_methods.items():
            self._write(f"{way}: {number}")
        self._write(f"Please write {customer.number} as the reference.", size=9, colour=QUIET)
        if self.company.support_phone:
            self._write(f"Questions: {self.company.support_phone}", size=9, colour=QUIET)
        picture = io.BytesIO()
        text = f"{invoice.number} {customer.number} {invoice.balance + earlier} {invoice.currency}"
        segno.make(text, error="m").save(picture, kind="png", scale=8, border=1)
        self.pdf.image(picture, x=157, y=top, w=34)

    def _write(self, text: str, *, size: int = 10, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        if not text:
            return
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(135, size * 0.55, _latin(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _pair(self, left: str, right: str, *, bold: bool = False, size: int = 10) -> None:
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.set_text_color(*INK)
        self.pdf.cell(124, size * 0.75, _latin(left))
        self.pdf.cell(50, size * 0.75, right, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _rule(self) -> None:
        self.pdf.set_draw_color(*RULE)
        y = self.pdf.get_y() + 1.5
        self.pdf.line(18, y, 192, y)
        self.pdf.ln(3)

    def _money(self, amount: Decimal) -> str:
        sign = "Rs" if self.company.currency == "PKR" else self.company.currency
        figures = format_currency(amount, self.company.currency, "#,##,##0.00", locale="en_PK", currency_digits=False)
        return f"{sign} {figures}"


def _described(line: InvoiceLine) -> str:
    if line.tax_percent is None or line.tax_base is None:
        return line.description
    return f"{line.description} {line.tax_percent.normalize():f}% of {line.tax_base:,.2f}"


def _day(value: date | None) -> str:
    return format_date(value, "d MMM y", locale="en_GB") if value else "-"


def _latin(text: str) -> str:
    """The built-in fonts know Latin-1 only; other letters show as question marks rather than break the bill."""
    return text.encode("latin-1", "replace").decode("latin-1")
