"""A manager's day and an owner's, from the first figure to the summary; one in each language."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.understanding import detect_language
from core.clock import utc_now
from core.db import company_session
from core.messaging.models import Conversation, OutboundMessage
from core.recovery.case_models import RecoveryCase
from core.service_desk.models import Ticket
from core.staff.models import Staff
from tests.cast import TestCompany
from tests.phones import Phone
from tests.stories.office import Office, an_office, heard, says, taps


@pytest.fixture
def office(client: FlaskClient, company: TestCompany) -> Office:
    return an_office(client, company)


def holder(office: Office) -> tuple[str, str]:
    """Who has the ticket, and who Ayesha's case."""
    with company_session(office.company.id) as session:
        names = {person.id: person.name for person in session.scalars(select(Staff))}
        ticket = session.scalars(select(Ticket)).one()
        case = session.scalars(select(RecoveryCase).order_by(RecoveryCase.amount.desc())).first()
        assert case is not None
        return names.get(ticket.assigned_to, "-"), names.get(case.agent_id, "-")  # type: ignore[arg-type]


def test_a_manager_s_day_in_roman_urdu(office: Office) -> None:
    saima, ayesha = office.saima, office.ayesha
    recovery = says(saima, "aaj ki recovery?")
    assert "Rs 2,500" in recovery.text and "Rs 1,500" in recovery.text and "Rs 1,000" in recovery.text
    assert "Rabia: Rs 1,500" in taps(saima, "Agent war").text
    assert "Rs 0" in says(saima, "kal kitni recovery hui").text
    assert "Rs 2,500" in says(saima, "is mahine ki recovery area wise").text
    assert "naye: 1" in says(saima, "aaj kitni shikayatein aayi").text
    assert "sirf malik" in says(saima, "is mahine ka munafa kitna hai").text

    assert "Asif" in says(saima, "T-1001 asif ko de do").text
    assert "Asif ke paas hai" in taps(saima, "Haan").text.replace("*", "")
    assert any("New job for you: *J-" in told.text for told in heard(office.asif))
    assert "Saleem" in says(saima, "ayesha ka case saleem ko de do").text
    taps(saima, "Haan")
    assert any("Ayesha Khan" in told.text for told in heard(office.saleem))
    assert holder(office) == ("Asif", "Saleem")

    found = says(saima, "ayesha ka khata dikhao")
    assert "Rs 2,435.63" in found.text and "T-1001" in found.text and "Rs 1,000" in found.text

    says(ayesha, "kisi insan se baat karni hai")
    card = heard(saima)[-1]
    assert "Ayesha" in card.text
    saima.last = card
    assert "C-2001" in taps(saima, "Chat le lein").text
    assert "bhej diya" in says(saima, "Salam Ayesha, technician aa raha hai").text
    assert [told.text for told in heard(ayesha)][-1] == "Salam Ayesha, technician aa raha hai"
    assert ayesha.sends("text", {"body": "kitne baje?"}) == 200
    assert heard(ayesha) == []
    assert "kitne baje?" in heard(saima)[-1].text
    assert "assistant" in says(saima, "wapas").text
    assert "assistant" in heard(ayesha)[-1].text.casefold()
    assert "khulasa 08:00" in says(saima, "summary subah 8 baje").text
    assert "nahi aata" in says(saima, "summary band karo").text


def test_an_owner_s_day_in_english(office: Office) -> None:
    hamid = office.hamid
    assert "Rs 2,500" in says(hamid, "how much did we collect today?").text
    profit = says(hamid, "what is our profit this month")
    assert "Profit and loss" in profit.text and "Before that" in profit.text
    cash = says(hamid, "show me the cash and bank position")
    assert "in agents' hands: Rs 1,500" in cash.text
    owed = taps(hamid, "Owed to us")
    assert "Rs 2,935.63" in owed.text and "over 90 days" in owed.text
    assert "We owe vendors: *Rs 0*" in says(hamid, "what do we owe our vendors").text
    assert "new: 1" in says(hamid, "how many new complaints did we get today").text
    assert "at 21:00" in says(hamid, "send my daily summary at 9 pm").text
    assert "no daily summary" in says(hamid, "turn off my daily summary").text


def test_an_owner_s_day_in_urdu(office: Office) -> None:
    hamid = office.hamid
    for words, told in (
        ("آج کی وصولی کتنی ہے", "2,500"),
        ("اس مہینے کا نفع نقصان", "آمدنی"),
        ("بینک میں کتنے پیسے ہیں", "1,500"),
        ("لوگوں سے کتنا لینا ہے", "2,935.63"),
        ("وینڈرز کو کتنا دینا ہے", "وینڈرز"),
        ("خلاصہ صبح آٹھ بجے بھیجو", "08:00"),
        ("خلاصہ بند کرو", "نہیں آتا"),
    ):
        answer = says(hamid, words)
        assert told in answer.text, words
        assert detect_language(answer.text) == "ur", answer.text


def asks_for_a_person(office: Office) -> None:
    """Both who can answer have written before, so that the card reaches them in their language."""
    for person in (office.saima, office.hamid):
        says(person, "aaj ki recovery?")
    says(office.ayesha, "kisi insan se baat karni hai")
    for person in (office.saima, office.hamid):
        person.last = heard(person)[-1]


def takes(person: Phone) -> OutboundMessage:
    return taps(person, "Chat le lein")


def test_only_one_person_has_a_chat_and_the_other_hears_so(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    assert "saathi" in takes(office.hamid).text


def test_words_that_quote_the_card_take_the_chat_and_go_to_the_customer(office: Office) -> None:
    asks_for_a_person(office)
    with company_session(office.company.id, "test") as session:
        session.get_one(OutboundMessage, office.saima.last.id).wamid = "wamid.CARD"
    heard(office.ayesha)
    says(office.saima, "ji farmayein", quoting="wamid.CARD")
    assert [told.text for told in heard(office.ayesha)] == ["ji farmayein"]


def test_nothing_is_sent_when_the_24_hours_are_over(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    with company_session(office.company.id, "test") as session:
        talk = session.scalars(select(Conversation).where(Conversation.human_since.is_not(None))).one()
        talk.last_inbound_at = utc_now().replace(year=2025)
    heard(office.ayesha)
    assert "24 ghante" in says(office.saima, "abhi wahan hain?").text
    assert heard(office.ayesha) == []


def test_a_manager_who_stops_talking_is_heard_by_the_assistant_and_still_gets_the_answers(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    taps(office.saima, "Baat rokein")
    assert "Rs 2,500" in says(office.saima, "aaj ki recovery?").text
    assert office.ayesha.sends("text", {"body": "hello"}) == 200
    assert "hello" in heard(office.saima)[-1].text


def test_a_customer_who_asks_for_the_menu_leaves_the_person_who_hears_it(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    says(office.ayesha, "menu")
    assert "wapas assistant" in heard(office.saima)[-1].text
    assert "Rs 2,500" in says(office.saima, "aaj ki recovery?").text


def test_who_taps_something_of_the_assistant_s_speaks_to_it_again(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    office.saima.last = says(office.saima, "ji")
    assert office.saima.sends("interactive", {
        "type": "button_reply", "button_reply": {"id": "figures:recovery:by_agent", "title": "Agent war"},
    }) == 200  # fmt: skip
    heard(office.ayesha)
    assert "Rs 2,500" in says(office.saima, "aaj ki recovery?").text
    assert heard(office.ayesha) == []


def test_an_identity_card_is_masked_on_the_way(office: Office) -> None:
    asks_for_a_person(office)
    takes(office.saima)
    assert office.ayesha.sends("text", {"body": "mera CNIC 35202-1234567-1 hai"}) == 200
    passed_on = heard(office.saima)[-1].text
    assert "35202-*******-1" in passed_on and "1234567" not in passed_on
