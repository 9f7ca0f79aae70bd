"""The management paths of the Graph API that a business needs: its message templates."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.templates import from_graph

if TYPE_CHECKING:
    from simulators.whatsapp_cloud.server import Simulator

TEMPLATES_MAX = 250


def blueprint(simulator: Simulator) -> Blueprint:
    """The templates of one simulator: list, create (approved at once), delete."""
    blueprint = Blueprint("management", __name__)
    templates = _Templates(simulator)
    blueprint.register_error_handler(GraphError, lambda error: (jsonify(error.body()), error.status))
    blueprint.before_request(lambda: check_token(simulator.config.access_token))
    path = "/v<version>/<waba>/message_templates"
    blueprint.add_url_rule(path, "list", templates.listed, methods=["GET"])
    blueprint.add_url_rule(path, "create", templates.created, methods=["POST"])
    blueprint.add_url_rule(path, "delete", templates.deleted, methods=["DELETE"])
    return blueprint


def check_token(token: str) -> None:
    """Raise GraphError 190 for a request without the bearer token."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise GraphError(190, "The access token is missing, expired or wrong")


class _Templates:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.world = simulator, simulator.world

    def listed(self, version: str, waba: str) -> Response:
        self._own(waba)
        wanted = {key: value for key in ("name", "language", "status", "category") if (value := request.args.get(key))}
        rows = [template.graph() for template in self.world.templates.values()]
        matching = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        counts = dict.fromkeys(("total_count", "message_template_count"), len(matching))
        return jsonify(
            data=matching, paging={"cursors": {"before": "", "after": ""}},
            summary={**counts, "message_template_limit": TEMPLATES_MAX, "are_translations_complete": False},
        )  # fmt: skip

    def created(self, version: str, waba: str) -> Response:
        self._own(waba)
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise GraphError(100, "the body is no JSON object")
        template = from_graph(body, self.world.new_id(""))
        if (template.name, template.language) in self.world.templates:
            raise GraphError(100, "a template of that name and language exists already")
        self.world.add_template(template)
        return jsonify(id=template.id, status=template.status, category=template.category)

    def deleted(self, version: str, waba: str) -> Response:
        self._own(waba)
        name = request.args.get("name", "")
        if not self.world.remove_templates(name):
            raise GraphError(100, f"there is no template {name}")
        return jsonify(success=True)

    def _own(self, waba: str) -> None:
        if waba != self.simulator.config.waba_id:
            raise GraphError(33, f"object {waba} does not exist or may not be used")
