"""The business that the simulator talks to, and what it sends."""

from __future__ import annotations

import hashlib
import hmac
import threading
from queue import Queue

import requests
from flask import Flask, request
from werkzeug.serving import make_server

from simulators.whatsapp_cloud.server import Simulator
from simulators.whatsapp_cloud.world import Person

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
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

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


def post(simulator: Simulator, body: dict, token: str = TOKEN) -> requests.Response:
    return requests.post(
        f"{simulator.base_url}/v25.0/{NUMBER}/messages", json=body, headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )  # fmt: skip


def text(body: str = "hi", **more: object) -> dict:
    return {"messaging_product": "whatsapp", "to": AYESHA.phone, "type": "text", "text": {"body": body}, **more}


def headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


def statuses(business: Business, count: int) -> list[tuple[str, int | None]]:
    """The next statuses that the business hears, with the code of those that failed."""
    heard = [business.next()["entry"][0]["changes"][0]["value"]["statuses"][0] for _ in range(count)]
    return [(told["status"], told["errors"][0]["code"] if "errors" in told else None) for told in heard]
