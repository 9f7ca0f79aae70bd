"""A month's use of the line as a PDF, day by day."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from core.billing.letterhead import letterhead_of
from core.companies import current_company
from core.crm.models import Customer
from core.ids import Id
from core.network.usage import DayUse
from core.printing.figures import day_text, hours_text, volume_text
from core.printing.page import QUIET, Column, Page
from core.usecases.usage_of_customer import Allowance, CustomerUse, use_of_month


def usage_pdf(
    session: Session, *, customer_id: Id, month: date, today: date, language: str = "en"
) -> tuple[str, bytes]:  # fmt: skip
    """`(file name, PDF)` of the days of a calendar month up to `today`, in `language`."""
    customer = session.get_one(Customer, customer_id)
    use = use_of_month(session, customer_id=customer_id, month=month, today=today)
    name = f"Usage-{customer.number}-{month:%Y-%m}"
    page = Page(letterhead_of(current_company(session)), title=name, language=language)
    page.text(page.word("usage_report"), size=14, bold=True)
    page.text(customer.name, bold=True)
    page.facts(("account", customer.number))
    if use.days:
        first, last = (day_text(day.day, language) for day in (use.days[0], use.days[-1]))
        page.facts(("period", f"{first} – {last}"))
    page.gap()
    _days(page, use)
    page.pair(page.word("total_used"), volume_text(use.total, language), bold=True, size=12)
    for allowance in use.allowances:
        _allowance(page, allowance)
    return f"{name}.pdf", page.output()


def _days(page: Page, use: CustomerUse) -> None:
    columns = (
        Column(page.word("day"), 46), Column(page.word("download"), 32, True), Column(page.word("upload"), 32, True),
        Column(page.word("total_used"), 32, True), Column(page.word("online"), 32, True),
    )  # fmt: skip
    known = use.known_since
    rows = [_row(day, page.language) for day in use.days if known is not None and day.day >= known]
    if rows:
        page.table(columns, rows)
    else:
        page.text(page.word("nothing_measured"), colour=QUIET)


def _row(day: DayUse, language: str) -> tuple[str, str, str, str, str]:
    down, up, both = (volume_text(value, language) for value in (day.bytes_down, day.bytes_up, day.bytes))
    return day_text(day.day, language), down, up, both, hours_text(day.session_seconds)


def _allowance(page: Page, allowance: Allowance) -> None:
    used, included = (volume_text(value, page.language) for value in (allowance.used, allowance.included))
    page.gap(2)
    page.text(allowance.plan, bold=True)
    since, last = allowance.since, date.fromordinal(allowance.until.toordinal() - 1)
    page.facts(("period", f"{day_text(since, page.language)} – {day_text(last, page.language)}"))
    page.pair(page.word("included"), included)
    page.pair(page.word("used_of_it"), f"{used} ({allowance.percent}%)")
