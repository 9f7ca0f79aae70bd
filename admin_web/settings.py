"""A company's settings as forms: each says in a sentence what it does, and each is refused next to its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from admin_web.forms import FieldInvalid, Form
from core.errors import DomainError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Setting:
    """One field. `teach` is the sentence below it; `least` and `most` bound a number, an amount or a percentage.

    `kind` is number, amount, percent, tick, choice, text, words, clock, weekdays, list, pairs or people. An `optional`
    one may be empty, which means what `teach` says.
    """

    name: str
    label: str
    teach: str
    kind: str = "number"
    choices: Choices = ()
    least: int = 0
    most: int | None = None
    optional: bool = False


@dataclass(frozen=True)
class Group:
    """Settings under one heading."""

    title: str
    settings: Sequence[Setting]


@dataclass(frozen=True)
class Tab:
    """A page of settings. `values` are those in force, by setting; `keep` sets them, in the panel's transaction."""

    title: str
    intro: str
    permission: str
    values: Callable[[Session], dict[str, Any]]
    keep: Callable[[Session, dict[str, Any]], object]
    groups: Callable[[Session], Sequence[Group]]


@dataclass
class Answers:
    """What a form said: the values that could be read, and why the others could not."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read_answers(form: Form, groups: Iterable[Group]) -> Answers:
    """Every field of the groups; each that cannot be read has its own reason."""
    answers = Answers()
    for group in groups:
        for setting in group.settings:
            try:
                answers.values[setting.name] = _READ[setting.kind](form, setting)
            except DomainError as wrong:
                answers.problems[setting.name] = str(wrong)
    return answers


def _number(form: Form, setting: Setting) -> int | None:
    value = form.maybe_number(setting.name)
    return None if _is_empty(value, setting) else int(_bounded(Decimal(value or 0), setting))


def _amount(form: Form, setting: Setting) -> Decimal | None:
    value = form.maybe_amount(setting.name)
    return None if _is_empty(value, setting) else _bounded(value or Decimal(0), setting)


def _percent(form: Form, setting: Setting) -> Decimal | None:
    value = form.rate(setting.name) if form.text(setting.name) else None
    return None if _is_empty(value, setting) else _bounded(value or Decimal(0), setting)


def _is_empty(value: object, setting: Setting) -> bool:
    if value is None and not setting.optional:
        raise FieldInvalid("This is needed.")
    return value is None


def _bounded(value: Decimal, setting: Setting) -> Decimal:
    if value < setting.least or (setting.most is not None and value > setting.most):
        upper = f" to {setting.most:,}" if setting.most is not None else " or more"
        raise FieldInvalid(f"It must be {setting.least}{upper}.")
    return value


def _tick(form: Form, setting: Setting) -> bool:
    return form.ticked(setting.name)


def _choice(form: Form, setting: Setting) -> str:
    value = form.text(setting.name)
    if value not in [key for key, _ in setting.choices]:
        raise FieldInvalid("Choose one of the list.")
    return value


def _text(form: Form, setting: Setting) -> str:
    value = form.text(setting.name)
    if not value and not setting.optional:
        raise FieldInvalid("This is needed.")
    return value


def _clock(form: Form, setting: Setting) -> time:
    try:
        return time.fromisoformat(form.text(setting.name))
    except ValueError as wrong:
        raise FieldInvalid("It must be a time such as 09:00.") from wrong


def _weekdays(form: Form, setting: Setting) -> list[int]:
    return [number for number in range(1, 8) if form.ticked(f"{setting.name}_{number}")]


def _list(form: Form, setting: Setting) -> list[str]:
    return [word for each in form.text(setting.name).split(",") if (word := " ".join(each.split()))]


def _pairs(form: Form, setting: Setting) -> dict[str, str]:
    """A line each, as `JazzCash: 0300 1234567`."""
    pairs: dict[str, str] = {}
    for line in form.text(setting.name).splitlines():
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in re.sub("\uff1a", ":", line).partition(":"))
        if not colon or not name or not value:
            raise FieldInvalid(f"{line.strip()!r} needs a name, a colon and a number.")
        if name in pairs:
            raise FieldInvalid(f"{name} stands there twice.")
        pairs[name] = value
    return pairs


def _people(form: Form, setting: Setting) -> list[str]:
    return [key for key, _ in setting.choices if form.ticked(f"{setting.name}_{key}")]


_READ: dict[str, Callable[[Form, Setting], Any]] = {
    "number": _number, "amount": _amount, "percent": _percent, "tick": _tick, "choice": _choice, "text": _text,
    "words": _text, "clock": _clock, "weekdays": _weekdays, "list": _list, "pairs": _pairs, "people": _people,
}  # fmt: skip
