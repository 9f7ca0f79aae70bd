"""Numbers in figures and words: 2500, 2.5k, 25 sau, paune do hazar, دو ہزار پانچ سو."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from bot.understanding.folding import normalise
from bot.understanding.lexicon import word_table

_TOKEN = re.compile(r"\d+(?:,\d{2,3})+(?:\.\d+)?|\d+(?:\.\d+)?|[a-z]+|[\u0620-\u06ff]+|/-|\S")
_ALONE = {"hazar", "lakh"}
_WHOLE_FRACTIONS = {"dhai": Decimal("2.5"), "derh": Decimal("1.5"), "adha": Decimal("0.5")}
_ADDED_FRACTIONS = {"sawa": Decimal("0.25"), "sarhe": Decimal("0.5"), "paune": Decimal("-0.25")}
_SCALES = {"sau": 100, "hazar": 1000, "lakh": 100_000, "crore": 10_000_000, "k": 1000}


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Number:
    """A number read from tokens[first:after]; `scaled` tells that it named hundreds or thousands."""

    value: Decimal
    first: int
    after: int
    scaled: bool
    spelt: bool


def tokens_of(text: str) -> list[Token]:
    """Figures, words and signs of a normalised text, with their places."""
    return [Token(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text)]


@lru_cache(maxsize=1)
def small_numbers() -> dict[str, int]:
    """{word: 0..100} in all languages."""
    return {normalise(spelling): int(value) for spelling, value in word_table("numbers").items()}


@lru_cache(maxsize=1)
def _scale_words() -> dict[str, str]:
    return {normalise(spelling): word for spelling, word in word_table("scales").items()}


def _figure(text: str) -> Decimal | None:
    plain = text.replace(",", "")
    return Decimal(plain) if plain.replace(".", "", 1).isascii() and plain[:1].isdigit() else None


def _plain(tokens: list[Token], at: int) -> tuple[Decimal, int] | None:
    """A figure, a number word, or English tens and ones."""
    if at >= len(tokens):
        return None
    figure = _figure(tokens[at].text)
    if figure is not None:
        return figure, at + 1
    value = small_numbers().get(tokens[at].text)
    if value is None:
        return None
    if value in range(20, 100, 10) and at + 1 < len(tokens):
        ones = small_numbers().get(tokens[at + 1].text, 0)
        if 0 < ones < 10 and tokens[at].text.isascii() and tokens[at + 1].text in _ENGLISH_ONES:
            return Decimal(value + ones), at + 2
    return Decimal(value), at + 1


_ENGLISH_ONES = frozenset(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))


def _scale(tokens: list[Token], at: int) -> str | None:
    return _scale_words().get(tokens[at].text) if at < len(tokens) else None


def _part(tokens: list[Token], at: int) -> tuple[Decimal, int, int] | None:
    """(value, scale, next place) of one "number scale" group."""
    word = _scale(tokens, at)
    if word in _WHOLE_FRACTIONS:
        scale = _scale(tokens, at + 1)
        return (_WHOLE_FRACTIONS[word], _SCALES[scale], at + 2) if scale in _SCALES else None
    if word in _ADDED_FRACTIONS:
        plain = _plain(tokens, at + 1) or (Decimal(1), at + 1)
        scale = _scale(tokens, plain[1])
        return (plain[0] + _ADDED_FRACTIONS[word], _SCALES[scale], plain[1] + 1) if scale in _SCALES else None
    # A bare "sau" is too often the word "so".
    if word in _ALONE:
        return Decimal(1), _SCALES[word], at + 1
    found = _plain(tokens, at)
    if found is None:
        return None
    value, after = found
    scale = _scale(tokens, after)
    if scale not in _SCALES:
        return value, 1, after
    if tokens[after].text in ("m", "l", "k") and tokens[after].start != tokens[after - 1].end:
        return value, 1, after
    return value, _SCALES[scale], after + 1


def read_number(tokens: list[Token], first: int) -> Number | None:
    """The longest number that starts at a token: do hazar paanch sau is one number."""
    total, at, smallest, scaled = Decimal(0), first, 0, False
    while True:
        if at > first and at < len(tokens) and tokens[at].text == "and" and smallest > 1:
            part = _part(tokens, at + 1)
        else:
            part = _part(tokens, at)
        if part is None or (smallest and part[1] >= smallest) or (smallest and part[0] * part[1] >= smallest):
            break
        total += part[0] * part[1]
        scaled = scaled or part[1] > 1
        at, smallest = part[2], part[1]
        if smallest == 1:
            break
    if at == first:
        return None
    return Number(total, first, at, scaled, not tokens[first].text[0].isdigit())
