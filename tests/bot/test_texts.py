"""Every saying exists in every language, with the same places, and fits where WhatsApp shows it."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.flows import leaving
from bot.handlers import names
from bot.texts.deliver import BUTTON_MAX, ROW_DESCRIPTION_MAX, ROW_TITLE_MAX
from bot.texts.render import LANGUAGES, catalogue, render
from bot.texts.reply import Saying, words
from core.printing.figures import amount_text as amount
from core.printing.figures import day_text as day

BOT = Path(__file__).parent.parent.parent / "bot"
PLACES = re.compile(r"%\((\w+)\)s")


def calls(name: str) -> list[ast.Call]:
    return [
        node
        for path in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
    ]


def texts_of(nodes: list[ast.expr]) -> set[str]:
    return {
        str(node.args[0].value)
        for node in nodes
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "words"
        and isinstance(node.args[0], ast.Constant)
    }


SAYINGS = sorted(texts_of(list(calls("words"))))


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_saying_is_translated_with_the_same_places(language: str) -> None:
    known = catalogue(language)
    assert [text for text in SAYINGS if text not in known] == []
    assert [text for text in SAYINGS if set(PLACES.findall(text)) != set(PLACES.findall(known[text]))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_fit_their_buttons_and_rows(language: str) -> None:
    buttons = texts_of([call.args[1] for call in calls("Button") if len(call.args) > 1])
    titles = texts_of([call.args[1] for call in calls("Row") if len(call.args) > 1])
    descriptions = texts_of([call.args[2] for call in calls("Row") if len(call.args) > 2])
    options = texts_of([call.args[1] for call in calls("Option") if len(call.args) > 1])
    limits = (
        (options, BUTTON_MAX),
        (buttons, BUTTON_MAX),
        (titles, ROW_TITLE_MAX),
        (descriptions, ROW_DESCRIPTION_MAX),
    )
    too_long = [
        rendered
        for group, limit in limits
        for text in group
        if "%(" not in text and len(rendered := render(words(text), language)) > limit
    ]
    assert buttons and titles and descriptions
    assert too_long == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_fit_the_buttons_and_rows_they_are_put_on(language: str) -> None:
    rows = [*names.LIGHTS.values(), *names.COMPLAINT_NAMES.values(), *leaving.REASONS.values()]
    buttons = [*names.INTENT_NAMES.values(), *(offer[1] for offer in leaving.OFFERS.values())]
    too_long = [render(name, language) for name in rows if len(render(name, language)) > ROW_TITLE_MAX]
    assert too_long + [render(name, language) for name in buttons if len(render(name, language)) > BUTTON_MAX] == []


def test_amounts_are_grouped_in_lakh_and_days_read_as_people_say_them() -> None:
    assert amount(Decimal("1234567.50"), "en", "PKR") == "Rs 12,34,567.50"
    assert amount(Decimal("2500.00"), "ur_Latn", "PKR") == "Rs 2,500"
    assert amount(Decimal("2500.00"), "ur", "PKR") == "2,500 روپے"
    assert day(date(2026, 12, 5), "en") == "5 Dec 2026"
    assert day(date(2026, 12, 5), "ur") == "5 دسمبر 2026"


def test_a_percent_sign_in_a_fact_is_said_as_it_is() -> None:
    assert render(Saying("%(a)s", {"a": "100% %(b)s"}, plain=True), "ur") == "100% %(b)s"
