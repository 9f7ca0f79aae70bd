"""Sayings put into words: English, Roman Urdu, Urdu, with amounts and dates as each reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from bot.texts.reply import Saying

LANGUAGES = ("en", "ur_Latn", "ur")
LOCALES = Path(__file__).parent / "locale"
CURRENCY_SIGNS = {"PKR": {"en": "Rs", "ur_Latn": "Rs", "ur": "روپے"}}


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
        return amount(value, language, currency)
    if isinstance(value, datetime):
        return f"{day(value.date(), language)}, {value:%H:%M}"
    if isinstance(value, date):
        return day(value, language)
    return str(value)


@lru_cache(maxsize=4096)
def amount(value: Decimal, language: str, currency: str) -> str:
    """`Rs 12,34,567` in lakh grouping; paisa only when there are some."""
    pattern = "#,##,##0" if value == value.to_integral_value() else "#,##,##0.00"
    figures = format_currency(value, currency, pattern, locale="en_PK", currency_digits=False)
    sign = CURRENCY_SIGNS.get(currency, {}).get(language, currency)
    return f"{figures} {sign}" if language == "ur" else f"{sign} {figures}"


@lru_cache(maxsize=4096)
def day(value: date, language: str) -> str:
    """`5 Dec 2026`, or `5 دسمبر 2026` in Urdu."""
    return format_date(value, "d MMM y", locale="ur" if language == "ur" else "en_GB")
