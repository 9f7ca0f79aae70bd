"""Message templates as Meta keeps them: made in code, from a file or over the Graph API; sent only when approved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.whatsapp_cloud.errors import GraphError

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
UNPRINTABLE = re.compile(r"[\n\r\t]| {5,}")
BODY_MAX = 1024
CODE_MAX = 15
NOT_SENT = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass(frozen=True)
class Template:
    """A template in one language; its places are numbered (`{{1}}`) or named (`{{amount}}`)."""

    name: str
    language: str
    body: str
    category: str = "UTILITY"
    status: str = "APPROVED"
    id: str = ""
    code_expiration_minutes: int | None = None
    """Of an authentication template: when its code ends."""
    header: Mapping[str, Any] | None = None
    footer: str = ""
    buttons: Sequence[Mapping[str, Any]] = ()
    """Header and buttons as Graph writes them; the example of the body too."""
    example: Mapping[str, Any] | None = None
    quality: str = "UNKNOWN"
    reason: str = "NONE"
    edited: tuple[float, ...] = ()
    """When it was changed while it was approved."""

    @property
    def places(self) -> list[str]:
        return list(dict.fromkeys(PLACE.findall(self.body)))

    @property
    def named(self) -> bool:
        return any(not place.isdecimal() for place in self.places)

    @property
    def replies(self) -> int:
        """How many quick replies it has."""
        return sum(str(button.get("type")).upper() == "QUICK_REPLY" for button in self.buttons)

    def graph(self) -> dict[str, Any]:
        """As the Graph API lists it."""
        return {
            "id": self.id, "name": self.name, "language": self.language, "category": self.category,
            "status": self.status, "parameter_format": "NAMED" if self.named else "POSITIONAL",
            "quality_score": {"score": self.quality, "date": 1_790_000_000},
            "rejected_reason": self.reason, "components": self._parts(),
        }  # fmt: skip

    def _parts(self) -> list[dict[str, Any]]:
        header = [{"type": "HEADER", **self.header}] if self.header else []
        body = {"type": "BODY", "text": self.body, **({"example": self.example} if self.example else self._example())}
        footer = [{"type": "FOOTER", "text": self.footer}] if self.footer else []
        buttons = [{"type": "BUTTONS", "buttons": [dict(each) for each in self.buttons]}] if self.buttons else []
        return [*header, body, *footer, *buttons, *self._code_parts()]

    def _code_parts(self) -> list[dict[str, Any]]:
        if self.category != "AUTHENTICATION":
            return []
        minutes = self.code_expiration_minutes
        footer = [{"type": "FOOTER", "code_expiration_minutes": minutes}] if minutes else []
        return [*footer, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]

    def _example(self) -> dict[str, Any]:
        if self.named:
            return {"example": {"body_text_named_params": [{"param_name": p, "example": p} for p in self.places]}}
        return {"example": {"body_text": [[f"value {place}" for place in self.places]]}} if self.places else {}


def check(content: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> None:
    """Raise GraphError for a template message that Meta would not accept."""
    template = _found(content, templates)
    if template.status != "APPROVED":
        raise GraphError(NOT_SENT.get(template.status, 132001), f"template {template.name} is {template.status}")
    for component in content.get("components") or []:
        if not isinstance(component, Mapping) or not isinstance(component.get("parameters", []), list):
            raise GraphError(132012, "a component is no object with parameters")
        for parameter in component.get("parameters", []):
            _check_parameter(parameter)
    given = _body_parameters(content)
    if len(given) != len(template.places):
        raise GraphError(132000, f"{len(given)} parameters instead of {len(template.places)}")
    if template.named and {str(p.get("parameter_name")) for p in given} != set(template.places):
        raise GraphError(132012, f"the parameters' names must be {', '.join(template.places)}")
    if template.category == "AUTHENTICATION":
        _check_code(content, given)
    elif template.buttons or template.header:
        _check_replies(content, template)


def _check_replies(content: Mapping[str, Any], template: Template) -> None:
    """Payloads of quick replies name buttons that are there."""
    parts = [part for part in content.get("components") or [] if str(part.get("type")).lower() == "button"]
    for part in parts:
        index = str(part.get("index"))
        if str(part.get("sub_type")).lower() == "quick_reply" and not (
            index.isdecimal() and int(index) < len(template.buttons)
        ):
            raise GraphError(132012, f"{template.name} has no button {index}")


def is_authentication(content: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> bool:
    """Whether the message carries a one-time code."""
    return _found(content, templates).category == "AUTHENTICATION"


def _check_code(content: Mapping[str, Any], body: list[Mapping[str, Any]]) -> None:
    """The code stands in the body and once more in the button, which must come with it."""
    code = str(body[0].get("text", "")) if body else ""
    if len(code) > CODE_MAX:
        raise GraphError(132018, f"a code has at most {CODE_MAX} characters")
    buttons = [part for part in content.get("components") or [] if str(part.get("type")).lower() == "button"]
    if len(buttons) != 1:
        raise GraphError(131008, "an authentication template needs its button component with the code")
    button = buttons[0]
    if str(button.get("sub_type")).lower() not in ("url", "copy_code") or str(button.get("index")) != "0":
        raise GraphError(132012, "the button of an authentication template has sub_type url and index 0")
    given = [part.get("text") or part.get("coupon_code") for part in button.get("parameters", [])]
    if given != [code]:
        raise GraphError(132012, "the button must carry the same code as the body")


def shown(content: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> str:
    """The words the person reads."""
    template = _found(content, templates)
    given = _body_parameters(content)
    values = {str(p.get("parameter_name") or place): str(p.get("text", "")) for place, p in zip(
        template.places, given, strict=False)}  # fmt: skip
    return PLACE.sub(lambda place: values.get(place[1], place[0]), template.body)


def _found(content: Mapping[str, Any], templates: Mapping[tuple[str, str], Template]) -> Template:
    language = content.get("language")
    code = language.get("code") if isinstance(language, Mapping) else None
    found = templates.get((str(content.get("name")), str(code)))
    if found is None:
        raise GraphError(132001, f"template {content.get('name')} does not exist in {code}")
    return found


def _body_parameters(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    bodies = [c for c in content.get("components") or [] if str(c.get("type")).lower() == "body"]
    return list(bodies[0].get("parameters", [])) if bodies else []


def _check_parameter(parameter: Any) -> None:
    if not isinstance(parameter, Mapping):
        raise GraphError(132012, "a parameter is no object")
    if parameter.get("type") == "text":
        text = parameter.get("text")
        if not isinstance(text, str) or not text:
            raise GraphError(131008, "a text parameter needs text")
        if UNPRINTABLE.search(text) or len(text) > BODY_MAX:
            raise GraphError(132018, "a parameter has line breaks, tabs, five spaces in a row or is too long")
    elif parameter.get("type") == "payload" and not 1 <= len(str(parameter.get("payload") or "")) <= 256:
        raise GraphError(100, "a button's payload has 1 to 256 characters")
