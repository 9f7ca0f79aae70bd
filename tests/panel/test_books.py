"""The books in the panel: every report opens, drills down to its entries, and exports; closings and entries by hand."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select

from admin_web.views.reports import REPORTS
from cli.web import create_app
from core.billing.deferral_models import RevenueMonth
from core.db import company_session
from core.ledger.periods import close_period
from core.usecases.earn_revenue import revenue_to_earn
from tests.builders import a_phone, customer_who_owes
from tests.cast import NOW, TestCompany
from tests.core.billing.yearly import bill, subscribe_for_long
from tests.panel.visitors import SETTINGS, submit, visitor

SPAN = "first=2026-11-01&last=2026-11-30"


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def billed(company: TestCompany) -> TestCompany:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
    return company


def test_every_report_opens_split_in_every_way_it_offers(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    for name, report in REPORTS.items():
        for split in report.splits or ("",):
            answer = owner.get(f"/books/{name}?{SPAN}&by={split}")
            assert answer.status_code == 200, (name, split)
            assert report.title in answer.text


def test_every_report_is_exported_as_csv_and_xlsx_with_the_same_rows(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    for name in REPORTS:
        csv = owner.get(f"/books/{name}.csv?{SPAN}")
        sheet = load_workbook(io.BytesIO(owner.get(f"/books/{name}.xlsx?{SPAN}").data), read_only=True).active
        assert csv.status_code == 200 and sheet is not None
        assert len([line for line in csv.text.splitlines() if line]) == len([
            row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)
        ]), name  # fmt: skip


def test_a_figure_leads_to_its_postings_and_an_entry_to_its_cause(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    balance = owner.get(f"/books/trial-balance?{SPAN}").text
    assert "/accounts/1100" in balance
    account = owner.get("/accounts/1100?first=2026-11-01&last=2026-11-30").text
    assert "3,435.63" in account and "Ayesha Khan" in account
    entry = re.search(r"/entries/[0-9a-f-]{36}", account)
    assert entry
    shown = owner.get(entry[0]).text
    assert "Accounts receivable" in shown and "448.13" in shown and "invoice" in shown


def test_the_books_are_exported_as_text_for_other_programs(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    assert "Assets:" in owner.get("/books/export/beancount?last=2026-11-30").text
    assert "3435.63" in owner.get("/books/export/hledger?last=2026-11-30").text
    assert owner.get("/books/export/excel").status_code == 404


def test_a_month_is_closed_and_reopened_with_a_reason(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    assert "closed through 2026-10-31" in submit(owner, "/closing", through="2026-10-31").text
    assert (
        "open again from 2026-10-01" in submit(owner, "/closing/reopen", since="2026-10-01", reason="A late bill").text
    )
    history = owner.get("/closing").text
    assert "A late bill" in history and "Tariq" in history and "staff:" not in history


def test_revenue_of_months_that_are_over_is_shown_before_closing_and_earned_by_a_button(
    app: Flask, company: TestCompany
) -> None:
    with company_session(company.id, "test") as session:
        bill(session, subscribe_for_long(session, company))
        waiting = revenue_to_earn(session, today=date(2026, 4, 10))
        assert [(each.month, str(each.amount)) for each in waiting] == [
            (date(2026, 1, 1), "3100.00"), (date(2026, 2, 1), "2800.00"), (date(2026, 3, 1), "3100.00"),
        ]  # fmt: skip
        assert session.scalar(select(func.count()).select_from(RevenueMonth)) == 0
    owner = visitor(app, company, "owner")
    page = owner.get("/closing").text
    assert "Billed in advance and not earned yet" in page and "January 2026" in page and "3,100.00" in page
    assert " is earned, up to " in submit(owner, "/closing/earn").text
    assert "Billed in advance and not earned yet" not in owner.get("/closing").text
    assert "No month is left to earn." in submit(owner, "/closing/earn").text


def test_a_month_that_was_closed_before_its_revenue_is_named(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        bill(session, subscribe_for_long(session, company))
        close_period(session, through=date(2026, 1, 31), by="owner", now=NOW)
    owner = visitor(app, company, "owner")
    assert "let the owner reopen that month" in owner.get("/closing").text
    assert submit(owner, "/closing/earn").status_code == 422


def test_an_entry_by_hand_must_balance_and_keeps_what_was_typed(app: Flask, billed: TestCompany) -> None:
    owner = visitor(app, billed, "owner")
    fields = {"posted_on": "2026-11-20", "reason": "Office chairs", "account_0": "6100", "debit_0": "1,500",
              "account_1": "1010", "credit_1": "1400"}  # fmt: skip
    refused = submit(owner, "/manual-entries", **fields)
    assert refused.status_code == 422 and "off by 100" in refused.text and "Office chairs" in refused.text
    assert "is posted" in submit(owner, "/manual-entries", **fields | {"credit_1": "1500"}).text


def test_a_manager_sees_no_books(app: Flask, billed: TestCompany) -> None:
    manager = visitor(app, billed, "manager")
    for path in ("/books", "/books/balance-sheet", "/accounts/1100", "/closing", "/manual-entries"):
        assert manager.get(path).status_code == 403
