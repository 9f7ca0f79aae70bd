"""Reports of the books: one page for all of them, each drilled down to its postings and exported as it stands."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import abort, render_template, request

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.downloads import TABLES, exported
from admin_web.forms import Form, asked
from core.billing.ageing import receivable_ageing
from core.billing.tax_report import taxes_by_jurisdiction
from core.clock import utc_now
from core.errors import DomainError
from core.ledger.cash_flow import cash_flow
from core.ledger.export_text import export_books
from core.ledger.statements import (
    balance_sheet,
    movement_balance,
    profit_and_loss,
    revenue_by_plan_and_area,
    trial_balance,
)
from core.ledger.tax_dues import tax_dues
from core.usecases.availability import availability
from core.usecases.collection_rate import collected_by_agents, collection_rate
from core.usecases.cost_per_subscriber import cost_per_subscriber
from core.usecases.deferred_revenue import deferred_revenue
from core.usecases.export_report import export_report, names_of, tabulate

BOOKS_FORMATS = ("beancount", "hledger")
SPLITS = ("", "month", "area", "plan")


@dataclass(frozen=True)
class Asked:
    """The days a report is about."""

    first: date
    last: date
    by: str


@dataclass(frozen=True)
class Report:
    """`spans` tells whether it is about a span of days, or about its last day alone; `splits` by what it may split."""

    title: str
    make: Callable[[Books, Asked], Any]
    spans: bool = True
    splits: tuple[str, ...] = ()
    teach: str = ""
    """What the report is for, where its title does not say it."""


REPORTS: dict[str, Report] = {
    "trial-balance": Report("Trial balance", lambda b, a: trial_balance(b.session, as_of=a.last), spans=False),
    "movements": Report("Movements", lambda b, a: movement_balance(b.session, first=a.first, last=a.last)),
    "profit-and-loss": Report(
        "Profit and loss", lambda b, a: profit_and_loss(b.session, first=a.first, last=a.last, by=a.by), splits=SPLITS
    ),
    "balance-sheet": Report("Balance sheet", lambda b, a: balance_sheet(b.session, as_of=a.last), spans=False),
    "cash-flow": Report("Cash flow", lambda b, a: cash_flow(b.session, first=a.first, last=a.last)),
    "ageing": Report(
        "Receivable by age", lambda b, a: receivable_ageing(b.session, as_of=a.last, by=a.by), spans=False,
        splits=("", "area", "customer"),
    ),
    "collection": Report(
        "Collection rate",
        lambda b, a: collection_rate(b.session, first=a.first, last=a.last, as_of=b.today, by=a.by or "month"),
        splits=("month", "area", "plan"),
    ),
    "agents": Report("Collected by agents", lambda b, a: collected_by_agents(b.session, first=a.first, last=a.last)),
    "revenue": Report(
        "Revenue by plan and area", lambda b, a: revenue_by_plan_and_area(b.session, first=a.first, last=a.last)
    ),
    "cost": Report("Cost per subscriber", lambda b, a: cost_per_subscriber(b.session, first=a.first, last=a.last)),
    "deferred": Report(
        "Deferred revenue", lambda b, a: deferred_revenue(b.session, as_of=a.last), spans=False,
        teach="What was billed or sold in advance of the months it is for. It stands on 2220 and becomes income month"
              " by month; a recharge card when it is used.",
    ),
    "tax-dues": Report("Taxes owed", lambda b, a: tax_dues(b.session, first=a.first, last=a.last)),
    "taxes": Report(
        "Taxes by jurisdiction", lambda b, a: taxes_by_jurisdiction(b.session, first=a.first, last=a.last)
    ),
    "availability": Report(
        "Availability by area", lambda b, a: availability(b.session, first=a.first, last=a.last, now=utc_now()),
        teach="Confirmed outages against the time that is over. Customers are those with a running line today; their"
              " minutes are the minutes down of each sub-zone times its customers.",
    ),
}  # fmt: skip


@blueprint.get("/books")
@needs("ledger.view")
def reports() -> Page:
    return report("trial-balance")


@blueprint.get("/books/<name>")
@needs("ledger.view")
def report(name: str) -> Page:
    chosen = REPORTS.get(name) or abort(404)
    with books() as page:
        days, problem = _days(page, chosen)
        made = chosen.make(page, days)
        table = tabulate(made, names_of(page.session))
        rows = [list(row) for row in table.rows]
        return render_template("report.html", company=page.company, reports=REPORTS, name=name, report=chosen,
                               days=days, table=table, rows=rows, problem=problem)  # fmt: skip


def _days(page: Books, chosen: Report) -> tuple[Asked, str]:
    """What the address line asks for; this month where it says nothing, with the reason where it says nonsense."""
    usual = Asked(page.today.replace(day=1), page.today, chosen.splits[0] if chosen.splits else "")
    form = asked()
    try:
        split = form.choice("by", chosen.splits) if chosen.splits and form.text("by") else usual.by
        days = Asked(form.day("first", usual.first), form.day("last", usual.last), split)
    except DomainError as wrong:
        return usual, str(wrong)
    return (days, "") if days.first <= days.last else (usual, "The first day must not be after the last.")


@blueprint.get("/books/<name>.<format>")
@needs("ledger.view")
def report_file(name: str, format: str) -> Page:
    chosen = REPORTS.get(name) or abort(404)
    if format not in TABLES:
        abort(404)
    out = io.BytesIO()
    with books() as page:
        days, problem = _days(page, chosen)
        if problem:
            abort(400, problem)
        export_report(page.session, chosen.make(page, days), title=chosen.title, format=format, out=out)
    return exported(out.getvalue(), mime=TABLES[format], name=f"{name}-{days.last}.{format}")


@blueprint.get("/books/export/<format>")
@needs("ledger.view")
def books_file(format: str) -> Page:
    """The whole journal up to a day, for programs that are not ours."""
    if format not in BOOKS_FORMATS:
        abort(404)
    text = io.StringIO()
    with books() as page:
        last = _last_day(page, Form(request.args))
        export_books(page.session, format=format, last=last, out=text)
    return exported(text.getvalue().encode(), mime="text/plain; charset=utf-8", name=f"books-{last}.{format}")


def _last_day(page: Books, form: Form) -> date:
    try:
        return form.day("last", page.today)
    except DomainError as wrong:
        abort(400, str(wrong))


def month_before(day: date) -> date:
    """The first day of the month before that of `day`."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
