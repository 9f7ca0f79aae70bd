"""Dates, amounts and text as banks print them: Urdu digits, lakh grouping, brackets, old encodings."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from core.ledger.bank_files import YEARS, StatementUnreadable
from core.money import rounded

DIGITS = {ord(c): str(n % 10) for n, c in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
"""Arabic and Urdu digits, to be read like ours."""
MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"))
"""Invisible signs of direction."""
DATE_WORDS = {
    "yyyy": "%Y", "yy": "%y", "mmmm": "%B", "mmm": "%b", "mm": "%m", "m": "%m", "dd": "%d", "d": "%d",
}  # fmt: skip
TIME_OF_DAY = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s*([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?$")
UNIT = re.compile(r"^(rs\.?|pkr|₨|usd|eur|gbp|aed|sar)\s*|\s*(rs\.?|pkr|₨|usd|eur|gbp|aed|sar|/-)$", re.IGNORECASE)
SIDE = re.compile(r"\s*(cr|dr|c|d)\.?$", re.IGNORECASE)


class NotAValue(ValueError):
    """The text is no date or no amount in the format given; says why."""


def decode(data: bytes, encoding: str = "") -> str:
    """The text of a file: by its mark, as UTF-8, or in the `encoding` the account's mapping names.

    Raises StatementUnreadable.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            encoding = name
    try:
        text = data.decode(encoding or "utf-8")
    except LookupError as unknown:
        raise StatementUnreadable(f"There is no encoding {encoding!r}; windows-1256 is one for Urdu") from unknown
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise StatementUnreadable(
            f"Line {line} is not {encoding or 'UTF-8'} text: name the file's encoding in the account's mapping, "
            "for example windows-1256 or windows-1252"
        ) from wrong
    if "\x00" in text:
        raise StatementUnreadable(f"Line {text[: text.index(chr(0))].count(chr(10)) + 1} holds binary data, not text")
    return text


def pattern_of(date_format: str) -> str:
    """`dd/mm/yyyy` as Python's `%d/%m/%Y`; what holds a percent sign is taken as it stands. Raises NotAValue."""
    if "%" in date_format:
        return date_format
    words = re.sub(r"[\sT]*h+:.*$", "", date_format.strip(), flags=re.IGNORECASE).lower()
    pattern = re.sub(r"([a-z])\1*", lambda word: DATE_WORDS.get(word[0], "?"), words)
    if "?" in pattern or not {"%d", "%m", "%Y"} <= {
        {"%b": "%m", "%B": "%m", "%y": "%Y"}.get(part, part) for part in re.findall("%.", pattern)
    }:
        raise NotAValue(f"{date_format!r} is no date format; dd/mm/yyyy, mm/dd/yyyy and dd-mmm-yy are")
    return pattern


def read_date(text: str, pattern: str) -> date:
    """The day in `text`, a time of day after it left out; raises NotAValue."""
    text = " ".join(text.translate(DIGITS).translate(MARKS).split())
    for candidate in (text, TIME_OF_DAY.sub("", text)):
        try:
            day = datetime.strptime(candidate, pattern).date()  # noqa: DTZ007 - a bank's day has no zone
        except ValueError:
            continue
        if day.year in YEARS:
            return day
    raise NotAValue(f"{text!r} is not a date in the format {pattern}")


def read_amount(text: str, *, decimal: str = ".", thousands: str = ",") -> Decimal:
    """A signed amount: minus before or after, in brackets, or with DR; lakh and western grouping.

    Raises NotAValue, also for more than two places and for grouping that no one writes.
    """
    shown = text
    text = " ".join(text.translate(DIGITS).translate(MARKS).replace("\u2212", "-").replace("\u066b", ".").split())
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    text = UNIT.sub("", text).strip()
    side = SIDE.search(text)
    if side:
        negative ^= side[1].lower().startswith("d")
        text = text[: side.start()]
    if text.endswith("-"):
        negative, text = not negative, text[:-1].strip()
    if text[:1] in {"-", "+"}:
        negative, text = negative ^ (text[0] == "-"), text[1:].strip()
    value = _plain(UNIT.sub("", text).strip(), decimal, thousands)
    if value is None:
        raise NotAValue(f"{shown!r} is not an amount with {decimal!r} before the paisa")
    if value != rounded(value):
        raise NotAValue(f"{shown!r} has more than two decimal places")
    return -rounded(value) if negative else rounded(value)


def _plain(text: str, decimal: str, thousands: str) -> Decimal | None:
    """An amount without sign or unit, or None; groups are of two or three digits and the last one of three."""
    whole, _, places = text.partition(decimal)
    if thousands and thousands in whole:
        groups = whole.split(thousands)
        sizes = [len(group) for group in groups]
        if sizes[-1] != 3 or not 1 <= sizes[0] <= 3 or any(size not in {2, 3} for size in sizes[1:-1]):
            return None
        whole = "".join(groups)
    if not re.fullmatch(r"[0-9]{1,15}", whole or ("0" if places else "")) or not re.fullmatch(r"[0-9]{0,15}", places):
        return None
    return Decimal(f"{whole or 0}.{places or 0}")
