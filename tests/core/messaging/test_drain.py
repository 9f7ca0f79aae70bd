"""What the drainer sends, in which order, and what it makes of the answers."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest

from core.messaging import payloads
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, gateway_to, minutes
from tests.core.messaging.wire import Answer, Request, Wire, accept, error

TWIN = {"name": "bill_due", "language": "en", "parameters": ["2,500"]}


def words(wire: Wire) -> list[str]:
    return [body["text"]["body"] for body in wire.messages]


def test_a_queued_message_goes_out_with_our_id_and_keeps_metas(desk: Desk, wire: Wire) -> None:
    message = desk.queue(desk.person(), "Your bill is Rs 2,500")

    desk.drain()

    sent = wire.messages[0]
    assert sent["to"].startswith("+92")
    assert sent["biz_opaque_callback_data"] == str(message)
    assert desk.row(message).state == "accepted"
    assert desk.row(message).wamid == f"wamid.{message}"


def test_a_person_without_phone_is_reached_by_user_id(desk: Desk, wire: Wire) -> None:
    desk.queue(desk.person(user_id="PK.1349"), "hello")

    desk.drain()

    assert wire.messages[0]["recipient"] == "PK.1349"
    assert "to" not in wire.messages[0]


def test_messages_to_each_person_arrive_in_order(desk: Desk, wire: Wire) -> None:
    people = [desk.person() for _ in range(4)]
    for index in range(5):
        for person in people:
            desk.queue(person, f"{person} {index}")

    desk.drain()

    heard = defaultdict(list)
    for said in words(wire):
        person, index = said.split()
        heard[person].append(int(index))
    assert list(heard.values()) == [[0, 1, 2, 3, 4]] * 4


def test_two_drainers_at_once_never_send_twice_nor_two_at_a_time_to_one_person(desk: Desk, wire: Wire) -> None:
    people = [desk.person() for _ in range(6)]
    queued = [desk.queue(person, f"{n}") for n in range(5) for person in people]
    flying: dict[str, int] = defaultdict(int)
    overlaps = []
    lock = threading.Lock()

    def slow(request: Request) -> Answer:
        person = request.json["to"]
        with lock:
            flying[person] += 1
            overlaps.append(flying[person])
        time.sleep(0.01)
        with lock:
            flying[person] -= 1
        return accept(request)

    wire.answer = slow
    drainers = [threading.Thread(target=desk.drain) for _ in range(3)]
    for drainer in drainers:
        drainer.start()
    for drainer in drainers:
        drainer.join()
    desk.drain()

    assert sorted(each["biz_opaque_callback_data"] for each in wire.messages) == sorted(map(str, queued))
    assert max(overlaps) == 1


def test_an_answer_does_not_wait_for_a_campaign(desk: Desk, wire: Wire) -> None:
    person = desk.person()
    desk.queue(person, "campaign", lane="bulk")
    desk.queue(person, "answer", lane="reply")

    desk.drain()

    assert words(wire) == ["answer", "campaign"]


def test_a_message_planned_for_later_holds_nobody_back(desk: Desk, wire: Wire) -> None:
    person = desk.person()
    desk.queue(person, "tomorrow", not_before=NOW + timedelta(days=1))
    desk.queue(person, "now")

    desk.drain()

    assert words(wire) == ["now"]


def test_urgent_lanes_go_first_and_bulk_still_gets_its_share(desk: Desk, wire: Wire) -> None:
    desk.set_rate(4)
    for n in range(4):
        desk.queue(desk.person(), f"bulk {n}", lane="bulk")
    for n in range(5):
        desk.queue(desk.person(), f"urgent {n}", lane="urgent")

    desk.drain()

    order = [said.split()[0] for said in words(wire)]
    assert sorted(order[:4]) == ["bulk", "urgent", "urgent", "urgent"]
    assert order.count("bulk") == 4


def test_a_read_mark_goes_before_the_answer_and_its_failure_blocks_nothing(desk: Desk, wire: Wire) -> None:
    def refuse_marks(request: Request) -> Answer:
        return error(131000) if request.json.get("status") == "read" else accept(request)

    wire.answer = refuse_marks
    person = desk.person()
    answer = desk.queue(person, "answer")
    desk.mark_read(person, "wamid.in")

    desk.drain()

    assert [each.json.get("status") for each in wire.requests] == ["read", None]
    assert wire.requests[0].json["typing_indicator"] == {"type": "text"}
    assert desk.row(answer).state == "accepted"


def test_outside_the_window_the_template_twin_goes(desk: Desk, wire: Wire) -> None:
    person = desk.person(wrote_at=NOW - timedelta(hours=23, minutes=56))
    message = desk.queue(person, "Your bill is due", template=TWIN)

    desk.drain()

    assert wire.messages[0]["type"] == "template"
    assert wire.messages[0]["template"]["name"] == "bill_due"
    assert desk.row(message).kind == "template"


def test_outside_the_window_a_message_without_twin_fails_and_says_why(desk: Desk, wire: Wire) -> None:
    message = desk.queue(desk.person(wrote_at=None), "hello")

    desk.drain()

    assert wire.messages == []
    assert (desk.row(message).state, desk.row(message).error) == ("failed", "window closed")


def test_a_message_past_its_time_expires_unsent(desk: Desk, wire: Wire) -> None:
    person = desk.person()
    late = desk.queue(person, "your bill is due tomorrow", now=NOW - minutes(90), expires_in=minutes(60))
    fresh = desk.queue(person, "fresh")

    desk.drain()

    assert words(wire) == ["fresh"]
    assert desk.row(late).state == "expired"
    assert desk.row(fresh).state == "accepted"


def test_the_same_dedupe_key_queues_one_message(desk: Desk, wire: Wire) -> None:
    person = desk.person()

    first = desk.queue(person, "receipt", dedupe_key="receipt:1")
    again = desk.queue(person, "receipt", dedupe_key="receipt:1")
    desk.drain()

    assert first == again
    assert words(wire) == ["receipt"]


def test_an_attachment_is_uploaded_and_sent_by_its_id(desk: Desk, wire: Wire) -> None:
    payload = payloads.document("Your bill", "INV-1.pdf")
    desk.queue(desk.person(), "bill", payload=payload, attachment={"source": "invoice_pdf", "id": "1"})

    desk.drain(load=lambda session, attachment: ("other.pdf", "application/pdf", b"%PDF-1.7 body"))

    upload, _ = wire.requests
    assert b"%PDF-1.7 body" in upload.body and b'filename="other.pdf"' in upload.body
    assert wire.requests[1].json["document"] == {
        "id": "7001",
        "filename": "INV-1.pdf",
        "caption": "Your bill",
    }


@pytest.mark.parametrize("code", [131026, 100, 132012, 999_999])
def test_a_final_refusal_fails_the_message_with_its_code(desk: Desk, wire: Wire, code: int) -> None:
    wire.answer = lambda request: error(code, "no such thing")
    message = desk.queue(desk.person(), "hello")

    desk.drain()

    row = desk.row(message)
    assert (row.state, row.error_code, row.error) == ("failed", code, "no such thing")


def test_a_passing_fault_is_tried_again_later_and_not_for_ever(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda request: error(131000)
    person = desk.person()
    message = desk.queue(person, "hello")
    follower = desk.queue(person, "world")

    desk.drain()

    row = desk.row(message)
    assert row.state == "queued"
    assert NOW < row.not_before <= NOW + timedelta(seconds=7)
    assert desk.row(follower).state == "queued"

    desk.drain(NOW + minutes(1))
    desk.drain(NOW + minutes(3))
    assert desk.row(message).state == "failed"
    assert desk.row(message).attempts == 3


def test_one_persons_pair_limit_does_not_hold_the_others(desk: Desk, wire: Wire) -> None:
    chatty, other = desk.person(), desk.person()
    first = desk.queue(chatty, "too many")
    refused = []

    def limit(request: Request) -> Answer:
        if request.json["text"]["body"] == "too many" and not refused:
            refused.append(1)
            return error(131056)
        return accept(request)

    wire.answer = limit
    desk.drain()
    last = desk.queue(other, "hello")
    desk.drain()

    assert desk.row(first).state == "queued"
    assert desk.row(last).state == "accepted"


def test_a_stopped_account_holds_every_lane_but_loses_nothing(desk: Desk, wire: Wire) -> None:
    wire.answer = lambda request: error(190, status=401)
    first = desk.queue(desk.person(), "one")
    desk.drain()
    second = desk.queue(desk.person(), "two", lane="urgent")
    asked = len(wire.requests)

    desk.drain()

    assert len(wire.requests) == asked
    assert desk.row(first).state == desk.row(second).state == "queued"
    assert desk.row(first).error_code == 190


def test_a_spam_restriction_stops_bulk_and_lets_answers_through(desk: Desk, wire: Wire) -> None:
    def restrict(request: Request) -> Answer:
        return error(131048) if "bulk" in request.json["text"]["body"] else accept(request)

    wire.answer = restrict
    desk.queue(desk.person(), "bulk 1", lane="bulk")
    desk.drain()
    held = desk.queue(desk.person(), "bulk 2", lane="bulk")
    answer = desk.queue(desk.person(), "answer")

    desk.drain()

    assert desk.row(held).attempts == 0
    assert desk.row(answer).state == "accepted"


def test_a_closed_window_told_by_meta_sends_the_twin_in_the_same_run(desk: Desk, wire: Wire) -> None:
    def closed(request: Request) -> Answer:
        return error(131047) if request.json["type"] == "text" else accept(request)

    wire.answer = closed
    message = desk.queue(desk.person(), "hello", template=TWIN)

    desk.drain()

    assert [body["type"] for body in wire.messages] == ["text", "template"]
    assert desk.row(message).state == "accepted"


def test_nobody_listening_means_try_again(desk: Desk) -> None:
    desk.gateway = gateway_to("http://127.0.0.1:9", desk.company.phone_number_id)
    message = desk.queue(desk.person(), "hello")

    desk.drain()

    assert desk.row(message).state == "queued"
    assert "Not connected" in desk.row(message).error
