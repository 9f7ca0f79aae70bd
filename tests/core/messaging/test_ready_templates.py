"""Everything the program sends outside the 24 hours is in the ready set, under that name, with those variables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from core.companies import LANGUAGES
from core.messaging.invoice_notices import notice, notice_twin
from core.messaging.ready_templates import ready_template, ready_templates
from core.messaging.receipts import Receipt, receipt_template
from core.messaging.template_rules import ROMAN, check_template
from core.network import outage_words
from core.recovery import words as recovery
from core.service_desk import job_words
from core.service_desk import words as desk
from core.usecases import tell_technician, tell_welcome
from core.usecases.tell_outage import MENU, STILL_OFF
from core.usecases.tell_shortages import shortage_twin

RECEIPT = Receipt("RCP-1", Decimal("2500"), date(2026, 11, 5), "cash", "", "", Decimal(0), Decimal(0), "PKR")
DEBT = recovery.Debt("Chenab Net", "PKR", "Ayesha", "C-2001", Decimal("2500"), date(2026, 11, 10), 5, "JazzCash",
                     date(2026, 11, 20))  # fmt: skip
VISIT = job_words.Visit("J-301", "repair", "Chenab Net", "Tariq", "25 Nov 2026", "10:00", "12:00", "4711")
OUTAGE = {"company": "Chenab Net", "place": "Gulberg", "known": "Cable cut.", "count": "5", "total": "9",
          "device": "Gulberg-1", "since": "14:05"}  # fmt: skip
SUSPECTED = (("outage_confirm:1", "confirm"), ("outage_dismiss:1", "dismiss"))
CHOICES = {"outage_suspected": SUSPECTED, "outage_confirmed": MENU, "outage_over": STILL_OFF,
           "outage_refuted": STILL_OFF, "outage_seen": SUSPECTED, "outage_silent": SUSPECTED,
           "outage_back": (("outage_end:1", "over"),)}  # fmt: skip


def twins(language: str) -> Iterator[dict[str, Any]]:
    """Every twin that the core can queue, as its own function makes it."""
    yield receipt_template(RECEIPT, language)
    _, parts = notice(
        total=Decimal(2500), balance=Decimal(2500), earlier=Decimal(0), period_start=date(2026, 11, 1),
        period_end=date(2026, 12, 1), due_on=date(2026, 11, 10), currency="PKR", language=language,
    )  # fmt: skip
    yield notice_twin(parts, language)
    for key in (*recovery.MESSAGES, "service_restored"):
        yield recovery.twin(key, language, DEBT)
    for step in job_words.MESSAGES:
        yield job_words.visit_twin(step, language, VISIT)
    for key in outage_words.MESSAGES:
        yield outage_words.twin(key, language, OUTAGE, [action for action, _ in CHOICES[key]])
    yield desk.twin(language, {"company": "Chenab Net", "ticket": "T-1", "note": "Cable changed"})
    yield desk.merged_twin(language, {"company": "Chenab Net", "merged": "T-2", "ticket": "T-1"})
    yield shortage_twin([SimpleNamespace(type=SimpleNamespace(name="ONU"))], language)  # type: ignore[list-item]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_twin_is_registered_with_its_variables_and_buttons(language: str) -> None:
    for twin in twins(language):
        found = ready_template(twin["name"], twin["language"])
        assert found is not None, twin["name"]
        assert set(found.places) == set(twin["parameters"]), twin["name"]
        assert len(found.buttons) == len(twin.get("buttons", ())), twin["name"]


def test_the_words_that_are_made_elsewhere_have_their_templates_too() -> None:
    names = {each.name for each in ready_templates()}
    wanted = {"welcome": tell_welcome.WORDS["en"]}
    wanted |= {f"technician_job_{what}": said["en"] for what, said in tell_technician.WORDS.items()}
    for name, said in wanted.items():
        assert {name, name + ROMAN} <= names
        definition = ready_template(name, "en")
        assert definition is not None
        assert {f"%({place})s" for place in definition.places} == {
            f"%({each.split(')s')[0]})s" for each in said.split("%(")[1:]
        }
    told = ("office_notice", "lead_state", "account_link_asked", "account_linked", "account_link_decided",
            "one_time_code", "office_cards_guessed", "promotion")  # fmt: skip
    assert set(told) <= names


def test_the_ready_set_would_be_taken_by_meta() -> None:
    for each in ready_templates():
        check_template(each)


def test_every_name_is_there_in_three_languages() -> None:
    spoken: dict[str, set[str]] = {}
    for each in ready_templates():
        spoken.setdefault(each.name.removesuffix(ROMAN), set()).add(each.speech)
    codes = spoken.pop("one_time_code")
    assert codes == {"en", "ur"}, "Meta writes the words of a code and knows no Roman Urdu"
    assert {name: said for name, said in spoken.items() if said != set(LANGUAGES)} == {}


def test_the_labels_on_a_templates_buttons_are_those_of_the_session_message() -> None:
    for language in LANGUAGES:
        suffix, approved = job_words.TEMPLATES[language]
        for step in job_words.BUTTONS:
            found = ready_template(f"job_{step}{suffix}", approved)
            assert found is not None
            labels = [title for _, title in job_words.visit_buttons(step, language, VISIT)]
            assert [button.text for button in found.buttons] == labels
