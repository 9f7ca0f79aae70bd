"""What a template is, and what Meta refuses of one (reference WhatsApp 3.3 and 5.1): refused here, with the field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from core.errors import DomainError
from core.messaging.template_models import CATEGORIES
from core.messaging.wordings import check_wording, render_wording

LANGUAGES = ("en", "ur")
ROMAN = "_roman"
NAME = re.compile(r"[a-z0-9_]{1,512}")
VARIABLE = re.compile(r"[a-z][a-z0-9_]{0,63}|[1-9]\d?")
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ADJACENT = re.compile(r"\}\}\s*\{\{")
BODY_MAX, HEADER_MAX, FOOTER_MAX, LABEL_MAX, URL_MAX, PHONE_MAX = 1024, 60, 60, 25, 2000, 20
BUTTONS_MAX = 10
MOST = {"quick_reply": 10, "url": 2, "phone": 1}
MARKUP = " \n*_~"
HEADER_KINDS = ("none", "text", "document", "image")
CODE_MINUTES = range(1, 91)
BLANK_LINES = re.compile(r"\n{3,}")


class TemplateInvalid(DomainError):
    """Meta would refuse this template; the fact `field` names the field at fault."""


class Button(NamedTuple):
    """`value` is the address of a `url` or the number of a `phone`; `example` fills the address's place."""

    kind: str
    text: str
    value: str = ""
    example: str = ""


@dataclass(frozen=True)
class Definition:
    """One wording of a template; `variables` gives each place an example."""

    name: str
    language: str
    category: str
    body: str
    variables: Mapping[str, str] = field(default_factory=dict)
    header_kind: str = "none"
    header: str = ""
    header_example: str = ""
    footer: str = ""
    buttons: Sequence[Button] = ()
    session_body: str = ""
    code_minutes: int | None = None

    @property
    def places(self) -> list[str]:
        """The variables of the body in their order, each once."""
        return list(dict.fromkeys(PLACE.findall(self.body)))

    @property
    def is_numbered(self) -> bool:
        """Whether its places are `{{1}}`, `{{2}}` … instead of named."""
        return any(place.isdecimal() for place in self.places)

    @property
    def header_place(self) -> str:
        """The variable of a text header, or nothing."""
        found = PLACE.findall(self.header) if self.header_kind == "text" else []
        return found[0] if found else ""

    @property
    def speech(self) -> str:
        """Whose language it is: en, ur_Latn or ur."""
        return "ur_Latn" if self.language == "ur" and self.name.endswith(ROMAN) else self.language


def check_template(draft: Definition) -> None:
    """Raise TemplateInvalid or WordingInvalid, with the field, for what Meta or we could not send."""
    if not NAME.fullmatch(draft.name):
        raise TemplateInvalid("The name has lower case letters, digits and underscores, 512 at most", field="name")
    if draft.language not in LANGUAGES:
        raise TemplateInvalid(f"The language is one of {', '.join(LANGUAGES)}", field="language")
    if draft.name.endswith(ROMAN) and draft.language != "ur":
        raise TemplateInvalid(f"A name that ends in {ROMAN} is Roman Urdu, which Meta files under ur", field="language")
    if draft.category not in CATEGORIES:
        raise TemplateInvalid(f"The category is one of {', '.join(CATEGORIES)}", field="category")
    if draft.category == "AUTHENTICATION":
        _check_code(draft)
        return
    _check_body(draft)
    _check_header(draft)
    if len(draft.footer) > FOOTER_MAX or "{{" in draft.footer or "\n" in draft.footer:
        raise TemplateInvalid(f"The footer is one line of {FOOTER_MAX} characters without variables", field="footer")
    _check_buttons(draft.buttons)
    named = (*draft.variables, *([draft.header_place] if draft.header_place else []))
    check_wording(draft.session_body or draft.body, variables=named,
                  field="session_body" if draft.session_body else "body")  # fmt: skip
    render_wording(draft.session_body or draft.body, {draft.header_place: draft.header_example} | dict(draft.variables),
                   field="session_body")  # fmt: skip


def _check_body(draft: Definition) -> None:
    body, bare = draft.body, draft.body.strip(MARKUP)
    if not bare or len(body) > BODY_MAX:
        raise TemplateInvalid(f"The body has {len(body)} characters; Meta takes 1 to {BODY_MAX}", field="body")
    if BLANK_LINES.search(body):
        raise TemplateInvalid("The body has more than one empty line in a row", field="body")
    if "{" in (rest := PLACE.sub("", body)) or "}" in rest:
        raise TemplateInvalid("A variable is written {{name}}; no other braces may stand in the body", field="body")
    if bare.startswith("{{") or bare.endswith("}}"):
        raise TemplateInvalid("A variable may not stand at the start or the end of the body", field="body")
    if ADJACENT.search(body):
        raise TemplateInvalid("Two variables may not follow each other without words between", field="body")
    _check_places(draft)
    words = [word for word in body.split() if not PLACE.search(word)]
    if len(words) < 2 * len(draft.places) + 1:
        raise TemplateInvalid(
            f"{len(draft.places)} variables are too many for {len(words)} words: write more words", field="body"
        )


def _check_places(draft: Definition) -> None:
    places = draft.places
    if wrong := next((place for place in places if not VARIABLE.fullmatch(place)), None):
        raise TemplateInvalid(f"A variable has lower case letters, digits and underscores, not {wrong!r}", field="body")
    numbers = [place for place in places if place.isdecimal()]
    if numbers and len(numbers) != len(places):
        raise TemplateInvalid("Variables are all named or all numbered", field="body")
    if sorted(numbers, key=int) != [str(count) for count in range(1, len(numbers) + 1)]:
        raise TemplateInvalid("Numbered variables count from 1 without a gap", field="body")
    if missing := next((place for place in places if not draft.variables.get(place, "").strip()), None):
        raise TemplateInvalid(f"Meta wants an example for {{{{{missing}}}}}", field="variables")
    if extra := next((name for name in draft.variables if name not in places), None):
        raise TemplateInvalid(f"There is an example for {extra}, which is no variable of the body", field="variables")


def _check_header(draft: Definition) -> None:
    header = draft.header
    if draft.header_kind not in HEADER_KINDS:
        raise TemplateInvalid(f"The header is one of {', '.join(HEADER_KINDS)}", field="header_kind")
    if draft.header_kind != "text":
        return
    if not header.strip() or len(header) > HEADER_MAX or "\n" in header or any(sign in header for sign in "*~"):
        raise TemplateInvalid(f"A header is one line of {HEADER_MAX} characters without markup", field="header")
    places = PLACE.findall(header)
    if len(places) > 1 or "{" in PLACE.sub("", header):
        raise TemplateInvalid("A header has one variable at most", field="header")
    if places and not VARIABLE.fullmatch(places[0]):
        raise TemplateInvalid(f"A variable has lower case letters, digits and underscores, not {places[0]!r}",
                              field="header")  # fmt: skip
    if places and not draft.header_example.strip():
        raise TemplateInvalid("Meta wants an example for the header's variable", field="header_example")


def _check_buttons(buttons: Sequence[Button]) -> None:
    if len(buttons) > BUTTONS_MAX:
        raise TemplateInvalid(f"A template has {BUTTONS_MAX} buttons at most", field="buttons")
    for button in buttons:
        _check_button(button)
    kinds = [button.kind for button in buttons]
    if much := next((kind for kind, most in MOST.items() if kinds.count(kind) > most), None):
        raise TemplateInvalid(f"A template has {MOST[much]} buttons of kind {much} at most", field="buttons")
    if [kind for kind, _ in groupby(kinds)].count("quick_reply") > 1:
        raise TemplateInvalid("Quick replies stand together, before or after the other buttons", field="buttons")
    labels = [button.text for button in buttons]
    if len(set(labels)) != len(labels):
        raise TemplateInvalid("Every button has a label of its own", field="buttons")


def _check_button(button: Button) -> None:
    if button.kind not in MOST:
        raise TemplateInvalid(f"A button is one of {', '.join(MOST)}", field="buttons")
    if not 1 <= len(button.text.strip()) <= LABEL_MAX or "{" in button.text or "\n" in button.text:
        raise TemplateInvalid(f"A button's label has 1 to {LABEL_MAX} characters, no variables", field="buttons")
    if button.kind == "phone" and not re.fullmatch(rf"\+?\d{{5,{PHONE_MAX - 1}}}", button.value):
        raise TemplateInvalid(f"{button.value!r} is no phone number such as +924235550100", field="buttons")
    if button.kind != "url":
        return
    if not re.match(r"https?://[^\s{}]+", button.value) or len(button.value) > URL_MAX:
        raise TemplateInvalid(f"{button.value[:60]!r} is no web address", field="buttons")
    if "{" in button.value and not re.fullmatch(r"[^{}]+\{\{1\}\}", button.value):
        raise TemplateInvalid("An address has one variable, {{1}}, at its end", field="buttons")
    if "{" in button.value and not button.example.startswith("http"):
        raise TemplateInvalid("Meta wants an example of the whole address", field="buttons")


def _check_code(draft: Definition) -> None:
    """Of a one-time code Meta writes the words itself; ours only show what it reads like."""
    if draft.places != ["1"]:
        raise TemplateInvalid("A one-time code has one variable, {{1}}: the code", field="body")
    if draft.header_kind != "none" or draft.buttons or draft.footer or draft.session_body:
        raise TemplateInvalid("A one-time code has neither header, footer nor buttons of its own", field="buttons")
    if draft.code_minutes is not None and draft.code_minutes not in CODE_MINUTES:
        raise TemplateInvalid("A code ends after 1 to 90 minutes", field="code_minutes")
