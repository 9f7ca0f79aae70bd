"""The span of days whose figures a message asks for: today, yesterday, this week, a named month, the last ten days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.understanding.dates import find_date
from bot.understanding.day_words import DAY_WORD, END, LAST, MONTH_WORD, NOT_WORD, THIS, WEEK_WORD, month_start
from bot.understanding.folding import normalise
from bot.understanding.months import find_month

LONG_AGO = timedelta(days=3660)
_YEAR_WORD = r"(?:saal|sal|year|سال)"


@dataclass(frozen=True)
class Period:
    """Both days included; `last` is never after today. `kind` is day, week, month, year or days."""

    first: date
    last: date
    kind: str

    @property
    def before(self) -> Period:
        """The span to compare with: as many days of the month before, or the days just before."""
        if self.kind == "month":
            first = month_start(self.first, -1)
            whole = self.last == month_start(self.first, 1) - timedelta(days=1)
            end = self.first - timedelta(days=1)
            return Period(first, end if whole else min(end, first + (self.last - self.first)), "month")
        length = self.last - self.first + timedelta(days=1)
        return Period(self.first - length, self.first - timedelta(days=1), self.kind)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    whole = rf"(?:poor[ae]|sar[ae]|پورے|سارے)\s+{MONTH_WORD}"
    told = rf"{MONTH_WORD}\s+(?:bhar|ka|ki|ke|کا|کی|کے)"
    return tuple(
        (re.compile(rf"{NOT_WORD}(?:{said}){END}"), name)
        for said, name in (
            (rf"{THIS}\s+{WEEK_WORD}|weekly|hafta ?war|ہفتہ ?وار", "this week"),
            (rf"{THIS}\s+{MONTH_WORD}|mtd|month to date", "this month"),
            (rf"{THIS}\s+{_YEAR_WORD}|salana|yearly|ytd|year to date|سالانہ", "this year"),
            (rf"{LAST}\s+{WEEK_WORD}", "last week"),
            (rf"{LAST}\s+{MONTH_WORD}", "last month"),
            (rf"{LAST}\s+{_YEAR_WORD}", "last year"),
            (rf"{whole}|{told}|monthly|mahana|mahaana|ماہانہ", "this month"),
        )
    )


_LAST_DAYS = re.compile(rf"{NOT_WORD}(?:{LAST}\s+)?(\d{{1,3}})\s+{DAY_WORD}{END}")
_TODAY = re.compile(rf"{NOT_WORD}(?:aaj|aj|aaaj|today|todays|today's|ab tak|abhi tak|آج){END}")


def find_period(text: str, *, today: date) -> Period | None:
    """The span a raw text names, None where it names none; a day ahead is read as the one behind us."""
    said = normalise(text)
    for pattern, name in _patterns():
        found = pattern.search(said)
        if found is not None:
            return _named(name, today)
    days = _LAST_DAYS.search(said)
    if days is not None and int(days[1]) > 0:
        return Period(today - timedelta(days=int(days[1]) - 1), today, "days")
    if _TODAY.search(said):
        return Period(today, today, "day")
    day, rest = find_date(said, today=today, past=True)
    if day is not None and today - LONG_AGO < day <= today:
        return Period(day, day, "day")
    month, _ = find_month(rest, today=today)
    if month is not None and today - LONG_AGO < month <= today:
        return Period(month, min(today, month_start(month, 1) - timedelta(days=1)), "month")
    return None


def _named(name: str, today: date) -> Period:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    if name == "last week":
        return Period(monday - timedelta(days=7), monday - timedelta(days=1), "week")
    if name == "this week":
        return Period(monday, today, "week")
    if name == "last month":
        return Period(month_start(first, -1), first - timedelta(days=1), "month")
    if name == "this month":
        return Period(first, today, "month")
    if name == "last year":
        return Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31), "year")
    return Period(date(today.year, 1, 1), today, "year")
