"""The gateway on the wire: what it sends, how it reads every kind of answer, whom it trusts."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.messaging import payloads
from core.messaging.outcomes import Accepted, Refused, Unknown
from core.messaging.whatsapp import Gateway, MediaFailed
from tests.core.messaging.conftest import gateway_to
from tests.core.messaging.wire import Answer, Request, Wire, error, says

PHOTO = b"\xff\xd8 a photo" * 1000


@pytest.fixture
def gateway(wire: Wire) -> Gateway:
    return gateway_to(wire.url, "777", read_timeout=0.3)


def send(gateway: Gateway, **options: object) -> object:
    body = payloads.text("hello") | options
    return gateway.send(body=body, phone="+923001234567", user_id="PK.1", reference="ref-1")


def test_the_body_has_plus_digits_our_reference_and_no_nulls(gateway: Gateway, wire: Wire) -> None:
    outcome = send(gateway, context=None)

    assert outcome == Accepted("wamid.ref-1")
    assert wire.requests[0].path == "/v25.0/777/messages"
    assert wire.requests[0].headers["Authorization"] == "Bearer test-token"
    assert wire.requests[0].json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+923001234567",
        "biz_opaque_callback_data": "ref-1",
        "type": "text",
        "text": {"body": "hello", "preview_url": False},
    }


def test_a_read_mark_can_show_typing(gateway: Gateway, wire: Wire) -> None:
    assert gateway.mark_as_read(wamid="wamid.x", typing=True) == Accepted("")

    assert wire.requests[0].path == "/v25.0/777/messages"
    assert wire.requests[0].json["typing_indicator"] == {"type": "text"}


def test_connections_are_kept(gateway: Gateway, wire: Wire) -> None:
    for _ in range(3):
        send(gateway)

    assert len({request.peer for request in wire.requests}) == 1


def test_every_thread_has_its_own_connection(gateway: Gateway, wire: Wire) -> None:
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _: send(gateway), range(40)))

    assert outcomes == [Accepted("wamid.ref-1")] * 40
    assert len({request.peer for request in wire.requests}) <= 4


@pytest.mark.parametrize(
    ("code", "scope", "action"),
    [
        (131047, "person", "needs_template"),
        (131056, "person", "retry_after"),
        (130429, "number", "retry_after"),
        (80007, "account", "retry_after"),
        (131048, "number", "stop_lane"),
        (190, "account", "stop_number"),
        (215, "account", "stop_number"),
        (131045, "number", "stop_number"),
        (132015, "template", "retry_after"),
        (132001, "template", "give_up"),
        (131026, "person", "give_up"),
        (100, "message", "give_up"),
        (424242, "message", "give_up"),
    ],
)
def test_an_error_code_says_whom_it_concerns_and_what_to_do(
    gateway: Gateway, wire: Wire, code: int, scope: str, action: str
) -> None:
    wire.answer = lambda request: error(code, "why")

    outcome = send(gateway)

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.detail, outcome.scope, outcome.action) == (code, "why", scope, action)


def test_error_details_may_be_a_bare_string(gateway: Gateway, wire: Wire) -> None:
    wire.answer = lambda request: says({"error": {"code": 100, "error_data": "bare"}}, 400)

    outcome = send(gateway)

    assert isinstance(outcome, Refused) and outcome.detail == "bare"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, b"<html>Bad gateway</html>", "text/html"),
        Answer(200, b""),
        Answer(200, b"[]"),
        says({"messaging_product": "whatsapp"}),
        says({"error": {}}, 500),
    ],
)
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(gateway: Gateway, wire: Wire, answer: Answer) -> None:
    wire.answer = lambda request: answer

    assert isinstance(send(gateway), Unknown)


def test_silence_leaves_the_outcome_unknown(gateway: Gateway, wire: Wire) -> None:
    def silent(request: Request) -> Answer:
        time.sleep(0.6)
        return Answer()

    wire.answer = silent

    assert send(gateway) == Unknown("ReadTimeout")


def test_a_refused_connection_certainly_sent_nothing() -> None:
    outcome = send(gateway_to("http://127.0.0.1:9", "777"))

    assert isinstance(outcome, Refused) and outcome.action == "retry_after"


def test_a_redirect_is_not_followed_with_the_token(gateway: Gateway, wire: Wire) -> None:
    wire.answer = lambda request: Answer(302, b"{}", headers=(("Location", "http://127.0.0.1:9/"),))

    assert isinstance(send(gateway), Unknown)
    assert len(wire.requests) == 1


def test_a_held_message_is_accepted_and_marked(gateway: Gateway, wire: Wire) -> None:
    held = {"messages": [{"id": "wamid.h", "message_status": "held_for_quality_assessment"}]}
    wire.answer = lambda request: says(held)

    assert send(gateway) == Accepted("wamid.h", held=True)


def test_nothing_is_logged_through_the_root_logger(
    gateway: Gateway, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.answer = lambda request: error(100)
    with caplog.at_level(logging.DEBUG, logger="root"):
        send(gateway)

    assert not [record for record in caplog.records if record.name == "root"]


def serve_photo(wire: Wire, **facts: object) -> None:
    about = {"url": f"{wire.url}/file", "mime_type": "image/jpeg", "file_size": len(PHOTO)} | facts

    def answer(request: Request) -> Answer:
        return Answer(200, PHOTO, "image/jpeg") if request.path == "/file" else says(about)

    wire.answer = answer


@pytest.mark.parametrize(
    "digest",
    [
        hashlib.sha256(PHOTO).hexdigest(),
        base64.b64encode(hashlib.sha256(PHOTO).digest()).decode(),
        "",
    ],
)
def test_a_file_is_fetched_and_its_digest_checked(gateway: Gateway, wire: Wire, digest: str) -> None:
    serve_photo(wire, sha256=digest)

    media = gateway.download_media("123", size_max=10**6)

    assert (media.data, media.mime_type) == (PHOTO, "image/jpeg")
    assert wire.requests[0].path == "/v25.0/123?phone_number_id=777"


def test_a_damaged_file_is_refused(gateway: Gateway, wire: Wire) -> None:
    serve_photo(wire, sha256="0" * 64)

    with pytest.raises(MediaFailed, match="damaged"):
        gateway.download_media("123", size_max=10**6)


@pytest.mark.parametrize("announced", [len(PHOTO), 0])
def test_a_file_over_the_cap_is_refused_whatever_was_announced(gateway: Gateway, wire: Wire, announced: int) -> None:
    serve_photo(wire, file_size=announced)

    with pytest.raises(MediaFailed) as refused:
        gateway.download_media("123", size_max=100)
    assert refused.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "http://lookaside.fbsbx.com/file",
        "https://evilfacebook.com/file",
        "https://graph.facebook.com@evil.example/file",
        "file:///etc/passwd",
    ],
)
def test_the_token_goes_to_nobody_but_meta(gateway: Gateway, wire: Wire, url: str) -> None:
    serve_photo(wire, url=url)

    with pytest.raises(MediaFailed, match="not Meta's"):
        gateway.download_media("123", size_max=10**6)


def test_a_dead_address_is_asked_for_again(gateway: Gateway, wire: Wire) -> None:
    serve_photo(wire)
    alive = wire.answer
    dead = [Answer(404, b"gone", "text/plain")]
    wire.answer = lambda request: dead.pop() if request.path == "/file" and dead else alive(request)

    assert gateway.download_media("123", size_max=10**6).data == PHOTO
    assert [request.path for request in wire.requests].count("/file") == 2


def test_a_media_id_that_is_a_path_is_refused(gateway: Gateway, wire: Wire) -> None:
    with pytest.raises(MediaFailed):
        gateway.download_media("../me", size_max=1)
    assert wire.requests == []


def test_an_upload_names_the_file_and_its_type(gateway: Gateway, wire: Wire) -> None:
    assert gateway.upload_media(b"%PDF", "application/pdf", "INV-1.pdf") == "7001"

    body = wire.requests[0].body
    assert b'filename="INV-1.pdf"' in body and b"application/pdf" in body


def test_a_refused_upload_says_why(gateway: Gateway, wire: Wire) -> None:
    wire.answer = lambda request: error(131053, "unsupported type")

    with pytest.raises(MediaFailed, match="unsupported type"):
        gateway.upload_media(b"x", "text/x", "x")
