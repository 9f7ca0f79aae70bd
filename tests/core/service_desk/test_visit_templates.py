"""Outside the 24 hours each step of a visit goes as a template of the ready set, with the same facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from core.messaging.ready_templates import FILE
from core.service_desk import words
from core.service_desk.job_words import LANGUAGES, MESSAGES, Visit, visit_twin

VISIT = Visit("J-301", "repair", "Chenab Net", "Tariq", "25 Nov 2026", "10:00", "12:00", "4711")


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], set[str]]:
    listed = json.loads(FILE.read_text())
    return {(each["name"], each["language"]): set(re.findall(r"{{(\w+)}}", each["body"])) for each in listed}


def twins(language: str) -> list[dict[str, Any]]:
    steps = [visit_twin(step, language, VISIT) for step in MESSAGES]
    merged = words.merged_twin(language, {"company": "Chenab Net", "merged": "T-1002", "ticket": "T-1001"})
    solved = words.twin(language, {"company": "Chenab Net", "ticket": "T-1001", "note": "Cable changed"})
    return [*steps, merged, solved]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_its_template(language: str, known: dict[tuple[str, str], set[str]]) -> None:
    for twin in twins(language):
        assert known[twin["name"], twin["language"]] == set(twin["parameters"]), twin["name"]
