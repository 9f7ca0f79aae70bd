"""The set of templates that every company starts from: what the program itself sends outside the 24 hours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.messaging.template_rules import PLACE, Button, Definition

FILE = Path(__file__).with_name("ready_templates.json")
"""`[{name, language, body, category?, buttons?, code_expiration_minutes?}]`; buttons are labels of quick replies."""
EXAMPLES = {
    "1": "481516", "account": "C-2001", "amount": "Rs 2,500", "balance": "Rs 2,500", "bill": "INV-2026-27-000123",
    "cause": "cable", "code": "4711", "collector": "Tariq", "company": "Ravi Fiber", "count": "5",
    "cut_on": "25 Nov 2026", "day": "12 Nov 2026", "days": "5", "due": "10 Nov 2026", "due_on": "10 Nov 2026",
    "first": "ONU", "how_to_pay": "JazzCash 0300 8000100", "job": "J-311", "known": "-", "merged": "T-1043",
    "method": "cash", "name": "Ayesha Khan", "note": "-", "number": "C-2001", "offer": "50 Mbps",
    "period": "1 Nov 2026 - 30 Nov 2026", "place": "Gulberg III", "plan": "Fiber 20", "technician": "Tariq",
    "ticket": "T-1042", "what": "-", "when": "12 Nov 10:00-12:00", "who": "0300 ···· 567", "window": "10:00-12:00",
}  # fmt: skip
"""What Meta's reviewers read in the places; figures and names read the same in all languages."""


@cache
def ready_templates() -> Sequence[Definition]:
    """Every definition of the set, in the order of the file."""
    return [_definition(row) for row in json.loads(FILE.read_text(encoding="utf-8"))]


def ready_template(name: str, language: str) -> Definition | None:
    """One of the set, or None."""
    return next((each for each in ready_templates() if (each.name, each.language) == (name, language)), None)


def _definition(row: dict[str, Any]) -> Definition:
    places = dict.fromkeys(PLACE.findall(row["body"]))
    return Definition(
        name=row["name"], language=row["language"], category=row.get("category", "UTILITY"), body=row["body"],
        variables={place: EXAMPLES.get(place, place.replace("_", " ")) for place in places},
        buttons=tuple(Button("quick_reply", label) for label in row.get("buttons", ())),
        code_minutes=row.get("code_expiration_minutes"),
    )  # fmt: skip
