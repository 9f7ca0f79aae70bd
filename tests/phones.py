"""People with phones, as the business sees them: signed webhooks in, outbox rows out."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot import health, webhook
from core.clock import utc_now
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.settings import Settings
from tests.cast import TestCompany

SECRET = "test-app-secret"
VERIFY_TOKEN = "test-verify-token"
_ids = itertools.count(1)


def webhook_client() -> FlaskClient:
    """The webhook alone, as a web server would run it."""
    app = Flask("test")
    app.config["TAAR"] = Settings(
        environment="test", whatsapp_app_secret=SECRET, whatsapp_verify_token=VERIFY_TOKEN, _env_file=None
    )
    app.register_blueprint(webhook.blueprint)
    app.register_blueprint(health.blueprint)
    return app.test_client()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(client: FlaskClient, body: bytes | dict[str, Any]) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/webhooks/whatsapp", data=raw, headers={"X-Hub-Signature-256": signature(raw)}).status_code


def envelope(phone_number_id: str, **value: Any) -> dict[str, Any]:
    """One change of field `messages`."""
    metadata = {"display_phone_number": "924235550100", "phone_number_id": phone_number_id}
    inner = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": inner}]}],
    }


def new_wamid() -> str:
    return f"wamid.TEST{next(_ids):012d}"


class Phone:
    """One person. `phone` with the plus; either identifier may be missing."""

    def __init__(
        self, client: FlaskClient, company: TestCompany, phone: str | None = None, user_id: str | None = None,
        name: str = "Ayesha",
    ) -> None:  # fmt: skip
        self.client, self.company, self.name = client, company, name
        self.phone, self.user_id = phone, user_id
        self.seen: set[Any] = set()

    def sends(self, kind: str, content: dict[str, Any], *, wamid: str | None = None, at: int | None = None) -> int:
        """Deliver one message; the HTTP status."""
        message: dict[str, Any] = {
            "id": wamid or new_wamid(), "timestamp": str(at or int(utc_now().timestamp())), "type": kind, kind: content,
        }  # fmt: skip
        contact: dict[str, Any] = {"profile": {"name": self.name}}
        if self.phone:
            message["from"] = contact["wa_id"] = self.phone.lstrip("+")
        if self.user_id:
            message["from_user_id"] = contact["user_id"] = self.user_id
        return post(self.client, envelope(self.company.phone_number_id, contacts=[contact], messages=[message]))

    def says(self, text: str) -> OutboundMessage:
        """Send words; the one reply to them."""
        assert self.sends("text", {"body": text}) == 200
        return self.reply()

    def taps(self, title: str) -> OutboundMessage:
        """Tap a button or list row of the last reply by its title."""
        ids = choices(self.last)
        kind = "list_reply" if self.last.payload["interactive"]["type"] == "list" else "button_reply"
        content = {"type": kind, kind: {"id": ids[title], "title": title}}
        assert self.sends("interactive", content) == 200
        return self.reply()

    def touches(self, action: str) -> None:
        """Tap what carries this action, though it may have gone from the screen; the replies are not looked at."""
        content = {"type": "button_reply", "button_reply": {"id": action, "title": "tapped"}}
        assert self.sends("interactive", content) == 200

    def sends_photo(self) -> OutboundMessage:
        content = {"id": f"media-{next(_ids)}", "mime_type": "image/jpeg", "sha256": "x"}
        assert self.sends("image", content) == 200
        return self.reply()

    def reply(self) -> OutboundMessage:
        """The one new message queued for this company since the last look."""
        new = self.replies()
        assert len(new) == 1, [message.text for message in new]
        self.last = new[0]
        return self.last

    def replies(self) -> list[OutboundMessage]:
        with company_session(self.company.id, "test") as session:
            rows = session.scalars(
                select(OutboundMessage).where(OutboundMessage.kind != "read").order_by(OutboundMessage.id)
            ).all()
        new = [row for row in rows if row.id not in self.seen]
        self.seen |= {row.id for row in new}
        return new


def tap(person: Phone, action: str) -> OutboundMessage:
    """Tap what may have gone from the screen; the one reply to it."""
    person.touches(action)
    return person.reply()


def choices(message: OutboundMessage) -> dict[str, str]:
    """Title → id of a message's buttons or rows."""
    action = message.payload.get("interactive", {}).get("action", {})
    buttons = {button["reply"]["title"]: button["reply"]["id"] for button in action.get("buttons", [])}
    rows = {row["title"]: row["id"] for section in action.get("sections", []) for row in section["rows"]}
    return buttons | rows
