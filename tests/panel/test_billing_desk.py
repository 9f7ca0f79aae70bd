"""The billing desk in the panel: money taken once, documents corrected with their reasons, runs tried and started."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select

from cli.web import create_app
from core import vault
from core.billing.claims import claim_payment
from core.billing.invoice_models import CreditNote, Invoice, InvoiceRunRequest
from core.billing.payment_models import Payment
from core.billing.plans import add_plan
from core.billing.subscription_models import Subscription, VoucherBatch
from core.clock import utc_now
from core.crm.models import Customer, Document
from core.db import company_session
from core.ids import new_id
from tests.builders import a_phone, customer_who_owes, make_customer, make_plan, make_subscription
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, token_of, visitor
from workers.billing import run_invoices_by_hand

INVOICE = "INV-2026-27-000001"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def owing(company: TestCompany) -> TestCompany:
    """Ayesha Khan, C-2001, owes Rs 3,435.63 on one invoice."""
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
    return company


def send(client: FlaskClient, path: str, **fields: str):
    return submit(client, path, once=str(new_id()), **fields)


def figure(company: TestCompany, query):
    with company_session(company.id, "test") as session:
        return session.scalar(query)


def open_amount(company: TestCompany) -> Decimal | None:
    return figure(company, select(func.sum(Invoice.balance)))


def test_a_payment_sent_twice_is_one_payment_with_one_receipt(app: Flask, owing: TestCompany) -> None:
    manager = visitor(app, owing, "manager")
    assert "Rs 3,435.63" in manager.get("/counter/payer?whose=ayesha").text
    fields = {"whose": "C-2001", "amount": "2,000", "method": "cash", "once": str(new_id())}
    for _ in range(2):
        answer = submit(manager, "/counter", **fields)
        assert "1,435.63 left to pay" in answer.text
    assert figure(owing, select(func.count()).select_from(Payment)) == 1
    number = figure(owing, select(Payment.number))
    assert f"/payments/{number}.pdf" in answer.text
    assert manager.get(f"/payments/{number}.pdf?language=ur").data.startswith(b"%PDF")
    assert number in manager.get("/payments?q=ayesha").text
    page = manager.get(f"/payments/{number}").text
    assert INVOICE in page and "2,000.00" in page


def test_who_pays_must_be_clear_and_what_was_typed_stays(app: Flask, owing: TestCompany) -> None:
    with company_session(owing.id, "test") as session:
        other = make_customer(session, owing, name="Ayesha Malik").id
    manager = visitor(app, owing, "manager")
    unclear = send(manager, "/counter", whose="ayesha", amount="2000", method="cash")
    assert unclear.status_code == 422 and "is not clear" in unclear.text and 'value="2000"' in unclear.text
    stale = send(manager, "/counter", whose="C-2001", customer_id=str(other), amount="2000", method="cash")
    assert stale.status_code == 422
    assert figure(owing, select(func.count()).select_from(Payment)) == 0
    assert "from Ayesha Malik" in send(
        manager, "/counter", whose="ayesha", customer_id=str(other), amount="5", method="cash"
    ).text  # fmt: skip


def test_a_corporate_payer_withholds_tax(app: Flask, owing: TestCompany) -> None:
    manager = visitor(app, owing, "manager")
    answer = send(manager, "/counter", whose="C-2001", amount="3,035.63", method="bank", reference="IBFT 7788",
                  withheld_income_tax="400", certificate_no="CPR-1")  # fmt: skip
    assert "0.00 left to pay" in answer.text
    assert open_amount(owing) == 0


def test_a_bounced_cheque_opens_its_invoice_again(app: Flask, owing: TestCompany) -> None:
    manager = visitor(app, owing, "manager")
    send(manager, "/counter", whose="C-2001", amount="3435.63", method="cheque", reference="HBL 112233")
    number = figure(owing, select(Payment.number))
    assert send(manager, f"/payments/{number}/bounce", bounce_reason=" ").status_code == 422
    assert "has bounced" in send(manager, f"/payments/{number}/bounce", bounce_reason="No funds").text
    assert open_amount(owing) == Decimal("3435.63")


def test_more_than_invoiced_is_refused_with_the_reason_and_the_fields_kept(app: Flask, owing: TestCompany) -> None:
    owner = visitor(app, owing, "owner")
    line = re.search(r'name="(line_[0-9a-f-]{36})"', owner.get(f"/invoices/{INVOICE}").text)
    assert line
    fields = {"credit_reason": "Two days down", "how_much": "lines", line[1]: "9,000"}
    refused = send(owner, f"/invoices/{INVOICE}/credit", **fields)
    assert refused.status_code == 422 and 'role="alert"' in refused.text
    assert "Two days down" in refused.text and 'value="9,000"' in refused.text
    assert figure(owing, select(func.count()).select_from(CreditNote)) == 0
    accepted = send(owner, f"/invoices/{INVOICE}/credit", **fields | {line[1]: "1,000"})
    assert "Credit note CN-" in accepted.text and "Two days down" in accepted.text
    owed = open_amount(owing)
    assert owed is not None and owed < Decimal("2436")
    assert send(owner, f"/invoices/{INVOICE}/credit", credit_reason="All", how_much="all").status_code == 200
    assert open_amount(owing) == 0


def test_a_share_of_an_invoice_is_taken_back(app: Flask, owing: TestCompany) -> None:
    owner = visitor(app, owing, "owner")
    send(owner, f"/invoices/{INVOICE}/credit", credit_reason="Half a month", how_much="share", share_percent="50")
    assert figure(owing, select(CreditNote.net)) == Decimal("1250.00")


def test_an_unpaid_invoice_is_voided_with_a_reason(app: Flask, owing: TestCompany) -> None:
    owner = visitor(app, owing, "owner")
    assert send(owner, f"/invoices/{INVOICE}/void").status_code == 422
    page = send(owner, f"/invoices/{INVOICE}/void", void_reason="Wrong customer").text
    assert "is void" in page and "reversal" in page
    assert INVOICE in owner.get("/invoices?state=void").text
    assert INVOICE not in owner.get("/invoices?overdue=on").text


def test_a_debt_is_written_off_by_two_people(app: Flask, owing: TestCompany) -> None:
    owner, manager = visitor(app, owing, "owner"), visitor(app, owing, "manager")
    page = send(owner, f"/invoices/{INVOICE}/write-off", write_off_reason="Moved away").text
    assert "waits for a second person" in page
    waiting = re.search(r'action="(/write-offs/[0-9a-f-]{36})"', owner.get("/write-offs").text)
    assert waiting
    assert send(owner, waiting[1], decision="approve").status_code == 422
    assert "is written off" in send(manager, waiting[1], decision="approve").text
    assert figure(owing, select(Invoice.state)) == "written_off"


def test_an_advance_goes_back_when_a_second_person_approves(app: Flask, owing: TestCompany) -> None:
    owner, manager = visitor(app, owing, "owner"), visitor(app, owing, "manager")
    send(owner, "/counter", whose="C-2001", amount="4,000", method="cash")
    asked = {"whose": "C-2001", "paid_from": "1010", "reason": "Paid twice"}
    assert send(owner, "/refunds", amount="600", **asked).status_code == 422
    assert "waits for a second person" in send(owner, "/refunds", amount="564.37", **asked).text
    waiting = re.search(r'action="(/refunds/[0-9a-f-]{36})"', manager.get("/refunds").text)
    assert waiting
    assert send(owner, waiting[1], decision="approve").status_code == 422
    assert "is paid" in send(manager, waiting[1], decision="approve").text


def claimed(company: TestCompany) -> str:
    with company_session(company.id, "test") as session:
        customer = session.scalars(select(Customer.id)).one()
        picture = Document(id=new_id(), state="stored", sha256=vault.put(PNG), mime_type="image/png", filename="a.png")
        session.add(picture)
        session.flush()
        return str(
            claim_payment(session, customer_id=customer, amount=Decimal("3400"), reference="JC-884422119",
                          method="jazzcash", document_id=picture.id, now=utc_now()).id
        )  # fmt: skip


def test_a_claim_is_looked_at_accepted_with_a_corrected_amount_and_receipted(app: Flask, owing: TestCompany) -> None:
    claim = claimed(owing)
    manager = visitor(app, owing, "manager")
    assert "JC-884422119" in manager.get("/claims").text
    picture = manager.get(f"/claims/{claim}/picture")
    assert picture.data == PNG and picture.mimetype == "image/png"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    page = send(manager, f"/claims/{claim}/accept", amount="3,435.63", method="jazzcash").text
    assert "Receipt R-" in page and "0.00 left to pay" in page
    assert open_amount(owing) == 0
    assert send(manager, f"/claims/{claim}/accept", method="jazzcash").status_code == 422


def test_a_claim_is_refused_with_a_reason(app: Flask, owing: TestCompany) -> None:
    claim = claimed(owing)
    manager = visitor(app, owing, "manager")
    assert send(manager, f"/claims/{claim}/refuse", reason=" ").status_code == 422
    assert "is told why" in send(manager, f"/claims/{claim}/refuse", reason="No such transfer").text
    assert "No such transfer" in manager.get("/claims").text


def test_a_picture_that_is_none_is_only_downloaded(app: Flask, owing: TestCompany) -> None:
    claim = claimed(owing)
    with company_session(owing.id, "test") as session:
        session.scalars(select(Document)).one().mime_type = "text/html"
    picture = visitor(app, owing, "manager").get(f"/claims/{claim}/picture")
    assert picture.mimetype == "application/octet-stream"
    assert picture.headers["Content-Disposition"].startswith("attachment")


def test_a_dry_run_says_what_the_run_then_writes(app: Flask, company: TestCompany, redis_url: str) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        for _ in range(3):
            make_subscription(session, make_customer(session, company), plan)
        later = add_plan(session, code="F9", name="Fiber 9", download_mbps=9, upload_mbps=9, price=Decimal("900"),
                         valid_from=date(2026, 6, 1))  # fmt: skip
        make_subscription(session, make_customer(session, company, name="Without Price"), later)
    owner = visitor(app, company, "owner")
    tried = owner.get("/invoice-runs/dry?day=2026-01-01").text
    figures = re.findall(r"<b>([^<]+)</b>", tried)
    assert figure(company, select(func.count()).select_from(Invoice)) == 0
    asked = submit(owner, "/invoice-runs", day="2026-01-01")
    assert "subscriptions are due" in asked.text and "Waiting for a worker" in asked.text
    assert Redis.from_url(redis_url).llen("rq:queue:billing") > 0
    with company_session(company.id) as session:
        request_id = session.scalars(select(InvoiceRunRequest.id)).one()
    run_invoices_by_hand(str(company.id), str(request_id))
    run_invoices_by_hand(str(company.id), str(request_id))
    made, total = (
        figure(company, select(func.count()).select_from(Invoice)), figure(company, select(func.sum(Invoice.total)))
    )  # fmt: skip
    assert figures[0] == str(made) and figures[1] == f"Rs {total:,}"
    page = owner.get("/invoice-runs").text
    assert "done" in page and f"Rs {total:,}" in page
    assert owner.get("/invoice-runs/progress").status_code == 286
    assert "Without Price" in tried and "has no price on" in tried and "Without Price" in page
    assert submit(owner, "/invoice-runs", day="2999-01-01").status_code == 422
    run = re.search(r"/invoice-runs/[0-9a-f-]{36}", page)
    assert run and owner.get(run[0]).status_code == 200


def test_a_plan_gets_a_new_price_from_a_day_and_is_withdrawn(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    fields = {"code": "F50", "name": "Fiber 50", "download_mbps": "50", "upload_mbps": "50", "price": "4,000",
              "valid_from": "2026-01-01", "kind": "flat", "service_class": "internet"}  # fmt: skip
    assert "is on offer" in submit(owner, "/plans", **fields).text
    assert "choose another code" in submit(owner, "/plans", **fields).text
    plan = re.search(r"/plans/([0-9a-f-]{36})/prices", owner.get("/plans").text)
    assert plan
    priced = {"new_price": "4500", "from": "2026-07-01"}
    assert "Rs 4,500.00" in submit(owner, f"/plans/{plan[1]}/prices", **priced).text
    assert submit(owner, f"/plans/{plan[1]}/prices", **priced).status_code == 422
    assert "not offered any more" in submit(owner, f"/plans/{plan[1]}/offered", offered="no").text
    metered = {"code": "M10", "name": "Metered", "price": "500", "kind": "metered", "rating": "graduated"}
    assert submit(owner, "/plans", **fields | metered | {"bands": "ten"}).status_code == 422
    assert "above 100 GB: 9.5" in submit(owner, "/plans", **fields | metered | {"bands": "0: 12\n100: 9.50"}).text


def test_a_tax_rate_is_added_once(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    fields = {"code": "PRA", "name": "Punjab sales tax", "kind": "sales_tax", "base": "net", "percent": "16",
              "account": "2100", "valid_from": "2027-07-01", "jurisdiction": "PK-PB"}  # fmt: skip
    assert "Punjab sales tax is 16" in submit(owner, "/taxes", **fields).text
    assert submit(owner, "/taxes", **fields).status_code == 422
    assert submit(owner, "/taxes", **fields | {"percent": "NaN"}).status_code == 422


def test_a_service_is_started_changed_discounted_paused_and_ended(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        site, plan = customer.sites[0].id, make_plan(session).id
        faster = make_plan(session, price="4000.00", mbps=50).id
    owner = visitor(app, company, "owner")
    home = "/customers/C-2001"
    assert "The service runs from" in submit(owner, f"{home}/subscriptions", plan=plan, site=site).text
    service = f"{home}/subscriptions/{figure(company, select(Subscription.id))}"
    shown = owner.get(f"{service}/plan?new_plan={faster}&when=now").text
    assert "From " in shown and "credited" in shown
    assert "Fiber 50 is in effect" in send(owner, f"{service}/plan", new_plan=faster, when="now").text
    assert 'role="alert"' in owner.get(f"{service}/plan?new_plan={faster}&when=now").text
    assert "loyal" in send(owner, f"{service}/discounts", discount_percent="10", discount_reason="loyal").text
    assert send(owner, f"{service}/discounts", discount_percent="110", discount_reason="x").status_code == 422
    assert "The service pauses" in send(owner, f"{service}/pauses", pause_note="Umrah").text
    pause = re.search(rf'action="({home}/pauses/[0-9a-f-]{{36}})"', owner.get(home).text)
    assert pause and "There is service again" in send(owner, pause[1]).text
    assert "The line is added" in send(owner, f"{service}/lines", line_plan=plan, role="addon").text
    assert "The service ends on" in send(owner, f"{service}/end", end_reason="Moving").text


def test_a_one_off_charge_waits_or_is_invoiced_now(app: Flask, owing: TestCompany) -> None:
    owner = visitor(app, owing, "owner")
    charge = {"what": "installation", "charge_amount": "2,500"}
    assert "waits for the next invoice" in send(owner, "/customers/C-2001/charges", bill="next", **charge).text
    assert "is invoiced: INV-" in send(owner, "/customers/C-2001/charges", bill="now", **charge).text
    waiting = re.search(r'action="(/customers/C-2001/charges/[0-9a-f-]{36})"', owner.get("/customers/C-2001").text)
    assert waiting and "is not charged" in send(owner, waiting[1], decision="cancel").text


def test_a_statement_of_account_is_shown_and_exported(app: Flask, owing: TestCompany) -> None:
    owner = visitor(app, owing, "owner")
    span = "first=2026-10-01&last=2026-11-30"
    assert "3,435.63" in owner.get(f"/customers/C-2001/statement?{span}").text
    assert "3435.63" in owner.get(f"/customers/C-2001/statement.csv?{span}").text
    assert owner.get(f"/customers/C-2001/statement.xlsx?{span}").data.startswith(b"PK")
    assert owner.get("/customers/C-2001/statement?first=soon").status_code == 400


def test_voucher_codes_are_shown_once_and_cards_are_sold_and_cancelled(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    fields = {"name": "Eid", "amount": "500", "count": "3", "expires_on": "2999-12-31"}
    made = submit(owner, "/vouchers", **fields)
    codes = re.findall(r"<b>([2-9A-Z]{4}(?:-[2-9A-Z]{4}){3})</b>", made.text)
    assert len(set(codes)) == 3 and made.headers["Cache-Control"] == "no-store"
    assert codes[0] not in owner.get("/vouchers").text
    assert submit(owner, "/vouchers", **fields).status_code == 422
    sheet = submit(owner, "/vouchers", **fields | {"name": "Ramzan", "answer": "csv"})
    assert sheet.mimetype == "text/csv" and sheet.text.count("Ramzan") >= 3
    batch = figure(company, select(VoucherBatch.id).where(VoucherBatch.name == "Eid"))
    sale = {"first": "1", "last": "2", "received": "950"}
    assert "2 cards are sold" in send(owner, f"/vouchers/{batch}/sell", **sale).text
    assert send(owner, f"/vouchers/{batch}/sell", **sale).status_code == 422
    assert "1 cards are worth nothing" in submit(owner, f"/vouchers/{batch}/cancel", serials="3").text


def test_another_companys_documents_do_not_exist(app: Flask, company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        customer_who_owes(session, other_company, a_phone())
        subscription = session.scalars(select(Subscription.id)).one()
    claim = claimed(other_company)
    owner = visitor(app, company, "owner")
    for path in (f"/invoices/{INVOICE}", f"/invoices/{INVOICE}.pdf", f"/claims/{claim}/picture",
                 "/customers/C-2001/statement", "/payments/R-2026-27-000001", f"/invoice-runs/{new_id()}"):  # fmt: skip
        assert owner.get(path).status_code == 404, path
    for path, fields in (
        (f"/invoices/{INVOICE}/void", {"void_reason": "Not mine"}),
        (f"/claims/{claim}/accept", {"method": "cash"}), (f"/claims/{claim}/refuse", {"reason": "Not mine"}),
        (f"/customers/C-2001/subscriptions/{subscription}/end", {}),
    ):  # fmt: skip
        assert send(owner, path, **fields).status_code == 404, path
    assert open_amount(other_company) == Decimal("3435.63")


def test_the_desk_is_for_those_who_may(app: Flask, owing: TestCompany) -> None:
    agent, manager = visitor(app, owing, "recovery_agent"), visitor(app, owing, "manager")
    for path in (
        "/counter", "/counter/payer?whose=a", "/payments", "/invoices", f"/invoices/{INVOICE}", "/claims", "/refunds",
        "/write-offs", "/invoice-runs", "/invoice-runs/dry", "/plans", "/taxes", "/vouchers",
    ):  # fmt: skip
        assert agent.get(path).status_code == 403, path
        assert manager.get(path).status_code == 200, path
    token = token_of(agent, "/overdue")
    assert agent.post("/counter", data={"csrf_token": token, "whose": "C-2001", "amount": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/plans", {"download_mbps": "--5"}), ("/plans", {"download_mbps": "99999999999"}),
     ("/plans", {"code": "x" * 5000}), ("/plans", {"bands": "0: 1e30"}), ("/taxes", {"percent": "1e9"}),
     ("/taxes", {"percent": "19.123456"})],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_its_name(
    app: Flask, company: TestCompany, path: str, fields: dict[str, str]
) -> None:
    plan = {"code": "A", "name": "A", "download_mbps": "5", "upload_mbps": "5", "price": "100", "kind": "metered",
            "service_class": "internet", "rating": "volume", "bands": "0: 1"}  # fmt: skip
    tax = {"code": "A", "name": "A", "kind": "excise", "base": "net", "percent": "5", "account": "2100",
           "valid_from": "2027-01-01"}  # fmt: skip
    answer = submit(visitor(app, company, "owner"), path, **(plan if path == "/plans" else tax) | fields)
    assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_a_list_that_is_asked_for_strangely_says_what_is_wrong(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    for path in ("/invoices?after=x", "/payments?after=x", f"/invoices?q={'x' * 5000}", "/invoice-runs/dry?day=soon"):
        assert owner.get(path).status_code == 400, path
    for path in ("/invoices?q=%00", "/counter?whose=%00", "/counter/payer?whose=%25", "/payments?q=%25"):
        assert owner.get(path).status_code == 200, path
