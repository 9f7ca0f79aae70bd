"""What a day may cost: set aside when a message is taken for sending, let go where Meta does not bill it."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from core.db import company_session
from core.messaging.holds import open_holds, resume_lane
from core.messaging.prices import PriceInvalid, country_of, price_list, set_price, spending_of_day, spent_on
from core.messaging.sending_policy import SendingPolicyInvalid, change_sending_policy, quiet_ends, sending_policy
from core.messaging.statuses import apply_status
from tests.cast import NOW, TODAY
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Answer, Wire, accept

TWIN = {"name": "bill_due", "language": "en", "parameters": ["2,500"]}
MIDNIGHT = NOW.replace(hour=19)
"""Of Karachi, five hours ahead."""


def settle(desk: Desk, *, budget: str | None = None, utility: str = "2", **policy: object) -> None:
    with company_session(desk.company.id) as session:
        kept = sending_policy(session, lock=True)
        kept.budget_per_day = Decimal(budget) if budget else None
        for name, value in policy.items():
            setattr(kept, name, value)
        for category in ("utility", "marketing"):
            set_price(session, country="PK", category=category, from_day=date(2026, 1, 1), price=Decimal(utility))


def bill(desk: Desk, lane: str = "billing", **options: object):
    return desk.queue(desk.person(wrote_at=None), "Rs 2,500", lane=lane, template=TWIN, **options)


def money(desk: Desk, day: date = TODAY) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    with company_session(desk.company.id) as session:
        return {each.category: (each.reserved, each.spent, each.released) for each in spending_of_day(session, day=day)}


def tell(desk: Desk, message, status: str = "sent", **pricing: object) -> None:
    with company_session(desk.company.id) as session:
        told = {"id": f"wamid.{message}", "status": status, "pricing": pricing} if pricing else {}
        apply_status(session, status=told or {"id": f"wamid.{message}", "status": status}, now=NOW)


def test_each_message_carries_category_price_and_window(desk: Desk) -> None:
    settle(desk)
    outside = bill(desk, lane="bulk")
    inside = desk.queue(desk.person(), "hello")

    desk.drain()

    rows = [desk.row(each) for each in (outside, inside)]
    assert [(row.category, row.price, row.in_window, row.cost_state, row.charged_on) for row in rows] == [
        ("marketing", Decimal(2), False, "reserved", TODAY),
        ("service", Decimal("1.52"), True, "reserved", TODAY),
    ]


def test_bulk_stops_first_then_billing_and_a_notice_never(desk: Desk, wire: Wire) -> None:
    settle(desk, budget="10", bulk_percent=60)
    sent = {lane: [bill(desk, lane=lane) for _ in range(4)] for lane in ("bulk", "billing", "notice")}
    for lane in ("bulk", "billing", "notice"):
        for message in sent[lane]:
            desk.change(message, not_before=NOW + minutes(("bulk", "billing", "notice").index(lane)))

    for minute in range(3):
        desk.drain(NOW + minutes(minute))

    states = {lane: [desk.row(each).state for each in messages] for lane, messages in sent.items()}
    assert states == {
        "bulk": ["accepted"] * 3 + ["queued"],
        "billing": ["accepted"] * 2 + ["queued"] * 2,
        "notice": ["accepted"] * 4,
    }
    assert {desk.row(each).not_before for each in sent["billing"][2:]} == {MIDNIGHT}
    with company_session(desk.company.id) as session:
        holds = open_holds(session, now=NOW + minutes(3))
    assert [(hold.lane, hold.cause, hold.until) for hold in holds] == [
        ("bulk", "budget", MIDNIGHT), ("billing", "budget", MIDNIGHT),
    ]  # fmt: skip


def test_the_next_day_has_a_budget_of_its_own(desk: Desk, wire: Wire) -> None:
    settle(desk, budget="4", bulk_percent=100)
    for _ in range(4):
        bill(desk, lane="bulk")
    desk.drain()
    assert len(wire.messages) == 2

    desk.drain(MIDNIGHT)

    assert len(wire.messages) == 4
    assert money(desk, TODAY + timedelta(days=1))["marketing"][0] == 4


def test_what_meta_does_not_bill_is_let_go_and_the_lane_may_be_resumed(desk: Desk, wire: Wire) -> None:
    settle(desk, budget="4", bulk_percent=100)
    bulk = [bill(desk, lane="bulk") for _ in range(4)]
    desk.drain()
    tell(desk, bulk[0], billable=False, type="regular", category="marketing")
    tell(desk, bulk[1], billable=True, type="regular", category="marketing")
    assert money(desk) == {"marketing": (Decimal(0), Decimal(2), Decimal(2))}
    desk.drain(NOW + minutes(1))
    assert len(wire.messages) == 2

    with company_session(desk.company.id) as session:
        ended = resume_lane(
            session, business_number_id=desk.company.business_number_id, lane="bulk", reason="free ones",
            actor="staff:1", now=NOW,
        )  # fmt: skip
    for message in bulk[2:]:
        desk.change(message, not_before=NOW)
    desk.drain(NOW + minutes(2))

    assert ended == 1
    assert len(wire.messages) == 3
    with company_session(desk.company.id) as session:
        assert spent_on(session, day=TODAY) == 4


def test_a_template_that_meta_bills_as_another_category_is_priced_anew_once(desk: Desk) -> None:
    settle(desk)
    with company_session(desk.company.id) as session:
        set_price(session, country="PK", category="marketing", from_day=TODAY, price=Decimal("13.25"))
    message = bill(desk)
    desk.drain()
    for status in ("sent", "delivered", "delivered"):
        tell(desk, message, status, billable=True, type="regular", category="marketing")

    assert money(desk) == {"marketing": (Decimal(0), Decimal("13.25"), Decimal(0))}


def test_a_message_sent_twice_in_doubt_counts_twice(desk: Desk, wire: Wire) -> None:
    settle(desk)
    wire.answer = lambda _: Answer(502, b"<html>", "text/html")
    message = bill(desk, lane="notice")
    desk.drain()
    wire.answer = accept
    desk.drain(NOW + minutes(11))

    assert (desk.row(message).state, desk.row(message).price) == ("accepted", Decimal(4))


def test_prices_are_dated_and_by_country(desk: Desk) -> None:
    with company_session(desk.company.id) as session:
        set_price(session, country="pk", category="utility", from_day=date(2026, 1, 1), price=Decimal("1"))
        set_price(session, country="PK", category="utility", from_day=date(2026, 10, 1), price=Decimal("2.5"))
        before, after = (price_list(session, day=day) for day in (date(2026, 9, 30), date(2026, 10, 1)))
        assert (before.price("utility", "PK"), after.price("utility", "PK")) == (Decimal("1"), Decimal("2.5"))
        assert after.price("utility", "AE") == after.price("utility", "") == Decimal("3.20")
        with pytest.raises(PriceInvalid, match="two letters"):
            set_price(session, country="Pakistan", category="utility", from_day=TODAY, price=Decimal(1))
    assert [country_of("+923001234567", None), country_of(None, "AE.77"), country_of("+1", None)] == ["PK", "AE", ""]


@pytest.mark.parametrize(
    ("lane", "state"), [("billing", "queued"), ("bulk", "queued"), ("notice", "accepted"), ("reply", "accepted")]
)
def test_in_quiet_hours_billing_and_bulk_wait_for_the_morning(desk: Desk, lane: str, state: str) -> None:
    settle(desk, quiet_from=time(21), quiet_until=time(9))
    night = NOW.replace(hour=18)
    message = bill(desk, lane=lane, now=night)

    desk.drain(night)

    row = desk.row(message)
    assert row.state == state
    if state == "queued":
        assert row.not_before == NOW.replace(hour=4) + timedelta(days=1)
        desk.drain(row.not_before)
        assert desk.row(message).state == "accepted"


@pytest.mark.parametrize(
    ("hour", "ends"), [(18, 28), (23, 28), (1, 4), (3, 4), (4, None), (12, None), (15, None), (16, 28)]
)
def test_quiet_hours_may_reach_past_midnight(desk: Desk, hour: int, ends: int | None) -> None:
    settle(desk, quiet_from=time(21), quiet_until=time(9))
    midnight = NOW.replace(hour=0)
    with company_session(desk.company.id) as session:
        until = quiet_ends(sending_policy(session), midnight + timedelta(hours=hour), "Asia/Karachi")
    assert until == (midnight + timedelta(hours=ends) if ends is not None else None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"recipients_per_day": 0}, "one person"),
        ({"reserve_percent": 95}, "reserve"),
        ({"budget_per_day": Decimal(-1)}, "below zero"),
        ({"quiet_until": None}, "quiet time"),
        ({"window_hours": 100}, "72 hours"),
    ],
)
def test_limits_that_make_no_sense_are_refused(desk: Desk, change: dict[str, object], why: str) -> None:
    right: dict[str, object] = {
        "recipients_per_day": 2000, "reserve_percent": 20, "budget_per_day": Decimal(500), "bulk_percent": 80,
        "quiet_from": time(21), "quiet_until": time(9), "window_hours": 12,
    }  # fmt: skip
    with company_session(desk.company.id) as session:
        change_sending_policy(session, **right)
        with pytest.raises(SendingPolicyInvalid, match=why):
            change_sending_policy(session, **right | change)
        assert sending_policy(session).recipients_from == "person"
