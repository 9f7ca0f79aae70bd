"""A payslip as a PDF: what was brought forward, earned, kept back and paid, as the books stand when it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from sqlalchemy.orm import Session

from core import vault
from core.companies import Company, current_company
from core.ids import Id
from core.money import ZERO
from core.printing.figures import amount_text, figures, plain
from core.printing.labels import ROLES
from core.printing.page import QUIET, Column, Letterhead, Page
from core.printing.phrases import phrased
from core.staff.payslips import Payslip, PayslipLine, payslip


def payslip_pdf(
    session: Session, *, staff_id: Id, month: date, language: str = "en", expected: bool = False
) -> tuple[str, bytes]:
    """`(file name, PDF)` of an employee's month in `language`; with `expected`, one that says that its salary is not
    booked yet. Raises NotFound, DocumentUnreadable for a lost logo."""
    slip = payslip(session, staff_id=staff_id, month=month, expected=expected)
    company = current_company(session)
    page = Page(_letterhead(company), title=f"Payslip {slip.month:%Y-%m}", language=language)
    _heading(page, slip)
    _lines(page, page.word("earnings"), slip.earnings)
    _lines(page, page.word("deductions"), (*slip.taxes, *slip.repayments))
    _sums(page, slip)
    if slip.debts_outstanding:
        page.gap()
        _lines(page, page.word("still_owed_by_him"), slip.debts_outstanding)
    return f"payslip-{slip.month:%Y-%m}-{staff_id}.pdf", page.output()


def _letterhead(company: Company) -> Letterhead:
    logo = vault.get(company.logo_sha256) if company.logo_sha256 else None
    return Letterhead(company.name, company.address, (("NTN", company.tax_number),), logo)


def _heading(page: Page, slip: Payslip) -> None:
    month = format_date(slip.month, "MMMM y", locale="ur" if page.rtl else "en_GB")
    page.text(f"{page.word('payslip')} {month}", size=14, bold=True)
    if slip.is_expected:
        page.text(page.word("salary_expected"), size=9, colour=QUIET)
    page.gap(2)
    page.text(page.word("employee"), size=9, colour=QUIET)
    page.text(slip.employee, bold=True)
    page.facts(("role", ROLES[slip.role][page.rtl]))
    page.facts(("days_paid", _days(slip.days)), ("days_absent", _days(slip.absence_days)))
    page.gap()


def _days(days: Decimal) -> str:
    return plain(days) if days else ""


def _lines(page: Page, title: str, lines: Sequence[PayslipLine]) -> None:
    if lines:
        columns = (Column(title, 124), Column(page.word("amount"), 50, True))
        page.table(columns, [(phrased(line.description, page.language), figures(line.amount)) for line in lines])
        page.gap(2)


def _sums(page: Page, slip: Payslip) -> None:
    """From what was brought forward to what is carried forward, so that the slip adds up."""

    def shown(amount: Decimal) -> str:
        return amount_text(amount, page.language, slip.currency, places=True)

    if slip.taxes:
        page.pair(page.word("earned"), shown(slip.earned))
    page.pair(page.word("net_pay"), shown(slip.net_pay), bold=True, size=12)
    page.rule()
    if slip.brought_forward:
        page.pair(page.word("brought_forward"), shown(slip.brought_forward))
    other = sum((line.amount for line in slip.other), ZERO)
    if other:
        page.pair(page.word("other_entries"), shown(other))
    if slip.payments:
        page.gap(2)
        _lines(page, page.word("paid_out"), slip.payments)
    page.pair(page.word("carried_forward"), shown(slip.carried_forward), bold=True)
