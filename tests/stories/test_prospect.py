"""A stranger asks whether we are there, is connected in writing, and never sends his ID card in chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.crm.lead_models import Lead
from core.crm.models import SubZone
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.settings import Settings
from core.usecases import start_process
from tests.builders import a_phone, customer_who_owes, make_plan, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices, tap

GULBERG = {"latitude": 31.516100, "longitude": 74.343900}
FAR = {"latitude": 33.684400, "longitude": 73.047900}


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings = Settings(environment="test", public_url="https://chenab.example", _env_file=None)
    monkeypatch.setattr(start_process, "_settings", settings)
    yield


@pytest.fixture
def kamran(client: FlaskClient, company: TestCompany) -> Phone:
    with company_session(company.id, "test") as session:
        make_plan(session)
        make_plan(session, price="4000.00", mbps=50)
        zone = session.get_one(SubZone, company.sub_zone_id)
        zone.latitude, zone.longitude = Decimal("31.516000"), Decimal("74.344000")
        zone.other_names = ["گلبرگ تھری"]
    return Phone(client, company, a_phone(), name="Kamran")


def takes_what_is_offered(person: Phone, *, run: int = 1) -> None:
    """From the address on: no pin, then whatever stands first."""
    tap(person, f"a:new_connection:{run}:pin:skip")
    for _ in range(2):
        tap(person, next(iter(choices(person.last).values())))


def located(person: Phone, point: dict[str, Any]) -> OutboundMessage:
    assert person.sends("location", point) == 200
    return person.reply()


def apply(person: Phone, *, place: str = "Gulberg III") -> OutboundMessage:
    """Walk through the whole request; the answer to the yes."""
    tap(person, "flow:new_connection")
    person.says(place)
    person.says("Kamran Yousaf")
    person.says("House 12, Street 4, near the mosque")
    tap(person, "a:new_connection:1:pin:skip")
    plan = next(action for title, action in choices(person.last).items() if title == "Fiber 20")
    tap(person, plan)
    tap(person, next(iter(choices(person.last).values())))
    return tap(person, "a:new_connection:1:confirmed:yes")


@pytest.mark.parametrize(
    "words",
    ["Gulberg 3 mein internet lagwana hai", "do you have service in gulbarg III?", "گلبرگ میں انٹرنیٹ لگوانا ہے"],
)
def test_an_area_is_found_however_it_is_written(company: TestCompany, kamran: Phone, words: str) -> None:
    answer = kamran.says(words)
    assert "Gulberg III" in answer.text
    assert any(action.startswith("flow:new_connection:") for action in choices(answer).values())


def test_a_shared_location_is_covered_or_not(company: TestCompany, kamran: Phone) -> None:
    assert "Gulberg III" in located(kamran, GULBERG).text
    assert "Gulberg" not in located(kamran, FAR).text
    assert kamran.last.text


@pytest.mark.parametrize("point", [{}, {"latitude": "x", "longitude": 1}, {"latitude": 999, "longitude": 0},
                                   {"latitude": "NaN", "longitude": 74}])  # fmt: skip
def test_a_location_that_is_none_is_no_trouble(company: TestCompany, kamran: Phone, point: dict[str, Any]) -> None:
    assert located(kamran, point).text


def test_a_request_is_registered_the_office_told_and_its_status_known(
    company: TestCompany, kamran: Phone, client: FlaskClient
) -> None:
    with company_session(company.id, "test") as session:
        manager = Phone(client, company, make_staff(session, company, role="manager", name="Shazia").phone)
    manager.says("menu")
    kamran.replies()
    tap(kamran, "flow:new_connection")
    assert "Gulberg III" in located(kamran, GULBERG).text
    kamran.says("Kamran Yousaf")
    kamran.says("House 12, Street 4")
    tap(kamran, next(a for t, a in choices(kamran.last).items() if t == "Fiber 50"))
    tap(kamran, next(iter(choices(kamran.last).values())))
    assert "Kamran Yousaf" in kamran.last.text and "Fiber 50" in kamran.last.text
    content = {"type": "button_reply", "button_reply": {"id": "a:new_connection:1:confirmed:yes", "title": "Yes"}}
    assert kamran.sends("interactive", content) == 200
    told = kamran.replies()
    assert {"lead"} == {m.dedupe_key.split(":")[0] for m in told if m.lane == "notice"}
    mine = next(message for message in told if message.lane == "reply")
    assert "L-1001" in mine.text and "https://chenab.example/papers/" in mine.text
    with company_session(company.id) as session:
        lead = session.scalars(select(Lead)).one()
    assert (lead.state, lead.name, lead.phone, lead.sub_zone_id) == (
        "new", "Kamran Yousaf", kamran.phone, company.sub_zone_id,
    )  # fmt: skip
    assert (lead.latitude, lead.address) == (Decimal("31.516100"), "House 12, Street 4")
    assert "L-1001" in kamran.says("meri request ka kya bana").text


def test_the_same_wish_twice_joins_the_open_request(company: TestCompany, kamran: Phone) -> None:
    apply(kamran)
    tap(kamran, "flow:new_connection")
    kamran.says("Gulberg III")
    kamran.says("Kamran Yousaf")
    kamran.says("House 99")
    takes_what_is_offered(kamran, run=2)
    assert "L-1001" in tap(kamran, "a:new_connection:2:confirmed:yes").text
    with company_session(company.id) as session:
        lead = session.scalars(select(Lead)).one()
        assert "House 99" in lead.notes[0].body


def test_a_place_beyond_the_network_is_noted_as_said(company: TestCompany, kamran: Phone) -> None:
    tap(kamran, "flow:new_connection")
    assert "network" in kamran.says("Chak 42 Faisalabad").text
    kamran.says("Kamran")
    kamran.says("House 1")
    takes_what_is_offered(kamran)
    tap(kamran, "a:new_connection:1:confirmed:yes")
    with company_session(company.id) as session:
        lead = session.scalars(select(Lead)).one()
    assert (lead.sub_zone_id, lead.place) == (None, "Chak 42 Faisalabad")


def test_who_hides_his_number_is_asked_for_one(company: TestCompany, kamran: Phone, client: FlaskClient) -> None:
    hidden = Phone(client, company, None, "PK.4440000000004", name="Sidra")
    hidden.replies()
    tap(hidden, "flow:new_connection")
    hidden.says("Gulberg III")
    hidden.says("Sidra Tariq")
    hidden.says("House 5")
    takes_what_is_offered(hidden)
    assert "0300" in hidden.says("kal karna").text
    hidden.says("0300 7654321")
    tap(hidden, "a:new_connection:1:confirmed:yes")
    with company_session(company.id) as session:
        assert session.scalars(select(Lead)).one().phone == "+923007654321"


def test_a_customer_asks_for_a_second_connection_by_the_same_way(company: TestCompany, client: FlaskClient) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer = customer_who_owes(session, company, phone)
    ayesha = Phone(client, company, phone)
    ayesha.says("naya connection lagwana hai")
    if "flow:new_connection" in choices(ayesha.last).values():
        tap(ayesha, "flow:new_connection")
    ayesha.says("Gulberg III")
    ayesha.says("House 77")
    takes_what_is_offered(ayesha)
    tap(ayesha, "a:new_connection:1:confirmed:yes")
    with company_session(company.id) as session:
        lead = session.scalars(select(Lead)).one()
    assert (lead.customer_id, lead.name) == (customer.id, "Ayesha Khan")


@pytest.mark.parametrize("card", ["35202-1234567-1", "3520212345671", "mera cnic ۳۵۲۰۲-۱۲۳۴۵۶۷-۱ hai"])
def test_a_card_typed_in_chat_is_answered_with_the_safe_page(company: TestCompany, kamran: Phone, card: str) -> None:
    apply(kamran)
    answer = kamran.says(card)
    assert re.search(r"https://chenab\.example/papers/[\w-]+/[\w.-]+", answer.text)


def test_a_card_typed_into_a_question_leaves_the_question_open(company: TestCompany, kamran: Phone) -> None:
    tap(kamran, "flow:new_connection")
    kamran.says("Gulberg III")
    answer = kamran.says("Kamran 35202-1234567-1")
    assert "name" in answer.text and "papers" in answer.text
    assert "address" in kamran.says("Kamran Yousaf").text


def test_a_photo_of_the_card_is_not_kept(company: TestCompany, kamran: Phone) -> None:
    apply(kamran)
    answer = kamran.sends_photo()
    assert "papers" in answer.text
    with company_session(company.id) as session:
        from core.crm.models import Document

        assert session.scalars(select(Document)).all() == []


def test_a_payment_reference_of_thirteen_figures_is_no_card_of_a_customer(
    company: TestCompany, client: FlaskClient
) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    ayesha = Phone(client, company, phone)
    tap(ayesha, "flow:claim_payment")
    ayesha.says("3435")
    assert "papers" not in ayesha.says("3520212345671").text


def test_a_payment_reference_like_an_invitation_is_a_reference(company: TestCompany, client: FlaskClient) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    ayesha = Phone(client, company, phone)
    tap(ayesha, "flow:claim_payment")
    ayesha.says("3435")
    assert "skip" in str(choices(ayesha.says("FT77-8899")))


def test_another_persons_request_with_the_same_phone_is_not_joined(
    company: TestCompany, kamran: Phone, client: FlaskClient
) -> None:
    apply(kamran)
    hidden = Phone(client, company, None, "PK.4440000000005", name="Sidra")
    hidden.replies()
    tap(hidden, "flow:new_connection")
    hidden.says("Gulberg III")
    hidden.says("Sidra Tariq")
    hidden.says("House 5")
    takes_what_is_offered(hidden)
    hidden.says(kamran.phone or "")
    assert "L-1002" in tap(hidden, "a:new_connection:1:confirmed:yes").text


def test_a_long_sentence_about_an_area_fits_a_button(company: TestCompany, kamran: Phone) -> None:
    said = ("gulberg 3 " + "x" * 109 + " aur bhi baat")[:140]
    answer = kamran.says(said)
    assert all(len(action) <= 256 and action == action.strip() for action in choices(answer).values())
