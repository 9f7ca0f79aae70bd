"""A stored conversation against the present code."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from bot.replay import DIFFERS, FIGURES, SAME, replay, verdict
from cli.talks import find_person, report
from core.db import company_session
from core.errors import NotFound
from core.ids import Id, new_id
from core.messaging.models import Conversation, OutboundMessage
from core.service_desk.models import Ticket
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone


def talked(client: FlaskClient, company: TestCompany) -> Id:
    """Ayesha asks for her bill and files a complaint."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    ayesha = Phone(client, company, phone)
    ayesha.says("mera bill kitna hai")
    ayesha.says("net nahi chal raha")
    ayesha.taps("Abhi nahi dekh sakta")
    ayesha.sends_photo()
    ayesha.taps("Haan")
    with company_session(company.id) as session:
        return session.scalars(select(Conversation.id)).one()


def test_what_has_not_changed_is_answered_alike_and_nothing_is_kept(client: FlaskClient, company: TestCompany) -> None:
    conversation = talked(client, company)
    compared = replay(company.id, conversation)
    assert [one.said for one in compared] == [
        "mera bill kitna hai", "net nahi chal raha", "Abhi nahi dekh sakta", "(image)", "Haan",
    ]  # fmt: skip
    assert [one.verdict for one in compared] == [SAME, SAME, SAME, SAME, FIGURES]
    assert "T-1002" in compared[4].now
    with company_session(company.id) as session:
        assert [ticket.number for ticket in session.scalars(select(Ticket))] == ["T-1001"]
        assert session.scalar(select(text("count(*)")).select_from(OutboundMessage)) == 10


def test_an_answer_that_would_be_another_one_is_shown(client: FlaskClient, company: TestCompany) -> None:
    conversation = talked(client, company)
    with company_session(company.id, "test") as session:
        session.execute(
            text("UPDATE outbound_message SET text = 'We never had such words' WHERE text LIKE '%baqaya%3,435.63%'")
        )
    compared = replay(company.id, conversation)
    assert [one.verdict for one in compared] == [DIFFERS, SAME, SAME, SAME, FIGURES]
    told = report(compared, everything=False)
    assert told[0] == "5 messages: 1 answered in other words, 1 with other figures only."
    assert "  - We never had such words" in told and any(line.startswith("  + ") for line in told)


def test_figures_and_days_alone_are_no_other_words() -> None:
    assert verdict("Rs 2,500 by 10.12.2026", "Rs 3,000.50 by 11.12.2026") == FIGURES
    assert verdict("Rs 2,500", "Rs 2,500 please") == DIFFERS


def test_a_conversation_that_is_not_there_is_told(company: TestCompany) -> None:
    with pytest.raises(NotFound, match="no conversation"):
        replay(company.id, new_id())


def test_people_are_found_by_phone_number_or_name_and_never_guessed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, name="Bilal Butt", phone="+923001112223")
        make_customer(session, company, name="Bilal Khan")
        make_staff(session, company, role="technician", name="Tariq Mehmood", phone="+923009998887")
        assert find_person(session, customer.number.lower()) == ("+923001112223", "Bilal Butt")
        assert find_person(session, "bilal b") == ("+923001112223", "Bilal Butt")
        assert find_person(session, "Tariq") == ("+923009998887", "Tariq Mehmood")
        assert find_person(session, "+92 300 5556667") == ("+923005556667", "Somebody")
        with pytest.raises(NotFound, match="may be Bilal Butt, Bilal Khan"):
            find_person(session, "bilal")
        with pytest.raises(NotFound, match="Nobody is called"):
            find_person(session, "camel")
