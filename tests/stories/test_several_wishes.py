"""Several wishes in one message and pictures that come first: accounts, time, repeats, and what people see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bot.conversation import Route
from bot.inbound import Sender
from bot.rehearsal import PHOTO, VOICE, Answer, Choice, Rehearsal, rehearsed
from core.clock import utc_now
from core.crm.models import Document
from core.db import company_session
from core.messaging.models import OutboundMessage
from tests.builders import a_phone, make_customer, make_plan, make_subscription
from tests.cast import TestCompany
from tests.phones import new_wamid
from tests.stories.money import debtor
from tests.stories.wishes import paid_up

TWO = "bill batao aur net bhi nahi chal raha"


@pytest.fixture
def talk(company: TestCompany) -> Iterator[Rehearsal]:
    """A talk of a customer who owes."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        debtor(session, company, phone)
    with talking(company, phone) as rehearsal:
        yield rehearsal


@contextmanager
def talking(company: TestCompany, phone: str) -> Iterator[Rehearsal]:
    with rehearsed(company.id) as session:
        route = Route(company.id, company.business_number_id, None)
        yield Rehearsal(session, route, company.phone_number_id, Sender(phone, None, "Ayesha"))


def choice(answer: Answer, action: str) -> Choice:
    return next(each for each in answer.choices if each.action == action)


def test_who_has_two_accounts_is_asked_once_for_all_wishes(company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        for name in ("Home", "Shop"):
            customer = make_customer(session, company, name=name, phone=phone)
            make_subscription(session, customer, make_plan(session))
    with talking(company, phone) as talk:
        (asked,) = talk.says("mera package kya hai aur bill kitna hai", now=utc_now())
        chosen = next(each for each in asked.choices if each.action.endswith(":said"))
        answers = talk.taps(chosen, now=utc_now())
        assert len(answers) == 2 and any("Fiber 20" in answer.text for answer in answers)


def test_the_same_message_twice_is_answered_once(client: FlaskClient, company: TestCompany) -> None:
    bilal, wamid = paid_up(client, company), new_wamid()
    for _ in range(2):
        assert bilal.sends("text", {"body": TWO}, wamid=wamid) == 200
    assert len(bilal.replies()) == 2


def test_a_wish_put_by_is_offered_when_the_one_before_it_is_over(talk: Rehearsal) -> None:
    talk.says("net nahi chal raha aur ghar shift karna hai", now=utc_now())
    (over,) = talk.says("cancel", now=utc_now())
    (asked,) = talk.taps(choice(over, "resume"), now=utc_now())
    assert talk.state()["flow"]["flow"] == "relocate" and asked.text
    assert "later" not in talk.state() or talk.state()["later"] == []


def test_a_wish_put_by_is_forgotten_after_a_day(talk: Rehearsal) -> None:
    talk.says("net nahi chal raha aur ghar shift karna hai", now=utc_now())
    (over,) = talk.says("cancel", now=utc_now() + timedelta(hours=23))
    assert "resume" in [each.action for each in over.choices]
    (later,) = talk.says("package konsa hai mera", now=utc_now() + timedelta(hours=25))
    assert "resume" not in [each.action for each in later.choices]


def test_a_picture_is_used_for_what_is_tapped_next_and_only_once(talk: Rehearsal) -> None:
    (asked,) = talk.sends_media(PHOTO, now=utc_now())
    talk.taps(choice(asked, "flow:claim_payment"), now=utc_now())
    assert talk.state()["flow"]["answers"]["photo"]
    assert "file" not in talk.state()
    assert talk.session.scalars(select(Document.kind)).all() == ["payment_proof"]


def test_a_picture_is_forgotten_after_a_day(talk: Rehearsal) -> None:
    talk.sends_media(PHOTO, now=utc_now())
    talk.says("2500 bhej diye hain", now=utc_now() + timedelta(hours=25))
    assert "photo" not in talk.state()["flow"]["answers"]


def test_a_picture_between_other_questions_is_kept(talk: Rehearsal) -> None:
    talk.sends_media(PHOTO, now=utc_now())
    talk.says("bill kitna hai", now=utc_now())
    talk.says("2500 bhej diye hain", now=utc_now())
    assert talk.state()["flow"]["answers"]["photo"]


def test_who_asks_for_a_person_shows_what_he_sent(talk: Rehearsal) -> None:
    talk.sends_media(VOICE, now=utc_now())
    talk.says("kisi insaan se baat karao", now=utc_now())
    assert talk.session.scalar(select(func.count()).select_from(Document)) == 1
    assert "file" not in talk.state()


def test_an_identity_card_named_after_its_picture_is_not_used(talk: Rehearsal) -> None:
    talk.sends_media(PHOTO, now=utc_now())
    (answered,) = talk.says("ye mera shanakhti card hai", now=utc_now())
    assert "https://" in answered.text or "ID card" in answered.text or "shanakhti" in answered.text.casefold()
    assert "file" not in talk.state()
    assert talk.session.scalar(select(func.count()).select_from(Document)) == 0


def test_a_location_sent_first_is_the_place_of_the_fault(talk: Rehearsal) -> None:
    place = {"latitude": 31.5, "longitude": 74.3}
    talk.sends("location", place, now=utc_now())
    talk.says("gali mein taar toot gayi hai", now=utc_now())
    assert talk.state()["flow"]["answers"]["place"] == ["31.500000", "74.300000"]


def test_every_message_of_an_answer_keeps_within_whatsapps_limits(talk: Rehearsal) -> None:
    answers = talk.says("bill batao, package dikhao, usage batao aur net nahi chal raha", now=utc_now())
    assert 2 <= len(answers) <= 4
    rows = talk.session.scalars(select(OutboundMessage).where(OutboundMessage.kind != "read")).all()
    for row in rows:
        buttons = row.payload.get("interactive", {}).get("action", {}).get("buttons", [])
        assert len(buttons) <= 3 and all(len(button["reply"]["title"]) <= 20 for button in buttons)
        assert len(row.text) <= 4096


def test_a_stranger_hears_once_that_he_has_no_account(company: TestCompany) -> None:
    with talking(company, a_phone()) as talk:
        answers = talk.says("bill kitna hai aur kitna data use hua", now=utc_now())
        assert len(answers) == 1
