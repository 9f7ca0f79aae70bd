"""A customer's talk with the company, message by message, and what is true afterwards."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select

from core.billing.payment_models import PaymentClaim
from core.db import company_session
from core.service_desk.models import Ticket, TicketDocument
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices

CANNOT_LOOK = "Abhi nahi dekh sakta"
"""What is tapped of the lights by who is not at home."""


def debtor(client: FlaskClient, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    return Phone(client, company, phone)


def test_a_customer_asks_for_the_bill_and_gets_balance_and_invoice(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    answer = ayesha.says("bill kitna hai")
    assert "Rs 3,435.63" in answer.text
    assert "baqaya" in answer.text
    document = ayesha.taps("Bill (PDF)")
    assert document.kind == "document"
    assert document.payload["document"]["filename"].startswith("INV-2026-27-")
    assert document.attachment is not None and document.attachment["source"] == "invoice_pdf"


def test_the_reply_is_in_the_script_of_the_question(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    assert "Balance to pay" in ayesha.says("what is my balance?").text
    assert "بقایا" in ayesha.says("میرا بل کتنا ہے").text
    assert "baqaya" in ayesha.says("mera bill kitna hai").text


def test_a_complaint_is_filed_with_a_photo_and_its_status_is_told(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("net nahi chal raha")
    asked = ayesha.taps(CANNOT_LOOK)
    assert "tasveer" in asked.text
    summary = ayesha.sends_photo()
    assert "Internet band" in summary.text
    done = ayesha.taps("Haan")
    assert "T-1001" in done.text
    with company_session(company.id) as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.number, ticket.category, ticket.state) == ("T-1001", "no_internet", "open")
        assert session.scalars(select(TicketDocument)).one().ticket_id == ticket.id
    assert "T-1001" in ayesha.says("meri shikayat ka kya bana").text


def test_the_same_complaint_twice_leads_to_the_open_ticket(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("internet nahi chal raha")
    ayesha.taps(CANNOT_LOOK)
    ayesha.taps("Chhorein")
    ayesha.taps("Haan")
    ayesha.says("internet nahi chal raha")  # nothing is checked twice
    ayesha.taps("Chhorein")
    assert "pehle se darj" in ayesha.taps("Haan").text
    with company_session(company.id) as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_a_wish_in_the_middle_of_a_flow_is_answered_and_the_flow_offered_back(
    client: FlaskClient, company: TestCompany
) -> None:
    ayesha = debtor(client, company)
    ayesha.says("net nahi chal raha")
    ayesha.taps(CANNOT_LOOK)
    answer = ayesha.says("bill kitna hai")
    assert "3,435.63" in answer.text and "jari rakhein" in answer.text
    assert "tasveer" in ayesha.taps("Jari rakhein").text


def test_cancel_and_menu_work_inside_a_flow(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("net nahi chal raha")
    assert ayesha.says("menu").payload["interactive"]["type"] == "list"
    ayesha.says("net nahi chal raha")
    assert "shikayat" in ayesha.says("cancel").text
    assert "tasveer" not in ayesha.says("bill kitna hai").text


def test_a_tap_on_an_old_question_never_answers_the_present_one(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("net nahi chal raha")
    first = ayesha.taps(CANNOT_LOOK)
    ayesha.taps("Chhorein")
    ayesha.taps("Nahi")
    ayesha.last = first
    assert "band ho chuka" in ayesha.taps("Chhorein").text
    with company_session(company.id) as session:
        assert session.scalars(select(Ticket)).all() == []


def test_a_payment_is_claimed_with_amount_reference_and_photo(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("menu")
    ayesha.last.payload["interactive"]["action"]["sections"][0]["rows"]
    ayesha.taps("Paise de diye" if "Paise de diye" in choices(ayesha.last) else "I have paid")
    ayesha.says("3435")
    ayesha.says("JC-884422119")
    summary = ayesha.sends_photo()
    assert "3,435" in summary.text
    confirm = next(title for title in choices(summary) if title in ("Yes", "Haan"))
    ayesha.taps(confirm)
    with company_session(company.id) as session:
        claim = session.scalars(select(PaymentClaim)).one()
    assert (str(claim.amount), claim.reference, claim.state) == ("3435.00", "JC-884422119", "pending")


def test_two_accounts_on_one_phone_are_asked_for_once(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        make_customer(session, company, name="Bilal Khan", phone=phone)
    person = Phone(client, company, phone)
    asked = person.says("what is my balance")
    assert set(choices(asked)) == {"C-2001", "C-2002"}
    assert "3,435.63" in person.taps("C-2001").text
    assert "3,435.63" in person.says("what is my balance").text


def test_what_was_asked_before_the_account_still_counts(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        make_customer(session, company, name="Bilal Khan", phone=phone)
    person = Phone(client, company, phone)
    person.says("2500 kahan se aya")
    assert "Fiber 20" in person.taps("C-2001").text.splitlines()[0]


def test_a_stranger_sees_no_account_and_is_told_what_to_do(client: FlaskClient, company: TestCompany) -> None:
    debtor(client, company)
    stranger = Phone(client, company, a_phone())
    answer = stranger.says("bill kitna hai")
    assert "3,435" not in answer.text
    assert "nahi jura" in answer.text


def test_lost_twice_a_person_is_offered(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    ayesha.says("asdf qwer zxcv")
    second = ayesha.says("lkjh poiu mnbv")
    assert any(action == "human" for action in choices(second).values())


def test_an_agent_gets_the_overdue_list_of_his_area_and_a_technician_no_money(
    client: FlaskClient, company: TestCompany
) -> None:
    debtor(client, company)
    with company_session(company.id, "test") as session:
        agent = make_staff(session, company, role="recovery_agent", name="Rabia").phone
        technician = make_staff(session, company, role="technician").phone
    assert "3,435.63" in Phone(client, company, agent).says("my list").text
    person = Phone(client, company, technician)
    person.replies()
    assert "3,435" not in person.says("bill kitna hai").text
