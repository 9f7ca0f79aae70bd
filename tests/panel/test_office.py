"""The office in the panel: banks, statements, vendors, expenses and pay, told through the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from admin_web.blueprint import blueprint
from cli.web import create_app
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.cash_accounts import balance_of, ledger_balance
from core.ledger.expenses import add_expense_category, ask_expense
from core.ledger.reconciliation_models import BankLine
from core.ledger.treasury_models import CashAccount, Expense, ExpenseCategory
from core.ledger.vendors import add_vendor
from core.staff.models import Staff
from core.staff.pay_models import SalaryPayment
from tests.builders import make_customer, make_invoice, make_plan, make_staff, make_subscription
from tests.cast import TestCompany
from tests.core.treasury.accounts import a_bank
from tests.panel.visitors import SETTINGS, submit, visitor

NOVEMBER = "2026-11-01"
MAPPING = {
    "map_date": "Date", "map_debit": "Debit", "map_credit": "Credit", "map_balance": "Balance", "map_reference": "Ref",
    "map_text": "Particulars", "map_date_format": "dd/mm/yyyy", "map_decimal": ".", "map_thousands": ",",
    "map_has_header": "on",
}  # fmt: skip
STATEMENT = b"""Date,Particulars,Ref,Debit,Credit,Balance
02/11/2026,SMS ALERT CHARGES,,150.00,,"99,850.00"
03/11/2026,IBFT FROM AYESHA KHAN INV-2026-27-000001,FT778812,,"3,435.63","103,285.63"
"""


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def bank(company: TestCompany) -> Id:
    with company_session(company.id, "test") as session:
        return a_bank(session).id


def upload(client: FlaskClient, path: str, data: bytes, name: str, field: str = "file", **fields: Any) -> TestResponse:
    return submit(client, path, **fields, **{field: (io.BytesIO(data), name)})


def asked_in(company: TestCompany, question: Callable[[Session], Any]) -> Any:
    with company_session(company.id, "test") as session:
        return question(session)


def test_an_account_is_opened_and_money_moves_between_two(app: Flask, company: TestCompany, bank: Id) -> None:
    manager = visitor(app, company, "manager")
    page = submit(manager, "/banks", name="Office drawer", kind="cash", opened_on="2026-07-01", opening_balance="500")
    assert "Office drawer is open, on ledger account 1010" in page.text
    drawer = asked_in(company, lambda s: s.scalar(select(CashAccount.id).where(CashAccount.name == "Office drawer")))
    fields = {"once": new_id(), "from_account": bank, "to_account": drawer, "amount": "2,000", "moved_on": "2026-11-03"}

    sent = submit(manager, "/banks/transfer", arrives="later", **fields).text
    again = submit(manager, "/banks/transfer", arrives="later", **fields).text

    assert "is on its way" in sent and again.count("/banks/transfers/") == 1
    path = re.search(r"/banks/transfers/[0-9a-f-]{36}", again)
    assert path and "has arrived" in submit(manager, path[0], outcome="arrived", day="2026-11-04").text
    assert asked_in(company, lambda s: balance_of(s, cash_account_id=drawer)) == Decimal("2500.00")
    statement = manager.get(f"/banks/{drawer}?first=2026-11-01&last=2026-11-30").text
    assert "2,500.00" in statement and "Transfer" in statement


def test_charges_income_owner_and_taxes_are_booked_once(app: Flask, company: TestCompany, bank: Id) -> None:
    owner, day = visitor(app, company, "owner"), "2026-11-05"
    charge = {"kind": "charge", "account": bank, "amount": "150", "day": day, "description": "SMS", "once": new_id()}
    for _ in range(2):
        assert "Bank charge of 150.00 is booked" in submit(owner, "/banks/movement", **charge).text
    for kind, amount in (("other_income", "900"), ("owner_in", "5000"), ("owner_out", "1000"), ("profit", "50")):
        answer = submit(owner, "/banks/movement", **charge | {"kind": kind, "amount": amount, "once": new_id()})
        assert answer.status_code == 200, kind
    assert asked_in(company, lambda s: balance_of(s, cash_account_id=bank)) == Decimal("104800.00")
    refused = submit(owner, "/banks/taxes", account=bank, day=day, sales_tax="10", once=new_id())
    assert refused.status_code == 422 and "2100" in refused.text
    assert submit(owner, "/banks/movement", **charge | {"amount": "-5", "once": new_id()}).status_code == 422


def test_a_statement_that_comes_twice_is_taken_once_and_answered(app: Flask, company: TestCompany, bank: Id) -> None:
    with company_session(company.id, "test") as session:
        make_invoice(session, make_subscription(session, make_customer(session, company), make_plan(session)).id)
    manager, at = visitor(app, company, "manager"), f"/reconciliation/{bank}"

    unmapped = upload(manager, f"{at}/import", STATEMENT, "november.csv")
    assert unmapped.status_code == 422 and "no mapping" in unmapped.text
    preview = upload(manager, f"{at}/mapping", STATEMENT, "november.csv", do="preview", **MAPPING).text
    assert "SMS ALERT CHARGES" in preview and "-150.00" in preview
    assert "read this way" in submit(manager, f"{at}/mapping", do="save", **MAPPING).text
    assert "2 of 2 lines are new" in upload(manager, f"{at}/import", STATEMENT, "november.csv").text
    assert "0 of 2 lines are new" in upload(manager, f"{at}/import", STATEMENT, "november.csv").text
    lines = asked_in(company, lambda s: s.execute(select(BankLine.id, BankLine.amount).where(BankLine.kind == "line")))
    by_amount = {amount: id for id, amount in lines}
    assert set(by_amount) == {Decimal("-150.00"), Decimal("3435.63")}

    assert "exact proposals are confirmed" in submit(manager, f"{at}/confirm-exact").text
    assert asked_in(company, lambda s: ledger_balance(s, code="1100")) == Decimal("0.00")
    fee = f"{at}/lines/{by_amount[Decimal('-150.00')]}"
    assert "are proposed for account 6800" in submit(manager, fee, do="teach", account_code="6800").text
    assert "bank fee" in submit(manager, fee, do="book", treatment="fee").text
    page = submit(manager, f"{at}/save", statement_on="2026-11-03", statement_balance="103,285.63").text
    assert "is reconciled" in page and "Every line is answered" in page


def test_a_line_booked_wrongly_is_undone_and_booked_as_a_customers_payment(
    app: Flask, company: TestCompany, bank: Id
) -> None:
    with company_session(company.id, "test") as session:
        number = make_customer(session, company).number
    manager, at = visitor(app, company, "manager"), f"/reconciliation/{bank}"
    submit(manager, f"{at}/mapping", do="save", **MAPPING)
    text = b"Date,Particulars,Ref,Debit,Credit,Balance\n04/11/2026,CASH DEPOSIT,,,700.00,700.00\n"
    upload(manager, f"{at}/import", text, "a.csv")
    line = asked_in(company, lambda s: s.scalar(select(BankLine.id).where(BankLine.kind == "line")))

    assert "unknown payer" in submit(manager, f"{at}/lines/{line}", do="book", treatment="unidentified").text
    undo = re.search(rf"{at}/matches/[0-9a-f-]{{36}}/undo", manager.get(at).text)
    assert undo and "taken apart" in submit(manager, undo[0]).text
    nobody = submit(manager, f"{at}/lines/{line}", do="book", treatment="customer", customer="C-9999")
    assert nobody.status_code == 422 and "no customer C-9999" in nobody.text
    assert "payment of a customer" in submit(
        manager, f"{at}/lines/{line}", do="book", treatment="customer", customer=number
    ).text  # fmt: skip
    assert asked_in(company, lambda s: ledger_balance(s, code="2200")) == Decimal("-700.00")


@pytest.mark.parametrize("data", [b"%PDF-1.4 a statement", b"", b"Date;x\n1;2\n", b"\x00\x01\x02"])
def test_a_file_that_is_no_statement_is_refused_with_a_reason(
    app: Flask, company: TestCompany, bank: Id, data: bytes
) -> None:
    manager, at = visitor(app, company, "manager"), f"/reconciliation/{bank}"
    submit(manager, f"{at}/mapping", do="save", **MAPPING)
    refused = upload(manager, f"{at}/import", data, "x.csv")
    assert refused.status_code == 422 and 'class="notice problem"' in refused.text


def test_a_vendors_month_is_proposed_metered_accepted_and_paid(app: Flask, company: TestCompany, bank: Id) -> None:
    manager = visitor(app, company, "manager")
    submit(manager, "/vendors", name="TransWorld", kind="supplier", terms_days="15", withholding_percent="4")
    vendor = re.search(r"/vendors/[0-9a-f-]{36}", manager.get("/vendors").text)
    assert vendor
    at = vendor[0]
    contract = submit(manager, f"{at}/contracts", name="IP transit", pricing="per_mbps", unit_price="300",
                      units="100", starts_on="2026-10-01", account_code="5000")  # fmt: skip
    assert "begins on 2026-10-01" in contract.text
    assert "1 bills are proposed" in submit(manager, "/bills/propose", month="2026-10-01").text
    assert "0 bills are proposed" in submit(manager, "/bills/propose", month="2026-10-01").text
    draft = re.search(r"/bills/[0-9a-f-]{36}/draft", manager.get("/vendors").text)
    assert draft
    assert "36,000.00" in submit(manager, draft[0], decision="meter", units="120").text
    assert "is in the books" in submit(manager, draft[0], decision="accept", billed_on="2026-11-01").text

    pay = {"account": bank, "amount": "34,560", "withheld": "1,440", "paid_on": "2026-11-10", "once": new_id()}
    for _ in range(2):
        assert "34,560.00 is paid, 1,440.00 withheld" in submit(manager, f"{at}/pay", **pay).text
    assert asked_in(company, lambda s: balance_of(s, cash_account_id=bank)) == Decimal("65440.00")
    assert "0.00 owed" in manager.get(f"{at}?first=2026-10-01&last=2026-11-30").text


def test_a_bill_by_hand_is_entered_once_and_voided(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        vendor = add_vendor(session, name="Fibre Shop").id
    manager = visitor(app, company, "manager")
    bill = {"once": new_id(), "vendor_ref": "A-17", "billed_on": "2026-11-02", "description_0": "Splicing",
            "account_0": "5000", "net_0": "4,000", "tax_0": "720"}  # fmt: skip
    for _ in range(2):
        assert "of 4,720.00 is in the books" in submit(manager, f"/vendors/{vendor}/bills", **bill).text
    assert asked_in(company, lambda s: ledger_balance(s, code="2300")) == Decimal("-4720.00")
    void = re.search(r"/vendors/[0-9a-f-]{36}/bills/[0-9a-f-]{36}/void", manager.get(f"/vendors/{vendor}").text)
    assert void and submit(manager, void[0]).status_code == 422
    assert "is void" in submit(manager, void[0], reason="Entered twice").text


def test_an_expense_above_the_limit_needs_another_person(app: Flask, company: TestCompany, bank: Id) -> None:
    with company_session(company.id, "test") as session:
        category = add_expense_category(session, name="Generator").id
    manager, owner = visitor(app, company, "manager"), visitor(app, company, "owner")
    asked = {"category": category, "net": "60,000", "description": "New battery", "once": new_id(), "pay_from": bank}
    png = b"\x89PNG\r\n\x1a\n" + b"x" * 100

    waits = upload(manager, "/expenses", png, "../slip.png", "receipt", **asked)
    assert "waits for a second person" in waits.text
    assert "waits for a second person" in submit(manager, "/expenses", **asked).text
    expense = asked_in(company, lambda s: s.scalar(select(Expense.id)))
    own = submit(manager, f"/expenses/{expense}/decide", decision="approve")
    assert own.status_code == 422
    unpaid = submit(owner, f"/expenses/{expense}/settle", how="pay", account=bank)
    assert unpaid.status_code == 422
    assert "may be paid" in submit(owner, f"/expenses/{expense}/decide", decision="approve").text
    assert "is paid" in submit(manager, f"/expenses/{expense}/settle", how="pay", account=bank).text
    assert asked_in(company, lambda s: balance_of(s, cash_account_id=bank)) == Decimal("40000.00")
    kept = owner.get(f"/expenses/{expense}/receipt")
    assert kept.data == png and kept.mimetype == "image/png" and "slip.png" in kept.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"MZ a program", "neither a PDF"), (b"%PDF-" + b"x" * (5 * 1024 * 1024), "larger than 5 MB")]
)
def test_an_attachment_is_judged_by_its_content_and_size(
    app: Flask, company: TestCompany, data: bytes, reason: str
) -> None:
    with company_session(company.id, "test") as session:
        category = add_expense_category(session, name="Tea").id
    refused = upload(visitor(app, company, "manager"), "/expenses", data, "receipt.pdf", "receipt", category=category,
                     net="500", description="Tea", once=new_id())  # fmt: skip
    assert refused.status_code == 422 and reason in refused.text
    assert asked_in(company, lambda s: s.scalar(select(func.count()).select_from(Expense))) == 0


def test_a_recurring_expense_is_asked_for_once(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    submit(manager, "/expenses/categories", name="Rent")
    with company_session(company.id, "test") as session:
        category = session.scalars(select(ExpenseCategory.id).where(ExpenseCategory.name == "Rent")).one()
    submit(manager, "/expenses/recurring", category=category, net="9000", description="Office rent",
           starts_on="2026-11-01", ends_on="2026-11-30")  # fmt: skip
    assert "1 expenses fell due" in submit(manager, "/expenses/recurring/ask").text
    assert "0 expenses fell due" in submit(manager, "/expenses/recurring/ask").text


def hire(owner: FlaskClient, company: TestCompany, name: str, salary: str) -> Id:
    with company_session(company.id, "test") as session:
        staff_id = make_staff(session, company, role="technician", name=name).id
    set_ = submit(owner, f"/payroll/{staff_id}/terms", starts_on="2026-01-01", monthly_salary=salary, tax_kind="none",
                  allowance_0="Fuel", allowance_amount_0="3000")  # fmt: skip
    assert "paid by these terms" in set_.text
    return staff_id


def run_form(page: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("once", "expected")}
    return {name: match[1] for name, match in found.items() if match}


def test_the_pay_run_pays_what_it_showed_and_a_second_click_changes_nothing(
    app: Flask, company: TestCompany, bank: Id
) -> None:
    owner = visitor(app, company, "owner")
    tariq, bilal = hire(owner, company, "Tariq", "30000"), hire(owner, company, "Bilal", "27,000")
    assert "taken off the next salary" in submit(owner, f"/payroll/{tariq}/absence", day="2026-11-10", part="1").text
    bonus = {"amount": "2000", "reason": "Night work", "day": "2026-11-12", "once": new_id()}
    advance = {"amount": "5000", "account_code": "1020", "day": "2026-11-05", "once": new_id()}
    for _ in range(2):
        assert "is owed to him" in submit(owner, f"/payroll/{bilal}/bonus", **bonus).text
        assert "is given" in submit(owner, f"/payroll/{bilal}/advance", **advance).text
    planned = owner.get("/payroll/run?month=2026-11").text
    assert "31,900.00" in planned and "27,000.00" in planned
    form = {**run_form(planned), "account_code": "1020", "paid_on": "2026-11-30"}
    assert form["expected"] == "58900.00"

    first = submit(owner, f"/payroll/run?month={NOVEMBER}", **form)
    second = submit(owner, f"/payroll/run?month={NOVEMBER}", **form)

    assert "58,900.00 is paid for November 2026" in first.text
    assert second.status_code == 200 and "Nothing was left to pay" in second.text
    assert asked_in(company, lambda s: s.scalar(select(func.sum(SalaryPayment.paid)))) == Decimal("58900.00")
    slip = owner.get(f"/payroll/{tariq}/payslip?month=2026-11").text
    assert "Absence, 1 day" in slip and "31,900.00" in slip
    pdf = owner.get(f"/payroll/{tariq}/payslip.pdf?month=2026-11&language=ur")
    assert pdf.data.startswith(b"%PDF") and pdf.mimetype == "application/pdf"


def test_a_pay_run_whose_figures_changed_since_it_was_shown_pays_nothing(
    app: Flask, company: TestCompany, bank: Id
) -> None:
    owner = visitor(app, company, "owner")
    tariq = hire(owner, company, "Tariq", "30000")
    form = {**run_form(owner.get("/payroll/run?month=2026-11").text), "account_code": "1020", "paid_on": "2026-11-30"}
    submit(owner, f"/payroll/{tariq}/bonus", amount="500", reason="Eid", day="2026-11-12", once=new_id())

    refused = submit(owner, f"/payroll/run?month={NOVEMBER}", **form)

    assert refused.status_code == 422 and "33,500.00 would be paid now, not 33,000.00" in refused.text
    assert run_form(refused.text)["expected"] == "33500.00"
    assert asked_in(company, lambda s: s.scalar(select(func.count()).select_from(SalaryPayment))) == 0


def test_leaving_is_looked_at_without_a_trace_and_settled_as_shown(app: Flask, company: TestCompany, bank: Id) -> None:
    owner = visitor(app, company, "owner")
    tariq = hire(owner, company, "Tariq", "30000")
    shown = owner.get(f"/payroll/{tariq}/leaving?last_day=2026-11-15&account_code=1020").text
    assert "16,500.00" in shown
    assert asked_in(company, lambda s: s.get_one(Staff, tariq).state) == "active"
    form = {**run_form(shown), "last_day": "2026-11-15", "account_code": "1020"}
    assert "has left; 16,500.00 was paid" in submit(owner, f"/payroll/{tariq}/leaving", **form).text
    assert asked_in(company, lambda s: balance_of(s, cash_account_id=bank)) == Decimal("83500.00")


def test_a_commission_plan_gets_its_rules_and_a_wrong_rule_its_reason(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    submit(owner, "/commissions/plans", name="Field")
    path = re.search(r"/commissions/plans/[0-9a-f-]{36}/rules", owner.get("/commissions").text)
    assert path
    usual = {"valid_from": "2026-11-01", "credit": "installed", "invoice_event": "paid", "tier_by": ""}
    assert "holds from" in submit(owner, path[0], name="Each connection", kind="new_connection", amount="500",
                                  **usual).text  # fmt: skip
    tiers = {"tier_by": "age", "up_to_0": "30", "tier_percent_0": "1", "tier_percent_1": "2.5"}
    assert "holds from" in submit(owner, path[0], name="Recovery", kind="recovery", **usual | tiers).text
    refused = submit(owner, path[0], name="Both", kind="recovery", amount="5", percent="1", **usual)
    assert refused.status_code == 422
    page = owner.get("/commissions").text
    assert "up to 30 days late: 1 %" in page and "above: 2.5 %" in page
    assert "0.00 earned" in submit(owner, f"/commissions/accrue?month={NOVEMBER}").text


READ = ("/banks", "/reconciliation", "/vendors", "/expenses", "/payroll", "/payroll/run", "/commissions")


def test_the_owner_opens_every_office_page_a_manager_all_but_pay_and_an_agent_none(
    app: Flask, company: TestCompany
) -> None:
    visits = {role: visitor(app, company, role) for role in ("owner", "manager", "recovery_agent")}
    for path in READ:
        pay = path.startswith(("/payroll", "/commissions"))
        assert visits["owner"].get(path).status_code == 200, path
        assert visits["manager"].get(path).status_code == (403 if pay else 200), path
        assert visits["recovery_agent"].get(path).status_code == 403, path


def test_another_companys_records_are_404_wherever_a_path_names_them(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    with company_session(other_company.id, "test") as session:
        theirs = {
            "account_id": a_bank(session).id, "vendor_id": add_vendor(session, name="Theirs").id,
            "staff_id": make_staff(session, other_company, role="technician").id,
        }  # fmt: skip
        expense = ask_expense(
            session, category_id=add_expense_category(session, name="Tea").id, net=Decimal("99000.00"),
            actor="staff:x", description="Tea", asked_on=date(2026, 11, 2), idempotency_key="tea",
        ).id  # fmt: skip
    owner = visitor(app, company, "owner")
    prefixes = ("/banks/<", "/reconciliation/<", "/vendors/<", "/payroll/<")
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{blueprint.name}.") and rule.rule.startswith(prefixes) and "GET" in rule.methods:
            path = re.sub(r"<uuid:(\w+)>", lambda match: str(theirs[match[1]]), rule.rule)
            path = path.replace("<format>", "csv")
            assert owner.get(path).status_code == 404, path
            tried += 1
    assert tried == 9
    for path, fields in {
        "/banks/{account_id}/close": {}, "/reconciliation/{account_id}/confirm-exact": {},
        "/reconciliation/{account_id}/save": {"statement_on": "2026-11-03", "statement_balance": "1"},
        "/vendors/{vendor_id}/pay": {"account": new_id(), "amount": "5", "once": new_id()},
        "/payroll/{staff_id}/bonus": {"amount": "5", "reason": "x", "once": new_id()},
        "/payroll/{staff_id}/terms": {"starts_on": "2026-11-01", "monthly_salary": "1", "tax_kind": "none"},
        f"/expenses/{expense}/decide": {"decision": "approve"},
        f"/expenses/{expense}/settle": {"how": "pay", "account": new_id()},
    }.items():  # fmt: skip
        assert submit(owner, path.format(**theirs), **fields).status_code == 404, path
