"""Signed callbacks: what is believed, and what becomes of it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from cli.web import create_app
from core.billing.gateways import GatewayNotice, NoticeUnreadable, SignatureRefused, SignedWebhook, sign
from core.billing.payment_models import GatewayEvent, Payment
from core.billing.plan_models import BillingPolicy
from core.clock import utc_now
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.settings import Settings
from core.usecases.take_gateway_notice import (
    AmountNeeded,
    EventSettled,
    NoticeContradicts,
    close_event,
    identify_receipt,
    take_gateway_notice,
    waiting_events,
)
from tests.builders import customer_who_owes, make_customer
from tests.cast import NOW, TestCompany
from tests.core.billing.bills import assert_ties, balances, booked, owe
from tests.core.billing.people import knows_on_whatsapp

SECRET, NEXT_SECRET = "first-secret-first-secret-first-1", "next-secret-next-secret-next-sec-2"
BODY = json.dumps({
    "kind": "paid", "transaction_id": "T-1", "amount": "3435.63", "currency": "PKR", "reference": "C-2001",
    "occurred_at": "2026-11-24T11:00:00+05:00",
}).encode()  # fmt: skip


def signed(body: bytes = BODY, *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {"taar-signature": f"t={stamp},v1={sign(secret, stamp, body)}"}


def verify(headers: dict[str, str], body: bytes = BODY) -> GatewayNotice:
    return SignedWebhook().verify(headers, body, [NEXT_SECRET, SECRET], now=NOW)


def notice(reference: str, **change: object) -> GatewayNotice:
    facts: dict[str, object] = {
        "kind": "paid", "transaction_id": "T-1", "amount": Decimal("1000.00"), "currency": "PKR",
        "reference": reference, "occurred_at": NOW, "content": {"raw": "kept"},
    }  # fmt: skip
    return GatewayNotice(**(facts | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_either_secret_is_good_while_it_is_being_changed(secret: str) -> None:
    told = verify(signed(secret=secret))
    assert (told.transaction_id, told.amount, told.currency) == ("T-1", Decimal("3435.63"), "PKR")
    assert told.occurred_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_any_of_several_signatures_is_enough() -> None:
    header = signed()["taar-signature"]
    assert verify({"taar-signature": f"{header},v1={'0' * 64}"}).transaction_id == "T-1"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_old_signature_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureRefused):
        verify(signed(at=NOW + timedelta(seconds=seconds)))
    assert verify(signed(at=NOW + timedelta(seconds=299))).transaction_id == "T-1"


@pytest.mark.parametrize("header", ["", "t=1", "v1=aa", "t=x,v1=aa", "t=99999999999,v1=aa", "t=1,t=2,v1=aa", "t=१,v1=é",
                                    "t=999999999999999,v1=aa"])  # fmt: skip
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(SignatureRefused):
        verify({"taar-signature": header})


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_but_the_signed_body_is_believed(body: bytes, header: str) -> None:
    with pytest.raises(SignatureRefused):
        verify({"taar-signature": header}, body)
    if body != BODY:
        with pytest.raises(SignatureRefused):
            verify(signed(), body)


FIELDS = json.loads(BODY)


@pytest.mark.parametrize(
    "change",
    [{"amount": 3435.63}, {"amount": 3435}, {"amount": "3435.631"}, {"amount": "-1.00"}, {"amount": "0"},
     {"amount": "NaN"}, {"kind": "maybe"}, {"transaction_id": ""}, {"transaction_id": "x" * 201}, {"currency": None},
     {"occurred_at": "yesterday"}, {"occurred_at": "2026-11-24T11:00:00"}, {"occurred_at": "0001-01-01T00:00+14:00"},
     {"reference": 7}, {"reference": "\x00"}, {"note": "\ud800"}],
)  # fmt: skip
def test_a_signed_notice_that_makes_no_sense_is_unreadable(change: dict[str, object]) -> None:
    body = json.dumps(FIELDS | change).encode()
    with pytest.raises(NoticeUnreadable):
        verify(signed(body), body)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b'{"a": NaN}', b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        verify(signed(body), body)


@pytest.mark.parametrize("known_by", ["token", "number", "customer"])
def test_a_payment_finds_its_customer_by_what_he_was_given(company: TestCompany, known_by: str) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        knows_on_whatsapp(session, customer)
        older = owe(session, customer.id, "1000.00", due=NOW.date())
        invoice = owe(session, customer.id, "1000.00", due=NOW.date() + timedelta(days=9))
        session.refresh(invoice, ("token",))
        reference = {"token": str(invoice.token), "number": f" {str(invoice.number).lower()} ",
                     "customer": customer.number}[known_by]  # fmt: skip
        event = take_gateway_notice(session, gateway="signed_webhook", notice=notice(reference), now=NOW)
        payment = session.scalars(select(Payment)).one()
        assert (event.state, event.payment_id, payment.reference) == ("booked", payment.id, "T-1")
        assert (booked(session, "1030"), booked(session, "1060")) == (Decimal("1000.00"), Decimal("0.00"))
        paid = older if known_by == "customer" else invoice
        assert balances(session, paid) == [("0.00", "paid")]
        assert len(session.scalars(select(OutboundMessage)).all()) == 1
        assert_ties(session)


def test_a_repeat_books_nothing_and_a_contradiction_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        first = take_gateway_notice(session, gateway="g", notice=notice(customer.number), now=NOW)
        again = take_gateway_notice(session, gateway="g", notice=notice(customer.number), now=NOW)
        assert first.id == again.id
        assert len(session.scalars(select(Payment)).all()) == 1
        others = (
            notice("C-9"), notice(customer.number, amount=Decimal("1.00")), notice(customer.number, currency="USD"),
        )  # fmt: skip
        for other in others:
            with pytest.raises(NoticeContradicts):
                take_gateway_notice(session, gateway="g", notice=other, now=NOW)


def test_unknown_money_waits_in_1060_until_somebody_says_whose_it_is(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        owe(session, customer.id, "600.00", due=NOW.date())
        event = take_gateway_notice(session, gateway="g", notice=notice("C-9999"), now=NOW)
        assert (event.state, booked(session, "1060"), booked(session, "1030")) == (
            "waiting", Decimal("-1000.00"), Decimal("1000.00"),
        )  # fmt: skip
        assert waiting_events(session) == [event]
        with pytest.raises(EventSettled):
            close_event(session, event_id=event.id, note="nothing", actor="staff:1")
        taken = identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW)
        assert (event.state, event.payment_id) == ("booked", taken.payment.id)
        assert (booked(session, "1060"), taken.balance.advance) == (Decimal("0.00"), Decimal("400.00"))
        with pytest.raises(EventSettled):
            identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW)
        assert_ties(session)


def test_another_currency_waits_and_books_nothing_by_itself(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        event = take_gateway_notice(session, gateway="g", notice=notice(customer.number, currency="USD"), now=NOW)
        assert (event.state, session.scalars(select(Payment)).all()) == ("waiting", [])
        with pytest.raises(AmountNeeded):
            identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW)
        identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW,
                         amount=Decimal("278000.00"))  # fmt: skip
        assert booked(session, "1030") == Decimal("278000.00")


def test_failed_is_ignored_and_refunded_waits_for_a_person(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        states = [
            take_gateway_notice(session, gateway="g", notice=notice(customer.number, kind=kind), now=NOW).state
            for kind in ("failed", "paid", "refunded")
        ]
        assert states == ["ignored", "booked", "waiting"]
        event = waiting_events(session)[0]
        with pytest.raises(EventSettled):
            identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW)
        assert close_event(session, event_id=event.id, note="reversed", actor="staff:1").state == "ignored"
        assert booked(session, "1030") == Decimal("1000.00")


def test_what_the_books_refuse_is_kept_with_the_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        session.execute(update(BillingPolicy).values(method_accounts={"gateway": "1039"}))
        event = take_gateway_notice(session, gateway="g", notice=notice(customer.number), now=NOW)
        assert (event.state, "1039" in event.note) == ("waiting", True)
        session.execute(update(BillingPolicy).values(method_accounts={}))
        identify_receipt(session, event_id=event.id, customer_id=customer.id, actor="staff:1", now=NOW)
        assert event.state == "booked"


@pytest.fixture
def client(company: TestCompany) -> FlaskClient:
    secrets = f"{company.slug}/signed_webhook={SECRET} {company.slug}/signed_webhook={NEXT_SECRET}"
    app: Flask = create_app(
        Settings(environment="test", secret_key="test-secret", gateway_secrets=secrets, _env_file=None)
    )
    return app.test_client()


def call(client: FlaskClient, company: TestCompany, fields: dict[str, object], *, secret: str = SECRET,
         path: str = "") -> tuple[int, str]:  # fmt: skip
    body = json.dumps(FIELDS | fields).encode()
    stamp = str(int(utc_now().timestamp()))
    headers = {"Taar-Signature": f"t={stamp},v1={sign(secret, stamp, body)}"}
    answer = client.post(path or f"/payments/{company.slug}/signed_webhook", data=body, headers=headers)
    return answer.status_code, answer.text


def test_the_door_books_what_is_signed_and_stores_nothing_else(client: FlaskClient, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, "+923009995501")
    fields: dict[str, object] = {"reference": customer.number, "occurred_at": utc_now().isoformat()}
    assert call(client, company, fields, secret="someone-elses")[0] == 401
    assert client.post(f"/payments/{company.slug}/signed_webhook", data=BODY).status_code == 401
    assert call(client, company, fields, path=f"/payments/{company.slug}/jazzcash")[0] == 401
    assert call(client, company, fields, path="/payments/nobody/signed_webhook")[0] == 401
    assert call(client, company, fields | {"amount": "x"})[0] == 400
    assert call(client, company, fields | {"padding": "x" * 70_000})[0] == 413
    with company_session(company.id, "test") as session:
        assert session.scalars(select(GatewayEvent)).all() == []
    assert call(client, company, fields) == (200, "booked")
    assert call(client, company, fields, secret=NEXT_SECRET) == (200, "booked")
    assert call(client, company, fields | {"amount": "1.00"})[0] == 409
    with company_session(company.id, "test") as session:
        assert session.scalars(select(Payment.amount)).all() == [Decimal("3435.63")]
        assert session.scalars(select(GatewayEvent.content)).one()["amount"] == "3435.63"


def test_the_same_notice_many_times_at_once_is_booked_once(client: FlaskClient, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        number = make_customer(session, company).number
    fields: dict[str, object] = {"reference": number, "occurred_at": utc_now().isoformat()}
    answers: list[tuple[int, str]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(call(client.application.test_client(), company, fields)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(200, "booked")] * 8
    with company_session(company.id, "test") as session:
        assert len(session.scalars(select(Payment)).all()) == 1
        assert_ties(session)
