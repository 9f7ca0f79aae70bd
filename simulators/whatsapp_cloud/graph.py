"""The Graph API's paths: messages, media, the number's own facts."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.rules import MIME_LIMITS, check_message
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
    blueprint.before_request(api.check_token)
    blueprint.add_url_rule("/v<version>/<number>/messages", "messages", api.messages, methods=["POST"])
    blueprint.add_url_rule("/v<version>/<number>/media", "upload", api.upload, methods=["POST"])
    blueprint.add_url_rule("/v<version>/<node>", "node", api.node, methods=["GET", "DELETE"])
    blueprint.add_url_rule("/media/<media_id>", "download", api.download, methods=["GET"])
    return blueprint


class _Api:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.world = simulator, simulator.world

    def check_token(self) -> None:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.simulator.config.access_token}".encode()):
            raise GraphError(190, "The access token is missing, expired or wrong", 401)

    def messages(self, version: str, number: str) -> Response | tuple[Response, int]:
        self._own_number(number)
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise GraphError(100, "the body is no JSON object")
        self.simulator.requests = [*self.simulator.requests[-49:], {"version": f"v{version}", "body": body}]
        if self.simulator.faults:
            return self._fault(self.simulator.faults.pop(0))
        if body.get("status") == "read":
            return self._mark_read(body)
        check_message(body, self.world.media.__contains__, self.world.templates)
        return self._accept(body)

    def _fault(self, fault: str) -> Response | tuple[Response, int]:
        if fault == "html":
            return Response("<html>502 Bad Gateway</html>", 502, mimetype="text/html"), 502
        if fault.startswith("hang:"):
            time.sleep(float(fault.removeprefix("hang:")))
            return Response("", 504), 504
        raise GraphError(int(fault), "a fault asked for", 429 if fault == "130429" else 400)

    def _mark_read(self, body: dict[str, Any]) -> Response:
        found = self.world.bubble(str(body.get("message_id")))
        if found is None:
            raise GraphError(131009, "message_id is not a message of this number")
        person, bubble = found
        with self.world.lock:
            chat = self.world.chat(person)
            for earlier in chat.bubbles:
                if earlier.mine and earlier.at <= bubble.at:
                    earlier.status = "read"
            if body.get("typing_indicator"):
                chat.typing_until = self.world.clock() + TYPING_SECONDS
            self.world.changed()
        return jsonify(success=True)

    def _accept(self, body: dict[str, Any]) -> Response:
        to, recipient = str(body.get("to") or ""), str(body.get("recipient") or "")
        person = self.world.find(to=to, recipient=recipient)
        wamid = self.world.new_id("wamid.OUT")
        contact: dict[str, Any] = {"input": to or recipient}
        contact |= {"wa_id": "".join(c for c in to if c.isdigit())} if to else {"user_id": recipient}
        if person is not None:
            self._show(person, wamid, body)
        message: dict[str, Any] = {"id": wamid}
        if body.get("type") == "template":
            message["message_status"] = "accepted"
        return jsonify(messaging_product="whatsapp", contacts=[contact], messages=[message])

    def _show(self, person: Person, wamid: str, body: dict[str, Any]) -> None:
        with self.world.lock:
            if not self.world.take_pair_token(person):
                raise GraphError(131056, "too many messages to this person in a short time")
            shown = {key: body[key] for key in (body.get("type", "text"), "type", "context") if key in body}
            shown.setdefault("type", "text")
            bubble = Bubble(wamid, False, shown, self.world.clock(), "accepted",
                            str(body.get("biz_opaque_callback_data", "")))  # fmt: skip
            chat = self.world.chat(person)
            chat.typing_until = 0.0
            chat.bubbles.append(bubble)
        if body.get("type") not in FREE_OUTSIDE_WINDOW and not self.world.window_open(person):
            error = GraphError(131047, "More than 24 hours have passed since the person last wrote")
            self.simulator.status(person, bubble, "failed", error)
            return
        self.simulator.status(person, bubble, "sent")
        self.simulator.status(person, bubble, "delivered")

    def upload(self, version: str, number: str) -> Response:
        self._own_number(number)
        file = request.files.get("file")
        if request.form.get("messaging_product") != "whatsapp" or file is None:
            raise GraphError(100, "messaging_product and file are required")
        mime_type = (file.mimetype or "").split(";")[0]
        data = file.read()
        if mime_type not in MIME_LIMITS:
            raise GraphError(131053, f"the media type {mime_type} is not supported")
        if not data or len(data) > MIME_LIMITS[mime_type] * 1024 * 1024:
            raise GraphError(131053, f"the file has {len(data)} bytes")
        return jsonify(id=self.world.keep_media(data, mime_type, file.filename or ""))

    def node(self, version: str, node: str) -> Response:
        if node == self.simulator.config.phone_number_id:
            return jsonify(
                id=node, display_phone_number=self.simulator.config.display_phone_number, quality_rating="GREEN",
                throughput={"level": "STANDARD"}, whatsapp_business_manager_messaging_limit="TIER_2K",
            )  # fmt: skip
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
