"""The Graph API's paths: messages, media, the number's own facts."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from simulators.whatsapp_cloud import templates
from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.faults import Fault
from simulators.whatsapp_cloud.management import check_token
from simulators.whatsapp_cloud.media import check_file
from simulators.whatsapp_cloud.rules import check_message
from simulators.whatsapp_cloud.world import Bubble, Person

if TYPE_CHECKING:
    from simulators.whatsapp_cloud.server import Simulator

MEDIA_URL_SECONDS = 300
TYPING_SECONDS = 25
FREE_OUTSIDE_WINDOW = ("template",)


def blueprint(simulator: Simulator) -> Blueprint:
    """The API of one simulator."""
    blueprint = Blueprint("graph", __name__)
    api = _Api(simulator)
    blueprint.register_error_handler(GraphError, lambda error: (jsonify(error.body()), error.status))
    blueprint.before_request(lambda: check_token(simulator.config.access_token))
    blueprint.add_url_rule("/v<version>/<number>/messages", "messages", api.messages, methods=["POST"])
    blueprint.add_url_rule("/v<version>/<number>/media", "upload", api.upload, methods=["POST"])
    blueprint.add_url_rule("/v<version>/<node>", "node", api.node, methods=["GET", "DELETE"])
    blueprint.add_url_rule("/media/<media_id>", "download", api.download, methods=["GET"])
    return blueprint


class _Api:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.world = simulator, simulator.world

    def messages(self, version: str, number: str) -> Response | tuple[Response, int]:
        self._own_number(number)
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise GraphError(100, "the body is no JSON object")
        self.simulator.requests = [*self.simulator.requests[-49:], {"version": f"v{version}", "body": body}]
        if body.get("status") == "read":
            return self._mark_read(body)
        fault = self.simulator.faults.next_send()
        if fault is not None and fault.kind != "later":
            return self._fail(fault, body)
        return self._send(body, fault)

    def _fail(self, fault: Fault, body: dict[str, Any]) -> Response | tuple[Response, int]:
        if fault.kind == "code":
            raise GraphError(fault.code, "asked for as a fault")
        if fault.kind == "html":
            return Response("<html><h1>500 Internal Server Error</h1></html>", 500, mimetype="text/html")
        if fault.kind == "late":
            self._send(body, None)
        time.sleep(fault.seconds)
        return Response("", 504)

    def _send(self, body: dict[str, Any], fault: Fault | None) -> Response:
        check_message(body, self.world)
        self.simulator.limits.admit("".join(c for c in str(body.get("to") or "") if c.isdigit()) or body["recipient"])
        return self._accept(body, fault)

    def _mark_read(self, body: dict[str, Any]) -> Response:
        found = self.world.bubble(str(body.get("message_id")))
        if found is None or not found[1].mine:
            raise GraphError(131009, "message_id is no message that this number received")
        typing = body.get("typing_indicator")
        if typing is not None and (not isinstance(typing, dict) or typing.get("type") != "text"):
            raise GraphError(100, "typing_indicator.type must be text")
        person, bubble = found
        with self.world.lock:
            chat = self.world.chat(person)
            for earlier in chat.bubbles:
                if earlier.mine and earlier.at <= bubble.at:
                    earlier.status = "read"
            if typing:
                chat.typing_until = self.world.clock() + TYPING_SECONDS
            self.world.changed()
        return jsonify(success=True)

    def _accept(self, body: dict[str, Any], fault: Fault | None) -> Response:
        to, recipient = str(body.get("to") or ""), str(body.get("recipient") or "")
        digits = "".join(c for c in to if c.isdigit())
        wamid = self.world.new_id("wamid.OUT")
        contact: dict[str, Any] = {"input": to or recipient}
        contact |= {"wa_id": digits} if to else {"user_id": recipient}
        self._show(self.world.find(to=to, recipient=recipient), digits, recipient, wamid, body, fault)
        message: dict[str, Any] = {"id": wamid}
        if body.get("type") == "template":
            message["message_status"] = "accepted"
        return jsonify(messaging_product="whatsapp", contacts=[contact], messages=[message])

    def _show(
        self, found: Person | None, digits: str, recipient: str, wamid: str, body: dict[str, Any], fault: Fault | None
    ) -> None:
        person = found or Person(f"+{digits}", "", recipient, withhold_phone=not digits)
        bubble = Bubble(wamid, False, self._shown(body), self.world.clock(), "accepted",
                        str(body.get("biz_opaque_callback_data", "")))  # fmt: skip
        if found is None:
            self.simulator.status(person, bubble, "failed", GraphError(131026, "nobody on WhatsApp has this number"))
            return
        with self.world.lock:
            chat = self.world.chat(person)
            chat.typing_until = 0.0
            chat.bubbles.append(bubble)
        if fault is not None:
            self.simulator.status(person, bubble, "failed", GraphError(fault.code, "asked for as a fault"))
        elif body.get("type") not in FREE_OUTSIDE_WINDOW and not self.world.window_open(person):
            error = GraphError(131047, "More than 24 hours have passed since the person last wrote")
            self.simulator.status(person, bubble, "failed", error)
        elif not self.world.window_open(person) and not self.simulator.limits.reach(person.phone):
            # Which code comes is not documented; this one was told of the older API.
            error = GraphError(131048, "the portfolio has reached its people of 24 hours")
            self.simulator.status(person, bubble, "failed", error)
        else:
            self.simulator.status(person, bubble, "sent")
            self.simulator.status(person, bubble, "delivered")

    def _shown(self, body: dict[str, Any]) -> dict[str, Any]:
        kept = {key: body[key] for key in (str(body.get("type", "text")), "type", "context") if key in body}
        kept.setdefault("type", "text")
        if kept["type"] == "template":
            kept["text"] = {"body": templates.shown(body["template"], self.world.templates)}
        return kept

    def upload(self, version: str, number: str) -> Response:
        self._own_number(number)
        file = request.files.get("file")
        if request.form.get("messaging_product") != "whatsapp" or file is None:
            raise GraphError(100, "messaging_product and file are required")
        mime_type = (file.mimetype or "").split(";")[0]
        data = file.read()
        check_file(mime_type, data)
        return jsonify(id=self.world.keep_media(data, mime_type, file.filename or ""))

    def node(self, version: str, node: str) -> Response:
        if node == self.simulator.config.phone_number_id:
            return jsonify(id=node, display_phone_number=self.simulator.config.display_phone_number,
                           **self.simulator.standing.graph())  # fmt: skip
        if node not in self.world.media:
            raise GraphError(100, f"object {node} does not exist")
        if request.method == "DELETE":
            del self.world.media[node]
            return jsonify(success=True)
        data, (mime_type, _) = self.world.media_bytes(node), self.world.media[node]
        url = f"{request.host_url}media/{node}?until={int(time.time()) + MEDIA_URL_SECONDS}"
        return jsonify(messaging_product="whatsapp", url=url, mime_type=mime_type, file_size=len(data), id=node,
                       sha256=hashlib.sha256(data).hexdigest())  # fmt: skip

    def download(self, media_id: str) -> Response:
        if media_id not in self.world.media or float(request.args.get("until", 0)) < time.time():
            return Response("not found", 404)
        return Response(self.world.media_bytes(media_id), mimetype=self.world.media[media_id][0])

    def _own_number(self, number: str) -> None:
        if number != self.simulator.config.phone_number_id:
            raise GraphError(33, f"object {number} does not exist or may not be used")
