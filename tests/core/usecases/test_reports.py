"""Reports over billing and books together, and every report as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy.orm import Session

from core.billing.ageing import aged_invoices, receivable_ageing
from core.billing.invoice_models import Invoice
from core.billing.payments import record_payment
from core.billing.plan_models import Plan
from core.billing.tax_report import taxes_by_jurisdiction
from core.crm.models import Area, Customer
from core.db import company_session
from core.errors import NotFound
from core.ids import Id, new_id
from core.ledger.account_books import CUSTOMER_ACCOUNTS, general_ledger, party_statement
from core.ledger.cash_flow import cash_flow
from core.ledger.journal import reverse_entry
from core.ledger.openings import NothingToOpen, OpenedAlready
from core.ledger.sources import entries_of_document
from core.ledger.statements import (
    balance_sheet,
    movement_balance,
    profit_and_loss,
    revenue_by_plan_and_area,
    trial_balance,
)
from core.ledger.tax_dues import tax_dues
from core.money import ZERO
from core.recovery.case_models import CaseAssignment, RecoveryCase
from core.spreadsheets.tables import Column, Table
from core.spreadsheets.write import write_csv, write_xlsx
from core.usecases.check_books import check_books
from core.usecases.collection_rate import collected_by_agents, collection_rate
from core.usecases.cost_per_subscriber import cost_per_subscriber
from core.usecases.export_report import (
    FormatUnknown,
    NotATable,
    export_general_ledger,
    export_report,
)
from core.usecases.open_customer_accounts import CustomerOpening, open_customer_accounts
from core.usecases.receivable_by_agent import receivable_by_agent
from tests.builders import make_customer, make_invoice, make_plan, make_staff, make_subscription
from tests.cast import NOW, TestCompany
from tests.core.ledger.books import journal_balances, post

JULY, AUGUST, SEPTEMBER = (date(2026, month, 1) for month in (7, 8, 9))
LAST = date(2026, 11, 24)
BILL = Decimal("3435.63")


def pay(session: Session, customer: Customer, amount: str, day: date) -> None:
    record_payment(
        session, customer_id=customer.id, amount=Decimal(amount), method="cash", received_on=day,
        idempotency_key=str(new_id()), taken_by="test", origin="panel:test", now=NOW,
    )  # fmt: skip


def billed(session: Session, company: TestCompany, plan: Plan, *months: date) -> tuple[Customer, list[Id]]:
    customer = make_customer(session, company)
    subscription = make_subscription(session, customer, plan)
    return customer, [make_invoice(session, subscription.id, month=month).id for month in months]


def void(session: Session, invoice_id: Id, day: date) -> None:
    (entry,) = entries_of_document(session, source_id=invoice_id)
    reverse_entry(session, entry_id=entry.id, posted_on=day, actor="test", origin="panel:void")
    invoice = session.get_one(Invoice, invoice_id)
    invoice.state, invoice.balance = "void", ZERO
    session.flush()


def test_collection_rate_sets_what_came_in_against_what_was_billed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        customer, _ = billed(session, company, plan, JULY, AUGUST)
        _, (gone,) = billed(session, company, plan, AUGUST)
        void(session, gone, date(2026, 8, 20))
        pay(session, customer, "5000.00", date(2026, 9, 5))
        early, late = (
            collection_rate(session, first=JULY, last=date(2026, 8, 31), as_of=day) for day in (date(2026, 8, 19), LAST)
        )
        by_plan, by_area = (
            collection_rate(session, first=JULY, last=LAST, as_of=LAST, by=by)[0] for by in ("plan", "area")
        )
    assert [(row.key, row.billed, row.collected) for row in early] == [(JULY, BILL, 0), (AUGUST, 2 * BILL, 0)]
    assert [(row.key, row.billed, row.collected, row.rate) for row in late] == [
        (JULY, BILL, BILL, Decimal("100.00")), (AUGUST, BILL, Decimal("1564.37"), Decimal("45.53")),
    ]  # fmt: skip
    assert (by_plan.key, by_plan.collected, by_plan.open) == (plan.id, 5000, 2 * BILL - 5000)
    assert (by_area.key, by_area.rate) == (company.area_id, Decimal("72.77"))


def test_what_agents_took_is_counted_by_agent(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, _ = billed(session, company, make_plan(session), JULY)
        pay(session, customer, "100.00", AUGUST)
        pay(session, customer, "50.00", SEPTEMBER)
        rows = collected_by_agents(session, first=AUGUST, last=date(2026, 8, 31))
    assert [(row.agent_id, row.payments, row.amount) for row in rows] == [(None, 1, Decimal("100.00"))]


def test_shared_costs_are_spread_over_subscribers_without_losing_a_paisa(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        for _ in range(3):
            billed(session, company, plan)
        post(session, AUGUST, "5000", "1010", "300.00", area=company.area_id)
        post(session, AUGUST, "6110", "1010", "100.00")
        post(session, AUGUST, "1010", "4000", "900.00", kind="other_income", area=company.area_id)
        (row,) = cost_per_subscriber(session, first=AUGUST, last=date(2026, 8, 31))
    assert (row.subscribers, row.own_costs, row.shared_costs) == (3, 300, 100)
    assert (row.cost_per_subscriber, row.income_per_subscriber, row.profit) == (Decimal("133.33"), 300, 500)


def test_costs_stay_visible_where_nobody_subscribes(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        post(session, AUGUST, "6110", "1010", "100.00")
        (row,) = cost_per_subscriber(session, first=AUGUST, last=LAST)
    assert (row.area_id, row.subscribers, row.shared_costs, row.cost_per_subscriber) == (None, 0, 100, None)


def test_taxes_stand_in_the_month_they_were_charged_and_taken_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        session.get_one(Area, company.area_id).jurisdiction = "PK-PB"
        plan = make_plan(session)
        billed(session, company, plan, JULY)
        customer, (gone,) = billed(session, company, plan, JULY)
        void(session, gone, date(2026, 8, 3))
        rows = taxes_by_jurisdiction(session, first=JULY, last=LAST)
        own = taxes_by_jurisdiction(session, first=JULY, last=LAST, customer_id=customer.id)
        owed = journal_balances(session, LAST)
    assert [(row.jurisdiction, row.month, row.tax_code, row.base, row.charged, row.taken_back) for row in rows] == [
        ("PK-PB", JULY, "AIT236", Decimal("5975.00"), Decimal("896.26"), 0),
        ("PK-PB", JULY, "SST", 5000, 975, 0),
        ("PK-PB", AUGUST, "AIT236", Decimal("-2987.50"), 0, Decimal("448.13")),
        ("PK-PB", AUGUST, "SST", -2500, 0, Decimal("487.50")),
    ]  # fmt: skip
    assert sum(row.net for row in own) == 0
    assert sum(row.net for row in rows if row.account_code == "2100") == -owed["2100"]


def test_what_customers_brought_in_can_be_paid_used_and_is_opened_once(company: TestCompany) -> None:
    def opened(session: Session, *openings: CustomerOpening) -> int:
        return open_customer_accounts(session, posted_on=JULY, openings=openings, by="test", origin="import:1")

    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        debtor, ahead = (make_customer(session, company, name=name) for name in ("Bilal", "Ayesha"))
        due = date(2026, 5, 10)
        count = opened(session, CustomerOpening(debtor.id, Decimal("1200.50"), due),
                       CustomerOpening(ahead.id, Decimal("-500.00"), due))  # fmt: skip
        assert count == 2
        assert journal_balances(session, JULY) == {
            "1100": Decimal("1200.50"), "2200": Decimal("-500.00"), "3990": Decimal("-700.50"),
        }  # fmt: skip
        assert [(row.days, row.balance) for row in aged_invoices(session, as_of=JULY)] == [(52, Decimal("1200.50"))]
        pay(session, debtor, "1200.50", AUGUST)
        make_invoice(session, make_subscription(session, ahead, plan).id, month=AUGUST)
        owed = {row.key: row.total for row in receivable_ageing(session, as_of=LAST, by="customer")}
        assert owed == {ahead.id: BILL - 500}
        for again, refusal in (
            ((debtor.id, "1.00"), OpenedAlready), ((ahead.id, "1.00"), OpenedAlready),
            ((debtor.id, "0.00"), NothingToOpen), ((new_id(), "1.00"), NotFound),
        ):  # fmt: skip
            with pytest.raises(refusal):
                opened(session, CustomerOpening(again[0], Decimal(again[1]), due))
        assert [found for found in check_books(session, as_of=LAST) if found.check != "origin"] == []


def test_what_is_owed_stands_under_the_agent_who_was_after_it_on_the_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        (one, _), (two, _) = (billed(session, company, plan, JULY) for _ in range(2))
        first, second = (make_staff(session, company, role="recovery_agent") for _ in range(2))
        case = RecoveryCase(id=new_id(), customer_id=one.id, area_id=company.area_id, sub_zone_id=company.sub_zone_id,
                            opened_on=AUGUST, amount_opened=BILL, amount=BILL, oldest_due_on=JULY)  # fmt: skip
        session.add(case)
        session.flush()
        changed = datetime(2026, 9, 1, 4, tzinfo=UTC)
        for agent, since, until in ((first, datetime(2026, 8, 1, tzinfo=UTC), changed), (second, changed, None)):
            session.add(CaseAssignment(id=new_id(), case_id=case.id, agent_id=agent.id, amount=BILL, from_at=since,
                                       until_at=until, reason="area", assigned_by="test"))  # fmt: skip
        session.flush()
        owed = {
            day: {row.key: row.total for row in receivable_by_agent(session, as_of=day)}
            for day in (JULY, AUGUST, date(2026, 8, 31), SEPTEMBER)
        }
    assert two.id != one.id
    assert owed == {
        JULY: {None: 2 * BILL}, AUGUST: {first.id: BILL, None: BILL}, date(2026, 8, 31): {first.id: BILL, None: BILL},
        SEPTEMBER: {second.id: BILL, None: BILL},
    }  # fmt: skip


def read_xlsx(data: io.BytesIO) -> list[list[object]]:
    return [list(row) for row in openpyxl.load_workbook(data).worksheets[0].iter_rows(values_only=True)]


def test_every_report_can_be_written_as_csv_and_as_xlsx(company: TestCompany) -> None:
    span = {"first": JULY, "last": LAST}
    with company_session(company.id, "test") as session:
        customer, _ = billed(session, company, make_plan(session), JULY, AUGUST)
        pay(session, customer, "5000.00", SEPTEMBER)
        reports: list[object] = [
            trial_balance(session, as_of=LAST), movement_balance(session, **span), balance_sheet(session, as_of=LAST),
            *(profit_and_loss(session, **span, by=by) for by in ("", "month", "area", "plan")),
            cash_flow(session, **span), general_ledger(session, code="1100", **span), tax_dues(session, **span),
            party_statement(session, party_id=customer.id, accounts=CUSTOMER_ACCOUNTS, **span),
            revenue_by_plan_and_area(session, **span), taxes_by_jurisdiction(session, **span),
            *(receivable_ageing(session, as_of=LAST, by=by) for by in ("", "area", "customer")),
            aged_invoices(session, as_of=LAST), collection_rate(session, **span, as_of=LAST),
            collected_by_agents(session, **span), cost_per_subscriber(session, **span),
            check_books(session, as_of=LAST), [],
        ]  # fmt: skip
        for report in reports:
            for form in ("csv", "xlsx"):
                out = io.BytesIO()
                export_report(session, report, title="A report", format=form, out=out)
                rows = (
                    read_xlsx(out)
                    if form == "xlsx"
                    else list(csv.reader(out.getvalue().decode("utf-8-sig").splitlines()))
                )
                assert (rows[0][0], rows[1][0]) == ("Chenab Net", "A report")
                assert len({len(row) for row in rows[3:]}) <= 1 or form == "csv"
        with pytest.raises(FormatUnknown):
            export_report(session, [], title="x", format="pdf", out=io.BytesIO())
        with pytest.raises(NotATable):
            export_report(session, object(), title="x", format="csv", out=io.BytesIO())


def test_the_ledger_of_an_account_is_written_while_it_is_read(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, _ = billed(session, company, make_plan(session), JULY, AUGUST)
        out = io.BytesIO()
        written = export_general_ledger(session, code="1100", first=JULY, last=LAST, format="xlsx", out=out)
    rows = read_xlsx(out)
    assert written == 4
    assert rows[-1][-1] == rows[-2][-1] == float(2 * BILL)
    assert rows[-2][3] == f"{customer.number} Ayesha Khan"
    assert rows[-2][0] == datetime(2026, 8, 1)


def test_text_that_a_spreadsheet_would_run_is_quoted_and_amounts_are_exact() -> None:
    columns = [Column("=Name"), Column("Amount", "amount"), Column("Day", "date"), Column("Rate", "percent")]
    evil = ["=HYPERLINK(1)", "+1+1", "-2+3|cmd", "@SUM(A1)", "\t=1", "  =1", "-12.50", "چائے", "a\x00b"]
    rows = [[text, Decimal("1234567.5"), date(2026, 7, 1), Decimal("19.5")] for text in evil]
    plain, book = io.BytesIO(), io.BytesIO()
    assert write_csv(Table("x", columns, iter(rows)), plain) == write_xlsx(Table("x", columns, iter(rows)), book) == 9
    lines = list(csv.reader(plain.getvalue().decode("utf-8-sig").splitlines()))
    assert [line[0] for line in lines] == [
        "'=Name", "'=HYPERLINK(1)", "'+1+1", "'-2+3|cmd", "'@SUM(A1)", "'\t=1", "'  =1", "-12.50", "چائے", "ab",
    ]  # fmt: skip
    assert lines[1][1:] == ["1234567.50", "2026-07-01", "19.5"]
    sheet = openpyxl.load_workbook(book).worksheets[0]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "d", "n"]
    assert sheet["A2"].value == "=HYPERLINK(1)" and sheet["B2"].number_format == "#,##0.00"
    assert sheet["B2"].value == 1234567.5
