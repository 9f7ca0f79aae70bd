"""Whatever a flow refuses is said in the person's language, with the figures that stand in the way."""

from __future__ import annotations

import pkgutil
import re
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest

import core
from bot.flows import ALL_FLOWS
from bot.flows.parts import refused_with
from bot.refusals import CANNOT, PLACES, SAID, explained
from bot.texts.render import LANGUAGES, catalogue, render
from core.billing.claims import ClaimDecided
from core.errors import DomainError
from core.recovery.promises import ExtensionsUsedUp
from core.staff.handovers import MoreThanInHand

ENGLISH = "The store has no such sentence"
OTHERS = [language for language in LANGUAGES if language != "en"]


for module in pkgutil.walk_packages(core.__path__, "core."):
    import_module(module.name)


def every_refusal(kind: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in every_refusal(each))]


def raised(kind: type[DomainError]) -> DomainError:
    """An error of that class with nothing but the office's text, also where its own construction asks for records."""
    refusal = kind.__new__(kind, ENGLISH)
    DomainError.__init__(refusal, ENGLISH)
    return refusal


@pytest.mark.parametrize("language", OTHERS)
def test_no_refusal_of_the_whole_program_reaches_a_chat_in_english(language: str) -> None:
    known = catalogue(language)
    unsaid = [
        kind.__qualname__ for kind in every_refusal()
        if (saying := explained(raised(kind))).text not in known or ENGLISH in render(saying, language)
    ]  # fmt: skip
    assert unsaid == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_flows_answer_with_the_reason_has_a_saying_of_its_own(language: str) -> None:
    generic = refused_with((DomainError,))[DomainError].__code__
    reasoned = {
        kind for flow in ALL_FLOWS.values() for kind, answer in flow.refused.items()
        if getattr(answer, "__code__", None) is generic
    }  # fmt: skip
    assert len(reasoned) > 20
    assert {kind.__qualname__ for kind in reasoned if explained(raised(kind)) is CANNOT} == set()
    known = catalogue(language)
    assert [s.text for kind in reasoned for s in SAID[kind] if s.text not in known] == []


def test_the_last_saying_of_a_refusal_needs_no_facts() -> None:
    assert [kind.__qualname__ for kind, sayings in SAID.items() if PLACES.findall(sayings[-1].text)] == []


def test_a_refusal_tells_its_figures() -> None:
    decided = render(explained(ClaimDecided(ENGLISH, number="CLM-7")), "ur_Latn")
    assert decided == "CLM-7 ka faisla ho chuka hai."
    more = render(explained(MoreThanInHand(ENGLISH, held=Decimal("1500.00"), amount=Decimal("2000.00"))), "ur")
    assert "1,500" in more and "2,000" in more and not re.search("[A-Za-z]", more)
    moved = render(explained(ExtensionsUsedUp(ENGLISH, day=date(2026, 12, 5))), "ur_Latn")
    assert moved.endswith("yeh 5 Dec 2026 tak qaim hai.")
