"""Statuses come in any order, twice, early, or for messages that are not ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.db import company_session
from core.ids import Id
from core.messaging import payloads
from core.messaging.holds import open_holds
from core.messaging.models import LANES, StatusUpdate
from core.messaging.statuses import RANK, STATE, apply_status
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Answer, Request, Wire, accept

TWIN = {"name": "bill_due", "language": "en", "parameters": ["2,500"]}
_wamids: Iterator[int] = itertools.count()


def status(wamid: str, word: str, seconds: int = 0, code: int | None = None, **more: Any) -> dict[str, Any]:
    told = {"id": wamid, "status": word, "timestamp": str(int(NOW.timestamp()) + seconds)} | more
    return told | ({"errors": [{"code": code, "title": "x"}]} if code else {})


def tell(desk: Desk, *told: dict[str, Any]) -> list[bool]:
    with company_session(desk.company.id) as session:
        return [apply_status(session, status=each, now=NOW + minutes(1)) for each in told]


def accepted(desk: Desk, wamid: str = "", **options: Any) -> tuple[Id, str]:
    """A message that Meta has taken, and the id it gave."""
    message = desk.queue(desk.person(), "hello", **options)
    wamid = wamid or f"wamid.{next(_wamids)}"
    desk.change(message, state="accepted", wamid=wamid)
    return message, wamid


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(["sent", "delivered", "read", "played", "failed"]), min_size=1, max_size=7))
def test_any_order_and_any_repetition_ends_at_the_highest_rank(desk: Desk, words: list[str]) -> None:
    message, wamid = accepted(desk)

    for word in words:
        tell(desk, status(wamid, word, code=131026 if word == "failed" else None))

    highest = max(words, key=lambda word: RANK[word])
    row = desk.row(message)
    assert row.state == STATE.get(highest, highest)
    assert (row.error_code is not None) == (row.state == "failed")
    assert (row.delivered_at is not None) == (RANK[highest] >= RANK["delivered"])


def test_instants_are_metas_and_read_implies_delivered(desk: Desk) -> None:
    message, wamid = accepted(desk)

    tell(desk, status(wamid, "read", 9), status(wamid, "sent", 2))

    row = desk.row(message)
    assert row.sent_at == NOW + timedelta(seconds=2)
    assert row.delivered_at == row.read_at == NOW + timedelta(seconds=9)


def test_a_repeated_status_is_told_as_such(desk: Desk) -> None:
    _, wamid = accepted(desk)

    assert tell(desk, status(wamid, "sent"), status(wamid, "sent")) == [True, False]


@pytest.mark.parametrize("told", [{}, {"id": 7, "status": "sent"}, {"id": "wamid.z"}])
def test_a_status_that_says_nothing_is_passed_over(desk: Desk, told: dict[str, Any]) -> None:
    assert tell(desk, told) == [False]


def test_an_unheard_of_word_and_a_broken_instant_are_kept_without_harm(desk: Desk) -> None:
    message, wamid = accepted(desk)

    assert tell(desk, status(wamid, "warped"), status(wamid, "sent", timestamp="soon")) == [True, True]
    assert desk.row(message).state == "sent"


def test_a_status_of_a_message_that_is_not_ours_is_kept(desk: Desk) -> None:
    tell(desk, status("wamid.stranger", "delivered"))

    with company_session(desk.company.id) as session:
        kept = session.scalars(select(StatusUpdate).where(StatusUpdate.wamid == "wamid.stranger")).one()
        assert kept.message_id is None


def test_a_status_that_overtakes_the_answer_is_applied_when_the_answer_comes(desk: Desk, wire: Wire) -> None:
    message = desk.queue(desk.person(), "hello")
    tell(desk, status(f"wamid.{message}", "delivered"))

    desk.drain()

    assert desk.row(message).state == "delivered"


def test_a_status_during_the_send_names_the_message_and_the_late_answer_takes_nothing_back(
    desk: Desk, wire: Wire
) -> None:
    def telling(request: Request) -> Answer:
        reference = request.json["biz_opaque_callback_data"]
        tell(desk, status(f"wamid.{reference}", "read", biz_opaque_callback_data=reference))
        return accept(request)

    wire.answer = telling
    message = desk.queue(desk.person(), "hello")

    desk.drain()

    assert desk.row(message).state == "read"
    assert desk.row(message).wamid == f"wamid.{message}"


def test_a_status_settles_a_message_of_unknown_fate(desk: Desk) -> None:
    message = desk.queue(desk.person(), "hello")
    desk.change(message, state="unknown")

    tell(desk, status("wamid.late", "sent", biz_opaque_callback_data=str(message)))

    assert (desk.row(message).state, desk.row(message).wamid) == ("sent", "wamid.late")


@pytest.mark.parametrize("reference", ["not-an-id", "01a20bec-dbb6-7c0f-8f5c-b59cfa1a2f62", 7])
def test_a_foreign_reference_adopts_nothing(desk: Desk, reference: Any) -> None:
    assert tell(desk, status("wamid.foreign", "sent", biz_opaque_callback_data=reference)) == [True]


def test_a_closed_window_sends_the_template_twin_once(desk: Desk, wire: Wire) -> None:
    message, wamid = accepted(desk, template=TWIN)

    tell(desk, status(wamid, "failed", code=131047, biz_opaque_callback_data=str(message)))
    tell(desk, status(wamid, "sent", biz_opaque_callback_data=str(message)))
    desk.drain(NOW + minutes(2))

    row = desk.row(message)
    assert (row.state, row.kind, row.wamid) == ("accepted", "template", f"wamid.{message}")
    assert [body["type"] for body in wire.messages] == ["template"]

    tell(desk, status(row.wamid or "", "failed", code=131047))
    assert desk.row(message).state == "failed"


def test_a_closed_window_without_twin_is_a_failure_with_its_code(desk: Desk) -> None:
    message, wamid = accepted(desk)

    tell(desk, status(wamid, "failed", code=131047))

    assert (desk.row(message).state, desk.row(message).error_code) == ("failed", 131047)


def test_a_failure_that_passes_is_tried_again_when_it_has_passed(desk: Desk, wire: Wire) -> None:
    message, wamid = accepted(desk)
    desk.change(message, attempts=1)
    tell(desk, status(wamid, "failed", code=131000))
    assert (desk.row(message).state, desk.row(message).wamid) == ("queued", None)

    desk.drain(NOW + minutes(2))
    tell(desk, status(wamid, "failed", code=131000), status(wamid, "sent"))

    assert (desk.row(message).state, len(wire.messages)) == ("accepted", 1)


def test_a_code_that_failed_later_is_not_repeated(desk: Desk) -> None:
    message, wamid = accepted(desk, payload=payloads.authentication("login_code", "en"), code="123456")
    tell(desk, status(wamid, "failed", code=131000))

    assert desk.row(message).state == "failed"


def test_an_account_without_payment_stops_every_lane_also_when_a_status_says_so(desk: Desk) -> None:
    message, wamid = accepted(desk)
    tell(desk, status(wamid, "failed", code=131042))

    assert desk.row(message).state == "queued"
    with company_session(desk.company.id) as session:
        assert {hold.lane for hold in open_holds(session, now=NOW + minutes(2))} == set(LANES)
