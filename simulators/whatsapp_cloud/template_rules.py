"""What Meta refuses when a template is made or changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from simulators.whatsapp_cloud.errors import GraphError
from simulators.whatsapp_cloud.templates import BODY_MAX, PLACE, Template

NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
FORMATS = ("TEXT", "IMAGE", "DOCUMENT", "VIDEO", "LOCATION")
BUTTONS_MAX, LABEL_MAX, URL_MAX, PHONE_MAX, SHORT_MAX = 10, 25, 2000, 20, 60
MOST = {"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
EDGES, CROWDED, BAD_HEADER, BAD_BODY, BAD_FOOTER, TOO_LONG = 2388299, 2388293, 2388047, 2388072, 2388073, 2388040


def from_graph(body: Mapping[str, Any], template_id: str) -> Template:
    """The template of a creation request; raises GraphError."""
    name, language, category = str(body.get("name")), str(body.get("language") or ""), str(body.get("category"))
    parts = [part for part in body.get("components") or [] if isinstance(part, Mapping)]
    if category.upper() == "AUTHENTICATION":
        return _authentication(name, language, parts, template_id)
    if not NAME.fullmatch(name) or not language or category.upper() not in CATEGORIES:
        raise GraphError(100, "name, language or category is not valid")
    asked = str(body.get("parameter_format") or "").upper()
    made = from_parts(Template(name, language, "", category.upper(), id=template_id), parts)
    if asked == "POSITIONAL" and made.named:
        raise GraphError(100, "parameter_format is positional, the variables are named", BAD_BODY)
    return made


def from_parts(template: Template, parts: list[Mapping[str, Any]]) -> Template:
    """The template with the components of a request in place of its own; raises GraphError."""
    kinds = [str(part.get("type")).upper() for part in parts]
    if len(set(kinds)) != len(kinds) or "BODY" not in kinds:
        raise GraphError(100, f"a template needs one body of at most {BODY_MAX} characters", BAD_BODY)
    by_kind = dict(zip(kinds, parts, strict=True))
    body, example = by_kind["BODY"].get("text"), by_kind["BODY"].get("example")
    if not isinstance(body, str) or not body.strip():
        raise GraphError(100, f"a template needs one body of at most {BODY_MAX} characters", BAD_BODY)
    _check_body(body, example)
    header, footer = by_kind.get("HEADER"), by_kind.get("FOOTER", {})
    if header is not None:
        _check_header(header)
    words = str(footer.get("text") or "")
    if "FOOTER" in by_kind and (not words or len(words) > SHORT_MAX or PLACE.search(words)):
        raise GraphError(100, "a footer has 1 to 60 characters and no variables", BAD_FOOTER)
    buttons = [each for each in by_kind.get("BUTTONS", {}).get("buttons") or [] if isinstance(each, Mapping)]
    _check_buttons(buttons)
    shown = {key: value for key, value in header.items() if key != "type"} if header else None
    return Template(
        template.name, template.language, body, template.category, template.status, template.id, header=shown,
        footer=words, buttons=buttons, example=example if isinstance(example, Mapping) else None,
        quality=template.quality, edited=template.edited,
    )  # fmt: skip


def _check_body(body: str, example: Any) -> None:
    bare, places = body.strip(), list(dict.fromkeys(PLACE.findall(body)))
    if len(body) > BODY_MAX:
        raise GraphError(100, f"the body is longer than {BODY_MAX} characters", TOO_LONG)
    if PLACE.match(bare) or bare.endswith("}}"):
        raise GraphError(100, "variables cannot be at the start or end of the template", EDGES)
    if re.search(r"\}\}\s*\{\{", bare):
        raise GraphError(100, "variables cannot stand next to each other", BAD_BODY)
    numbers = sorted(int(place) for place in places if place.isdecimal())
    if numbers and (len(numbers) != len(places) or numbers != list(range(1, len(numbers) + 1))):
        raise GraphError(100, "variables are numbered from 1 without a gap, or all named", BAD_BODY)
    if any(not re.fullmatch(r"[a-z][a-z0-9_]*|\d+", place) for place in places):
        raise GraphError(100, "a variable's name is lower case and underscore", BAD_BODY)
    if len(places) > 1 and len(PLACE.sub("", body).split()) < len(places):
        raise GraphError(100, "too many variables for the length of the text", CROWDED)
    if isinstance(example, Mapping):
        _check_example(places, example)


def _check_example(places: list[str], example: Mapping[str, Any]) -> None:
    named = {str(each.get("param_name")) for each in example.get("body_text_named_params") or []}
    rows = example.get("body_text") or [[]]
    count = len(rows[0]) if rows and isinstance(rows[0], list) else len(rows)
    if named and named != set(places):
        raise GraphError(100, "the examples name other variables than the body", BAD_BODY)
    if not named and places and count != len(places):
        raise GraphError(100, "there is not one example for each variable", BAD_BODY)


def _check_header(header: Mapping[str, Any]) -> None:
    kind, text = str(header.get("format")).upper(), str(header.get("text") or "")
    if kind not in FORMATS:
        raise GraphError(100, "the header's format is not known", BAD_HEADER)
    handle = (header.get("example") or {}).get("header_handle")
    if kind in ("IMAGE", "DOCUMENT", "VIDEO") and not handle:
        raise GraphError(100, "a media header needs the handle of an example", BAD_HEADER)
    if kind == "TEXT" and (not 1 <= len(text) <= SHORT_MAX or len(PLACE.findall(text)) > 1 or "\n" in text):
        raise GraphError(100, "a text header has 1 to 60 characters and one variable at most", BAD_HEADER)
    if kind == "TEXT" and PLACE.search(text) and not header.get("example"):
        raise GraphError(100, "the header's variable needs an example", BAD_HEADER)


def _check_buttons(buttons: list[Mapping[str, Any]]) -> None:
    kinds = [str(button.get("type")).upper() for button in buttons]
    labels = [str(button.get("text") or "") for button in buttons]
    if len(buttons) > BUTTONS_MAX or any(kinds.count(kind) > most for kind, most in MOST.items()):
        raise GraphError(100, "too many buttons")
    if any(kind not in MOST for kind in kinds) or len(set(labels)) != len(labels):
        raise GraphError(100, "a button's type is not known, or two have the same text")
    if [kind for kind, _ in groupby(kinds)].count("QUICK_REPLY") > 1:
        raise GraphError(100, "quick replies must be grouped together")
    for button, kind, label in zip(buttons, kinds, labels, strict=True):
        if kind != "COPY_CODE" and not 1 <= len(label) <= LABEL_MAX:
            raise GraphError(100, f"a button's text has 1 to {LABEL_MAX} characters")
        url = str(button.get("url") or "")
        if kind == "URL" and (not url.startswith("http") or len(url) > URL_MAX):
            raise GraphError(100, "a URL button needs its url")
        if kind == "URL" and PLACE.search(url) and not (url.endswith("}}") and button.get("example")):
            raise GraphError(100, "a url's variable stands at its end and needs an example")
        if kind == "PHONE_NUMBER" and not 1 <= len(str(button.get("phone_number") or "")) <= PHONE_MAX:
            raise GraphError(100, f"a phone number has 1 to {PHONE_MAX} characters")


def _authentication(name: str, language: str, parts: list[Mapping[str, Any]], template_id: str) -> Template:
    """Meta writes the words itself: the request only says whether they warn, and when the code ends."""
    kinds = {str(part.get("type")).upper(): part for part in parts}
    buttons = kinds.get("BUTTONS", {}).get("buttons") or []
    if not NAME.fullmatch(name) or not language:
        raise GraphError(100, "name, language or category is not valid")
    if "BODY" not in kinds or "text" in kinds["BODY"]:
        raise GraphError(100, "an authentication template has a body without text of its own")
    if len(buttons) != 1 or str(buttons[0].get("type")).upper() != "OTP":
        raise GraphError(100, "an authentication template needs one OTP button")
    minutes = kinds.get("FOOTER", {}).get("code_expiration_minutes")
    if minutes is not None and (not isinstance(minutes, int) or not 1 <= minutes <= 90):
        raise GraphError(100, "code_expiration_minutes must be between 1 and 90")
    body = "*{{1}}* is your verification code."
    if kinds["BODY"].get("add_security_recommendation"):
        body += " For your security, do not share this code."
    return Template(
        name, language, body, "AUTHENTICATION", id=template_id, code_expiration_minutes=minutes
    )  # fmt: skip
