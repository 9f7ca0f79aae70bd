"""What time does to a talk: two messages in one second, and a person who comes back after days."""

from __future__ import annotations

import threading
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import utc_now
from core.db import company_session
from core.messaging.models import Conversation
from core.recovery.case_models import Promise
from tests.builders import a_phone
from tests.cast import TestCompany
from tests.phones import Phone, webhook_client
from tests.stories.money import debtor, person
from tests.stories.test_several_wishes import talking


def test_two_messages_of_one_second_are_both_answered_in_one_conversation(
    client: FlaskClient, company: TestCompany
) -> None:
    ayesha = person(client, company, debtor)
    ayesha.says("menu")
    at = int(utc_now().timestamp())
    hands = [Phone(webhook_client(), company, ayesha.phone, name="Ayesha") for _ in range(2)]
    said = ("bill kitna hai", "net nahi chal raha")
    sending = [
        threading.Thread(target=hand.sends, args=("text", {"body": words}), kwargs={"at": at})
        for hand, words in zip(hands, said, strict=True)
    ]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()
    answers = [message.text for message in ayesha.replies()]
    assert len(answers) == 2 and any("3,435.63" in answer for answer in answers), answers
    with company_session(company.id) as session:
        states = session.scalars(select(Conversation.state)).all()
    assert len(states) == 1
    running = states[0].get("flow") or states[0]["parked"]  # put by where the question about the bill came second
    assert running["flow"] == "file_complaint"


def test_a_yes_after_three_days_promises_nothing_and_a_new_wish_is_heard(company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        debtor(session, company, phone)
    with talking(company, phone) as talk:
        now = utc_now()
        talk.says("kal 2000 de dunga", now=now)
        later = now + timedelta(days=3)
        (stale,) = talk.says("haan", now=later)
        assert "wada likh liya" not in stale.text.lower()
        assert talk.session.scalars(select(Promise)).all() == []
        (heard,) = talk.says("bill kitna hai", now=later)
        assert "3,435.63" in heard.text
        (menu,) = talk.says("menu", now=later)
        assert menu.choices
