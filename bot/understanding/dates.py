"""Days and months in a message, resolved against today.

`kal` is yesterday or tomorrow and `5 tareekh` the last or the next one: the caller says which way the
message looks.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from bot.understanding.day_words import (
    AGO,
    DAY_WORD,
    END,
    LAST,
    LATER,
    MONTH_WORD,
    NEXT,
    NOT_WORD,
    OF,
    THIS,
    WEEK_WORD,
    any_of,
    month_start,
    months_by_name,
)
from bot.understanding.folding import normalise
from bot.understanding.lexicon import word_table
from bot.understanding.numerals import small_numbers


@dataclass(frozen=True)
class Looking:
    """Where today is and which way the message looks."""

    today: date
    past: bool


Reader = Callable[[re.Match[str], Looking], date | None]


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _day_number(word: str) -> int | None:
    value = int(word) if word.isdecimal() else _ordinals().get(word, small_numbers().get(word))
    return value if value is not None and 1 <= value <= 31 else None


def _count(word: str) -> int | None:
    value = int(word) if word.isdecimal() else small_numbers().get(word, 1 if word in ("a", "an") else None)
    return value if value is not None and 1 <= value <= 400 else None


@lru_cache(maxsize=1)
def _ordinals() -> dict[str, int]:
    return {normalise(spelling): int(value) for spelling, value in word_table("ordinals").items()}


@lru_cache(maxsize=1)
def _weekdays() -> dict[str, int]:
    return {normalise(spelling): int(value) for spelling, value in word_table("weekdays").items()}


def _nearest_year(day: int, month: int, looking: Looking) -> date | None:
    years = range(looking.today.year - 4, looking.today.year + 5)
    days = [found for year in years if (found := _safe(year, month, day)) is not None]
    if looking.past:
        return max((found for found in days if found <= looking.today), default=None)
    return min((found for found in days if found >= looking.today), default=None)


def _day_of_month(day: int | None, looking: Looking) -> date | None:
    if day is None:
        return None
    for months in range(4):
        start = month_start(looking.today, -months if looking.past else months)
        found = _safe(start.year, start.month, day)
        if found and (found <= looking.today if looking.past else found >= looking.today):
            return found
    return None


def _numeric(found: re.Match[str], looking: Looking) -> date | None:
    day, month, year = int(found["day"]), int(found["month"]), found["year"]
    if year is None:
        return _nearest_year(day, month, looking)
    return _safe(int(year) + (2000 if len(year) == 2 else 0), month, day)


def _named(found: re.Match[str], looking: Looking) -> date | None:
    day, month = _day_number(found["day"]), months_by_name()[found["monthname"]]
    if day is None:
        return None
    year = found["year"]
    return _safe(int(year), month, day) if year else _nearest_year(day, month, looking)


def _month_end(found: re.Match[str], looking: Looking) -> date | None:
    months = 1 if found["next"] else 0
    start = month_start(looking.today, months)
    return start.replace(day=calendar.monthrange(start.year, start.month)[1])


def _next_month_day(found: re.Match[str], looking: Looking) -> date | None:
    start = month_start(looking.today, 1 if found["next"] else 0 if found["this"] else -1)
    day = _day_number(found["day"])
    return _safe(start.year, start.month, day) if day else None


def _after_days(found: re.Match[str], looking: Looking) -> date | None:
    return None if looking.past else _days_on(found, looking)


def _days_on(found: re.Match[str], looking: Looking) -> date | None:
    count = _count(found["count"])
    unit = 7 if found["week"] else 1
    return looking.today + timedelta(days=unit * count) if count else None


def _days_ago(found: re.Match[str], looking: Looking) -> date | None:
    count = _count(found["count"])
    unit = 7 if found["week"] else 1
    return looking.today - timedelta(days=unit * count) if count else None


def _weekday(found: re.Match[str], looking: Looking) -> date | None:
    wanted = _weekdays()[found["weekday"]]
    if found["week"]:
        monday = looking.today - timedelta(days=looking.today.weekday()) + timedelta(days=7)
        return monday + timedelta(days=wanted)
    if found["last"] or (looking.past and not found["next"]):
        return looking.today - timedelta(days=(looking.today.weekday() - wanted - 1) % 7 + 1)
    return looking.today + timedelta(days=(wanted - looking.today.weekday() - 1) % 7 + 1)


def _shifted(days: int) -> Reader:
    def read(found: re.Match[str], looking: Looking) -> date | None:
        return looking.today + timedelta(days=days)

    return read


def _either_way(days: int) -> Reader:
    def read(found: re.Match[str], looking: Looking) -> date | None:
        return looking.today + timedelta(days=-days if looking.past else days)

    return read


def _day_alone(found: re.Match[str], looking: Looking) -> date | None:
    return _day_of_month(_day_number(found["day"]), looking)


@lru_cache(maxsize=1)
def _readers() -> tuple[tuple[re.Pattern[str], Reader], ...]:
    patterns = (*_calendar_patterns(), *_span_patterns(), *_near_day_patterns())
    return tuple((re.compile(pattern), reader) for pattern, reader in patterns)


def _calendar_patterns() -> list[tuple[str, Reader]]:
    """Days named by number or month: 25/11, 5 tareekh, mahine ke aakhir."""
    small = {word: n for word, n in small_numbers().items() if 1 <= n <= 31}
    day = rf"\d{{1,2}}|{any_of(small, _ordinals())}"
    month = any_of(months_by_name())
    dated = r"(?:tareekh|tarikh|tareek|tarik|tarekh|tareeq|tareeh|tarekh|trikh|date|dt|تاریخ|تاریح)"
    return [
        (r"(?<![\d/.-])(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?![\d/-])", _numeric),
        (
            r"(?<![\d/.-])(?!24/7)(?P<day>\d{1,2})(?P<sep>[/.-])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})(?![\d/-])",
            _numeric,
        ),
        (
            rf"(?<![\d/.-])(?!24/7)(?P<day>\d{{1,2}})[/-](?P<month>\d{{1,2}})(?![\d/-])(?!\s*{DAY_WORD})(?P<year>\b\B)?",
            _numeric,
        ),
        (
            rf"{NOT_WORD}(?P<day>{day})(?:st|nd|rd|th)?[\s-]*(?:of\s+)?(?P<monthname>{month}){END}(?:[\s,-]+(?P<year>20\d\d))?",
            _named,
        ),
        (
            rf"{NOT_WORD}(?P<monthname>{month})\s*(?:ki\s+|کی\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d,])(?!\s*(?:rs|k\b|sau|hazar))"
            r"(?P<year>\b\B)?",
            _named,
        ),
        (
            rf"{NOT_WORD}(?P<next>{NEXT}\s+)?{MONTH_WORD}{OF}(?:aakhir|akhir|aakhri|akhri|akheer|end|آخر|آخری|اخر){END}",
            _month_end,
        ),
        (rf"{NOT_WORD}end\s*(?:of|on)?\s*(?:the|this)?\s*(?P<next>next\s+)?month{END}", _month_end),
        (
            rf"{NOT_WORD}(?P<next>\b\B)?(?:akhri|aakhri|last|آخری)\s+(?:tareekh|tarikh|date|din|تاریخ)(?!\s*(?:of|to|for)\b)(?!.*\?)(?!.*(?:kab|kb|kya|kia|konsi|kaunsi|kitni|kis|what|when|which|کب|کیا|کون))",
            _month_end,
        ),
        (
            rf"{NOT_WORD}(?:(?P<next>{NEXT})|(?P<this>{THIS})|{LAST})\s+{MONTH_WORD}{OF}(?P<day>{day})(?:st|nd|rd|th)?{END}",
            _next_month_day,
        ),
        (
            rf"{NOT_WORD}(?P<day>{day})(?:st|nd|rd|th)?{OF}(?:{dated}{OF})?(?:(?P<next>{NEXT})|(?P<this>{THIS})|{LAST})\s+{MONTH_WORD}{END}",
            _next_month_day,
        ),
        (rf"{NOT_WORD}(?P<day>{day})(?:st|nd|rd|th)?\s*{OF}{dated}", _day_alone),
        (rf"{NOT_WORD}(?:{dated}|تاریخ)\s+(?P<day>\d{{1,2}}){END}", _day_alone),
    ]


def _span_patterns() -> list[tuple[str, Reader]]:
    """Days told by a count or a week: do din baad, agle haftay, jumma ko."""
    small = {word: n for word, n in small_numbers().items() if 1 <= n <= 31}
    number = rf"\d{{1,3}}|{any_of(small)}|an?"
    weekday = any_of(_weekdays())
    return [
        (
            rf"{NOT_WORD}(?P<count>{number})\s+(?:(?P<week>weeks?)|days?)\s+from\s+(?:today|now|2day){END}",
            _days_on,
        ),
        (
            rf"{NOT_WORD}(?:aaj|aj|آج|today)\s+(?:se|سے|from)\s+(?P<count>{number})\s*(?:(?P<week>{WEEK_WORD})|{DAY_WORD}){END}",
            _days_on,
        ),
        (
            rf"{NOT_WORD}(?P<count>{number})\s*(?:(?P<week>{WEEK_WORD})|{DAY_WORD})\s*{AGO}{END}",
            _days_ago,
        ),
        (
            rf"{NOT_WORD}(?P<count>{number})\s*(?:(?P<week>{WEEK_WORD})|{DAY_WORD})\s*(?:aur\s+|or\s+|اور\s+)?{OF}{LATER}{END}",
            _after_days,
        ),
        (
            rf"{NOT_WORD}(?:in|after|within|for|by|extend|extension of)\s+(?P<count>{number})\s*(?:(?P<week>{WEEK_WORD})|{DAY_WORD}){END}",
            _after_days,
        ),
        (
            rf"{NOT_WORD}(?P<week>{NEXT}\s+(?:week|haft[ae]y?|haftay|ہفتے)\s*(?:k|ke|ki|kay|کے|کی)?\s*)?(?P<last>\b\B)?"
            rf"(?P<next>\b\B)?(?P<weekday>{weekday})(?<=\w){END}(?(week)|(?!))",
            _weekday,
        ),
        (
            rf"{NOT_WORD}(?P<weekday>{weekday})\s+(?P<week>{NEXT}\s+week)(?P<last>\b\B)?(?P<next>\b\B)?",
            _weekday,
        ),
        (
            rf"{NOT_WORD}(?:asking|asks|needs?|wants?|get|have|kindly|give(?: me| him| her)?|sirf|bas|mujhe|mujhay|mazeed|مزید|صرف|مجھے)\s+(?:for\s+)?(?P<count>{number})"
            rf"\s*(?:more\s+|aur\s+|or\s+|mazeed\s+|اور\s+)?(?:(?P<week>{WEEK_WORD})|{DAY_WORD}){END}(?!\s*(?:se|سے|{AGO}))",
            _after_days,
        ),
        (
            rf"{NOT_WORD}(?P<count>{number})\s*(?:more|extra|aur|mazeed|mazid|اور|مزید)\s+(?:(?P<week>{WEEK_WORD})|{DAY_WORD}){END}",
            _after_days,
        ),
        (
            rf"{NOT_WORD}(?P<count>{number})\s*(?:(?P<week>{WEEK_WORD})|{DAY_WORD})\s+(?:ruk|rukk|thehr|sabar|sabr|wait|mang|maang|chahiye|chahye|dedo|dedein|de de|ki chhoot|رک|مانگ|چاہیے|چاہئیں)",
            _after_days,
        ),
        (rf"{NOT_WORD}{NEXT}\s+{WEEK_WORD}{END}", _shifted(7)),
        (rf"{NOT_WORD}{LAST}\s+{WEEK_WORD}{END}(?!\s*(?:ke|k|kay|کے)\s+(?:mukable|muqable|مقابلے))", _shifted(-7)),
        (
            rf"{NOT_WORD}(?<!is )(?<!iss )(?<!isi )(?<!this )(?<!اس )(?<!اسی ){WEEK_WORD}\s*(?:baad|bad|later|mein|بعد|میں|tak|ka time|ki mohlat|ka waqt|de ?d[oe]|کا وقت|کی مہلت){END}",
            _shifted(7),
        ),
        (
            rf"{NOT_WORD}(?:(?P<last>{LAST})\s+|(?P<next>{NEXT}|{THIS})\s+)?(?P<week>\b\B)?(?P<weekday>{weekday}){END}(?!\s*(?:mubarak|مبارک))",
            _weekday,
        ),
    ]


def _near_day_patterns() -> list[tuple[str, Reader]]:
    """Days next to today, and bare days of the month: kal, parson, 15 ko."""
    small = {word: n for word, n in small_numbers().items() if 1 <= n <= 31}
    spelt = any_of(
        {word: n for word, n in small.items() if n > 3 and len(word) > 2 and word not in ("sat", "chay", "che")}
    )
    return [
        (rf"{NOT_WORD}(?:hafta|haftay|hafte|ہفتے|ہفتہ)\s+(?:ko|کو|wale din)", _shifted_to_saturday),
        (rf"{NOT_WORD}(?:day after tomorrow){END}", _shifted(2)),
        (rf"{NOT_WORD}(?:day before yesterday){END}", _shifted(-2)),
        (
            rf"{NOT_WORD}(?:tomorrow|tomorow|tommorow|tommorrow|tomorw|tmrw|tmr|tmrow|2morrow|2moro|2mrw|tomoro|tomo){END}",
            _shifted(1),
        ),
        (rf"{NOT_WORD}(?:yesterday|yesterdy|ystrday|yday){END}", _shifted(-1)),
        (rf"{NOT_WORD}(?:narson|tarson|narso|tarso|ترسوں|نرسوں){END}", _either_way(3)),
        (rf"{NOT_WORD}(?:parson|parso|parsoon|parsu|parsun|prson|prso|پرسوں|پرسو){END}", _either_way(2)),
        (
            rf"(?<!aaj )(?<!aj )(?<!آج )(?<!\w)(?:kal|kl|kall|kaal|کل){END}(?!\s+(?:bill|amount|raqam|بل|کتنا(?!.*(?:تھا|تھے|لگا|ہوا|چلا|آیا|ایا))|کتنی(?!.*تھی)))",
            _either_way(1),
        ),
        (rf"{NOT_WORD}(?:kal|kl|کل)\s+(?:tak|تک)", _either_way(1)),
        (
            rf"{NOT_WORD}(?:aaj|aj|aaaj|today'?s?|tody|2day|tonight|aaj hi|آج|اج){END}(?!\s*(?:kal|kl|کل){END})",
            _shifted(0),
        ),
        (
            rf"{NOT_WORD}(?P<day>\d{{1,2}})(?:st|nd|rd|th){END}(?!\s+(?:one|job|time|floor|reminder|visit|wal[aei]))",
            _day_alone,
        ),
        (
            rf"{NOT_WORD}(?<![\d.,])(?<!subah )(?<!shaam )(?<!sham )(?<!raat )(?P<day>\d{{1,2}})\s+(?:ko|tak|tk|کو|تک){END}",
            _day_alone,
        ),
        (
            rf"{NOT_WORD}(?:by|on|till|until)\s+(?P<day>\d{{1,2}}){END}(?!\s*(?:days?|din|weeks?|pm|am|baje|:|%|k\b))",
            _day_alone,
        ),
        (rf"{NOT_WORD}(?:pehli|pehli ko|yakam|پہلی|یکم){END}(?=\s*(?:ko|tak|se|کو|تک|سے))(?P<day>\b\B)?", _first),
        (rf"{NOT_WORD}(?P<day>{spelt})\s+(?:ko|tak|کو|تک){END}", _day_alone),
        (
            rf"{NOT_WORD}(?<![\d.,:])(?P<day>\d{{1,2}})\s+(?:(?:se|sy)\s+(?:pehle|pehlay|pehley|phle)|سے\s+پہلے){END}",
            _day_alone,
        ),
    ]


def _shifted_to_saturday(found: re.Match[str], looking: Looking) -> date | None:
    ahead = (5 - looking.today.weekday() - 1) % 7 + 1
    return looking.today + timedelta(days=ahead - 7 if looking.past else ahead)


def _first(found: re.Match[str], looking: Looking) -> date | None:
    return _day_of_month(1, looking)


def _days_in(text: str, looking: Looking) -> Iterator[tuple[date, re.Match[str]]]:
    for pattern, reader in _readers():
        for found in pattern.finditer(text):
            try:
                day = reader(found, looking)
            except (OverflowError, ValueError):
                continue
            if day is not None:
                yield day, found


_TAKEN_BACK = re.compile(r"\s*(?:ko|tak|کو|تک)?\s*,?\s*(?:not|nahi|nai|nhi|nahin|ni|نہیں)(?!\w)")


_FIRST_OF_RANGE = re.compile(
    r"(?<![\w.:/-])(?:ek|1|do|2|teen|3|chaar|char|4|ایک|دو|تین|چار)(?:\s*(?:-|ya|se|سے|یا)\s*|\s+)"
    r"(?=(?:do|2|teen|3|chaar|char|4|paanch|panch|5|دو|تین|چار|پانچ)\s+(?:din|dino|days?|roz|hafte|haftay|weeks?|دن|دنوں|ہفتے)(?!\w))"
)
"""Of "two or three days" the later one binds."""


_THE_REST = re.compile(r"(?<!\w)(?:baqi|baki|baaki|baqaya|rest|remaining|باقی)(?!\w)")
"""Behind it stands the day of another sum than the one that is spoken of."""


def find_date(text: str, *, today: date, past: bool) -> tuple[date | None, str]:
    """The day a normalised text names, and the text with it blanked; "not Friday, Monday" names Monday."""
    text = _FIRST_OF_RANGE.sub(lambda found: " " * len(found.group()), text)
    named = list(_days_in(text, Looking(today, past)))
    kept = [(day, found) for day, found in named if not _TAKEN_BACK.match(text, found.end())]
    rest = _THE_REST.search(text)
    of_first = [(day, found) for day, found in kept if rest and found.end() <= rest.start()]
    for day, found in of_first or kept or named:
        return day, text[: found.start()] + " " * len(found.group()) + text[found.end() :]
    return None, text
