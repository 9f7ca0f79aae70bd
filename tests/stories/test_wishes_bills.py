"""A bill explained, bills and receipts as PDF, what was used, and plans with what they cost in the end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.billing.credit_notes import credit_invoice
from core.billing.invoice_models import Invoice
from core.billing.payment_models import Payment
from core.billing.subscription_models import Subscription
from core.clock import utc_now
from core.db import company_session
from core.network.usage import UsageDelta, record_usage
from core.recovery.case_models import RecoveryCase
from core.usecases.load_attachment import load_attachment
from core.usecases.recovery_facts import holds_of, lines_of, overdue_of
from tests.builders import (
    a_phone,
    customer_who_owes,
    make_customer,
    make_invoice,
    make_plan,
    make_subscription,
)
from tests.cast import TestCompany
from tests.core.billing.life import pay
from tests.phones import Phone, choices
from tests.stories.money import in_days
from tests.stories.wishes import debtor, paid_up, tickets_of, with_late_fee

GB = 10**9


def fined(client: FlaskClient, company: TestCompany) -> Phone:
    """Ayesha, who owes November and a late fee of Rs 150, with taxes Rs 206.14."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        with_late_fee(session, "150.00")
    return Phone(client, company, phone)


@pytest.mark.parametrize(
    ("asked", "told"),
    [("what is this 150 for?", "Late fee, because INV-2026-27-000001 was not paid in time"),
     ("150 kahan se aya", "Late fee, kyunke INV-2026-27-000001 waqt par ada nahi hua"),
     ("150 کہاں سے آیا", "لیٹ فیس، کیونکہ INV-2026-27-000001 وقت پر ادا نہیں ہوا"),
     ("late fee kis cheez ki", "Kul late fee: *Rs 150*"),
     ("لیٹ فیس کس چیز کی ہے", "کل لیٹ فیس: *150 روپے*")],
)  # fmt: skip
def test_an_amount_is_told_where_it_comes_from(
    client: FlaskClient, company: TestCompany, asked: str, told: str
) -> None:  # fmt: skip
    assert told in fined(client, company).says(asked).text.splitlines()[0]


@pytest.mark.parametrize("asked", ["why is my bill so high", "bill zyada kyun hai", "میرا بل زیادہ کیوں آیا"])
def test_every_part_of_what_is_owed_is_told_and_adds_up(
    client: FlaskClient, company: TestCompany, asked: str
) -> None:  # fmt: skip
    said = fined(client, company).says(asked).text
    for part in ("2,500", "487.50", "448.13", "3,435.63", "150", "29.25", "26.89", "206.14", "3,641.77"):
        assert part in said, part
    assert "Sales tax on services" in said and "Fiber 20" in said


def test_what_was_paid_and_credited_is_part_of_the_arithmetic(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, phone)
        pay(session, customer.id, "1000.00", on=date(2026, 11, 12))
        invoice = session.scalars(select(Invoice)).one()
        credit_invoice(session, invoice_id=invoice.id, reason="Two days off", issued_on=date(2026, 11, 15),
                       made_by="test", idempotency_key="c", share=Decimal("0.1"))  # fmt: skip
    said = Phone(client, company, phone).says("explain my bill").text
    assert "− Rs 1,000 paid on 12 Nov 2026, receipt R-2026-27-000001" in said
    assert "− Rs 343.56 taken off on 15 Nov 2026, credit note CN-2026-27-000001" in said
    assert "Left of it: Rs 3,435.63 − Rs 1,343.56 = *Rs 2,092.07*" in said


def test_a_dearer_month_is_compared_with_the_one_before(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, phone)
        subscription = session.scalars(select(Subscription).where(Subscription.customer_id == customer.id)).one()
        subscription.lines[0].agreed_price = Decimal("2000.00")
        session.flush()
        make_invoice(session, subscription.id, month=date(2026, 10, 1))
    said = Phone(client, company, phone).says("is dafa bill zyada kyun aya").text
    assert "INV-2026-27-000001 pichle bill INV-2026-27-000002 se Rs 687.13 zyada hai" in said
    assert "Fiber 20: pehle Rs 2,000, ab Rs 2,500" in said


def test_this_is_wrong_opens_a_dispute_about_that_bill_and_holds_dunning(
    client: FlaskClient, company: TestCompany
) -> None:  # fmt: skip
    ayesha = debtor(client, company)
    ayesha.says("why is my bill so high")
    ayesha.taps("This is wrong")
    ayesha.says("I was away, the line was off")
    done = ayesha.taps("Yes")
    ticket = tickets_of(company)[0]
    assert ticket.number in done.text and ticket.category == "billing_dispute"
    assert ticket.description == "Bill INV-2026-27-000001: I was away, the line was off"
    with company_session(company.id) as session:
        invoice = session.scalars(select(Invoice)).one()
        assert ticket.invoice_id == invoice.id
        payers, today = [invoice.customer_id], in_days(0)
        holds = holds_of(
            session, payers, lines_of(session, payers), overdue_of(session, payers, today=today), today=today,
            now=utc_now(), ticket_hold_days=3,
        )  # fmt: skip
        assert holds[invoice.customer_id] == {"dispute"}
        assert session.scalars(select(RecoveryCase)).all() == []


def test_another_customers_bill_is_never_explained(client: FlaskClient, company: TestCompany) -> None:
    debtor(client, company)
    bilal = paid_up(client, company)
    assert "3,435" not in bilal.says("explain invoice INV-2026-27-000001").text


def test_bills_and_receipts_of_any_month_or_number(client: FlaskClient, company: TestCompany) -> None:
    phone, last = a_phone(), (in_days(0).replace(day=1) - timedelta(days=1)).replace(day=1)
    earlier, long_ago = ((last - timedelta(days=back)).replace(day=1) for back in (1, 150))
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, phone=phone)
        subscription = make_subscription(session, customer, make_plan(session))
        for month in (last, earlier):
            make_invoice(session, subscription.id, month=month)
        pay(session, customer.id, "1000.00", on=earlier.replace(day=12))
        pay(session, customer.id, "500.00", on=earlier.replace(day=20))
        pay(session, customer.id, "700.00", on=last.replace(day=3))
        bills = [bill.number for bill in session.scalars(select(Invoice).order_by(Invoice.issued_on))]
        paid = [each.number for each in session.scalars(select(Payment).order_by(Payment.received_on))]
    ayesha = Phone(client, company, phone)

    def file(said: str) -> str:
        answer = ayesha.says(said)
        return answer.payload["document"]["filename"] if answer.kind == "document" else ",".join(choices(answer))

    assert file(f"{earlier:%B} ka bill bhejo".lower()) == f"{bills[0]}.pdf"
    assert file(f"{bills[1]} ki pdf bhejo") == f"{bills[1]}.pdf"
    assert file(f"{long_ago:%B} ka bill bhejo".lower()) == f"{bills[1]},{bills[0]}"
    assert file(f"{last:%B} ki raseed bhejo".lower()) == f"{paid[2]}.pdf"
    assert file(f"{earlier:%B} ki raseed bhejo".lower()) == f"{paid[1]},{paid[0]}"
    assert ayesha.taps(paid[0]).payload["document"]["filename"] == f"{paid[0]}.pdf"
    assert file(f"{paid[1]} ki receipt bhejo") == f"{paid[1]}.pdf"


@pytest.mark.parametrize(
    ("asked", "total", "unit"),
    [("show my usage", "This month so far: *", "GB"), ("usage batao", "Is mahine ab tak: *", "GB"),
     ("میرا استعمال بتاؤ", "اس مہینے اب تک: *", "جی بی")],
)  # fmt: skip
def test_use_is_told_by_day_and_as_a_report(
    client: FlaskClient, company: TestCompany, asked: str, total: str, unit: str
) -> None:
    bilal = paid_up(client, company)
    with company_session(company.id, "test") as session:
        line = session.scalars(select(Subscription)).one()
        line.plan.allowance_gb, line.plan.throttled_mbps = 100, 4
        record_usage(session, deltas=[UsageDelta(line.id, in_days(-ago), 9 * GB, GB, 3600) for ago in range(3)])
    told = bilal.says(asked)
    assert told.text.count(f"10.0 {unit}") >= min(3, in_days(0).day) and total in told.text
    assert "Fiber 20" in told.text and "%" in told.text and "100" in told.text
    report = next(title for title, action in choices(told).items() if action == "usage_report")
    paper = bilal.taps(report)
    assert paper.attachment is not None and paper.attachment["source"] == "usage_pdf"
    with company_session(company.id) as session:
        name, mime, data = load_attachment(session, paper.attachment)
    assert name == f"Usage-C-2001-{in_days(0):%Y-%m}.pdf" and mime == "application/pdf" and data.startswith(b"%PDF-")


def test_who_was_never_measured_is_told_so(client: FlaskClient, company: TestCompany) -> None:
    assert "not been measured" in paid_up(client, company).says("show my usage").text


def test_a_month_without_measures_has_no_report(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    with company_session(company.id, "test") as session:
        line = session.scalars(select(Subscription)).one()
        record_usage(session, deltas=[UsageDelta(line.id, in_days(0), GB, 0)])
    earlier = (in_days(0).replace(day=1) - timedelta(days=40)).strftime("%B").lower()
    assert bilal.says(f"{earlier} usage report").kind != "document"


@pytest.mark.parametrize(
    ("asked", "more"),
    [("what plans do you have", "Rs 2,061.37 more a month"), ("kaun se package hain", "har mahine Rs 2,061.37 zyada"),
     ("پیکج دکھاؤ", "ہر مہینے 2,061.37 روپے زیادہ")],
)  # fmt: skip
def test_plans_are_told_with_taxes_and_their_effect_on_the_bill(
    client: FlaskClient, company: TestCompany, asked: str, more: str
) -> None:
    bilal = paid_up(client, company)
    with company_session(company.id, "test") as session:
        make_plan(session, price="4000.00", mbps=50)
    said = bilal.says(asked).text
    assert "3,435.63" in said and "5,497" in said and more in said
