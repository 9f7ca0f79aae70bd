"""A payment and its receipt: one transaction, one message, in the customer's language."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import Id
from core.messaging.models import OutboundMessage
from core.usecases.payment_waiting import waiting_of
from core.usecases.take_payment import Taken, take_payment
from tests.builders import make_customer, make_staff, make_subscription
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.bills import owe
from tests.core.billing.life import prepaid_plan
from tests.core.billing.people import knows_on_whatsapp


def take(session: Session, customer_id: Id, amount: str, *, collected_by: Id | None = None, method: str = "cash",
         key: str = "k") -> Taken:  # fmt: skip
    return take_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method=method, received_on=TODAY,
        idempotency_key=key, taken_by="test", now=NOW, collected_by=collected_by, origin="panel:test",
    )  # fmt: skip


def test_the_receipt_shows_number_amount_method_collector_and_balance(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        contact = knows_on_whatsapp(session, customer, language="en")
        owe(session, customer.id, "3435.63", due=date(2026, 11, 10))
        agent = make_staff(session, company, role="recovery_agent", name="Rabia Aslam")
        taken = take(session, customer.id, "2000.00", collected_by=agent.id)
        message = session.scalars(select(OutboundMessage)).one()
        assert (message.id, message.contact_id, message.lane) == (taken.receipt_id, contact.id, "notice")
        assert message.text == (
            "Receipt *R-2026-27-000001*\nReceived: *Rs 2,000* on 24 Nov 2026\nBy: cash\nTaken by: Rabia Aslam\n"
            "Still to pay: Rs 1,435.63\nThank you.\n\nIs this what you gave in cash? Please tap."
        )
        assert message.template is not None and message.template["name"] == "cash_receipt"
        assert message.template["parameters"]["number"] == "R-2026-27-000001"
        assert message.dedupe_key == f"receipt:{taken.payment.id}"
        assert taken.balance.due == Decimal("1435.63")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Nothing is left to pay. Advance: Rs 500"), ("ur_Latn", "Ab kuch baqi nahi. Advance: Rs 500"),
     ("ur", "اب کچھ باقی نہیں۔ پیشگی رقم: 500 روپے"), ("fr", "Nothing is left to pay. Advance: Rs 500")],
)  # fmt: skip
def test_the_receipt_is_in_the_customers_language(company: TestCompany, language: str, expected: str) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        knows_on_whatsapp(session, customer, language=language)
        take(session, customer.id, "500.00")
        assert expected in session.scalars(select(OutboundMessage.text)).one()


def test_a_repeat_of_the_key_sends_no_second_receipt(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        knows_on_whatsapp(session, customer)
        first, second = take(session, customer.id, "500.00"), take(session, customer.id, "500.00")
        assert (first.payment.id, first.receipt_id) == (second.payment.id, second.receipt_id)
        assert len(session.scalars(select(OutboundMessage)).all()) == 1


def test_a_customer_nobody_knows_on_whatsapp_still_pays(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        taken = take(session, make_customer(session, company).id, "500.00")
        assert taken.receipt_id is None
        assert taken.balance.advance == Decimal("500.00")


def test_what_waits_for_the_money_is_told_apart(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        mother, son = make_customer(session, company), make_customer(session, company)
        assert waiting_of(session, customer_id=mother.id, now=NOW).nothing
        subscription = make_subscription(session, son, prepaid_plan(session))
        subscription.payer_id, subscription.paid_until = mother.id, NOW
        assert waiting_of(session, customer_id=mother.id, now=NOW).run_out
        assert waiting_of(session, customer_id=son.id, now=NOW).nothing
        subscription.paid_until = NOW + timedelta(days=1)
        assert waiting_of(session, customer_id=mother.id, now=NOW).nothing
