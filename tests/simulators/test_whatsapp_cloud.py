"""The stand-in for Meta, checked with a client that is not ours, in both directions."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from queue import Queue

import pytest
import requests
from flask import Flask, request
from pywa import WhatsApp, types
from pywa.errors import WhatsAppError
from werkzeug.serving import make_server

from simulators.whatsapp_cloud.server import Config, Simulator, start_in_thread
from simulators.whatsapp_cloud.world import Person, World

NUMBER, TOKEN, SECRET = "1000200030004000", "token", "secret"
AYESHA = Person("+923001234567", "Ayesha", "PK.1234567890")


class Business:
    """What receives the simulator's webhooks."""

    def __init__(self) -> None:
        self.received: Queue[dict] = Queue()
        self.signed = True
        app = Flask("business")
        app.add_url_rule("/hook", "hook", self._hook, methods=["POST"])
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def _hook(self) -> str:
        raw = request.get_data()
        right = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        self.signed = self.signed and request.headers["X-Hub-Signature-256"] == right
        self.received.put(request.get_json())
        return ""

    def next(self) -> dict:
        return self.received.get(timeout=5)


@pytest.fixture
def business() -> Iterator[Business]:
    business = Business()
    yield business
    business.server.shutdown()


@pytest.fixture
def simulator(business: Business) -> Iterator[Simulator]:
    simulator = Simulator(Config(SECRET, TOKEN, "verify", business.url, NUMBER, "+92 42 35550100"), World(None, None))
    simulator.world.people = [AYESHA]
    stop = start_in_thread(simulator)
    yield simulator
    stop()


@pytest.fixture
def pywa(simulator: Simulator) -> WhatsApp:
    client = WhatsApp(phone_id=NUMBER, token=TOKEN)
    client.api._session.base_url = f"{simulator.base_url}/v25.0"
    return client


def post(simulator: Simulator, body: dict, token: str = TOKEN) -> requests.Response:
    return requests.post(
        f"{simulator.base_url}/v25.0/{NUMBER}/messages", json=body, headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )  # fmt: skip


def text(body: str = "hi", **more: object) -> dict:
    return {"messaging_product": "whatsapp", "to": AYESHA.phone, "type": "text", "text": {"body": body}, **more}


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


def interactive(kind: str, action: dict, body: str = "x") -> dict:
    content = {"type": kind, "body": {"text": body}, "action": action}
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
    ],
)
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


def test_the_pair_rate_lends_a_burst_and_then_refuses(simulator: Simulator) -> None:
    codes = [post(simulator, text(str(n))).status_code for n in range(46)]
    assert codes[:45] == [200] * 45
    assert codes[45] == 400


def test_media_go_up_and_down_and_need_the_token(simulator: Simulator) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    up = requests.post(
        f"{simulator.base_url}/v25.0/{NUMBER}/media", headers=headers, timeout=5,
        data={"messaging_product": "whatsapp", "type": "application/pdf"},
        files={"file": ("bill.pdf", b"%PDF-1.7", "application/pdf")},
    )  # fmt: skip
    told = requests.get(f"{simulator.base_url}/v25.0/{up.json()['id']}", headers=headers, timeout=5).json()
    assert told["sha256"] == hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert requests.get(told["url"], headers=headers, timeout=5).content == b"%PDF-1.7"
    assert requests.get(told["url"], timeout=5).status_code == 401
