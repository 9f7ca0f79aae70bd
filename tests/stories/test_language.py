"""People are answered in their language and script; what they chose stays."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from core.db import company_session
from tests.builders import a_phone, customer_who_owes
from tests.cast import TestCompany
from tests.phones import Phone

ENGLISH, ROMAN, URDU = "Balance to pay", "baqaya", "بقایا"


@pytest.fixture
def ayesha(client: FlaskClient, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    return Phone(client, company, phone)


def balance(person: Phone) -> str:
    content = {"type": "button_reply", "button_reply": {"id": "balance", "title": "x"}}
    assert person.sends("interactive", content) == 200
    return person.reply().text


def test_the_language_chosen_stays_whatever_is_written_next(ayesha: Phone) -> None:
    ayesha.says("language")
    ayesha.taps("اردو")
    assert URDU in ayesha.says("what is my balance please").text
    assert URDU in ayesha.says("mera bill kitna hai").text


def test_otherwise_the_reply_follows_the_last_messages(ayesha: Phone) -> None:
    assert ROMAN in ayesha.says("mera bill kitna hai").text
    assert URDU in ayesha.says("میرا بل کتنا ہے").text
    assert ENGLISH in ayesha.says("what is my balance?").text


@pytest.mark.parametrize("words", ["ok thanks", "menu", "cancel", "👍", "2500"])
def test_a_word_or_two_that_everybody_uses_changes_no_language(ayesha: Phone, words: str) -> None:
    ayesha.says("mera bill kitna hai")
    ayesha.says(words)
    assert ROMAN in balance(ayesha)


def test_a_name_or_an_address_given_as_an_answer_changes_no_language(client: FlaskClient, company: TestCompany) -> None:
    kamran = Phone(client, company, a_phone(), name="Kamran")
    kamran.says("I want a new connection please")
    if "area" not in kamran.last.text:
        kamran.says("new connection")
    kamran.says("Gulberg III")
    kamran.says("Kamran Yousaf")
    assert "location" in kamran.says("House 12, gali 4, masjid ke qareeb").text
    assert "Please send" in kamran.last.text
