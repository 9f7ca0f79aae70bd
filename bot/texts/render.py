"""Sayings put into words: English, Roman Urdu, Urdu, with amounts and dates as each reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from bot.texts.reply import Saying
from core.printing.figures import amount_text, day_text

LANGUAGES = ("en", "ur_Latn", "ur")
LOCALES = Path(__file__).parent / "locale"


@lru_cache
def catalogue(language: str) -> Mapping[str, str]:
    """English text → the language's words, from its PO file."""
    if language == "en":
        return {}
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = read_po(file, locale="ur")
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def render(saying: Saying, language: str, currency: str = "PKR") -> str:
    """The saying's words in `language`; a text missing in the catalogue is said in English."""
    text = saying.text if saying.plain else catalogue(language).get(saying.text, saying.text)
    if not saying.facts:
        return text if saying.plain else text.replace("%%", "%")
    return text % {name: _fact(value, language, currency) for name, value in saying.facts.items()}


def _fact(value: Any, language: str, currency: str) -> str:
    if isinstance(value, Saying):
        return render(value, language, currency)
    if isinstance(value, Decimal):
        return amount_text(value, language, currency)
    if isinstance(value, datetime):
        return f"{day_text(value.date(), language)}, {value:%H:%M}"
    if isinstance(value, date):
        return day_text(value, language)
    return str(value)
