"""The time of day a message names: 20:30, 8 pm, subah aath baje, raat ko sadhe nau."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from bot.understanding.folding import normalise
from bot.understanding.numerals import read_number, tokens_of

_WRITTEN = re.compile(r"(?<![\d.:])([01]?\d|2[0-3])[:.]([0-5]\d)(?![\d.:])")
_MORNING = re.compile(
    r"(?<!\w)(?:subah|subha|subh|sawere|savere|morning|fajr|صبح|سویرے)(?!\w)|(?<=\d)\s*a\.?m\b|\bam\b"
)
_EVENING = re.compile(
    r"(?<!\w)(?:sham|shaam|shaam|evening|raat|rat|night|dopahar|dopehar|dopeher|afternoon|maghrib|isha|شام|رات|دوپہر)(?!\w)"
    r"|(?<=\d)\s*p\.?m\b|\bpm\b"
)
_OCLOCK = frozenset(("baje", "bajay", "bje", "bajey", "bajy", "o'clock", "oclock", "بجے", "am", "pm", "بجہ"))
_BEFORE = frozenset(("at", "by", "around", "till"))
_PARTS = re.compile(
    r"(?<!\w)(?:(sadhe|saade|sarhe|saarhe|sadhy|ساڑھے|half past)|(sawa|سوا|quarter past)|(paune|pone|ponay|پونے|quarter to))(?!\w)"
)


@dataclass(frozen=True)
class Clock:
    """A time of day; `sure` where the half of the day is told."""

    at: time
    sure: bool


def find_time(text: str) -> Clock | None:
    """The time a raw text names; an hour up to twelve without its half of the day is taken for the evening."""
    said = normalise(text)
    morning, evening = bool(_MORNING.search(said)), bool(_EVENING.search(said))
    written = _WRITTEN.search(said)
    if written is not None:
        hour, minute = int(written[1]), int(written[2])
    else:
        found = _spoken_hour(said, told=morning or evening)
        if found is None:
            return None
        hour, minute = found
    if hour > 12 or hour == 0:
        return Clock(time(hour % 24, minute), True)
    if morning and not evening:
        return Clock(time(hour % 12, minute), True)
    at_night = re.search(r"(?<!\w)(?:raat|rat|night|رات)(?!\w)", said) and (hour == 12 or hour < 5)
    return Clock(time(hour % 12 if at_night else hour % 12 + 12, minute), evening)


def _spoken_hour(said: str, *, told: bool) -> tuple[int, int] | None:
    """The hour with the word for it behind, or beside the half of the day."""
    tokens = tokens_of(re.sub(r"(\d)([ap]\.?m)\b", r"\1 \2", said))
    part = _PARTS.search(said)
    for first in range(len(tokens)):
        number = read_number(tokens, first)
        if number is None or not 1 <= number.value <= 24:
            continue
        after = tokens[number.after].text if number.after < len(tokens) else ""
        before = tokens[first - 1].text if first else ""
        if after not in _OCLOCK and before not in _BEFORE and not told:
            continue
        if tokens[first].text in ("do", "دو", "to") and after not in _OCLOCK:
            continue
        return _with_part(number.value, part)
    return None


def _with_part(value: object, part: re.Match[str] | None) -> tuple[int, int]:
    hours = float(str(value))
    hour, minute = int(hours), round((hours - int(hours)) * 60)
    if minute or part is None:
        return hour, minute
    if part[1]:
        return hour, 30
    return (hour, 15) if part[2] else ((hour - 1) or 12, 45)
