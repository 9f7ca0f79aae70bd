"""Names of places as people write them, matched to the company's areas and sub-zones; points that they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from rapidfuzz import fuzz

from bot.inbound import IncomingMessage
from bot.understanding.folding import fold, normalise
from bot.understanding.transliteration import is_urdu_letter, skeleton, to_roman
from core.crm.coverage import Place

SURE, MAYBE = 86.0, 72.0
SHOWN_MAX = 9
_ROMAN_DIGITS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_ROMAN = re.compile(r"\b(?:i{1,3}|iv|vi{0,3})\b")
_IDLE_WORDS = (
    "mein me main ki ka ke ko area ilaqa ilaqe town colony society block sector phase house ghar street gali near"
    " qareeb ap aap hum mujhe mera meri apka hai hain kya service coverage available internet net fiber lagwana"
    " chahiye cover do you in is at the my for we there does your"
)
_IDLE = frozenset(fold(_IDLE_WORDS).split())


@dataclass(frozen=True)
class Point:
    """A place on the map."""

    latitude: Decimal
    longitude: Decimal


def shared_point(message: IncomingMessage) -> Point | None:
    """The location a person sent; None for any other message, or for a point off the globe."""
    told = message.raw.get("location") if message.type == "location" else None
    if not isinstance(told, dict):
        return None
    try:
        latitude, longitude = (round(Decimal(str(told[name])), 6) for name in ("latitude", "longitude"))
    except (KeyError, InvalidOperation):
        return None
    if not (latitude.is_finite() and longitude.is_finite()):
        return None
    return Point(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


@lru_cache(maxsize=8192)
def _heard(name: str) -> tuple[str, ...]:
    """The words of a name in one spelling for all scripts: Roman letters, Arabic figures."""
    # Before folding, which takes the third letter of III for an elongation.
    counted = _ROMAN.sub(lambda found: _ROMAN_DIGITS[found[0]], normalise(name))
    words = (to_roman(word) if is_urdu_letter(word[0]) else word for word in fold(counted).split())
    return tuple(word for word in words if word)


@lru_cache(maxsize=65536)
def _likeness(said: tuple[str, ...], name: tuple[str, ...]) -> float:
    """0 to 100: how much of the name is in the words, by letters or by sound; figures must agree."""
    if not said or not name:
        return 0.0
    figures = [word for word in name if word.isdecimal()]
    letters = [word for word in name if not word.isdecimal()]
    if any(figure not in said for figure in figures):
        return 0.0
    scores = [max((_alike(word, other) for other in said if not other.isdecimal()), default=0.0) for word in letters]
    return sum(scores) / len(scores) if scores else 100.0


@lru_cache(maxsize=65536)
def _alike(one: str, other: str) -> float:
    by_letters = fuzz.ratio(one, other)
    heard, other_heard = skeleton(one), skeleton(other)
    if len(heard) < 3 or len(other_heard) < 3:
        return by_letters if min(len(one), len(other)) > 2 else 100.0 * (one == other)
    return max(by_letters, 0.94 * fuzz.ratio(heard, other_heard))


def matching_places(said: str, places: Sequence[Place]) -> tuple[Place | None, Sequence[Place]]:
    """The place a text surely names, and the likely ones otherwise, the likeliest first."""
    words = tuple(word for word in _heard(said) if word not in _IDLE or word.isdecimal())
    ranked = sorted(((score, place) for place in places if (score := _score(words, place)) >= MAYBE),
                    key=lambda pair: (-pair[0], pair[1].label))  # fmt: skip
    if not ranked:
        return None, ()
    first = ranked[0][0]
    surely = first >= SURE and (len(ranked) == 1 or first - ranked[1][0] >= 4)
    return (ranked[0][1] if surely else None), [place for score, place in ranked[:SHOWN_MAX] if first - score < 8]


def places_named(said: str, places: Sequence[Place]) -> list[Place]:
    """Every place that a text surely names; all of an area where it names only that."""
    words = tuple(word for word in _heard(said) if word not in _IDLE or word.isdecimal())
    scores = [(_score(words, place), place) for place in places]
    best = max((score for score, _ in scores), default=0.0)
    return [place for score, place in scores if score >= SURE and best - score < 4]


def names_place(said: str, places: Sequence[Place]) -> bool:
    """Whether a text surely names an area or sub-zone of ours, be it one of several."""
    words = tuple(word for word in _heard(said) if word not in _IDLE or word.isdecimal())
    return any(_score(words, place) >= SURE for place in places)


def _score(words: tuple[str, ...], place: Place) -> float:
    own = max((_named(words, name) for name in place.names), default=0.0)
    area = _named(words, place.area)
    # Who says "phase 6" of an area where we are in phase 5 does not mean that one.
    other_part = any(word.isdecimal() for word in words) and any(word.isdecimal() for word in _heard(place.name))
    return max(own + (1.0 if area >= SURE else 0.0), area - (20.0 if other_part and not own else 6.0))


def _named(words: tuple[str, ...], name: str) -> float:
    heard = _heard(name)
    kept = tuple(word for word in heard if word not in _IDLE or word.isdecimal()) or heard
    score = _likeness(words, kept)
    # A longer name that fits as well is the better one: "Model Town Q" before "Model Town".
    return score + min(3.0, 0.5 * len(kept)) if score else 0.0


_VALUE = re.compile(r"(?P<zone>[0-9a-f-]{36})?;(?P<latitude>-?\d+\.\d+)?;(?P<longitude>-?\d+\.\d+)?;(?P<said>.*)", re.S)
SAID_MAX = 120


@dataclass(frozen=True)
class Where:
    """Where a person wants to be connected, as far as he has told; travels on buttons and in answers as one text."""

    zone: str = ""
    point: Point | None = None
    said: str = ""

    def packed(self) -> str:
        latitude, longitude = (f"{self.point.latitude:.6f}", f"{self.point.longitude:.6f}") if self.point else ("", "")
        return f"{self.zone};{latitude};{longitude};{self.said[:SAID_MAX].strip()}"


def unpacked(value: str) -> Where:
    """The Where behind a text; one that is not ours says nothing but its words."""
    found = _VALUE.fullmatch(value)
    if found is None:
        return Where(said=value[:SAID_MAX])
    point = None
    if found["latitude"] and found["longitude"]:
        point = Point(Decimal(found["latitude"]), Decimal(found["longitude"]))
    return Where(found["zone"] or "", point, found["said"])
