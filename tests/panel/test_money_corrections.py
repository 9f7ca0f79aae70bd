"""What is brought into the books and put right in them, told through the pages: openings, credits, reopenings."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cli.web import create_app
from core.billing.invoice_models import Invoice
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.bills import BillItem, enter_bill
from core.ledger.reconciliation_models import Reconciliation
from core.ledger.treasury_models import Bill, VendorCredit
from core.ledger.vendors import add_vendor, owed_to
from core.recovery.case_models import RecoveryRun
from core.recovery.policy import change_policy
from core.recovery.runs import begin_run, end_run
from core.staff.leaving import settle_leaving
from core.staff.models import Staff
from core.staff.pay_terms import set_pay_terms
from core.usecases.ask_recovery_run import OutsideContactHours, RunUnderWay, ask_recovery_run
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.treasury.test_reopening import reconciled
from tests.panel.visitors import SETTINGS, submit, visitor

T = TypeVar("T")
BEGIN = "2026-10-31"


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def within(company: TestCompany, question: Callable[[Session], T]) -> T:
    with company_session(company.id, "test") as session:
        return question(session)


@pytest.fixture
def vendor(company: TestCompany) -> Id:
    return within(company, lambda s: add_vendor(s, name="Transworld", kind="upstream", terms_days=15).id)


def bandwidth(company: TestCompany, vendor: Id) -> tuple[Id, Id]:
    """(bill, its line) of 10,000 with 1,950 input tax."""

    def enter(session: Session) -> tuple[Id, Id]:
        bill = enter_bill(session, vendor_id=vendor, billed_on=date(2026, 11, 2), vendor_ref="TW-11", actor="test",
                          items=[BillItem("Bandwidth", Decimal("10000.00"), "5000", tax=Decimal("1950.00"))],
                          idempotency_key=str(new_id()))  # fmt: skip
        return bill.id, bill.lines[0].id

    return within(company, enter)


def test_a_part_of_a_bill_is_credited_once_and_what_is_owed_falls(app: Flask, company: TestCompany, vendor: Id) -> None:
    bill, line = bandwidth(company, vendor)
    manager = visitor(app, company, "manager")
    fields = {"once": new_id(), f"net_{line}": "4,000", "reason": "Half the link was down", "vendor_ref": "CN-7",
              "credited_on": "2026-11-10"}  # fmt: skip

    first = submit(manager, f"/vendors/{vendor}/bills/{bill}/credit", **fields)
    submit(manager, f"/vendors/{vendor}/bills/{bill}/credit", **fields)

    assert "of 4,780.00 for bill" in first.text and "Half the link was down" in first.text
    assert within(company, lambda s: s.scalar(select(func.count()).select_from(VendorCredit))) == 1
    assert within(company, lambda s: owed_to(s, vendor_id=vendor)) == Decimal("7170.00")


def test_a_credit_of_more_than_the_line_says_what_is_left_and_keeps_what_was_typed(
    app: Flask, company: TestCompany, vendor: Id
) -> None:
    bill, line = bandwidth(company, vendor)
    refused = submit(visitor(app, company, "manager"), f"/vendors/{vendor}/bills/{bill}/credit", once=new_id(),
                     reason="Down", **{f"net_{line}": "12000"}, credited_on="2026-11-10")  # fmt: skip
    assert refused.status_code == 422
    assert "10000.00 of it is left" in refused.text.replace("&#39;", "'")


def test_a_bill_is_credited_only_on_the_page_of_its_vendor(app: Flask, company: TestCompany, vendor: Id) -> None:
    bill, _ = bandwidth(company, vendor)
    other = within(company, lambda s: add_vendor(s, name="Another", kind="supplier").id)
    manager = visitor(app, company, "manager")
    assert submit(manager, f"/vendors/{other}/bills/{bill}/credit", once=new_id(), reason="x").status_code == 404


def test_the_owner_brings_a_vendors_old_bill_forward_and_a_manager_cannot(
    app: Flask, company: TestCompany, vendor: Id
) -> None:
    fields = {"amount": "55,000", "their_number": "TW-09", "due_on": "2026-10-01", "posted_on": BEGIN}
    path = f"/vendors/{vendor}/opening"
    assert submit(visitor(app, company, "manager"), path, **fields).status_code == 403
    assert "of 55,000.00 is brought forward" in submit(visitor(app, company, "owner"), path, **fields).text
    assert within(company, lambda s: owed_to(s, vendor_id=vendor)) == Decimal("55000.00")


def table(client: Any, kind: str, text: str, **fields: Any) -> Any:
    return submit(client, "/openings", kind=kind, posted_on=BEGIN, once=new_id(),
                  file=(io.BytesIO(text.encode()), "open.csv"), **fields)  # fmt: skip


def carried(answer: Any) -> str:
    found = re.search(r'name="carried" value="([^"]+)"', answer.text)
    assert found
    return found[1]


def test_customers_balances_are_tried_first_and_entered_as_tried(app: Flask, company: TestCompany) -> None:
    one, two = within(company, lambda s: [make_customer(s, company, name=name).number for name in ("Ayesha", "Bilal")])
    owner = visitor(app, company, "owner")
    text = f'customer,amount,due_on,words\n{one},"1,950.00",2026-10-11,Old bill\n{two},-500,15/10/2026,\n'

    tried = table(owner, "balances", text)
    assert "Ayesha" in tried.text and "2 rows, 0 refused, Rs 1,450.00" in tried.text
    assert within(company, lambda s: s.scalar(select(func.count()).select_from(Invoice))) == 0

    fields = {"kind": "balances", "posted_on": BEGIN, "once": new_id(), "carried": carried(tried), "do": "enter"}
    assert "2 are in the books" in submit(owner, "/openings", **fields).text
    assert within(company, lambda s: s.scalars(select(Invoice.total)).all()) == [Decimal("1950.00")]
    again = submit(owner, "/openings", **fields)
    assert again.status_code == 422 and "would have two opening balances" in again.text
    assert "would have two opening balances" in table(owner, "balances", text).text


@pytest.mark.parametrize(("row", "why"), [
    ("C-999999,10,2026-10-11,", "There is no customer C-999999"),
    ("{one},ten,2026-10-11,", "&#39;ten&#39; is no amount"),
    ("{one},,2026-10-11,", "The amount is missing"),
    ("{one},10,soon,", "&#39;soon&#39; is no day"),
    ("{one},10,,", "The day it was due is missing"),
    ("{one},0,2026-10-11,", "an amount of zero"),
    ("{one},10.555,2026-10-11,", "is no amount"),
    (",10,2026-10-11,", "The customer is missing"),
])  # fmt: skip
def test_a_row_that_cannot_be_opened_is_named_with_its_reason(
    app: Flask, company: TestCompany, row: str, why: str
) -> None:
    one = within(company, lambda s: make_customer(s, company).number)
    tried = table(visitor(app, company, "owner"), "balances",
                  "customer,amount,due_on,words\n" + row.format(one=one))  # fmt: skip
    assert tried.status_code == 200 and "1 refused" in tried.text and why in tried.text


@pytest.mark.parametrize(("data", "why"), [
    (b"name,money\nx,1\n", "customer is missing"),
    (b"customer,amount\n", "no row under its heading"),
    (b"\x89PNG....", "no CSV"),
    (b"", "Choose a file"),
])  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused_in_words(
    app: Flask, company: TestCompany, data: bytes, why: str
) -> None:
    answer = submit(visitor(app, company, "owner"), "/openings", kind="deposits", posted_on=BEGIN, once=new_id(),
                    file=(io.BytesIO(data), "open.csv"))  # fmt: skip
    assert answer.status_code == 422 and why in answer.text


def test_deposits_and_vendors_bills_come_from_tables_too(app: Flask, company: TestCompany, vendor: Id) -> None:
    customer = within(company, lambda s: make_customer(s, company).number)
    number = within(company, lambda s: add_vendor(s, name="Nayatel").number)
    owner = visitor(app, company, "owner")
    for kind, text in (("deposits", f"customer,amount,words\n{customer},3000,Router\n"),
                       ("bills", f"vendor,amount,due_on,their_number\n{number},9000,2026-10-20,N-1\n")):  # fmt: skip
        assert "All rows are fine" in table(owner, kind, text).text
        assert "1 are in the books" in table(owner, kind, text, do="enter").text
    assert within(company, lambda s: s.scalars(select(Bill.total)).all()) == [Decimal("9000.00")]
    assert within(company, lambda s: s.scalars(select(Invoice.state)).all()) == ["paid"]


def test_only_the_owner_opens_balances(app: Flask, company: TestCompany) -> None:
    assert visitor(app, company, "manager").get("/openings").status_code == 403
    assert visitor(app, company, "owner").get("/openings").status_code == 200
    ahead = submit(visitor(app, company, "owner"), "/openings", kind="deposits", posted_on="2999-01-01", once=new_id(),
                   file=(io.BytesIO(b"customer,amount\nC-1,5\n"), "x.csv"))  # fmt: skip
    assert ahead.status_code == 422 and "still to come" in ahead.text


def test_the_owner_reopens_a_saved_statement_with_a_reason(app: Flask, company: TestCompany) -> None:
    def save(session: Session) -> tuple[Id, Id]:
        bank, saved = reconciled(session, company)
        return bank.id, saved.id

    bank, saved = within(company, save)
    path = f"/reconciliation/{bank}/saved/{saved}/reopen"
    assert submit(visitor(app, company, "manager"), path, reason="A late fee").status_code == 403
    owner = visitor(app, company, "owner")
    assert "Reason is missing" in submit(owner, path).text
    assert "is open again" in submit(owner, path, reason="A late fee").text
    page = owner.get(f"/reconciliation/{bank}").text
    assert "A late fee" in page and "reopened" in page
    assert "only the newest standing" in submit(owner, path, reason="Again").text
    assert within(company, lambda s: s.get_one(Reconciliation, saved).reopen_reason) == "A late fee"


@pytest.fixture
def gone(company: TestCompany) -> Id:
    """A technician on 40,000 a month from October, who left on 15 November."""

    def leave(session: Session) -> Id:
        person = make_staff(session, company, role="technician")
        set_pay_terms(session, staff_id=person.id, starts_on=date(2026, 10, 1), monthly_salary=Decimal("40000.00"))
        settle_leaving(session, staff_id=person.id, last_day_worked=date(2026, 11, 15), account_code="1010",
                       paid_on=date(2026, 11, 15), idempotency_key="left", actor="test", origin="test")  # fmt: skip
        return person.id

    return within(company, leave)


def test_who_left_is_hired_again_on_new_terms(app: Flask, company: TestCompany, gone: Id) -> None:
    owner = visitor(app, company, "owner")
    assert f"/payroll/{gone}/rehire" in owner.get("/staff").text
    page = owner.get(f"/payroll/{gone}/rehire").text
    assert "He was paid until 16 Nov 2026" in page
    fields = {"starts_on": "2026-12-01", "monthly_salary": "45,000", "role": "recovery_agent", "tax_kind": "none"}
    early = submit(owner, f"/payroll/{gone}/rehire", **fields | {"starts_on": "2026-11-01"})
    assert early.status_code == 422 and "comes back on that day or later" in early.text and "45,000" in early.text
    assert "works here again" in submit(owner, f"/payroll/{gone}/rehire", **fields).text
    person = within(company, lambda s: s.get_one(Staff, gone))
    assert (person.state, person.role) == ("active", "recovery_agent")
    assert "change his terms" in owner.get(f"/payroll/{gone}/rehire").text
    assert submit(owner, f"/payroll/{gone}/rehire", **fields).status_code == 422


def test_a_manager_hires_nobody_again(app: Flask, company: TestCompany, gone: Id) -> None:
    manager = visitor(app, company, "manager")
    assert manager.get(f"/payroll/{gone}/rehire").status_code == 403
    assert visitor(app, company, "owner").get(f"/payroll/{new_id()}/rehire").status_code == 404


def test_the_runs_page_says_what_each_run_did(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    assert "No run yet" in manager.get("/recovery/runs").text

    def ran(session: Session) -> None:
        today = session.scalar(select(func.current_date()))
        assert today is not None
        begin_run(session, kind="ageing", day=today, now=NOW)
        session.scalars(select(RecoveryRun)).one().counts = {"opened": 3, "closed": 0, "restored": 1}
        end_run(session, kind="ageing", day=today, now=NOW)

    within(company, ran)
    page = manager.get("/recovery/runs").text
    assert "3 cases opened, 1 services restored" in page and "cases closed" not in page
    assert "is asked for" in submit(manager, "/recovery/runs", kind="ageing").text
    assert submit(manager, "/recovery/runs", kind="everything").status_code == 422
    assert visitor(app, company, "recovery_agent").get("/recovery/runs").status_code == 403


def test_a_run_is_asked_for_in_its_hours_and_not_while_it_is_done(company: TestCompany) -> None:
    def ask(session: Session) -> None:
        change_policy(session, contact_from=NOW.time().replace(hour=12), contact_to=NOW.time().replace(hour=20))
        with pytest.raises(OutsideContactHours, match="12:00 to 20:00"):
            ask_recovery_run(session, kind="ladder", now=NOW)
        assert ask_recovery_run(session, kind="ageing", now=NOW) == TODAY
        begin_run(session, kind="ageing", day=TODAY, now=NOW)
        with pytest.raises(RunUnderWay):
            ask_recovery_run(session, kind="ageing", now=NOW)

    within(company, ask)
