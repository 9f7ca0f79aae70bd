"""`taar understand`: what the bot makes of one text, or of a file of messages."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from bot.understanding import UnknownRole, explain, understand


class BadLine(ValueError):
    """A line of the file asks nothing that can be answered; the message says why."""


def told(text: str, role: str, today: date) -> Iterator[str]:
    """The reading of a text and the grounds for it, in lines for a person."""
    said = understand(text, role, today)
    yield f"{said.intent}  {said.confidence:.2f}"
    if said.matched:
        yield f"  nearest example: “{said.matched}”"
    reasons = explain(text, role)
    if reasons:
        yield f"  strongest signs: {', '.join(f'“{reason}”' for reason in reasons)}"
    for intent, confidence in said.alternatives:
        yield f"  or {intent}  {confidence:.2f}"
    for name, value in said.entities.items():
        yield f"  {name} = {value}"


def answered(lines: Iterable[bytes]) -> Iterator[tuple[str, bool]]:
    """An answer or a complaint for each line of {id, role, text, today}: (what to print, whether it is an answer)."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _answer(line), True
        except BadLine as fault:
            yield f"line {number}: {fault}", False


def _answer(line: bytes) -> str:
    try:
        asked = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise BadLine(f"not JSON ({fault})") from fault
    if not isinstance(asked, dict):
        raise BadLine("expected an object with id, role, text and today")
    role, text, today = (_text_of(asked, name) for name in ("role", "text", "today"))
    try:
        said = understand(text, role, date.fromisoformat(today))
    except UnknownRole as fault:
        raise BadLine(str(fault)) from fault
    except ValueError as fault:
        raise BadLine(f"today is no date as in 2026-12-31: {today!r}") from fault
    entities = dict(said.entities)
    if "month" in entities:
        entities["month"] = f"{entities['month']:%Y-%m}"
    answer = {
        "id": asked.get("id"), "intent": said.intent, "confidence": Decimal(str(said.confidence)),
        "entities": entities,
    }  # fmt: skip
    return _json(answer)


def _text_of(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise BadLine(f"{name} is missing" if value is None else f"{name} is no text")
    return value


def _json(value: Any) -> str:
    """JSON in which decimals are numbers as written, never rounded by way of a float."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value.to_integral_value():f}"
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    return json.dumps(value, ensure_ascii=False)


def answer_file(lines: Iterable[bytes]) -> bool:
    """Print an answer per line, complaints to stderr; False when there was one."""
    all_well = True
    for said, is_answer in answered(lines):
        print(said if is_answer else f"taar understand: {said}", file=sys.stdout if is_answer else sys.stderr)
        all_well = all_well and is_answer
    return all_well
