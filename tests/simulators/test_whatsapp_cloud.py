"""The stand-in for Meta, checked with a client that is not ours, in both directions."""

from __future__ import annotations

import hashlib

import pytest
import requests
from pywa import WhatsApp, types
from pywa.errors import WhatsAppError

from simulators.whatsapp_cloud.server import Simulator
from simulators.whatsapp_cloud.world import Person
from tests.simulators.meta import AYESHA, NUMBER, TOKEN, Business, headers, post, statuses, text


def updates(business: Business, client: WhatsApp, count: int) -> list[object]:
    parsed = []
    for _ in range(count):
        body = business.next()
        value = body["entry"][0]["changes"][0]["value"]
        kind = types.Message if value.get("messages", [{}])[0].get("type") != "interactive" else types.CallbackButton
        parsed.append((types.MessageStatus if "statuses" in value else kind).from_update(client=client, update=body))
    return parsed


def test_a_foreign_client_understands_what_a_person_sends(
    simulator: Simulator, business: Business, pywa: WhatsApp
) -> None:
    simulator.inbound(AYESHA, "text", {"body": "bill kitna hai / ۲"})
    simulator.inbound(
        AYESHA, "interactive", {"type": "button_reply", "button_reply": {"id": "balance", "title": "Bill"}}
    )
    message, tap = updates(business, pywa, 2)
    assert message.text == "bill kitna hai / ۲"
    assert message.from_user.wa_id == AYESHA.digits
    assert (tap.data, tap.title) == ("balance", "Bill")
    assert business.signed


def test_statuses_come_in_order_and_echo_the_reference(
    simulator: Simulator, business: Business, pywa: WhatsApp
) -> None:
    simulator.inbound(AYESHA, "text", {"body": "hi"})
    business.next()
    wamid = post(simulator, text(biz_opaque_callback_data="row-1")).json()["messages"][0]["id"]
    sent, delivered = updates(business, pywa, 2)
    simulator.open_chat(AYESHA)
    (read,) = updates(business, pywa, 1)
    assert [str(s.status.value) for s in (sent, delivered, read)] == ["sent", "delivered", "read"]
    assert {s.id for s in (sent, delivered, read)} == {wamid}
    assert sent.tracker == "row-1"


def test_a_foreign_client_sends_every_kind_and_hears_refusals(
    simulator: Simulator, business: Business, pywa: WhatsApp
) -> None:
    wamid = simulator.inbound(AYESHA, "text", {"body": "hi"})
    pywa.send_message(AYESHA.phone, "salam")
    pywa.send_message(AYESHA.phone, "choose", buttons=[types.Button("Bill", "balance")])
    rows = [types.SectionRow("Bill", "balance"), types.SectionRow("Plan", "plan")]
    pywa.send_message(AYESHA.phone, "choose", buttons=types.SectionList("Open", [types.Section("All", rows)]))
    media = pywa.upload_media(b"%PDF-1.7", mime_type="application/pdf", filename="bill.pdf")
    pywa.send_document(AYESHA.phone, media, filename="bill.pdf", caption="your bill")
    pywa.mark_message_as_read(wamid)
    pywa.indicate_typing(wamid)
    bubbles = simulator.world.chat(AYESHA).bubbles
    kinds = [b.body["type"] for b in bubbles if not b.mine]
    assert kinds == ["text", "interactive", "interactive", "document"]
    assert bubbles[0].status == "read" and simulator.world.chat(AYESHA).typing_until > 0
    with pytest.raises(WhatsAppError):
        pywa.send_message(AYESHA.phone, "x" * 4097)


def test_a_withheld_number_leaves_only_the_user_id(simulator: Simulator, business: Business) -> None:
    hidden = Person("+923330000001", "Hidden", "PK.HIDDEN1", withhold_phone=True)
    simulator.world.people.append(hidden)
    simulator.inbound(hidden, "text", {"body": "hi"})
    value = business.next()["entry"][0]["changes"][0]["value"]
    assert "from" not in value["messages"][0] and "wa_id" not in value["contacts"][0]
    assert value["messages"][0]["from_user_id"] == "PK.HIDDEN1"
    answer = post(simulator, {**text(), "to": "", "recipient": "PK.HIDDEN1"})
    assert answer.status_code == 200 and "wa_id" not in answer.json()["contacts"][0]


def test_outside_the_window_free_text_is_accepted_and_then_fails(simulator: Simulator, business: Business) -> None:
    assert post(simulator, text()).status_code == 200
    status = business.next()["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


BUTTON = {"type": "reply", "reply": {"id": "a", "title": "A"}}
ROWS = [{"id": str(n), "title": f"Row {n}"} for n in range(11)]


def interactive(kind: str, action: dict, body: str = "x", **more: object) -> dict:
    content = {"type": kind, "body": {"text": body}, "action": action, **more}
    return {"messaging_product": "whatsapp", "to": AYESHA.phone, "type": "interactive", "interactive": content}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text("x" * 4097), 100),
        (text(""), 131008),
        (text(None), 100),
        ({**text(), "messaging_product": "sms"}, 100),
        ({**text(), "to": ""}, 131008),
        (text(biz_opaque_callback_data="x" * 513), 100),
        (interactive("button", {"buttons": [BUTTON] * 4}), 131009),
        (interactive("button", {"buttons": [BUTTON] * 2}), 131009),
        (interactive("button", {"buttons": [{"type": "reply", "reply": {"id": "a", "title": "x" * 21}}]}), 100),
        (interactive("button", {"buttons": [BUTTON]}, "x" * 1025), 100),
        (interactive("list", {"button": "b", "sections": [{"rows": ROWS}]}), 131009),
        (interactive("list", {"button": "b" * 21, "sections": [{"rows": ROWS[:1]}]}), 100),
        (interactive("list", {"button": "b", "sections": [{"rows": ROWS[:1]}, {"rows": ROWS[1:2]}]}), 131008),
        ({**text(), "type": "image", "image": {"id": "1", "link": "https://x"}}, 131009),
        ({**text(), "type": "image", "image": {"id": "404"}}, 131009),
        ({**text(), "type": "template", "template": {"name": "none", "language": {"code": "en"}}}, 132001),
        ({**text(), "to": "hello"}, 131009),
        ({**text(), "recipient_type": "everybody"}, 100),
        ({**text(), "context": {}}, 131008),
        ({**text(), "biz_opaque_callback_data": 7}, 100),
        ({**text(), "type": "text", "text": {"body": "x", "preview_url": "yes"}}, 100),
        (interactive("button", {"buttons": ["a"]}), 131008),
        (interactive("button", {"buttons": [{**BUTTON, "type": "url"}]}), 131009),
        (interactive("button", {"buttons": [{"type": "reply", "reply": {"id": " a", "title": "A"}}]}), 131009),
        (interactive("button", {"buttons": [{"type": "reply", "reply": {"id": "a" * 257, "title": "A"}}]}), 100),
        (interactive("button", {"buttons": [BUTTON]}, header={"type": "text", "text": "x" * 61}), 100),
        (interactive("button", {"buttons": [BUTTON]}, header={"type": "sticker"}), 131009),
        (interactive("button", {"buttons": [BUTTON]}, header={"type": "image", "image": {"id": "404"}}), 131009),
        (interactive("button", {"buttons": [BUTTON]}, footer={"text": "x" * 61}), 100),
        (interactive("list", {"button": "b", "sections": [{"rows": [{"id": "a", "title": "x" * 25}]}]}), 100),
        (interactive("list", {"button": "b", "sections": [{"rows": [{"id": "a" * 201, "title": "x"}]}]}), 100),
        (interactive("list", {"button": "b", "sections": [
            {"rows": [{"id": "a", "title": "x", "description": "x" * 73}]}]}), 100),
        (interactive("list", {"button": "b", "sections": [{"title": "x" * 25, "rows": ROWS[:1]}]}), 100),
        (interactive("list", {"button": "b", "sections": [{"title": str(n), "rows": []} for n in range(11)]}), 131009),
        (interactive("list", {"button": "b", "sections": [{"rows": ROWS[:1]}]}, "x" * 4097), 100),
        (interactive("list", {"button": "b", "sections": [{"rows": ROWS[:1]}]}, header={"type": "image"}), 131009),
        (interactive("location_request_message", {"name": "send"}), 131009),
        (interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": "x" * 21, "url": "u"}}), 100),
        (interactive("flow", {"name": "flow", "parameters": {"flow_cta": "x" * 21}}), 100),
        (interactive("poll", {}), 131009),
        ({**text(), "type": "location", "location": {"latitude": 91, "longitude": 0}}, 131008),
        ({**text(), "type": "reaction", "reaction": {"message_id": "w"}}, 131008),
        ({**text(), "type": "contacts", "contacts": []}, 131008),
        ({**text(), "type": "poll", "poll": {}}, 131051),
        ({**text(), "type": "audio", "audio": {"link": "https://x", "caption": "c"}}, 100),
        ({**text(), "type": ["text"]}, 131051),
    ],
)  # fmt: skip
def test_what_meta_refuses_is_refused(simulator: Simulator, body: dict, code: int) -> None:
    answer = post(simulator, body)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["fbtrace_id"]


def test_a_wrong_token_and_a_wrong_number_are_refused(simulator: Simulator) -> None:
    assert post(simulator, text(), token="other").json()["error"]["code"] == 190
    other = requests.post(f"{simulator.base_url}/v25.0/1/messages", json=text(), timeout=5,
                          headers={"Authorization": f"Bearer {TOKEN}"})  # fmt: skip
    assert other.json()["error"]["code"] == 33


def test_media_go_up_and_down_and_need_the_token(simulator: Simulator) -> None:
    up = requests.post(
        f"{simulator.base_url}/v25.0/{NUMBER}/media", headers=headers(), timeout=5,
        data={"messaging_product": "whatsapp", "type": "application/pdf"},
        files={"file": ("bill.pdf", b"%PDF-1.7", "application/pdf")},
    )  # fmt: skip
    told = requests.get(f"{simulator.base_url}/v25.0/{up.json()['id']}", headers=headers(), timeout=5).json()
    assert told["sha256"] == hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert requests.get(told["url"], headers=headers(), timeout=5).content == b"%PDF-1.7"
    assert requests.get(told["url"], timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("mime_type", "data", "kept"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 100, True),
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 5 * 1024 * 1024, False),
        ("image/png", b"%PDF-1.7", False),
        ("image/gif", b"GIF89a", False),
        ("image/webp", b"RIFF0000WEBP" + b"0" * 101 * 1024, False),
        ("image/webp", b"RIFF0000WEBPVP8X0000ANIM" + b"0" * 101 * 1024, True),
        ("application/vnd.ms-powerpoint", b"slides", True),
        ("audio/ogg", b"0" * (16 * 1024 * 1024 + 1), False),
        ("application/pdf", b"", False),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value),
)
def test_files_are_taken_by_type_and_size(simulator: Simulator, mime_type: str, data: bytes, kept: bool) -> None:
    up = requests.post(
        f"{simulator.base_url}/v25.0/{NUMBER}/media", headers=headers(), timeout=10,
        data={"messaging_product": "whatsapp"}, files={"file": ("file", data, mime_type)},
    )  # fmt: skip
    assert ("id" in up.json()) == kept
    assert kept or up.json()["error"]["code"] == 131053


def test_a_file_is_sent_as_its_own_kind_only(simulator: Simulator) -> None:
    simulator.inbound(AYESHA, "text", {"body": "hi"})
    pdf = simulator.world.keep_media(b"%PDF", "application/pdf", "bill.pdf")
    refused = post(simulator, {**text(), "type": "image", "image": {"id": pdf}})
    assert refused.json()["error"]["code"] == 131053
    assert post(simulator, {**text(), "type": "document", "document": {"id": pdf}}).status_code == 200


def test_only_a_received_message_can_be_marked_as_read(simulator: Simulator) -> None:
    received = simulator.inbound(AYESHA, "text", {"body": "hi"})
    sent = post(simulator, text()).json()["messages"][0]["id"]
    mark = {"messaging_product": "whatsapp", "status": "read"}
    assert post(simulator, {**mark, "message_id": received}).json() == {"success": True}
    assert post(simulator, {**mark, "message_id": sent}).json()["error"]["code"] == 131009
    odd = {**mark, "message_id": received, "typing_indicator": {"type": "song"}}
    assert post(simulator, odd).json()["error"]["code"] == 100


def test_a_message_is_read_once_its_chat_is_on_the_screen(simulator: Simulator, business: Business) -> None:
    simulator.inbound(AYESHA, "text", {"body": "hi"})
    business.next()
    post(simulator, text())
    chat = f"{simulator.base_url}/simulator/chat/{AYESHA.phone}"
    assert requests.get(f"{chat}?open=0", timeout=5).json()["bubbles"][-1]["status"] == "delivered"
    assert statuses(business, 2) == [("sent", None), ("delivered", None)]
    requests.get(f"{chat}?open=1", timeout=5)
    assert statuses(business, 1) == [("read", None)]


def test_a_number_without_whatsapp_fails_afterwards(simulator: Simulator, business: Business) -> None:
    assert post(simulator, text() | {"to": "+923009999999"}).status_code == 200
    told = business.next()["entry"][0]["changes"][0]["value"]
    assert (told["statuses"][0]["status"], told["statuses"][0]["errors"][0]["code"]) == ("failed", 131026)
    assert "contacts" not in told and "recipient_user_id" not in told["statuses"][0]
