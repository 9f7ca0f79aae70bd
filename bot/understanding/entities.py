"""Gathers what a message names: codes, days, money, things, languages."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from bot.understanding.amounts import find_amount
from bot.understanding.codes import find_codes
from bot.understanding.dates import find_date, find_month
from bot.understanding.folding import normalise
from bot.understanding.lexicon import phrase_table
from bot.understanding.numerals import read_number, tokens_of

_LOOKS_BACK = frozenset(
    [
        "payment_made",
        "cash_collected",
        "cash_handover",
        "complaint_new",
        "complaint_status",
        "outage",
        "job_done",
        "job_blocked",
        "part_used",
        "signal_reading",
        "usage",
        "invoice",
        "balance",
        "attempt_log",
        "my_performance",
        "today_figures",
    ]
)
_AMOUNTS_NEED_CURRENCY = frozenset(("technician",))
_DETAILS = {"complaint_new": "complaint_category", "attempt_log": "outcome"}
_UNITS_BETWEEN = r"(?:\s*(?:meters?|metres?|mtrs?|mtr|m|feet|ft|adad|adat|pcs|pieces?|pc|x|nos?|میٹر|عدد)\b)?(?:\s*(?:ki|ka|ke|of|کی|کا|کے)\b)?"


@lru_cache(maxsize=4)
def _named(table: str) -> re.Pattern[str]:
    phrases = sorted((normalise(phrase) for phrase in phrase_table(table)), key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, phrases))})(?!\w)")


@lru_cache(maxsize=4)
def _meanings(table: str) -> dict[str, str]:
    return {normalise(phrase): word for phrase, word in phrase_table(table).items()}


def _find_named(table: str, text: str) -> str | None:
    found = _named(table).search(text)
    return _meanings(table)[found[1]] if found else None


_DOZEN = re.compile(r"(?<!\w)(\w+)\s+(?:dozens?|darjan|darzan|درجن)\s*$")


def _whole(said: str) -> int | None:
    """The number that a text ends with, when it is a whole one."""
    tokens = tokens_of(said)
    for first in range(max(0, len(tokens) - 3), len(tokens)):
        number = read_number(tokens, first)
        if number is not None and number.after == len(tokens) and number.value == int(number.value):
            return int(number.value)
    return 1 if tokens and tokens[-1].text in ("a", "an") else None


def _quantity(text: str, item: re.Match[str]) -> int | None:
    """The count nearest to an item: "2 patch cord", "fiber 150 meter", "do router", "connector x3"."""
    before = re.sub(_UNITS_BETWEEN + r"\s*$", "", text[: item.start()])
    dozens = _DOZEN.search(before)
    count = _whole(before[: dozens.end(1)]) if dozens else _whole(before)
    if count is not None:
        return 12 * count if dozens else count
    after = tokens_of(re.sub(r"^\W*x\s*(?=\d)", "", text[item.end() :]))
    number = read_number(after, 0) if after else None
    return int(number.value) if number is not None and number.value == int(number.value) else None


def _things(text: str) -> dict[str, Any]:
    fallback: dict[str, Any] = {}
    for item in _named("items").finditer(text):
        named = {"item": _meanings("items")[item[1]]}
        quantity = _quantity(text, item)
        if quantity is not None and 0 < quantity < 100_000:
            return named | {"quantity": quantity}
        fallback = fallback or named
    return fallback


def _looks_back(intent: str, detail: str) -> bool:
    return intent in _LOOKS_BACK and detail != "will_call_back"


def find_entities(text: str, *, role: str, intent: str, detail: str, today: date) -> dict[str, Any]:
    """What a raw text names, read in the light of the intent that won."""
    technician = role == "technician"
    found, rest = find_codes(normalise(text), technician=technician)
    if intent in _DETAILS and detail:
        found[_DETAILS[intent]] = detail
    day, rest = find_date(rest, today=today, past=_looks_back(intent, detail))
    month, rest = find_month(rest, today=today)
    if technician or intent in ("stock", "restock_request"):
        found |= _things(rest)
    amount = find_amount(rest, bare=role not in _AMOUNTS_NEED_CURRENCY)
    plan = found.get("plan") or _find_named("plans", rest)
    language = _find_named("languages", rest) if intent == "language" else None
    values = {"date": day, "month": month, "amount": amount, "plan": plan, "language": language}
    return found | {name: value for name, value in values.items() if value is not None}
