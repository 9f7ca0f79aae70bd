"""The door: what is refused, what is kept, and that each item stands on its own."""

from __future__ import annotations

import json
import threading

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.inbound import read_body
from bot.processing import process_event
from core.clock import utc_now
from core.companies import BusinessNumber
from core.db import company_session, platform_session
from core.messaging.models import InboundMessage, OutboundMessage, WebhookEvent
from tests.builders import a_phone, customer_who_owes
from tests.cast import NOW, TestCompany
from tests.phones import VERIFY_TOKEN, Phone, envelope, new_wamid, post, signature, webhook_client


@pytest.fixture
def client(database: str) -> FlaskClient:
    return webhook_client()


def events() -> int:
    with platform_session() as session:
        return session.scalar(select(func.count()).select_from(WebhookEvent)) or 0


def heard(company: TestCompany) -> list[InboundMessage]:
    with company_session(company.id) as session:
        return list(session.scalars(select(InboundMessage).order_by(InboundMessage.id)))


def message(text: object, phone: str = "923001234567", **more: object) -> dict[str, object]:
    return {"from": phone, "id": new_wamid(), "timestamp": str(int(NOW.timestamp())), "type": "text",
            "text": {"body": text}, **more}  # fmt: skip


def test_the_handshake_answers_the_challenge_for_the_right_token_only(client: FlaskClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    right = client.get("/webhooks/whatsapp", query_string=asked)
    assert (right.status_code, right.text, right.mimetype) == (200, "1158201444", "text/plain")
    assert client.get("/webhooks/whatsapp", query_string=asked | {"hub.verify_token": "other"}).status_code == 403
    assert client.get("/webhooks/whatsapp").status_code == 403


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "sha256=ü"])
def test_without_the_right_signature_nothing_is_stored(client: FlaskClient, header: str | None) -> None:
    before = events()
    headers = {} if header is None else {"X-Hub-Signature-256": header.encode("utf-8").decode("latin-1")}
    assert client.post("/webhooks/whatsapp", data=b'{"entry": []}', headers=headers).status_code == 401
    assert events() == before


def test_the_signature_is_of_the_raw_bytes(client: FlaskClient) -> None:
    raw = b'{"object":"whatsapp_business_account", "entry":[],"x":"\\u00fc\\/"}'
    reordered = json.dumps(json.loads(raw)).encode()
    sent = client.post("/webhooks/whatsapp", data=reordered, headers={"X-Hub-Signature-256": signature(raw)})
    assert sent.status_code == 401
    assert post(client, raw) == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"7", b"\xff\xfe", b'{"entry": {"a": 1}}', b'{"entry":[null,{"changes":7}]}'],
)
def test_a_signed_body_of_any_content_is_kept_and_answered_with_200(client: FlaskClient, body: bytes) -> None:
    before = events()
    assert post(client, body) == 200
    assert events() == before + 1


def test_several_entries_and_changes_are_each_answered(client: FlaskClient, company: TestCompany) -> None:
    first = envelope(company.phone_number_id, messages=[message("hi"), message("hello", "923007654321")])
    second = envelope(company.phone_number_id, messages=[message("salam", "923009999999")])
    first["entry"] += second["entry"]
    first["entry"][0]["changes"] += envelope(company.phone_number_id, messages=[message("menu", "923008888888")])[
        "entry"
    ][0]["changes"]
    assert post(client, first) == 200
    assert sorted(row.text for row in heard(company)) == ["hello", "hi", "menu", "salam"]


def test_one_poisoned_item_loses_no_neighbour(client: FlaskClient, company: TestCompany) -> None:
    poison = [None, 7, {}, {"id": None}, {"id": "x", "type": ["a"]}, message({"nested": 1}), message("nul \x00 byte"),
              {**message("hi"), "timestamp": "9" * 14}, {**message("lone \ud800"), "from": {"a": 1}}]  # fmt: skip
    body = envelope(company.phone_number_id, messages=[*poison, message("the good one")], statuses=[None, {}, 3])
    assert post(client, json.dumps(body).encode()) == 200
    assert "the good one" in [row.text for row in heard(company)]


def test_the_same_message_twice_and_at_once_acts_once(client: FlaskClient, company: TestCompany) -> None:
    body = envelope(company.phone_number_id, messages=[message("menu")])
    statuses: list[int] = []

    def deliver() -> None:
        statuses.append(post(webhook_client(), body))

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert len(heard(company)) == 1
    with company_session(company.id) as session:
        replies = session.scalars(select(OutboundMessage).where(OutboundMessage.kind != "read")).all()
    assert len(replies) == 1


def test_a_person_is_the_same_by_phone_by_user_id_and_by_both(client: FlaskClient, company: TestCompany) -> None:
    phone, user_id = a_phone(), f"PK.{a_phone()[1:]}X"
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    by_phone = Phone(client, company, phone)
    assert "3,435.63" in by_phone.says("bill kitna hai").text
    both = Phone(client, company, phone, user_id)
    both.replies()
    assert "3,435.63" in both.says("bill kitna hai").text
    by_user_id = Phone(client, company, None, user_id)
    by_user_id.replies()
    assert "3,435.63" in by_user_id.says("bill kitna hai").text
    assert len({row.contact_id for row in heard(company)}) == 1


def test_a_recycled_number_does_not_open_the_former_holders_account(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    holder = Phone(client, company, phone, "PK.1111111111")
    assert "3,435.63" in holder.says("bill kitna hai").text
    newcomer = Phone(client, company, phone, "PK.2222222222")
    newcomer.replies()
    assert "3,435" not in newcomer.says("bill kitna hai").text


def test_messages_for_an_unknown_number_are_kept_as_failed(client: FlaskClient) -> None:
    assert post(client, envelope("404404404", messages=[message("hi")])) == 200
    with platform_session() as session:
        event = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id.desc()).limit(1)).one()
    assert event.state == "failed" and "404404404" in event.error and event.next_try_at > utc_now()


def test_a_number_that_moves_to_another_company_is_answered_there(
    client: FlaskClient, company: TestCompany, other_company: TestCompany
) -> None:
    person = Phone(client, company, a_phone())
    person.says("menu")
    with platform_session("test") as session:
        number = session.get_one(BusinessNumber, company.business_number_id)
        number.company_id = other_company.id
    person.sends("text", {"body": "menu"})
    with platform_session() as session:
        event = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id.desc()).limit(1)).one()
    assert event.state == "failed"
    assert process_event(event.id, utc_now())
    assert len(heard(other_company)) == 1 and len(heard(company)) == 1


@pytest.mark.parametrize("kind", ["sticker", "audio", "hologram", "unsupported", "contacts", "order"])
def test_kinds_that_cannot_be_read_get_a_sensible_answer(client: FlaskClient, company: TestCompany, kind: str) -> None:
    person = Phone(client, company, a_phone())
    assert person.sends(kind, {"id": "1"}) == 200
    assert person.reply().text


@pytest.mark.parametrize("kind", ["reaction", "edit", "revoke", "system"])
def test_what_is_no_question_is_kept_and_not_answered(client: FlaskClient, company: TestCompany, kind: str) -> None:
    person = Phone(client, company, a_phone())
    assert person.sends(kind, {"message_id": "1"}) == 200
    assert person.replies() == []
    assert len(heard(company)) == 1


KEYS = st.sampled_from(
    ["entry", "changes", "value", "field", "messages", "statuses", "contacts", "metadata", "phone_number_id", "from",
     "from_user_id", "wa_id", "user_id", "profile", "name", "id", "type", "text", "body", "timestamp", "interactive",
     "button_reply", "list_reply", "title", "image", "caption", "system", "new_wa_id", "previous_user_id", "status",
     "errors", "context", "group_id"]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | KEYS
    | st.sampled_from(["text", "image", "system", "interactive", "user_changed_number", "923001234567", "PK.1", "menu"])
)  # fmt: skip
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, JSON, JSON)
def test_reading_a_body_never_raises(one: object, two: object, three: object) -> None:
    body = envelope("1", messages=[one, {"id": "w", "from": two, "type": "text", "text": three}], contacts=[two])
    read_body(json.dumps(body).encode())
    read_body(json.dumps(one).encode())


@FUZZ
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_signed_body_is_kept_and_answered_with_200(client: FlaskClient, body: bytes) -> None:
    before = events()
    assert post(client, body) == 200
    assert events() == before + 1


@FUZZ
@given(st.lists(JSON, max_size=2), st.lists(JSON, max_size=2), JSON, JSON)
def test_whatever_stands_in_a_message_its_neighbour_is_answered(
    client: FlaskClient, company: TestCompany, messages: list[object], contacts: list[object], kind: object,
    content: object,
) -> None:  # fmt: skip
    odd = {"from": "923001234567", "id": new_wamid(), "timestamp": "1795500000", "type": kind, str(kind): content}
    good = message("menu", phone="923007654321")
    body = envelope(
        company.phone_number_id, messages=[*messages, odd, good], contacts=contacts, statuses=[content, kind]
    )
    before = events()
    assert post(client, json.dumps(body).encode()) == 200
    assert events() == before + 1
    with company_session(company.id) as session:
        assert session.scalar(select(InboundMessage.text).where(InboundMessage.wamid == good["id"])) == "menu"
