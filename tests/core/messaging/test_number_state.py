"""What Meta tells of a number and its account holds lanes, and lets them go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db import company_session
from core.errors import NotFound
from core.messaging.holds import ReasonMissing, hold_by_hand, open_holds, resume_lane
from core.messaging.number_state import Pace, note_facts, state_of, take_news
from core.messaging.sending_policy import sending_policy
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Wire, accept, error

TWIN = {"name": "promotion", "language": "en", "parameters": ["50 Mbps"]}
EVERY = ["urgent", "reply", "notice", "billing", "bulk"]


def facts(desk: Desk, now=NOW, **told: object) -> None:
    with company_session(desk.company.id) as session:
        note_facts(session, business_number_id=desk.company.business_number_id, facts=told, now=now)


def news(desk: Desk, topic: str, now=NOW, **value: object) -> None:
    with company_session(desk.company.id) as session:
        take_news(session, business_number_id=desk.company.business_number_id, topic=topic, value=value, now=now)


def held(desk: Desk, now=NOW) -> list[str]:
    with company_session(desk.company.id) as session:
        lanes = {hold.lane for hold in open_holds(session, now=now)}
    return [lane for lane in EVERY if lane in lanes]


def test_red_quality_holds_bulk_until_it_is_better(desk: Desk, wire: Wire) -> None:
    facts(desk, quality_rating="RED")
    bulk = desk.queue(desk.person(wrote_at=None), "Offer", lane="bulk", template=TWIN)
    reply = desk.queue(desk.person(), "hello")
    desk.drain()
    assert (desk.row(bulk).state, desk.row(reply).state, held(desk)) == ("queued", "accepted", ["bulk"])

    facts(desk, quality_rating="YELLOW")
    desk.drain(NOW + minutes(1))

    assert (desk.row(bulk).state, held(desk)) == ("accepted", [])


def test_a_person_may_resume_what_red_quality_holds_and_the_same_answer_does_not_stop_it_again(desk: Desk) -> None:
    facts(desk, quality_rating="RED")
    number = desk.company.business_number_id
    with company_session(desk.company.id) as session:
        resume_lane(session, business_number_id=number, lane="bulk", reason="one offer", actor="staff:1", now=NOW)
    facts(desk, quality_rating="RED")

    assert held(desk) == []


def test_yellow_quality_lets_bulk_through_a_few_at_a_time(desk: Desk, wire: Wire) -> None:
    facts(desk, quality_rating="YELLOW")
    for _ in range(12):
        desk.queue(desk.person(wrote_at=None), "Offer", lane="bulk", template=TWIN)
    desk.queue(desk.person(), "hello")

    desk.drain()

    assert len(wire.messages) == 5


def test_the_tier_sets_how_many_people_are_reached(desk: Desk) -> None:
    facts(desk, whatsapp_business_manager_messaging_limit="TIER_2K", throughput={"level": "HIGH"}, status="CONNECTED")
    with company_session(desk.company.id) as session:
        state = state_of(session, business_number_id=desk.company.business_number_id, now=NOW)
        assert (state.throughput, state.status) == (1000, "CONNECTED")
        policy = sending_policy(session)
        assert (policy.recipients_per_day, policy.recipients_from) == (2000, "meta")
    news(desk, "phone_number_quality_update", event="ONBOARDING", max_daily_conversations_per_business="TIER_10K")
    with company_session(desk.company.id) as session:
        assert sending_policy(session).recipients_per_day == 10_000
    news(desk, "business_capability_update", max_daily_conversations_per_business=250)
    with company_session(desk.company.id) as session:
        assert sending_policy(session).recipients_per_day == 250


@pytest.mark.parametrize(
    ("value", "lanes"),
    [
        (
            {
                "event": "ACCOUNT_RESTRICTION",
                "restriction_info": [
                    {
                        "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
                        "expiration": int((NOW + timedelta(days=1)).timestamp()),
                    }
                ],
            },
            ["notice", "billing", "bulk"],
        ),
        ({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, EVERY),
        ({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SPAM"}}, []),
        ({"event": "PARTNER_ADDED"}, []),
        ({"event": "ACCOUNT_RESTRICTION", "restriction_info": "?"}, []),
    ],
)
def test_what_meta_does_to_the_account_holds_its_lanes(desk: Desk, value: dict[str, object], lanes: list[str]) -> None:
    news(desk, "account_update", **value)
    news(desk, "account_update", **value)

    assert held(desk) == lanes
    assert held(desk, NOW + timedelta(days=2)) == (lanes if lanes == EVERY else [])


def test_an_account_that_is_reinstated_goes_on(desk: Desk) -> None:
    news(desk, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
    news(desk, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE"})

    assert held(desk) == []


def test_a_banned_number_stops_until_it_is_connected_again(desk: Desk) -> None:
    facts(desk, status="BANNED")
    assert held(desk) == EVERY
    facts(desk, status="CONNECTED")
    assert held(desk) == []


def test_a_code_of_the_whole_number_stops_every_lane_and_is_tried_again_after_its_time(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: error(131031)
    message = desk.queue(desk.person(), "hello", expires_in=timedelta(days=1))
    other = desk.queue(desk.person(), "later", not_before=NOW + minutes(1))
    desk.drain()
    desk.drain(NOW + minutes(2))
    assert held(desk, NOW + minutes(2)) == EVERY
    assert (desk.row(message).state, desk.row(other).attempts) == ("queued", 0)

    wire.answer = accept
    desk.drain(NOW + minutes(20))

    assert {desk.row(each).state for each in (message, other)} == {"accepted"}
    assert held(desk, NOW + minutes(20)) == []


def test_a_hold_that_is_tried_in_vain_goes_on_as_the_same_one(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: error(131031)
    desk.queue(desk.person(), "hello", expires_in=timedelta(days=1))
    desk.drain()
    with company_session(desk.company.id) as session:
        first = {hold.id for hold in open_holds(session, now=NOW)}
    desk.drain(NOW + minutes(30))

    with company_session(desk.company.id) as session:
        assert {hold.id for hold in open_holds(session, now=NOW + minutes(31))} == first


def test_spam_restriction_stops_bulk_and_answers_go_on(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: error(131048)
    desk.queue(desk.person(wrote_at=None), "Offer", lane="bulk", template=TWIN)
    desk.drain()
    wire.answer = accept
    reply = desk.queue(desk.person(), "hello")
    desk.drain(NOW + minutes(1))

    assert (desk.row(reply).state, held(desk)) == ("accepted", ["bulk"])


def test_an_employee_holds_and_resumes_a_lane_and_says_why(desk: Desk) -> None:
    number = desk.company.business_number_id
    with company_session(desk.company.id) as session:
        hold_by_hand(session, business_number_id=number, lane="billing", reason="wrong text", actor="staff:1", now=NOW)
    assert held(desk) == ["billing"]
    with company_session(desk.company.id) as session:
        with pytest.raises(ReasonMissing):
            resume_lane(session, business_number_id=number, lane="billing", reason=" ", actor="staff:1", now=NOW)
        with pytest.raises(NotFound):
            resume_lane(session, business_number_id=number, lane="post", reason="ok", actor="staff:1", now=NOW)
        assert resume_lane(
            session, business_number_id=number, lane="billing", reason="corrected", actor="staff:1", now=NOW
        ) == 1  # fmt: skip
    assert held(desk) == []


@pytest.mark.parametrize(("inbound", "rate"), [(0, 70), (10, 70), (30, 50), (79, 10), (500, 10)])
def test_people_who_write_take_their_part_of_the_throughput(inbound: int, rate: int) -> None:
    assert Pace(share=70, throughput=80).per_second(inbound) == rate
