"""Statements over a small year whose figures can be added in the head, in open and in closed books."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import Id, new_id
from core.ledger.account_books import CUSTOMER_ACCOUNTS, EMPLOYEE_ACCOUNTS, general_ledger, party_statement
from core.ledger.accounts import UnknownAccount
from core.ledger.cash_flow import cash_flow, class_of
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.periods import close_period
from core.ledger.statements import (
    balance_sheet,
    movement_balance,
    profit_and_loss,
    revenue_by_plan_and_area,
    trial_balance,
)
from core.ledger.tax_dues import tax_dues
from tests.cast import NOW, TestCompany
from tests.core.ledger.books import journal_balances, post

JULY, AUGUST, SEPTEMBER = date(2026, 7, 10), date(2026, 8, 10), date(2026, 9, 10)
GULBERG, SADDAR, FIBER, RADIO = (new_id() for _ in range(4))


def entry(session: Session, kind: str, day: date, *lines: Line) -> Id:
    return post_entry(session, kind=kind, source_id=new_id(), posted_on=day, lines=lines, actor="staff:a",
                      origin="run:1", memo=kind).id  # fmt: skip


def line(code: str, amount: str, party: Id | None = None, area: Id | None = None, plan: Id | None = None) -> Line:
    return Line(code, Decimal(amount), party, area, plan)


@pytest.fixture(params=["open books", "July closed", "July and August closed"])
def books(company: TestCompany, request: pytest.FixtureRequest) -> tuple[TestCompany, Id]:
    """Two months of billing, a payment with tax withheld, a purchase, salaries, a transfer; one customer's id."""
    customer = new_id()
    closed = {"July closed": date(2026, 7, 31), "July and August closed": date(2026, 8, 31)}.get(request.param)
    with company_session(company.id, "test") as session:
        entry(session, "owner_capital", JULY, line("1020", "10000.00"), line("3000", "-10000.00"))
        for day, area, plan in ((JULY, GULBERG, FIBER), (AUGUST, SADDAR, RADIO)):
            entry(session, "invoice", day, line("1100", "1195.00", customer), line("2100", "-195.00"),
                  line("4000", "-1000.00", None, area, plan))  # fmt: skip
        entry(session, "payment", AUGUST, line("1030", "1400.00"), line("1110", "100.00", customer),
              line("1100", "-1195.00", customer), line("2200", "-305.00", customer))  # fmt: skip
        entry(session, "advance_applied", AUGUST, line("2200", "305.00", customer), line("1100", "-305.00", customer))
        entry(session, "bill", JULY, line("5000", "600.00", None, GULBERG), line("1130", "60.00"),
              line("2300", "-660.00", customer))  # fmt: skip
        entry(session, "bill_payment", AUGUST, line("2300", "660.00", customer), line("1020", "-660.00"))
        entry(session, "salary", AUGUST, line("6000", "300.00"), line("2400", "-300.00", customer))
        entry(session, "stock_purchase", AUGUST, line("1200", "250.00"), line("1020", "-250.00"))
        entry(session, "transfer", AUGUST, line("1010", "500.00"), line("1030", "-500.00"))
        entry(session, "tax_payment", SEPTEMBER, line("2100", "150.00"), line("1130", "-60.00"), line("1010", "-90.00"))
        if closed:
            close_period(session, through=closed, by="staff:a", now=NOW)
    return company, customer


def test_the_trial_balance_is_what_the_postings_add_up_to_on_any_day(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        for day in (date(2026, 7, 9), JULY, date(2026, 8, 9), AUGUST, date(2026, 8, 31), SEPTEMBER):
            rows = trial_balance(session, as_of=day)
            assert {row.code: row.debit - row.credit for row in rows if row.debit or row.credit} == (
                journal_balances(session, day)
            )
            assert sum(row.debit for row in rows) == sum(row.credit for row in rows)


def test_movements_lead_from_opening_to_closing(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        rows = {row.code: row for row in movement_balance(session, first=date(2026, 8, 1), last=date(2026, 8, 31))}
    receivable, bank = rows["1100"], rows["1020"]
    assert (receivable.opening, receivable.debit, receivable.credit, receivable.closing) == (
        Decimal("1195.00"), Decimal("1195.00"), Decimal("1500.00"), Decimal("890.00"),
    )  # fmt: skip
    assert (bank.opening, bank.debit, bank.credit, bank.closing) == (Decimal(10000), 0, Decimal(910), Decimal(9090))


def test_profit_and_loss_by_month_area_and_plan_adds_up_to_the_same(books: tuple[TestCompany, Id]) -> None:
    first, last = date(2026, 7, 1), date(2026, 9, 30)
    with company_session(books[0].id, "test") as session:
        whole, months, areas, plans = (
            profit_and_loss(session, first=first, last=last, by=by) for by in ("", "month", "area", "plan")
        )
    assert (whole.total.income, whole.total.margin, whole.total.profit) == (2000, 1400, 1100)
    assert [(column.key, column.profit) for column in months.columns] == [
        (date(2026, 7, 1), 400), (date(2026, 8, 1), 700),
    ]  # fmt: skip
    assert {column.key: column.margin for column in areas.columns} == {GULBERG: 400, SADDAR: 1000, None: 0}
    assert {column.key: column.income for column in plans.columns} == {FIBER: 1000, RADIO: 1000, None: 0}
    assert months.total.profit == areas.total.profit == plans.total.profit == 1100


def test_revenue_by_plan_and_area(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        rows = revenue_by_plan_and_area(session, first=date(2026, 7, 1), last=date(2026, 8, 31))
    assert {(row.plan_id, row.area_id): row.amount for row in rows} == {(FIBER, GULBERG): 1000, (RADIO, SADDAR): 1000}


def test_the_balance_sheet_balances(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        sheet = balance_sheet(session, as_of=date(2026, 9, 30))
    assert (sheet.total_assets, sheet.total_liabilities, sheet.total_equity) == (11640, 540, 10000)
    assert (sheet.result_of_year, sheet.off_by) == (1100, 0)


def test_cash_flow_ties_to_the_cash_accounts_and_leaves_transfers_out(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        flow = cash_flow(session, first=date(2026, 8, 1), last=date(2026, 9, 30))
    assert (flow.opening, flow.closing, flow.opening + flow.net) == (10000, 10400, 10400)
    assert [(row.section, row.kind, row.code, row.amount) for row in flow.rows] == [
        ("operating", "Customers", "1100", 1195), ("operating", "Customers", "1110", -100),
        ("operating", "Customers", "2200", 305), ("operating", "Suppliers and expenses", "2300", -660),
        ("operating", "Taxes", "1130", 60), ("operating", "Taxes", "2100", -150),
        ("investing", "Equipment", "1200", -250),
    ]  # fmt: skip
    assert flow.section_total("investing") == -250


def test_every_account_stands_in_one_class_of_cash_flow() -> None:
    assert class_of("1130") == class_of("2110") == ("operating", "Taxes")
    assert class_of("6020") == ("operating", "Employees")
    assert class_of("3000") == ("financing", "Owners")
    assert class_of("6900") == ("operating", "Other")


def test_the_general_ledger_runs_from_opening_to_closing_page_by_page(books: tuple[TestCompany, Id]) -> None:
    company, customer = books
    with company_session(company.id, "test") as session:
        whole = general_ledger(session, code="1100", first=date(2026, 8, 1), last=date(2026, 8, 31))
        pages, after = [], None
        while True:
            page = general_ledger(session, code="1100", first=date(2026, 8, 1), last=date(2026, 8, 31), after=after,
                                  limit=1, party_id=customer)  # fmt: skip
            pages += page.lines
            if (after := page.next_after) is None:
                break
        with pytest.raises(UnknownAccount):
            general_ledger(session, code="9999", first=JULY, last=AUGUST)
    assert (whole.opening, whole.closing) == (Decimal("1195.00"), Decimal("890.00"))
    assert [row.balance for row in whole.lines] == [Decimal("2390.00"), Decimal("1195.00"), Decimal("890.00")]
    assert pages == whole.lines
    assert [row.label for row in pages] == ["Invoice", "Payment", "Advance applied"]


def test_a_customer_statement_runs_over_receivable_and_advance_together(books: tuple[TestCompany, Id]) -> None:
    company, customer = books
    with company_session(company.id, "test") as session:
        statement = party_statement(session, party_id=customer, accounts=CUSTOMER_ACCOUNTS, first=date(2026, 8, 1),
                                    last=date(2026, 8, 31))  # fmt: skip
        pay = party_statement(session, party_id=customer, accounts=EMPLOYEE_ACCOUNTS, first=JULY, last=SEPTEMBER)
    assert (statement.opening, statement.closing) == (Decimal("1195.00"), Decimal("890.00"))
    assert [(row.kind, row.debit, row.credit, row.balance) for row in statement.lines] == [
        ("invoice", Decimal("1195.00"), 0, Decimal("2390.00")),
        ("payment", 0, Decimal("1500.00"), Decimal("890.00")),
    ]  # fmt: skip
    assert statement.by_account == {"1100": Decimal("890.00"), "2200": 0}
    assert pay.closing == Decimal("-300.00")


def test_a_reversal_stands_in_the_statement_as_what_it_is(books: tuple[TestCompany, Id]) -> None:
    company, customer = books
    with company_session(company.id, "test") as session:
        bill = entry(session, "invoice", SEPTEMBER, line("1100", "10.00", customer), line("4000", "-10.00"))
        reverse_entry(session, entry_id=bill, posted_on=SEPTEMBER, actor="staff:a", memo="void")
        statement = party_statement(session, party_id=customer, accounts=CUSTOMER_ACCOUNTS, first=SEPTEMBER,
                                    last=SEPTEMBER)  # fmt: skip
    assert [(row.label, row.balance) for row in statement.lines] == [
        ("Invoice", Decimal("900.00")), ("Reversal", Decimal("890.00")),
    ]  # fmt: skip


def test_dues_to_the_tax_authority(books: tuple[TestCompany, Id]) -> None:
    with company_session(books[0].id, "test") as session:
        dues = tax_dues(session, first=date(2026, 8, 1), last=date(2026, 9, 30))
    assert [(row.code, row.opening, row.accrued, row.paid, row.due) for row in dues.rows] == [
        ("1130", -60, 0, -60, 0), ("2100", 195, 195, 150, 240),
    ]  # fmt: skip
    assert dues.total_due == 240


def test_an_empty_company_has_empty_statements(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        assert trial_balance(session, as_of=JULY) == []
        assert profit_and_loss(session, first=JULY, last=AUGUST, by="area").columns == []
        assert cash_flow(session, first=JULY, last=AUGUST).closing == 0
        assert balance_sheet(session, as_of=JULY).off_by == 0
        post(session, JULY, "6110", "1010", "5.00")
        assert balance_sheet(session, as_of=JULY).result == -5
