"""The WhatsApp Cloud API as a business sees it, and a page with the phones of the people it talks to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from simulators.whatsapp_cloud import graph, management, page
from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.faults import Faults
from simulators.whatsapp_cloud.limits import Limits
from simulators.whatsapp_cloud.standing import Standing
from simulators.whatsapp_cloud.webhooks import Sender
from simulators.whatsapp_cloud.world import Bubble, Person, World

STOP_POLL_SECONDS = 0.02
"""How soon a server in a thread notices that it shall stop."""


@dataclass
class Config:
    """What Meta's dashboard would hold."""

    app_secret: str
    access_token: str
    verify_token: str
    webhook_url: str
    phone_number_id: str
    display_phone_number: str
    people: Path | None = None
    state: Path | None = None
    waba_id: str = "100200300400500"
    limits: bool = True
    """Throughput of the number and pair rate, as the real one keeps them."""
    messages_per_second: int = 80


class Simulator:
    """People act through it; the business reaches it over HTTP."""

    def __init__(self, config: Config, world: World | None = None) -> None:
        self.config = config
        self.world = world or World(config.people, config.state)
        self.standing = Standing()
        self.faults = Faults()
        self.limits = Limits(config.messages_per_second, self.world.clock, on=config.limits)
        self.limits.people = self.standing.people
        self.sender = Sender(config.webhook_url, config.app_secret, self.faults)
        self.requests: list[dict[str, Any]] = []
        self.base_url = ""

    def app(self) -> Flask:
        """The WSGI application: Graph paths under any version, the page, its API."""
        app = Flask("whatsapp_cloud", static_folder=str(Path(__file__).parent / "static"))
        app.register_blueprint(graph.blueprint(self))
        app.register_blueprint(management.blueprint(self))
        app.register_blueprint(page.blueprint(self))
        return app

    def inbound(self, person: Person, kind: str, content: dict[str, Any], context: str = "") -> str:
        """The person sends something; returns its wamid."""
        wamid = self.world.new_id("wamid.IN")
        now = self.world.clock()
        self.limits.count_inbound()
        with self.world.lock:
            chat = self.world.chat(person)
            chat.last_inbound = now
            chat.bubbles.append(Bubble(wamid, True, {"type": kind, kind: content}, now))
            self.world.changed()
        message: dict[str, Any] = {"id": wamid, "timestamp": str(int(now)), "type": kind, kind: content,
                                   "from_user_id": person.user_id}  # fmt: skip
        if not person.withhold_phone:
            message["from"] = person.digits
        if context:
            message["context"] = {"id": context, "from": self._digits}
        self.sender.send(self._envelope(contacts=[self._contact(person)], messages=[message]))
        return wamid

    def status(self, person: Person, bubble: Bubble, status: str, error: GraphError | None = None) -> None:
        """Tell the business how far a message came."""
        if bubble.status in ("failed", "read"):
            return
        with self.world.lock:
            bubble.status = status
            bubble.error = error.status_error() if error else None
            self.world.changed()
        told: dict[str, Any] = {"id": bubble.id, "status": status, "timestamp": str(int(self.world.clock()))}
        if not person.withhold_phone:
            told["recipient_id"] = person.digits
        if error is None or person.withhold_phone:
            told["recipient_user_id"] = person.user_id
        if bubble.callback:
            told["biz_opaque_callback_data"] = bubble.callback
        if error:
            told["errors"] = [error.status_error()]
        elif status in ("sent", "delivered"):
            category = "utility" if bubble.body.get("type") == "template" else "service"
            told["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}
        contacts = {} if error else {"contacts": [self._contact(person)]}
        self.sender.send(self._envelope(**contacts, statuses=[told]))

    def change_standing(self, **changes: str) -> None:
        """Meta rates or limits the number anew, and tells the business as it does: the tier and the quality.

        Raises StandingUnknown.
        """
        before = self.standing
        self.standing = before.changed(**changes)
        self.limits.people = self.standing.people
        for topic, value in self.standing.news_since(before):
            self.sender.send(self._news(topic, {"display_phone_number": self._digits, **value}))

    def tell_account(self, event: str, **value: Any) -> None:
        """Meta does something to the account: `account_update` with its event."""
        self.sender.send(self._news("account_update", {"event": event, **value}))

    def _news(self, topic: str, value: dict[str, Any]) -> dict[str, Any]:
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.config.waba_id, "changes": [{"field": topic, "value": value}]}],
        }

    def open_chat(self, person: Person) -> None:
        """The person looks at the chat: what was delivered is read."""
        for bubble in list(self.world.chat(person).bubbles):
            if not bubble.mine and bubble.status == "delivered":
                self.status(person, bubble, "read")

    @property
    def _digits(self) -> str:
        return "".join(c for c in self.config.display_phone_number if c.isdigit())

    def _contact(self, person: Person) -> dict[str, Any]:
        contact: dict[str, Any] = {"profile": {"name": person.name}, "user_id": person.user_id}
        if not person.withhold_phone:
            contact["wa_id"] = person.digits
        return contact

    def _envelope(self, **value: Any) -> dict[str, Any]:
        metadata = {"display_phone_number": self._digits, "phone_number_id": self.config.phone_number_id}
        inner = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.config.waba_id, "changes": [{"field": "messages", "value": inner}]}],
        }


def start_in_thread(simulator: Simulator, port: int = 0) -> Callable[[], None]:
    """Serve on loopback from a thread; sets `simulator.base_url`, returns the function that stops it."""
    server: BaseWSGIServer = make_server("127.0.0.1", port, simulator.app(), threaded=True)
    simulator.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        simulator.sender.stop()
        thread.join(5)

    return stop
