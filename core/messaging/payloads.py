"""Bodies of WhatsApp messages, refused here where Meta would refuse them later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.db import Json
from core.errors import DomainError

TEXT_MAX = 4096
CAPTION_MAX = 1024
BUTTON_BODY_MAX = 1024
LIST_BODY_MAX = 4096
HEADER_MAX = 60
BUTTONS_MAX, BUTTON_TITLE_MAX, BUTTON_ID_MAX = 3, 20, 256
SECTIONS_MAX, SECTION_TITLE_MAX = 10, 24
ROWS_MAX, ROW_TITLE_MAX, ROW_ID_MAX, ROW_DESCRIPTION_MAX = 10, 24, 200, 72
FILENAME_MAX = 240
TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
TEMPLATE_PARAMETER_NAME = re.compile(r"[a-z0-9_]+")
UNPRINTABLE_IN_TEMPLATE = re.compile(r"[\n\r\t]| {5,}")


class PayloadInvalid(DomainError):
    """Meta would refuse this message; the text names the part and its limit."""


def text(body: str, *, preview_url: bool = False) -> Json:
    """Plain words."""
    return {
        "type": "text",
        "text": {"body": _within("text", body, TEXT_MAX), "preview_url": preview_url},
    }


def buttons(
    body: str, choices: Sequence[tuple[str, str]], header: str | None = None, footer: str | None = None
) -> Json:
    """Up to three reply buttons, each (id, title)."""
    _count("buttons", len(choices), BUTTONS_MAX)
    _unique("button id", [choice for choice, _ in choices])
    _unique("button title", [title for _, title in choices])
    replies = [
        {
            "type": "reply",
            "reply": {
                "id": _identifier("button id", choice, BUTTON_ID_MAX),
                "title": _within("button title", title, BUTTON_TITLE_MAX),
            },
        }
        for choice, title in choices
    ]
    return _interactive(
        "button", _within("body", body, BUTTON_BODY_MAX), {"buttons": replies}, header=header, footer=footer
    )


Row = tuple[str, str, str]
"""(id, title, description); an empty description is left out."""


def list_message(
    body: str, button: str, sections: Sequence[tuple[str, Sequence[Row]]], footer: str | None = None
) -> Json:
    """A list of up to ten rows over all sections; a lone section may have an empty title."""
    _count("sections", len(sections), SECTIONS_MAX)
    rows = [row for _, section_rows in sections for row in section_rows]
    _count("list rows", len(rows), ROWS_MAX)
    _unique("row id", [row[0] for row in rows])
    action = {
        "button": _within("list button", button, BUTTON_TITLE_MAX),
        "sections": [_section(title, rows_, alone=len(sections) == 1) for title, rows_ in sections],
    }
    return _interactive("list", _within("body", body, LIST_BODY_MAX), action, footer=footer)


def document(caption: str, filename: str) -> Json:
    """A document; its media id is put in at sending."""
    content = {"filename": _within("file name", filename, FILENAME_MAX)}
    return {"type": "document", "document": content | _caption(caption)}


def image(caption: str) -> Json:
    """A picture; its media id is put in at sending."""
    return {"type": "image", "image": _caption(caption)}


def location_request(body: str) -> Json:
    """A button with which the person sends where he is."""
    return _interactive("location_request_message", _within("body", body, BUTTON_BODY_MAX), {"name": "send_location"})


def template(
    name: str, language: str, parameters: Sequence[str] | Mapping[str, str] = (), buttons: Sequence[str] = ()
) -> Json:
    """An approved template. A mapping fills named variables, a sequence numbered ones.

    `buttons` are the payloads of its quick replies, in their order.
    """
    if not TEMPLATE_NAME.fullmatch(name):
        raise PayloadInvalid(f"A template's name is lower case, digits and underscore, not {name!r}")
    if not language:
        raise PayloadInvalid(f"Template {name} needs a language")
    components: list[Json] = []
    if parameters:
        components.append({"type": "body", "parameters": _template_parameters(parameters)})
    for index, payload in enumerate(buttons):
        part = {"type": "payload", "payload": _identifier("button payload", payload, BUTTON_ID_MAX)}
        components.append({"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": [part]})
    content: Json = {"name": name, "language": {"code": language}}
    return {"type": "template", "template": content | ({"components": components} if components else {})}


CODE_PLACE = "••••••"
"""Stands in a payload where the code of a one-time message comes in as it leaves."""
CODE_MAX = 15


def authentication(name: str, language: str, code: str = CODE_PLACE) -> Json:
    """Meta's template for a one-time code: the code alone, in the body and in the button that copies it.

    When the code ends stands in the approved template, not here.
    """
    if len(code) > CODE_MAX or (not code.isascii() and code != CODE_PLACE):
        raise PayloadInvalid(f"A one-time code has at most {CODE_MAX} letters and figures")
    message = template(name, language, [code])
    part = {"type": "text", "text": code}
    message["template"]["components"].append(
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [part]}
    )  # fmt: skip
    return message


def with_code(payload: Json, code: str) -> Json:
    """The payload with the code wherever its place is kept."""
    return {key: _filled(value, code) for key, value in payload.items()}


def holds_code_place(payload: Json) -> bool:
    """Whether a one-time code has its place somewhere in the payload."""
    return with_code(payload, "") != payload


def _filled(value: Any, code: str) -> Any:
    if isinstance(value, str):
        return value.replace(CODE_PLACE, code)
    if isinstance(value, dict):
        return with_code(value, code)
    return [_filled(each, code) for each in value] if isinstance(value, list) else value


def _template_parameters(parameters: Sequence[str] | Mapping[str, str]) -> list[Json]:
    if isinstance(parameters, Mapping):
        for key in parameters:
            if not TEMPLATE_PARAMETER_NAME.fullmatch(key):
                raise PayloadInvalid(f"A template variable is lower case and underscore, not {key!r}")
        return [
            {"type": "text", "parameter_name": key, "text": _template_value(value)} for key, value in parameters.items()
        ]
    return [{"type": "text", "text": _template_value(value)} for value in parameters]


def _template_value(value: str) -> str:
    if UNPRINTABLE_IN_TEMPLATE.search(value):
        raise PayloadInvalid(
            "A template value may not hold line breaks, tabs or five spaces in a row; join its lines first"
        )
    return _within("template value", value, CAPTION_MAX)


def _interactive(kind: str, body: str, action: Json, *, header: str | None = None, footer: str | None = None) -> Json:
    content: dict[str, Any] = {"type": kind, "body": {"text": body}, "action": action}
    if header:
        content["header"] = {"type": "text", "text": _within("header", header, HEADER_MAX)}
    if footer:
        content["footer"] = {"text": _within("footer", footer, HEADER_MAX)}
    return {"type": "interactive", "interactive": content}


def _section(title: str, rows: Sequence[Row], *, alone: bool) -> Json:
    if not rows:
        raise PayloadInvalid(f"The section {title!r} of a list has no rows")
    if not title and not alone:
        raise PayloadInvalid("Every section of a list needs a title once there is more than one")
    named = {"title": _within("section title", title, SECTION_TITLE_MAX)} if title else {}
    return {**named, "rows": [_row(*row) for row in rows]}


def _row(identifier: str, title: str, description: str) -> Json:
    row = {
        "id": _identifier("row id", identifier, ROW_ID_MAX),
        "title": _within("row title", title, ROW_TITLE_MAX),
    }
    if description:
        row["description"] = _within("row description", description, ROW_DESCRIPTION_MAX)
    return row


def _caption(caption: str) -> Json:
    return {"caption": _within("caption", caption, CAPTION_MAX)} if caption else {}


def _identifier(part: str, value: str, longest: int) -> str:
    if value != value.strip():
        raise PayloadInvalid(f"The {part} {value!r} begins or ends with a space")
    return _within(part, value, longest)


def _within(part: str, value: str, longest: int) -> str:
    if not value.strip():
        raise PayloadInvalid(f"The {part} is empty")
    if len(value) > longest:
        raise PayloadInvalid(f"The {part} has {len(value)} characters; WhatsApp takes {longest}")
    return value


def _count(part: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise PayloadInvalid(f"{count} {part}; WhatsApp takes 1 to {most}")


def _unique(part: str, values: Sequence[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise PayloadInvalid(f"The same {part} twice: {', '.join(repeated)}")
