"""A template as its form writes it."""

from __future__ import annotations

from collections.abc import Mapping

from admin_web.forms import FieldInvalid, Form
from core.messaging.template_models import CATEGORIES
from core.messaging.template_rules import HEADER_KINDS, LANGUAGES, MOST, Button, Definition

ROWS = 10
KINDS = ("", *MOST)
LABELS = {"": "none", "quick_reply": "quick reply", "url": "web address", "phone": "phone"}
EMPTY = Definition("", "en", "UTILITY", "")


def read_template(form: Form, *, known: Definition | None = None) -> Definition:
    """The draft in the form; of a template that is there the name and language are what they are."""
    minutes = form.maybe_number("code_minutes")
    return Definition(
        name=known.name if known else form.text("name"),
        language=known.language if known else form.choice("language", LANGUAGES),
        category=form.choice("category", CATEGORIES),
        body=_lines(form.text("body")), variables=_pairs(form.text("variables")),
        header_kind=form.choice("header_kind", HEADER_KINDS), header=form.text("header"),
        header_example=form.text("header_example"), footer=form.text("footer"), buttons=tuple(_buttons(form)),
        session_body=_lines(form.text("session_body")), code_minutes=minutes,
    )  # fmt: skip


def _lines(words: str) -> str:
    return words.replace("\r\n", "\n").replace("\r", "\n")


def _pairs(written: str) -> Mapping[str, str]:
    pairs = {}
    for line in filter(None, (row.strip() for row in written.splitlines())):
        name, colon, example = line.partition(":")
        if not colon:
            raise FieldInvalid(f"{line[:60]!r} is no example: write the variable and what it may say, one a line.")
        pairs[name.strip()] = example.strip()
    return pairs


def _buttons(form: Form) -> list[Button]:
    buttons = []
    for place in range(ROWS):
        kind = form.text(f"kind_{place}")
        if kind:
            form.choice(f"kind_{place}", KINDS)
            buttons.append(Button(kind, form.text(f"label_{place}"), form.text(f"value_{place}"),
                                  form.text(f"example_{place}")))  # fmt: skip
    return buttons
