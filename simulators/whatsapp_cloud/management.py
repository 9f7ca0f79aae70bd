"""The management paths of the Graph API that a business needs: its message templates."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request

from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.template_rules import from_graph, from_parts
from simulators.whatsapp_cloud.templates import Template

if TYPE_CHECKING:
    from simulators.whatsapp_cloud.server import Simulator

TEMPLATES_MAX = 250
CREATIONS_AN_HOUR = 100
DAY, HOUR = 86_400, 3600
EDITS_A_MONTH = 10
NAME_BLOCKED_DAYS = 30
PAGE_MAX = 100
EXISTS, TOO_MANY, LOCKED, BEING_DELETED = 2388024, 2388019, 2388039, 2388023
STATES = {"REINSTATED": "APPROVED", "FLAGGED": "APPROVED", "UNARCHIVED": "APPROVED"}
"""Events that leave another state than their own name."""


def blueprint(simulator: Simulator) -> Blueprint:
    """The templates of one simulator: list, create, change, delete, and Meta's reviewer as a page's caller wants him.

    A template is approved at once, unless the review is left to a person (`POST /simulator/templates {"review": …}`).
    """
    blueprint = Blueprint("management", __name__)
    templates = _Templates(simulator)
    blueprint.register_error_handler(GraphError, lambda error: (jsonify(error.body()), error.status))
    path = "/v<version>/<waba>/message_templates"
    blueprint.add_url_rule(path, "list", templates.listed, methods=["GET"])
    blueprint.add_url_rule(path, "create", templates.created, methods=["POST"])
    blueprint.add_url_rule(path, "delete", templates.deleted, methods=["DELETE"])
    blueprint.add_url_rule("/v<version>/<template_id>", "edit", templates.edited, methods=["POST"])
    blueprint.add_url_rule("/simulator/templates", "review", templates.reviewed, methods=["POST"])
    return blueprint


def check_token(token: str) -> None:
    """Raise GraphError 190 for a request without the bearer token."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise GraphError(190, "The access token is missing, expired or wrong")


class _Templates:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.world = simulator, simulator.world
        self.created_at: list[float] = []
        self.deleted_at: dict[tuple[str, str], float] = {}

    def listed(self, version: str, waba: str) -> Response:
        self._own(waba)
        wanted = {key: value for key in ("name", "language", "status", "category") if (value := request.args.get(key))}
        rows = [template.graph() for template in self.world.templates.values()]
        matching = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        size = min(max(request.args.get("limit", PAGE_MAX, int), 1), PAGE_MAX)
        start = request.args.get("after", 0, int)
        page, end = matching[start : start + size], start + size
        more = {"next": f"{request.base_url}?after={end}"} if end < len(matching) else {}
        counts = dict.fromkeys(("total_count", "message_template_count"), len(matching))
        return jsonify(
            data=page, paging={"cursors": {"before": str(start), "after": str(end)}, **more},
            summary={**counts, "message_template_limit": TEMPLATES_MAX, "are_translations_complete": False},
        )  # fmt: skip

    def created(self, version: str, waba: str) -> Response:
        self._own(waba)
        now = self.world.clock()
        self.created_at = [at for at in self.created_at if at > now - HOUR]
        if len(self.created_at) >= CREATIONS_AN_HOUR:
            raise GraphError(80007, f"{CREATIONS_AN_HOUR} templates an hour may be made")
        template = replace(from_graph(self._body(), self.world.new_id("")), status=self.world.review)
        key = (template.name, template.language)
        if key in self.world.templates:
            raise GraphError(100, "a template of that name and language exists already", EXISTS)
        if self.deleted_at.get(key, 0) > now - NAME_BLOCKED_DAYS * DAY:
            raise GraphError(100, "a template of that name was deleted less than 30 days ago", BEING_DELETED)
        if len(self.world.templates) >= TEMPLATES_MAX:
            raise GraphError(100, f"the account has {TEMPLATES_MAX} templates already", TOO_MANY)
        self.created_at.append(now)
        self.world.add_template(template)
        return jsonify(id=template.id, status=template.status, category=template.category)

    def edited(self, version: str, template_id: str) -> Response:
        self._token()
        template = self._by_id(template_id)
        now, body = self.world.clock(), self._body()
        if template.status not in ("APPROVED", "REJECTED", "PAUSED"):
            raise GraphError(100, f"a template that is {template.status} cannot be changed", LOCKED)
        category = str(body.get("category") or template.category).upper()
        if template.status == "APPROVED":
            self._check_pace(template, now)
            if category != template.category:
                raise GraphError(100, "the category of an approved template cannot be changed")
            template = replace(template, edited=(*template.edited, now))
        parts: list[Mapping[str, Any]] = [part for part in body.get("components") or [] if isinstance(part, dict)]
        changed = template
        if template.category != "AUTHENTICATION":
            changed = from_parts(replace(template, category=category), parts)
        self.world.add_template(replace(changed, status=self.world.review, reason="NONE"))
        return jsonify(success=True)

    def _check_pace(self, template: Template, now: float) -> None:
        last_day = [at for at in template.edited if at > now - DAY]
        last_month = [at for at in template.edited if at > now - 30 * DAY]
        if last_day or len(last_month) >= EDITS_A_MONTH:
            raise GraphError(100, "an approved template is changed once a day and ten times in thirty days", LOCKED)

    def deleted(self, version: str, waba: str) -> Response:
        self._own(waba)
        name, one = request.args.get("name", ""), request.args.get("hsm_id")
        gone = [each for each in self.world.templates.values() if each.name == name and one in (None, each.id)]
        if not gone:
            raise GraphError(100, f"there is no template {name}")
        for template in gone:
            if template.status == "APPROVED":
                self.deleted_at[template.name, template.language] = self.world.clock()
            self.world.remove_template(template)
        return jsonify(success=True)

    def reviewed(self) -> Response:
        """`{review: "APPROVED"|"PENDING"}` for what comes, or `{name, language, event|quality|category, reason?}`."""
        asked = request.get_json(force=True)
        if not isinstance(asked, dict):
            abort(400, "the order is no JSON object")
        if "review" in asked:
            self.world.review = str(asked["review"])
            return jsonify(review=self.world.review)
        template = self.world.templates.get((str(asked.get("name")), str(asked.get("language"))))
        if template is None:
            abort(404, "there is no such template")
        for kind in ("event", "quality", "category"):
            if kind in asked:
                tell(self.simulator, template, kind, str(asked[kind]), str(asked.get("reason", "NONE")))
        return jsonify(self.world.templates.get((template.name, template.language), template).graph())

    def _by_id(self, template_id: str) -> Template:
        found = next((each for each in self.world.templates.values() if each.id == template_id), None)
        if found is None:
            raise GraphError(100, f"object {template_id} does not exist")
        return found

    def _body(self) -> dict[str, Any]:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise GraphError(100, "the body is no JSON object")
        return body

    def _own(self, waba: str) -> None:
        self._token()
        if waba != self.simulator.config.waba_id:
            raise GraphError(33, f"object {waba} does not exist or may not be used")

    def _token(self) -> None:
        check_token(self.simulator.config.access_token)


def tell(simulator: Simulator, template: Template, kind: str, word: str, reason: str = "NONE") -> None:
    """Meta changes its mind about a template, by `event`, `quality` or `category`, and sends the webhook."""
    value: dict[str, Any] = {
        "message_template_id": int(template.id) if template.id.isdecimal() else template.id,
        "message_template_name": template.name, "message_template_language": template.language,
    }  # fmt: skip
    if kind == "event":
        field = "message_template_status_update"
        value |= {"event": word, "reason": reason, "message_template_category": template.category}
        if word == "REJECTED":
            value["rejection_info"] = {"reason": reason, "recommendation": "Change the text and submit it again."}
        changed = replace(template, status=STATES.get(word, word), reason=reason if word == "REJECTED" else "NONE")
    elif kind == "quality":
        field = "message_template_quality_update"
        value |= {"previous_quality_score": template.quality, "new_quality_score": word}
        changed = replace(template, quality=word)
    else:
        field = "template_category_update"
        value |= {"previous_category": template.category, "new_category": word}
        changed = replace(template, category=word)
    if changed.status == "DELETED":
        simulator.world.remove_template(template)
    else:
        simulator.world.add_template(changed)
    entry = {"id": simulator.config.waba_id, "changes": [{"field": field, "value": value}]}
    simulator.sender.send({"object": "whatsapp_business_account", "entry": [entry]})
