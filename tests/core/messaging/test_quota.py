"""Whom the portfolio reaches outside the window in 24 hours: a place each, and who finds none waits for one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.db import company_session
from core.ids import new_id
from core.messaging.limits import SendLimits
from core.messaging.models import OutboundMessage
from core.messaging.reservation import QUOTA, QUOTA_LENGTH, quota_now
from core.messaging.sending_policy import allowance, people_of_tier, sending_policy
from core.messaging.statuses import apply_status
from tests.cast import NOW
from tests.conftest import open_test_company
from tests.core.messaging.conftest import Desk, gateway_to, minutes
from tests.core.messaging.wire import Answer, Wire, accept, error

TWIN = {"name": "bill_due", "language": "en", "parameters": ["2,500"]}
LATER = NOW + QUOTA_LENGTH


def allow(desk: Desk, people: int | None, reserve: int = 0) -> None:
    with company_session(desk.company.id) as session:
        policy = sending_policy(session, lock=True)
        policy.recipients_per_day, policy.reserve_percent = people, reserve


def bill(desk: Desk, person=None, lane: str = "billing", **options):
    person = person or desk.person(wrote_at=None)
    return desk.queue(person, "Rs 2,500", lane=lane, template=TWIN, **options)


@pytest.fixture
def desk_of_its_own(database: str, wire: Wire, pool: ThreadPoolExecutor) -> Callable[[], tuple[Desk, Wire]]:
    """Another company's desk at each call, for properties that try many."""

    def made() -> tuple[Desk, Wire]:
        name = new_id()
        company = open_test_company(f"quota-{name.hex}", f"7{name.int % 10**15:015d}")
        wire.requests.clear()
        return Desk(company, gateway_to(wire.url, company.phone_number_id), pool, SendLimits()), wire

    return made


def used(desk: Desk, now=NOW) -> int:
    with company_session(desk.company.id) as session:
        return quota_now(session, now=now).used


def test_who_finds_no_place_waits_until_the_first_one_falls_free(desk: Desk, wire: Wire) -> None:
    allow(desk, 2)
    bills = [bill(desk, expires_in=timedelta(days=3)) for _ in range(4)]

    desk.drain()

    assert [desk.row(each).state for each in bills] == ["accepted", "accepted", "queued", "queued"]
    assert [desk.row(each).not_before for each in bills[2:]] == [LATER, LATER]
    assert {desk.row(each).error for each in bills[2:]} == {QUOTA}
    desk.drain(NOW + timedelta(hours=23))
    assert len(wire.messages) == 2
    desk.drain(LATER)
    assert len(wire.messages) == 4


def test_of_those_that_wait_each_gets_its_own_place_of_the_coming_day(desk: Desk, wire: Wire) -> None:
    allow(desk, 2)
    bill(desk)
    desk.drain()
    bill(desk)
    desk.drain(NOW + minutes(10))
    waiting = [bill(desk, expires_in=timedelta(days=9)) for _ in range(4)]

    desk.drain(NOW + minutes(20))

    when = [desk.row(each).not_before - NOW - QUOTA_LENGTH for each in waiting]
    day = timedelta(days=1)
    assert when == [minutes(0), minutes(10), day, minutes(10) + day]


def test_a_person_takes_one_place_however_many_messages_he_gets(desk: Desk, wire: Wire) -> None:
    allow(desk, 1)
    person = desk.person(wrote_at=None)
    for _ in range(3):
        bill(desk, person)

    desk.drain()

    assert (len(wire.messages), used(desk)) == (3, 1)


def test_answers_inside_the_window_take_no_place(desk: Desk, wire: Wire) -> None:
    allow(desk, 1)
    for _ in range(3):
        desk.queue(desk.person(), "hello")

    desk.drain()

    assert (len(wire.messages), used(desk)) == (3, 0)


def test_bulk_and_billing_leave_the_reserve_to_what_is_urgent(desk: Desk, wire: Wire) -> None:
    allow(desk, 10, reserve=20)
    for _ in range(12):
        bill(desk, lane="bulk")
    desk.drain()
    assert len(wire.messages) == 8

    urgent = [bill(desk, lane="notice") for _ in range(3)]
    desk.drain(NOW + minutes(1))

    assert [desk.row(each).state for each in urgent] == ["accepted", "accepted", "queued"]
    assert used(desk) == 10


def test_a_refused_message_gives_its_place_back(desk: Desk, wire: Wire) -> None:
    allow(desk, 1)
    wire.answer = lambda _: error(131026)
    gone = bill(desk)
    desk.drain()
    assert (desk.row(gone).state, desk.row(gone).cost_state, used(desk)) == ("failed", "released", 0)

    wire.answer = accept
    bill(desk)
    desk.drain()

    assert used(desk) == 1


def test_a_failure_that_a_status_tells_later_gives_the_place_back(desk: Desk, wire: Wire) -> None:
    message = bill(desk)
    desk.drain()
    assert used(desk) == 1

    with company_session(desk.company.id) as session:
        told = {"id": f"wamid.{message}", "status": "failed", "errors": [{"code": 131026}]}
        apply_status(session, status=told, now=NOW)

    assert (used(desk), desk.row(message).cost_state) == (0, "released")


def test_an_unknown_outcome_keeps_its_place_also_when_the_second_try_is_refused(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: Answer(502, b"<html>", "text/html")
    message = bill(desk, lane="notice")
    desk.drain()
    wire.answer = lambda _: error(131026)
    desk.drain(NOW + minutes(11))

    row = desk.row(message)
    assert (row.state, row.cost_state, used(desk)) == ("failed", "reserved", 1)


def test_what_was_delivered_late_counts_from_its_delivery(desk: Desk, wire: Wire) -> None:
    message = bill(desk)
    desk.drain()
    late = NOW + timedelta(hours=5)
    with company_session(desk.company.id) as session:
        told = {"id": f"wamid.{message}", "status": "delivered", "timestamp": str(int(late.timestamp()))}
        apply_status(session, status=told, now=late)

    assert used(desk, LATER + timedelta(hours=4)) == 1
    assert used(desk, LATER + timedelta(hours=5)) == 0


def test_two_workers_side_by_side_never_reach_more_people_than_allowed(desk: Desk, wire: Wire) -> None:
    allow(desk, 25, reserve=20)
    for _ in range(60):
        bill(desk, lane="bulk")
    for _ in range(8):
        bill(desk, lane="notice")
    with ThreadPoolExecutor(8) as second_pool:
        other = Desk(desk.company, gateway_to(wire.url, desk.company.phone_number_id), second_pool, SendLimits())
        both = [threading.Thread(target=each.drain) for each in (desk, other)]
        for each in both:
            each.start()
        for each in both:
            each.join()

    assert len({body["to"] for body in wire.messages}) == len(wire.messages) == used(desk)
    with company_session(desk.company.id) as session:
        sent = dict(
            session.execute(
                select(OutboundMessage.lane, func.count())
                .where(OutboundMessage.state == "accepted")
                .group_by(OutboundMessage.lane)
            ).all()
        )
    assert sent["notice"] == 8
    assert sent["bulk"] <= 20
    assert sum(sent.values()) <= 25


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["bulk", "notice"]), st.integers(0, 5), st.integers(0, 600)), min_size=1, max_size=12
    )
)
def test_in_no_24_hours_are_more_people_reached_than_allowed(steps, desk_of_its_own) -> None:
    desk, wire = desk_of_its_own()
    people = [desk.person(wrote_at=None) for _ in range(6)]
    allow(desk, 3, reserve=34)
    now, sent = NOW, []
    for lane, who, wait in steps:
        now += minutes(wait)
        bill(desk, people[who], lane=lane, now=now, expires_in=timedelta(days=9))
        before = len(wire.messages)
        desk.drain(now)
        sent += [(now, body["to"]) for body in wire.messages[before:]]

    for at, _ in sent:
        assert len({to for when, to in sent if at - timedelta(hours=24) < when <= at}) <= 3


@pytest.mark.parametrize(
    ("tier", "people"),
    [("TIER_250", 250), ("TIER_2K", 2000), ("TIER_100K", 100_000), ("TIER_UNLIMITED", None), ("TIER_NOT_SET", None)],
)
def test_metas_tiers_are_read(tier: str, people: int | None) -> None:
    assert people_of_tier(tier) == people


def test_a_tiny_allowance_still_lets_one_bill_go(desk: Desk) -> None:
    allow(desk, 1, reserve=90)
    with company_session(desk.company.id) as session:
        assert allowance(sending_policy(session), "bulk") == 1
