"""What a message to the Graph API must look like: every length and count the real one refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.whatsapp_cloud.errors import GraphError

Body = Mapping[str, Any]
MEDIA = {"image": 1024, "video": 1024, "document": 1024, "audio": 0, "sticker": 0}
BODY_LIMITS = {"button": 1024, "list": 4096, "cta_url": 1024, "location_request_message": 1024,
               "request_contact_info": 1024, "flow": 1024}  # fmt: skip
MIME_LIMITS = {
    "image/jpeg": 5, "image/png": 5, "video/mp4": 16, "video/3gpp": 16, "audio/aac": 16, "audio/amr": 16,
    "audio/mpeg": 16, "audio/mp4": 16, "audio/ogg": 16, "application/pdf": 100, "text/plain": 100,
    "image/webp": 0.5, "application/msword": 100, "application/vnd.ms-excel": 100,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100,
}  # fmt: skip
"""Megabytes by MIME type."""


def check_message(body: Body, media_exists: Any, templates: Mapping[tuple[str, str], int]) -> None:
    """Raise GraphError for whatever Meta would not accept."""
    _no_nulls(body)
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product must be whatsapp")
    if not body.get("to") and not body.get("recipient"):
        raise GraphError(131008, "to or recipient is required")
    _length(body, "biz_opaque_callback_data", 512)
    kind = body.get("type", "text")
    content = body.get(kind)
    if not isinstance(content, Mapping) and kind != "contacts":
        raise GraphError(131008, f"{kind} is required")
    if kind == "text":
        _required(content, "body", 4096)
    elif kind in MEDIA:
        _media(kind, content or {}, media_exists)
    elif kind == "interactive":
        _interactive(content or {})
    elif kind == "template":
        _template(content or {}, templates)
    elif kind == "location":
        if not {"latitude", "longitude"} <= set(content or {}):
            raise GraphError(131008, "latitude and longitude are required")
    elif kind == "reaction":
        _required(content, "message_id", 512)
    elif kind != "contacts" or not isinstance(content, list) or not content:
        raise GraphError(131051 if kind != "contacts" else 131008, f"type {kind} cannot be sent")


def _media(kind: str, content: Body, media_exists: Any) -> None:
    if bool(content.get("id")) == bool(content.get("link")):
        raise GraphError(131009, f"{kind} needs either id or link")
    if content.get("id") and not media_exists(content["id"]):
        raise GraphError(131009, f"media {content['id']} does not exist")
    if "caption" in content and not MEDIA[kind]:
        raise GraphError(100, f"{kind} has no caption")
    _length(content, "caption", 1024)


def _interactive(content: Body) -> None:
    kind = str(content.get("type"))
    if kind not in BODY_LIMITS:
        raise GraphError(131009, f"interactive type {kind} is not valid")
    _required(content.get("body"), "text", BODY_LIMITS[kind])
    _length(content.get("footer"), "text", 60)
    header = content.get("header")
    if header and header.get("type") == "text":
        _required(header, "text", 60)
    action = content.get("action")
    if not isinstance(action, Mapping):
        raise GraphError(131008, "action is required")
    if kind == "button":
        _buttons(action)
    elif kind == "list":
        _list(action, header)


def _buttons(action: Body) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise GraphError(131009, "between 1 and 3 buttons are allowed")
    replies = [button.get("reply") or {} for button in buttons]
    for reply in replies:
        _required(reply, "id", 256)
        _required(reply, "title", 20)
    _unique([reply["id"] for reply in replies], "button ids")
    _unique([reply["title"] for reply in replies], "button titles")


def _list(action: Body, header: Body | None) -> None:
    if header and header.get("type") != "text":
        raise GraphError(131009, "a list has a text header only")
    _required(action, "button", 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise GraphError(131009, "between 1 and 10 sections are allowed")
    if len(sections) > 1:
        for section in sections:
            _required(section, "title", 24)
    rows = [row for section in sections for row in section.get("rows") or []]
    if not 1 <= len(rows) <= 10:
        raise GraphError(131009, "between 1 and 10 rows over all sections are allowed")
    for row in rows:
        _required(row, "id", 200)
        _required(row, "title", 24)
        _length(row, "description", 72)
    _unique([row["id"] for row in rows], "row ids")


def _template(content: Body, templates: Mapping[tuple[str, str], int]) -> None:
    name, language = content.get("name"), (content.get("language") or {}).get("code")
    if (name, language) not in templates:
        raise GraphError(132001, f"template {name} does not exist in {language}", 404)
    bodies = [c for c in content.get("components", []) if c.get("type") == "body"]
    given = len(bodies[0].get("parameters", [])) if bodies else 0
    if given != templates[name, language]:  # type: ignore[index]
        raise GraphError(132000, f"{given} parameters instead of {templates[name, language]}")  # type: ignore[index]


def _required(content: Any, key: str, limit: int) -> None:
    value = content.get(key) if isinstance(content, Mapping) else None
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"{key} is required")
    _length(content, key, limit)


def _length(content: Any, key: str, limit: int) -> None:
    value = content.get(key) if isinstance(content, Mapping) else None
    if isinstance(value, str) and len(value) > limit:
        raise GraphError(100, f"{key} must be at most {limit} characters long")


def _unique(values: list[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise GraphError(131009, f"{what} must be unique")


def _no_nulls(value: Any, path: str = "") -> None:
    if value is None:
        raise GraphError(100, f"{path or 'the body'} must not be null")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _no_nulls(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _no_nulls(item, f"{path}[{number}]")
