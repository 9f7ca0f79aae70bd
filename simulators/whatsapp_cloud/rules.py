"""What a message to the Graph API must look like: every length and count the real one refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulators.whatsapp_cloud import media, templates
from simulators.whatsapp_cloud.errors import GraphError

if TYPE_CHECKING:
    from simulators.whatsapp_cloud.world import World

Body = Mapping[str, Any]
CAPTIONED = ("image", "video", "document")
CONTACTS_MAX = 257
PHONE = re.compile(r"\+?[0-9]{6,15}")
BODY_LIMITS = {"button": 1024, "list": 4096, "cta_url": 1024, "location_request_message": 1024,
               "request_contact_info": 1024, "flow": 1024}  # fmt: skip
ACTION_NAMES = {"cta_url": "cta_url", "location_request_message": "send_location",
                "request_contact_info": "request_contact_info", "flow": "flow"}  # fmt: skip
HEADERS = {"button": ("text", *CAPTIONED), "cta_url": ("text", *CAPTIONED), "list": ("text",),
           "flow": ("text", *CAPTIONED)}  # fmt: skip


def check_message(body: Body, world: World) -> None:
    """Raise GraphError for whatever Meta would not accept."""
    _no_nulls(body)
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "messaging_product must be whatsapp")
    _check_recipient(body)
    _length(body, "biz_opaque_callback_data", 512)
    if "context" in body:
        _required(body["context"], "message_id", 512)
    kind = body.get("type", "text")
    content = body.get(str(kind))
    if kind == "contacts":
        if not isinstance(content, list) or not 1 <= len(content) <= CONTACTS_MAX:
            raise GraphError(131008, f"between 1 and {CONTACTS_MAX} contacts are required")
        return
    check = _CHECKS.get(str(kind))
    if check is None:
        raise GraphError(131051, f"type {kind} cannot be sent")
    if not isinstance(content, Mapping):
        raise GraphError(131008, f"{kind} is required")
    check(str(kind), content, world)
    if kind == "template" and not body.get("to") and templates.is_authentication(content, world.templates):
        raise GraphError(131062, "an authentication template cannot be sent to a business-scoped user id")


def _check_recipient(body: Body) -> None:
    to, recipient = body.get("to"), body.get("recipient")
    if not to and not recipient:
        raise GraphError(131008, "to or recipient is required")
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        raise GraphError(100, "recipient_type must be individual or group")
    if to and not PHONE.fullmatch(re.sub(r"[\s()-]", "", str(to))):
        raise GraphError(131009, "to is no phone number")


def _text(_kind: str, content: Body, _world: World) -> None:
    _required(content, "body", 4096)
    if not isinstance(content.get("preview_url", False), bool):
        raise GraphError(100, "preview_url must be true or false")


def _media(kind: str, content: Body, world: World) -> None:
    if bool(content.get("id")) == bool(content.get("link")):
        raise GraphError(131009, f"{kind} needs either id or link")
    if content.get("id"):
        kept = world.media.get(str(content["id"]))
        if kept is None:
            raise GraphError(131009, f"media {content['id']} does not exist")
        if kept[0].split(";")[0] not in media.KINDS[kind]:
            raise GraphError(131053, f"media {content['id']} of type {kept[0]} cannot be sent as {kind}")
    if "caption" in content and kind not in CAPTIONED:
        raise GraphError(100, f"{kind} has no caption")
    _length(content, "caption", 1024)


def _interactive(_kind: str, content: Body, world: World) -> None:
    kind = str(content.get("type"))
    if kind not in BODY_LIMITS:
        raise GraphError(131009, f"interactive type {kind} is not valid")
    _required(content.get("body"), "text", BODY_LIMITS[kind])
    if "footer" in content:
        _required(content["footer"], "text", 60)
    if "header" in content:
        _header(kind, content["header"], world)
    action = content.get("action")
    if not isinstance(action, Mapping):
        raise GraphError(131008, "action is required")
    if kind == "button":
        _buttons(action)
    elif kind == "list":
        _list(action)
    elif action.get("name") != ACTION_NAMES[kind]:
        raise GraphError(131009, f"action.name must be {ACTION_NAMES[kind]}")
    elif kind == "cta_url":
        _required(action.get("parameters"), "display_text", 20)
        _required(action.get("parameters"), "url", 2000)
    elif kind == "flow":
        _required(action.get("parameters"), "flow_cta", 20)


def _header(kind: str, header: Any, world: World) -> None:
    header_kind = header.get("type") if isinstance(header, Mapping) else None
    if header_kind not in HEADERS.get(kind, ()):
        raise GraphError(131009, f"a header of type {header_kind} is not allowed for {kind}")
    if header_kind == "text":
        _required(header, "text", 60)
    else:
        _media(str(header_kind), _objects([header.get(header_kind)], "header")[0], world)


def _buttons(action: Body) -> None:
    buttons = _objects(action.get("buttons"), "buttons")
    if not 1 <= len(buttons) <= 3:
        raise GraphError(131009, "between 1 and 3 buttons are allowed")
    if any(button.get("type") != "reply" for button in buttons):
        raise GraphError(131009, "a button's type must be reply")
    replies = _objects([button.get("reply") for button in buttons], "buttons")
    for reply in replies:
        _identifier(reply, 256)
        _required(reply, "title", 20)
    _unique([reply["id"] for reply in replies], "button ids")
    _unique([reply["title"] for reply in replies], "button titles")


def _list(action: Body) -> None:
    _required(action, "button", 20)
    sections = _objects(action.get("sections"), "sections")
    if not 1 <= len(sections) <= 10:
        raise GraphError(131009, "between 1 and 10 sections are allowed")
    if len(sections) > 1:
        for section in sections:
            _required(section, "title", 24)
    _length(sections[0], "title", 24)
    rows = [row for section in sections for row in _objects(section.get("rows"), "rows")]
    if not 1 <= len(rows) <= 10:
        raise GraphError(131009, "between 1 and 10 rows over all sections are allowed")
    for row in rows:
        _identifier(row, 200)
        _required(row, "title", 24)
        _length(row, "description", 72)
    _unique([row["id"] for row in rows], "row ids")


def _template(_kind: str, content: Body, world: World) -> None:
    templates.check(content, world.templates)


def _location(_kind: str, content: Body, _world: World) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        try:
            right = abs(float(content[name])) <= most
        except (KeyError, TypeError, ValueError):
            right = False
        if not right:
            raise GraphError(131008, f"{name} is required, between -{most} and {most}")


def _reaction(_kind: str, content: Body, _world: World) -> None:
    _required(content, "message_id", 512)
    if not isinstance(content.get("emoji"), str):
        raise GraphError(131008, "emoji is required; an empty one takes the reaction back")


_CHECKS = {
    "text": _text, **dict.fromkeys(media.KINDS, _media), "interactive": _interactive, "template": _template,
    "location": _location, "reaction": _reaction,
}  # fmt: skip


def _objects(value: Any, what: str) -> list[Body]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise GraphError(131008, f"{what} must be a list of objects")
    return value


def _identifier(content: Body, limit: int) -> None:
    _required(content, "id", limit)
    if content["id"] != content["id"].strip():
        raise GraphError(131009, "an id may not begin or end with a space")


def _required(content: Any, key: str, limit: int) -> None:
    value = content.get(key) if isinstance(content, Mapping) else None
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"{key} is required")
    _length(content, key, limit)


def _length(content: Body, key: str, limit: int) -> None:
    value = content.get(key, "")
    if not isinstance(value, str):
        raise GraphError(100, f"{key} must be text")
    if len(value) > limit:
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
