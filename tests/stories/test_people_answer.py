"""A person is asked for: the bot keeps quiet until the chat is handed back, by whomever or by time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from bot.handing_back import give_back, return_overdue
from core.clock import utc_now
from core.crm.desk import change_desk_settings
from core.crm.desk_models import WEEKDAYS
from core.crm.lead_models import Lead
from core.crm.models import Contact, Document
from core.db import company_session
from core.ids import new_id
from core.messaging.human import NotWithHuman, ReplyWindowClosed, answer_as_human, lock_conversation, overdue_chats
from core.messaging.models import Conversation, InboundMessage, OutboundMessage
from core.service_desk.models import Ticket
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices, tap
from tests.scratch import replayed
from workers.desk import return_chats

ALWAYS = {day: ["00:00", "23:59"] for day in WEEKDAYS}


@pytest.fixture
def ayesha(client: FlaskClient, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        change_desk_settings(session, office_hours=ALWAYS, answer_hours=1)
    return Phone(client, company, phone)


def silent(person: Phone, words: str) -> bool:
    assert person.sends("text", {"body": words}, at=int(utc_now().timestamp())) == 200
    return person.replies() == []


def conversation(company: TestCompany, person: Phone) -> Conversation:
    with company_session(company.id) as session:
        return session.scalars(
            select(Conversation).join(Contact, Contact.id == Conversation.contact_id)
            .where(Contact.phone == person.phone)
        ).one()  # fmt: skip


def answered(company: TestCompany, person: Phone, words: str, now: datetime) -> None:
    with company_session(company.id, "test") as session:
        staff_id = make_staff(session, company, role="manager", name="Shazia").id
        talk = lock_conversation(session, conversation_id=conversation(company, person).id)
        answer_as_human(session, conversation=talk, staff_id=staff_id, words=words, key=words, now=now,
                        due_at=now + timedelta(hours=1))  # fmt: skip


def test_the_bot_is_silent_and_what_is_written_is_kept(company: TestCompany, ayesha: Phone) -> None:
    answer = ayesha.says("kisi insan se baat karni hai")
    assert "T-1001" in answer.text
    assert silent(ayesha, "mera bill ghalat hai") and silent(ayesha, "bill kitna hai")
    with company_session(company.id) as session:
        assert "mera bill ghalat hai" in session.scalars(select(InboundMessage.text)).all()
        marks = session.scalars(select(OutboundMessage).where(OutboundMessage.kind == "read")).all()
        assert session.scalars(select(Ticket)).one().category == "other"
    assert len(marks) == 1  # of the message that asked; the others are unread until a person reads them
    assert conversation(company, ayesha).human_since is not None


def test_who_manages_beside_another_role_hears_of_it_too_and_who_left_does_not(
    company: TestCompany, ayesha: Phone
) -> None:
    agents = (("Rabia", ["manager"], "active"), ("Bilal", [], "active"), ("Aslam", ["manager"], "left"))
    with company_session(company.id, "test") as session:
        for name, extra, state in agents:
            person = make_staff(session, company, role="recovery_agent", name=name)
            person.extra_roles, person.state = extra, state
            session.add(Contact(id=new_id(), phone=person.phone, name=name, staff_id=person.id))
    assert ayesha.sends("text", {"body": "talk to a person"}) == 200
    with company_session(company.id) as session:
        told = select(Contact.name).join(OutboundMessage, OutboundMessage.contact_id == Contact.id)
        cards = session.scalars(told.where(OutboundMessage.lane == "notice")).all()
    assert cards == ["Rabia"]


def test_a_persons_answer_goes_out_and_marks_what_was_read(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    assert silent(ayesha, "hello?")
    answered(company, ayesha, "Assalam o alaikum, I look into it", utc_now())
    sent = ayesha.replies()
    assert [(m.lane, m.text) for m in sent] == [("reply", "Assalam o alaikum, I look into it")]
    with company_session(company.id) as session:
        marks = session.scalars(select(OutboundMessage).where(OutboundMessage.kind == "read")).all()
    assert len(marks) == 2


def test_menu_brings_the_bot_back_whoever_has_the_chat(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    assert "balance" in choices(ayesha.says("menu")).values()
    assert conversation(company, ayesha).human_since is None
    ayesha.says("talk to a person")
    assert "3,435.63" in tap(ayesha, "balance").text
    assert conversation(company, ayesha).human_since is None


def test_a_stop_is_heard_also_beside_people(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    assert "no more notices" in ayesha.says("stop").text
    assert conversation(company, ayesha).human_since is not None
    assert silent(ayesha, "thanks")


def test_handed_back_the_bot_asks_the_parked_question_again(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("net nahi chal raha")
    asked = ayesha.taps("Abhi nahi dekh sakta")
    assert "tasveer" in asked.text
    ayesha.says("kisi insan se baat karni hai")
    assert silent(ayesha, "suno")
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=utc_now()))
        give_back(session, conversation_id=conversation(company, ayesha).id, now=utc_now())
    back = ayesha.reply()
    assert asked.text in back.text and choices(back) == choices(asked)
    assert "Internet band" in ayesha.taps("Chhorein").text


def test_handing_back_what_nobody_has_is_refused(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("menu")
    with pytest.raises(NotWithHuman), company_session(company.id, "test") as session:
        give_back(session, conversation_id=conversation(company, ayesha).id, now=utc_now())


def test_free_words_end_with_the_24_hours(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    with pytest.raises(ReplyWindowClosed):
        answered(company, ayesha, "hello", utc_now() + timedelta(hours=25))


def test_without_an_answer_the_chat_returns_with_an_apology_and_the_managers_know(
    company: TestCompany, ayesha: Phone, client: FlaskClient
) -> None:
    with company_session(company.id, "test") as session:
        manager = Phone(client, company, make_staff(session, company, role="manager", name="Hina").phone)
    manager.says("menu")
    ayesha.replies()
    assert ayesha.sends("text", {"body": "talk to a person"}) == 200
    assert {m.dedupe_key.split(":")[0] for m in ayesha.replies()} >= {"deskcard"}
    talk, later = conversation(company, ayesha), utc_now() + timedelta(hours=2)
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=later - timedelta(hours=1)))
        assert overdue_chats(session, now=utc_now()) == []
        assert overdue_chats(session, now=later) == [talk.id]
        assert return_overdue(session, conversation_id=talk.id, now=later)
    sent = {m.dedupe_key.split(":")[0]: m.text for m in ayesha.replies()}
    assert "sorry" in sent["back"] and "C-2001" in sent["unanswered"]
    assert "3,435.63" in ayesha.says("what is my balance").text


def test_a_chat_that_was_answered_returns_in_silence(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    now = utc_now()
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=now))
    answered(company, ayesha, "It is corrected", now)
    ayesha.replies()
    with company_session(company.id, "test") as session:
        assert return_overdue(session, conversation_id=conversation(company, ayesha).id, now=now + timedelta(hours=2))
    assert ayesha.replies() == []


def test_a_new_question_waits_its_full_time(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    now = utc_now()
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=now))
    answered(company, ayesha, "It is corrected", now)
    assert ayesha.sends("text", {"body": "no, it is not"}, at=int(now.timestamp()) + 50 * 60) == 200
    with company_session(company.id, "test") as session:
        talk = conversation(company, ayesha).id
        assert not return_overdue(session, conversation_id=talk, now=now + timedelta(minutes=61))


def test_outside_office_hours_the_bot_says_when_somebody_is_there(company: TestCompany, ayesha: Phone) -> None:
    today = utc_now().astimezone().isoweekday()
    one_day = {day: [] for day in WEEKDAYS} | {str((today + 2) % 7 + 1): ["09:00", "17:00"]}
    with company_session(company.id, "test") as session:
        change_desk_settings(session, office_hours=one_day)
    answer = ayesha.says("talk to a person").text
    assert "closed" in answer and "09:00" in answer


def test_the_timetables_job_takes_back_what_is_due(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    return_chats(str(company.id))
    assert conversation(company, ayesha).human_since is not None
    long_ago = utc_now() - timedelta(hours=20)
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(human_due_at=long_ago, human_since=long_ago))
    return_chats(str(company.id))
    assert conversation(company, ayesha).human_since is None


def test_a_photo_sent_to_people_is_kept_for_them_but_no_identity_card(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    for caption in ("bill ki tasveer", "mera shanakhti card"):
        content = {"id": f"media-{caption}", "mime_type": "image/jpeg", "sha256": "x", "caption": caption}
        assert ayesha.sends("image", content) == 200
    assert ayesha.replies() == []
    with company_session(company.id) as session:
        assert session.scalars(select(Document.media_id)).all() == ["media-bill ki tasveer"]


def test_a_stranger_whom_nobody_answered_is_to_be_called(company: TestCompany, client: FlaskClient) -> None:
    kamran = Phone(client, company, a_phone(), name="Kamran")
    with company_session(company.id, "test") as session:
        change_desk_settings(session, office_hours=ALWAYS, answer_hours=1)
    kamran.says("talk to a person")
    later = utc_now() + timedelta(hours=2)
    with company_session(company.id, "test") as session:
        assert return_overdue(session, conversation_id=conversation(company, kamran).id, now=later)
        lead = session.scalars(select(Lead)).one()
        assert (lead.phone, lead.notes[0].author) == (kamran.phone, "system")


def test_a_talk_with_people_in_it_is_replayed_with_the_same_silence(company: TestCompany, ayesha: Phone) -> None:
    begin = int(utc_now().timestamp()) - 60
    assert ayesha.sends("text", {"body": "talk to a person"}, at=begin) == 200
    assert ayesha.sends("text", {"body": "my bill is wrong"}, at=begin + 10) == 200
    with company_session(company.id, "test") as session:
        give_back(session, conversation_id=conversation(company, ayesha).id, now=utc_now())
    assert ayesha.sends("text", {"body": "what is my balance"}, at=begin + 20) == 200
    compared = replayed(company.id, conversation(company, ayesha).id)
    assert [bool(each.now) for each in compared] == [True, False, True]
    assert {each.verdict for each in compared} <= {"same", "figures"}
