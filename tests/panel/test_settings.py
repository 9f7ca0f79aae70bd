"""The settings area: every policy without a page of its own is shown, changed, and refused next to its field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin_web.settings_tabs import TABS
from cli.web import create_app
from core.billing.plan_models import BillingPolicy
from core.billing.policy import billing_policy, change_billing_policy
from core.companies import current_company
from core.db import company_session, table_of
from core.ledger.cash_accounts import treasury_policy
from core.ledger.periods import policy_of
from core.staff.agent_cash import cash_limit_left
from core.staff.pay_terms import pay_policy
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def as_shown(client: FlaskClient, tab: str) -> dict[str, str]:
    """What the tab's form would send if it were saved as it stands."""
    page = client.get(f"/settings/{tab}").text.split('action="/settings/', 1)[1]
    fields = {}
    for name, value in re.findall(r'<input name="(\w+)" value="([^"]*)"', page):
        fields[name] = unescape(value)
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.S):
        fields[name] = unescape((re.findall(r'value="([^"]*)" selected', options) or [""])[0])
    for name, words in re.findall(r'<textarea name="(\w+)".*?>(.*?)</textarea>', page, re.S):
        fields[name] = unescape(words)
    for name in re.findall(r'type="checkbox" name="(\S+)"[^>]*checked', page):
        fields[name] = "on"
    return fields


def test_every_tab_saved_as_it_stands_changes_nothing(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    for tab in TABS:
        before = as_shown(owner, tab)
        assert before, tab
        assert "Saved." in submit(owner, f"/settings/{tab}", **before).text, tab
        assert as_shown(owner, tab) == before, tab


def test_every_choice_of_billing_has_a_field(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    pages = owner.get("/settings/billing").text + owner.get("/settings/fees").text
    columns = set(table_of(BillingPolicy).c.keys()) - {"id", "company_id", "created_at", "method_accounts"}
    assert {name for name in columns if f'name="{name}"' not in pages} == set()


def test_what_is_changed_holds(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    changes: dict[str, dict[str, str]] = {
        "company": {"name": "Chenab Net", "payment_methods": "JazzCash: 0300 1234567\nMeezan: PK36MEZN01"},
        "billing": {"due_days": "12", "proration": "thirty", "deferral_over_months": "3"},
        "fees": {"late_fee_kind": "fixed", "late_fee_amount": "1,250.50", "late_fee_cap": "", "account_of_bank": ""},
        "books": {"manual_limit": "75,000", "match_days": "5"},
        "pay": {"day_basis": "thirty", "cash_limit": "", "advance_limit_salaries": "1.5"},
    }
    for tab, changed in changes.items():
        assert "Saved." in submit(owner, f"/settings/{tab}", **as_shown(owner, tab) | changed).text, tab
    with company_session(company.id, "test") as session:
        billing, pay = billing_policy(session), pay_policy(session)
        assert current_company(session).payment_methods == {"JazzCash": "0300 1234567", "Meezan": "PK36MEZN01"}
        assert (billing.due_days, billing.proration, billing.deferral_over_months) == (12, "thirty", 3)
        assert (billing.late_fee_kind, billing.late_fee_amount) == ("fixed", Decimal("1250.50"))
        assert (policy_of(session).manual_limit, treasury_policy(session).match_days) == (Decimal("75000.00"), 5)
        assert (pay.day_basis, pay.cash_limit, pay.advance_limit_salaries) == ("thirty", None, Decimal("1.5"))


@pytest.mark.parametrize(("tab", "field", "value", "why"), [
    ("billing", "due_days", "soon", "must be a whole number"), ("billing", "due_days", "", "This is needed."),
    ("billing", "calendar_day", "32", "1 to 31"), ("billing", "proration", "half", "Choose one of the list."),
    ("billing", "deferral_over_months", "0", "1 to 36"), ("billing", "wrong_cards_max", "-1", "1 to 100"),
    ("fees", "late_fee_percent", "101", "0 to 100"), ("fees", "bounce_fee", "-5", "0 or more"),
    ("fees", "bounce_fee", "1.234", "must be an amount"), ("fees", "late_fee_kind", "fixed", "A late fee of nothing"),
    ("fees", "account_of_cash", "2300", "Choose one of the list."), ("company", "name", " ", "This is needed."),
    ("company", "payment_methods", "JazzCash 0300", "a name, a colon and a number"),
    ("books", "manual_limit", "-1", "0 or more"), ("books", "match_days", "61", "0 to 60"),
    ("pay", "deductions_percent_max", "nan", "must be a number"), ("pay", "cash_limit", "lots", "must be an amount"),
])  # fmt: skip
def test_a_field_that_cannot_be_kept_says_why_beside_it_and_nothing_is_saved(
    app: Flask, company: TestCompany, tab: str, field: str, value: str, why: str
) -> None:
    owner = visitor(app, company, "owner")
    before = as_shown(owner, tab)
    answer = submit(owner, f"/settings/{tab}", **before | {field: value})
    assert answer.status_code == 422
    marked = unescape(answer.text).split('class="setting refused')
    beside = next((part for part in marked[1:] if why in part.split("</div>")[0]), "")
    assert beside and why in beside
    assert as_shown(owner, tab) == before


def test_several_refused_fields_are_all_marked(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    wrong = as_shown(owner, "billing") | {"due_days": "x", "calendar_day": "40"}
    assert submit(owner, "/settings/billing", **wrong).text.count('class="setting refused') == 2


def test_a_manager_sees_the_settings_and_the_owner_changes_them(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    page = manager.get("/settings")
    assert page.status_code == 200 and "Only the owner changes them" in page.text
    assert '<button class="primary">Save</button>' not in page.text
    assert submit(manager, "/settings/billing", due_days="1").status_code == 403
    for role in ("recovery_agent", "technician"):
        assert visitor(app, company, role).get("/settings/billing").status_code == 403
    assert manager.get("/settings/nothing").status_code == 404
    assert submit(visitor(app, company, "owner"), "/settings/nothing").status_code == 404


def test_an_accountant_who_is_not_shown_stays_one(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        shown = f"staff:{make_staff(session, company, role='manager').id}"
        policy_of(session).accountants = ["login:abc", shown]
    owner = visitor(app, company, "owner")
    fields = as_shown(owner, "books")
    assert fields.pop(f"accountants_{shown}") == "on"
    submit(owner, "/settings/books", **fields)
    with company_session(company.id, "test") as session:
        assert policy_of(session).accountants == ["login:abc"]


def test_a_method_of_payment_is_booked_where_the_owner_says(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    submit(owner, "/banks", name="Easypaisa", kind="wallet", opened_on="2026-07-01", opening_balance="0")
    fields = as_shown(owner, "fees")
    code = re.search(r'value="(103\d)"[^>]*>103\d Easypaisa', owner.get("/settings/fees").text)
    assert code
    assert "Saved." in submit(owner, "/settings/fees", **fields | {"account_of_easypaisa": code[1]}).text
    with company_session(company.id, "test") as session:
        assert billing_policy(session).method_accounts == {"easypaisa": code[1]}


def test_deferred_revenue_is_a_report_with_its_balance(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        change_billing_policy(session, deferral_over_months=1)
        customer_who_owes(session, company, a_phone())
    owner = visitor(app, company, "owner")
    page = owner.get(f"/books/deferred?last={date(2026, 11, 30)}").text
    assert "Balance of account 2220" in page and "becomes income month" in page
    assert "Balance of account 2220" in owner.get("/books/deferred.csv?last=2026-11-30").text


def test_an_account_and_an_employees_statement_are_files_too(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
        person = make_staff(session, company, role="technician").id
    owner = visitor(app, company, "owner")
    assert "3435.63" in owner.get("/accounts/1100.csv?first=2026-11-01&last=2026-11-30").text
    assert owner.get("/accounts/1100.xlsx").data.startswith(b"PK")
    assert owner.get("/accounts/9999.csv").status_code == 404 and owner.get("/accounts/1100.pdf").status_code == 404
    assert "2400 Payable to employees" in owner.get(f"/payroll/{person}/statement.csv").text
    assert visitor(app, company, "manager").get(f"/payroll/{person}/statement.csv").status_code == 403


def test_an_empty_inbox_says_what_will_come_there(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    for view, words in (("", "Nobody has written yet"), ("people", "Nobody waits for a person"),
                        ("mine", "take it over"), ("mine&q=zzz", "like “zzz”")):  # fmt: skip
        assert words in manager.get(f"/inbox?view={view}").text


def test_one_agent_has_limits_of_his_own_until_the_company_s_hold_again(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        rabia = make_staff(session, company, role="recovery_agent", name="Rabia").id
    owner, path = visitor(app, company, "owner"), f"/payroll/{rabia}/cash-limit"
    wrong = submit(owner, path, own_limit="own", own_cash_limit="lots", own_cash_days="400")
    assert wrong.status_code == 422 and "must be an amount" in wrong.text and "It must be 0 to 365." in wrong.text
    kept = submit(owner, path, own_limit="own", own_cash_limit="20,000", own_cash_days="")
    assert "Rabia has limits of his own." in kept.text and "At most 20,000.00, no limit of days" in kept.text
    with company_session(company.id, "test") as session:
        cash = cash_limit_left(session, staff_id=rabia, today=date(2026, 11, 25))
        assert (cash.limit, cash.age_limit) == (Decimal("20000.00"), None)
    assert "20,000.00" in visitor(app, company, "manager").get("/settings/pay").text
    dropped = submit(owner, "/settings/pay/cash-limits", own_limit_of=rabia, own_limit="company", own_cash_limit="",
                     own_cash_days="")  # fmt: skip
    assert "The company&#39;s limits hold for Rabia." in dropped.text and "Nobody: the company" in dropped.text
    nobody = submit(owner, "/settings/pay/cash-limits", own_limit_of="x", own_limit="own", own_cash_limit="",
                    own_cash_days="")  # fmt: skip
    assert nobody.status_code == 422 and "Choose one of the list." in nobody.text
    assert submit(visitor(app, company, "manager"), path, own_limit="own").status_code == 403
