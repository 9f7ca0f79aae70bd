"""What is due soon anyway goes early to a person who is writing, while the window that he opened is free."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.db import company_session
from core.ids import Id, new_id
from core.messaging import payloads
from core.messaging.models import Conversation
from core.messaging.outbox import message_row, ring_for
from core.messaging.reservation import QUOTA
from core.messaging.sending_policy import sending_policy
from core.messaging.turns import answer
from tests.cast import NOW
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Wire

SOON = NOW + timedelta(hours=5)


@pytest.fixture
def writer(desk: Desk) -> Id:
    with company_session(desk.company.id) as session:
        sending_policy(session)
    return desk.person()


def answer_to(desk: Desk, person: Id, *words: str) -> None:
    """The end of a turn in which the person is told these words."""
    number = desk.company.business_number_id
    rows = [
        message_row(contact_id=person, business_number_id=number, lane="reply", payload=payloads.text(each),
                    text=each, dedupe_key=f"answer:{new_id()}", now=NOW)
        for each in words
    ]  # fmt: skip
    with company_session(desk.company.id) as session:
        talk = session.scalars(select(Conversation).where(Conversation.contact_id == person)).one()
        answer(session, conversation_id=talk.id, state={}, messages=rows, event_id=None, message_id=new_id(),
               read_as={}, now=NOW)  # fmt: skip
        ring_for(session, "reply", desk.company.id, number)


def test_news_and_bills_due_within_the_day_follow_the_answer(desk: Desk, wire: Wire, writer: Id) -> None:
    news = desk.queue(writer, "The line is repaired", lane="notice", not_before=SOON)
    bill = desk.queue(writer, "Your bill is due", lane="billing", not_before=SOON)

    answer_to(desk, writer, "You owe nothing")
    while desk.drain():
        pass

    assert [body["text"]["body"] for body in wire.messages] == [
        "You owe nothing", "The line is repaired", "Your bill is due",
    ]  # fmt: skip
    assert [(desk.row(each).state, desk.row(each).in_window) for each in (news, bill)] == [("accepted", True)] * 2


def test_what_comes_later_or_is_a_template_or_waits_after_a_failure_keeps_its_time(desk: Desk, writer: Id) -> None:
    far = desk.queue(writer, "next week", lane="notice", not_before=NOW + timedelta(hours=25))
    offer = desk.queue(writer, "an offer", lane="bulk", not_before=SOON)
    template = desk.queue(
        writer, "as a template", lane="billing", payload=payloads.template("due", "en"), not_before=SOON
    )
    failed = desk.queue(writer, "failed before", lane="notice", not_before=SOON)
    desk.change(failed, attempts=1, error="too many")
    others = desk.queue(desk.person(), "for somebody else", lane="notice", not_before=SOON)

    answer_to(desk, writer, "Yes")

    assert desk.row(far).not_before == NOW + timedelta(hours=25)
    assert [desk.row(each).not_before for each in (offer, template, failed, others)] == [SOON] * 4


def test_who_waits_for_room_needs_none_any_more(desk: Desk, writer: Id) -> None:
    waiting = desk.queue(writer, "waits", lane="billing", not_before=SOON)
    desk.change(waiting, error=QUOTA)

    answer_to(desk, writer, "Yes")

    assert (desk.row(waiting).not_before, desk.row(waiting).error) == (NOW, "")


def test_in_quiet_hours_news_goes_early_and_a_bill_does_not(desk: Desk, writer: Id) -> None:
    here = NOW.astimezone(ZoneInfo("Asia/Karachi"))
    with company_session(desk.company.id) as session:
        policy = sending_policy(session)
        policy.quiet_from, policy.quiet_until = here.time(), (here + timedelta(hours=1)).time()
    news = desk.queue(writer, "news", lane="notice", not_before=SOON)
    bill = desk.queue(writer, "bill", lane="billing", not_before=SOON)

    answer_to(desk, writer, "Yes")

    assert (desk.row(news).not_before, desk.row(bill).not_before) == (NOW, SOON)


@pytest.mark.parametrize(("hours", "words"), [(0, ("Yes",)), (24, ())])
def test_nothing_goes_early_where_that_is_off_or_nothing_is_answered(
    desk: Desk, writer: Id, hours: int, words: tuple[str, ...]
) -> None:
    with company_session(desk.company.id) as session:
        sending_policy(session).window_hours = hours
    news = desk.queue(writer, "news", lane="notice", not_before=SOON)

    answer_to(desk, writer, *words)

    assert desk.row(news).not_before == SOON
