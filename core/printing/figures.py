"""Amounts and days as people read them, in each language; what documents, chat and panel print alike."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_currency

CURRENCY_SIGNS = {"PKR": {"en": "Rs", "ur_Latn": "Rs", "ur": "روپے"}}


@lru_cache(maxsize=4096)
def amount_text(value: Decimal, language: str, currency: str, *, places: bool = False) -> str:
    """`Rs 12,34,567` in lakh grouping; paisa when there are some, or always with `places`."""
    pattern = "#,##,##0.00" if places or value != value.to_integral_value() else "#,##,##0"
    figures = format_currency(value, currency, pattern, locale="en_PK", currency_digits=False)
    sign = CURRENCY_SIGNS.get(currency, {}).get(language, currency)
    return f"{figures} {sign}" if language == "ur" else f"{sign} {figures}"


def figures(value: Decimal) -> str:
    """`12,34,567.50`: an amount in a column that names its currency."""
    return format_currency(value, "PKR", "#,##,##0.00", locale="en_PK", currency_digits=False)


def plain(value: Decimal) -> str:
    """A quantity or percentage without trailing zeros: `19.5`, `2`."""
    return f"{value.normalize():f}"


@lru_cache(maxsize=4096)
def day_text(value: date, language: str) -> str:
    """`5 Dec 2026`, or `5 دسمبر 2026` in Urdu."""
    return format_date(value, "d MMM y", locale="ur" if language == "ur" else "en_GB")


GB, MB = 10**9, 10**6
UNITS = {"en": ("GB", "MB"), "ur_Latn": ("GB", "MB"), "ur": ("جی بی", "ایم بی")}


@lru_cache(maxsize=4096)
def volume_text(size: int, language: str) -> str:
    """`12.4 GB`, or `350 MB` below one: bytes as plans count them, in decimal units."""
    large, small = UNITS.get(language, UNITS["en"])
    if size < GB:
        return f"{size // MB} {small}"
    tenths = size * 10 // GB
    return f"{tenths // 10}.{tenths % 10} {large}" if tenths < 1000 else f"{tenths // 10:,} {large}"


def hours_text(seconds: int) -> str:
    """`21:05`: hours and minutes."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"
