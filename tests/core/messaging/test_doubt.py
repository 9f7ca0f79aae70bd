"""When nobody knows whether a message left."""

from __future__ import annotations

import pytest

from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.core.messaging.wire import Answer, Request, Wire, accept

GARBLED = Answer(502, b"<html>", "text/html")


def fail_first(wire: Wire, times: int = 1) -> None:
    left = [GARBLED] * times

    def answer(request: Request) -> Answer:
        return left.pop() if left else accept(request)

    wire.answer = answer


def test_an_answer_of_unknown_fate_waits_ten_minutes_and_is_sent_once_more(desk: Desk, wire: Wire) -> None:
    fail_first(wire, times=5)
    message = desk.queue(desk.person(), "hello", lane="reply")

    desk.drain()
    assert desk.row(message).state == "unknown"
    desk.drain(NOW + minutes(9))
    assert len(wire.messages) == 1
    desk.drain(NOW + minutes(11))
    assert len(wire.messages) == 2
    desk.drain(NOW + minutes(30))

    assert len(wire.messages) == 2
    assert desk.row(message).state == "unknown"


def test_a_bill_of_unknown_fate_is_never_doubled(desk: Desk, wire: Wire) -> None:
    fail_first(wire)
    message = desk.queue(desk.person(), "Rs 2,500", lane="billing")

    desk.drain()
    desk.drain(NOW + minutes(60))

    assert len(wire.messages) == 1
    assert desk.row(message).state == "unknown"


def test_doubt_holds_the_next_message_only_for_a_moment(desk: Desk, wire: Wire) -> None:
    fail_first(wire)
    person = desk.person()
    desk.queue(person, "first")
    second = desk.queue(person, "second")

    desk.drain()
    assert desk.row(second).state == "queued"
    desk.drain(NOW + minutes(1))

    assert desk.row(second).state == "accepted"


@pytest.mark.parametrize(("age", "state"), [(4, "sending"), (6, "unknown")])
def test_what_a_dead_sender_held_becomes_unknown_after_a_while(desk: Desk, wire: Wire, age: int, state: str) -> None:
    message = desk.queue(desk.person(), "hello", lane="billing")
    desk.change(message, state="sending", state_since=NOW - minutes(age))

    desk.drain()

    assert desk.row(message).state == state


def test_a_late_answer_settles_what_was_already_doubted(desk: Desk, wire: Wire) -> None:
    message = desk.queue(desk.person(), "hello")

    def doubting(request: Request) -> Answer:
        desk.change(message, state="unknown", state_since=NOW)
        return accept(request)

    wire.answer = doubting
    desk.drain()

    assert desk.row(message).state == "accepted"
    assert desk.row(message).wamid == f"wamid.{message}"
