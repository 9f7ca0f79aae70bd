"""One-time codes: sealed while they wait, sent in clear, forgotten afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.ids import Id
from core.messaging import payloads
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Wire, accept, error

CODE = "481516"


def queued(desk: Desk, **options: object) -> Id:
    payload = payloads.authentication("one_time_code", "ur")
    return desk.queue(
        desk.person(), payloads.CODE_PLACE, payload=payload, lane="urgent", code=CODE, expires_in=minutes(10), **options
    )


def test_a_code_leaves_in_body_and_button_and_is_forgotten_once_accepted(desk: Desk, wire: Wire) -> None:
    message = queued(desk)
    waiting = desk.row(message)
    assert waiting.sealed is not None and CODE not in str((waiting.sealed, waiting.payload, waiting.text))
    desk.drain()
    body, button = wire.messages[0]["template"]["components"]
    assert body["parameters"] == button["parameters"] == [{"type": "text", "text": CODE}]
    kept = desk.row(message)
    assert (kept.state, kept.sealed) == ("accepted", None)
    assert CODE not in str((kept.payload, kept.text, kept.error))


def test_a_code_that_meta_refuses_is_forgotten(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: error(132001)
    message = queued(desk)
    desk.drain()
    assert (desk.row(message).state, desk.row(message).sealed) == ("failed", None)


def test_a_code_that_waits_for_another_try_is_kept_and_still_goes(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda _: error(131056)
    message = queued(desk)
    desk.drain()
    assert desk.row(message).state == "queued" and desk.row(message).sealed is not None
    wire.answer = accept
    desk.drain(NOW + minutes(5))
    assert wire.messages[-1]["template"]["components"][0]["parameters"][0]["text"] == CODE
    assert desk.row(message).sealed is None


def test_a_code_that_was_not_sent_in_time_is_forgotten_and_never_sent(desk: Desk, wire: Wire) -> None:
    message = queued(desk)
    desk.drain(NOW + minutes(11))
    assert (desk.row(message).state, desk.row(message).sealed, wire.messages) == ("expired", None, [])


def test_a_code_of_unknown_fate_is_forgotten_when_it_expires(desk: Desk, wire: Wire) -> None:
    message = queued(desk)
    desk.change(message, state="unknown", state_since=NOW)
    desk.drain(NOW + timedelta(minutes=9))
    assert desk.row(message).sealed is not None
    desk.drain(NOW + timedelta(minutes=10))
    assert desk.row(message).sealed is None


@pytest.mark.parametrize("code", ["1234567890123456", "۱۲۳۴۵۶", ""])
def test_what_is_no_code_makes_no_message(code: str) -> None:
    with pytest.raises(payloads.PayloadInvalid):
        payloads.authentication("one_time_code", "en", code)
