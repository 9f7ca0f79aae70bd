"""The page with the phones, and the small API behind it."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from simulators.whatsapp_cloud.faults import FaultUnknown, choices
from simulators.whatsapp_cloud.standing import StandingUnknown
from simulators.whatsapp_cloud.world import Bubble, Person

if TYPE_CHECKING:
    from simulators.whatsapp_cloud.server import Simulator

KINDS = {"image": "image", "application": "document", "text": "document", "audio": "audio", "video": "video"}


def blueprint(simulator: Simulator) -> Blueprint:
    """The page of one simulator."""
    blueprint = Blueprint("page", __name__)
    phones = _Phones(simulator)
    blueprint.add_url_rule("/", "index", lambda: current_app.send_static_file("phones.html"))
    blueprint.add_url_rule("/simulator/people", "people", phones.people)
    blueprint.add_url_rule("/simulator/chat/<phone>", "chat", phones.chat)
    blueprint.add_url_rule("/simulator/chat/<phone>/send", "send", phones.send, methods=["POST"])
    blueprint.add_url_rule("/simulator/media/<media_id>", "media", phones.media)
    blueprint.add_url_rule("/simulator/faults", "faults", phones.faults)
    blueprint.add_url_rule("/simulator/faults", "order", phones.order, methods=["POST"])
    return blueprint


class _Phones:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.world = simulator, simulator.world

    def people(self) -> Response:
        return jsonify([self._summary(person) for person in self.world.refresh_people()])

    def _summary(self, person: Person) -> dict[str, Any]:
        bubbles = self.world.chat(person).bubbles
        unread = sum(not b.mine and b.status == "delivered" for b in bubbles)
        last = preview(bubbles[-1]) if bubbles else ""
        return {"phone": person.phone, "name": person.name, "label": person.label, "group": person.group,
                "unread": unread, "last": last, "at": bubbles[-1].at if bubbles else 0}  # fmt: skip

    def chat(self, phone: str) -> Response:
        """The chat as it is; only `?open=1`, sent while it is on the screen, makes its messages read."""
        person = self._person(phone)
        if request.args.get("open") == "1":
            self.simulator.open_chat(person)
        chat = self.world.chat(person)
        recent = [r for r in self.simulator.requests if self._is_for(r["body"], person)]
        return jsonify(
            version=self.world.version, typing=chat.typing_until > self.world.clock(),
            window_open=self.world.window_open(person), bubbles=[vars(b) for b in chat.bubbles[-200:]],
            media=dict(self.world.media), requests=recent[-5:],
        )  # fmt: skip

    def _is_for(self, body: dict[str, Any], person: Person) -> bool:
        return str(body.get("to", "")).lstrip("+") == person.digits or body.get("recipient") == person.user_id

    def send(self, phone: str) -> Response:
        """The person acts: `{text}`, `{file, mime, name, caption}`, `{tap, title, kind, context}` or `{location}`."""
        person = self._person(phone)
        said = request.get_json(force=True)
        kind, content = self._content(said)
        return jsonify(id=self.simulator.inbound(person, kind, content, str(said.get("context", ""))))

    def _content(self, said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if "tap" in said:
            kind = "list_reply" if said.get("kind") == "list" else "button_reply"
            return "interactive", {"type": kind, kind: {"id": said["tap"], "title": said["title"]}}
        if "file" in said:
            data = base64.b64decode(said["file"])
            mime = said["mime"]
            kind = KINDS.get(mime.split("/")[0], "document")
            content = {"id": self.world.keep_media(data, mime, said.get("name", "")), "mime_type": mime,
                       "sha256": base64.b64encode(hashlib.sha256(data).digest()).decode()}  # fmt: skip
            content |= {"caption": said["caption"]} if said.get("caption") else {}
            content |= {"filename": said.get("name", "file")} if kind == "document" else {}
            content |= {"voice": True} if kind == "audio" else {}
            return kind, content
        if "location" in said:
            return "location", said["location"]
        if not str(said.get("text", "")).strip():
            abort(400, "nothing was said")
        return "text", {"body": str(said["text"])[:4096]}

    def media(self, media_id: str) -> Response:
        if media_id not in self.world.media:
            abort(404)
        mime, name = self.world.media[media_id]
        headers = {"Content-Disposition": f'inline; filename="{name or media_id}"'} if name.isascii() else {}
        return Response(self.world.media_bytes(media_id), mimetype=mime, headers=headers)

    def faults(self) -> Response:
        return jsonify(
            waiting=self.simulator.faults.waiting(), limits=self.simulator.limits.on,
            standing=self.simulator.standing.graph(), reached=self.simulator.limits.reached, **choices(),
        )  # fmt: skip

    def order(self) -> Response:
        """`{fault: "131056"}`, `{limits: false}`, `{clear: true}`, `{standing: {quality: "RED"}}` or
        `{account: {event: "DISABLED_UPDATE", ...}}`; what may be ordered stands in `Faults.order` and `Standing`.
        """
        asked = request.get_json(force=True)
        if not isinstance(asked, dict):
            abort(400, "the order is no JSON object")
        if asked.get("clear"):
            self.simulator.faults.clear()
        if "limits" in asked:
            self.simulator.limits.on = bool(asked["limits"])
        try:
            if "fault" in asked:
                self.simulator.faults.order(str(asked["fault"]))
            if isinstance(asked.get("standing"), dict):
                self.simulator.change_standing(**{str(key): str(value) for key, value in asked["standing"].items()})
        except (FaultUnknown, StandingUnknown) as unknown:
            abort(400, str(unknown))
        if isinstance(asked.get("account"), dict):
            self.simulator.tell_account(**{"event": "PARTNER_ADDED", **asked["account"]})
        return self.faults()

    def _person(self, phone: str) -> Person:
        person = self.world.find(to=phone)
        if person is None:
            abort(404, "nobody has that phone")
        return person


def preview(bubble: Bubble) -> str:
    """The line under a person's name."""
    kind = bubble.body["type"]
    content = bubble.body.get(kind, {})
    if kind in ("text", "template"):
        return str(bubble.body.get("text", content).get("body", ""))[:60]
    if kind == "interactive":
        reply = content.get("button_reply") or content.get("list_reply")
        return str(reply["title"] if reply else content["body"]["text"])[:60]
    return f"[{kind}]"
