"""The month whose bill or figures a message speaks of."""

import re
from datetime import date
from functools import lru_cache

from bot.understanding.day_words import (
    AGO,
    END,
    LAST,
    MONTH_WORD,
    NEXT,
    NOT_WORD,
    THIS,
    any_of,
    month_start,
    months_by_name,
)

_BACK = {"do": -2, "2": -2, "two": -2, "teen": -3, "3": -3, "three": -3, "دو": -2, "تین": -3}


@lru_cache(maxsize=1)
def _month_patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    return (
        *(
            (re.compile(rf"{NOT_WORD}{word}\s+(?:{MONTH_WORD}|months)\s+{AGO}"), months)
            for word, months in _BACK.items()
        ),
        (re.compile(rf"{NOT_WORD}{LAST}\s+{MONTH_WORD}"), -1),
        (re.compile(rf"{NOT_WORD}{NEXT}\s+{MONTH_WORD}"), 1),
        (re.compile(rf"{NOT_WORD}{THIS}\s+{MONTH_WORD}"), 0),
    )


@lru_cache(maxsize=1)
def _month_name() -> re.Pattern[str]:
    return re.compile(
        rf"{NOT_WORD}(?<!bhai )(?<!baji )(?<!meri )(?<!ammi )(?<!sahab )(?<!aunty )({any_of(months_by_name())}){END}(?:[\s,-]+(20\d\d)\b)?"
    )


def find_month(text: str, *, today: date, ahead: bool = False) -> tuple[date | None, str]:
    """The first day of the month a normalised text names; a bare name is the latest that has begun, or the
    next one with `ahead`.
    """
    for pattern, months in _month_patterns():
        found = pattern.search(text)
        if found is not None:
            return month_start(today, months), text
    found = _month_name().search(text)
    if found is None or (found[1] == "may" and not found[2] and "may ka" not in text and "may bill" not in text):
        return None, text
    month = months_by_name()[found[1]]
    nearest = today.year + (month < today.month) if ahead else today.year - (month > today.month)
    year = int(found[2]) if found[2] else nearest
    return date(year, month, 1), text[: found.start()] + " " * len(found.group()) + text[found.end() :]
