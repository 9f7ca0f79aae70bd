"""Words inside the lines of documents, which are kept in English, as an Urdu reader gets them."""

from __future__ import annotations

import re
from datetime import date

from babel.dates import format_date

PHRASES = {
    "Installation": "تنصیب", "Relocation": "جگہ کی تبدیلی", "Equipment": "سامان", "Rent of equipment": "سامان کا کرایہ",
    "Deposit for equipment (refundable)": "سامان کی ضمانت (قابل واپسی)",
    "Equipment not returned": "سامان واپس نہیں ملا", "Part of the deposit kept": "ضمانت میں سے رکھی گئی رقم",
    "Reconnection fee": "بحالی کی فیس", "Late fee for": "تاخیر کی فیس، بل", "Late fee": "تاخیر کی فیس",
    "Other charge": "دیگر رقم", "Reduction": "کمی", "Rounding": "راؤنڈنگ", "Salary": "تنخواہ",
    "Tax deducted": "کاٹا گیا ٹیکس", "Tax on bonus:": "بونس پر ٹیکس:", "Bonus:": "بونس:",
    "Other entries": "دیگر اندراج",
}  # fmt: skip
_ABSENCE = re.compile(r"Absence, ([\d.]+) days?")
_DAY = re.compile(r"\b(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: (\d{4}))?\b")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEADING = re.compile("|".join(re.escape(phrase) for phrase in sorted(PHRASES, key=len, reverse=True)))
_LEAP_YEAR = 2024
_WITHIN = (
    (re.compile(r" usage, "), " کا استعمال، "), (re.compile(r"([\d,.]+) (GB|GiB) used"), r"\1 \2 استعمال"),
    (re.compile(r", ([\d,.]+) included"), r"، \1 شامل"), (re.compile(r", above (\d+)"), r"، \1 سے اوپر"),
    (re.compile(r"\((\d+) days?\)"), r"(\1 دن)"), (re.compile(r", serial "), "، سیریل "),
)  # fmt: skip


def phrased(text: str, language: str) -> str:
    """The line in `language`: known phrases and dates are put into Urdu, names and numbers stay as they are."""
    if language != "ur":
        return text
    absence = _ABSENCE.fullmatch(text)
    if absence:
        return f"غیر حاضری، {absence[1]} دن"
    found = _LEADING.match(text)
    if found:
        text = PHRASES[found[0]] + text[found.end() :]
    for pattern, words in _WITHIN:
        text = pattern.sub(words, text)
    return _DAY.sub(_urdu_day, text)


def _urdu_day(found: re.Match[str]) -> str:
    try:
        day = date(int(found[3] or _LEAP_YEAR), _MONTHS.index(found[2]) + 1, int(found[1]))
    except ValueError:  # no day of that month: part of a name
        return found[0]
    return format_date(day, "d MMMM y" if found[3] else "d MMMM", locale="ur")
