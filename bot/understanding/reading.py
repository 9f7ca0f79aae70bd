"""From a text to a wish: the one function the conversation calls."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from bot.understanding.calibration import confidence_of, thresholds
from bot.understanding.entities import find_entities
from bot.understanding.index import Label, Match, role_index
from bot.understanding.intents import EVERYWHERE, ROLES
from bot.understanding.language import detect_language
from bot.understanding.words import words

SURE, MAYBE = thresholds()
EXACT: Final = 0.99
NOTHING_SAID: Final = 0.95
UNCLEAR_BELOW: Final = 0.18
ALTERNATIVES: Final = 4


class UnknownRole(ValueError):
    """No lexicon exists for this role."""


@dataclass(frozen=True)
class Understanding:
    """What a message wants. `confidence` is the share of such messages for which the intent is right.

    `alternatives` are other intents by falling confidence; `matched` is the example nearest in meaning;
    `language` is 'en', 'ur_Latn', 'ur', or None when the words are at home in more than one.
    """

    intent: str
    confidence: float
    entities: dict[str, Any]
    alternatives: tuple[tuple[str, float], ...]
    language: str | None
    matched: str


@dataclass(frozen=True)
class Guess:
    """The wish before entities are read; `raw` is the score before calibration."""

    intent: str
    detail: str
    raw: float
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    matched: str


_NOTHING: Final = Guess("unclear", "", 0.0, NOTHING_SAID, (), "")


def raw_score(first: float, second: float, known: float) -> float:
    """How far the best wish stands out; unknown words and a close rival lower it."""
    return first * (0.4 + 0.6 * known) * (0.55 + 0.45 * min(1.0, (first - second) / 0.35))


def _by_intent(labels: dict[Label, float]) -> list[tuple[float, Label]]:
    """The best label of each intent, best intent first; ties fall by name so that runs agree."""
    grouped: dict[str, list[tuple[float, Label]]] = defaultdict(list)
    for label, score in labels.items():
        grouped[label[0]].append((score, label))
    best = []
    for candidates in grouped.values():
        candidates.sort(reverse=True)
        score = candidates[0][0] + 0.4 * sum(other for other, _ in candidates[1:] if other < 0.2)
        best.append((min(1.0, score), candidates[0][1]))
    return sorted(best, reverse=True)


def guess_from(match: Match) -> Guess:
    """Weigh the labels of a match against each other."""
    ranked = _by_intent(match.labels)
    first, label = ranked[0]
    example = match.best.get(label)
    matched = example.phrase if example else ""
    if match.exact:
        return Guess(label[0], label[1], 1.0, EXACT, (), matched)
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    raw = raw_score(first, second, match.known)
    confidence = confidence_of(raw)
    rest = max(0.0, 1.0 - confidence)
    whole = sum(score for score, _ in ranked[1:]) or 1.0
    others = tuple(
        (other[0], round(min(confidence, rest, rest * score / whole * 3), 3))
        for score, other in ranked[1 : 1 + ALTERNATIVES]
    )
    return Guess(label[0], label[1], raw, confidence, others, matched)


@lru_cache(maxsize=8192)
def guess(text: str, role: str) -> Guess:
    """The wish of a text, without its entities."""
    said = words(text)
    if not said:
        return _NOTHING
    found = guess_from(role_index(role).match(said))
    if found.confidence >= UNCLEAR_BELOW:
        return found
    others = ((found.intent, found.confidence), *found.alternatives)
    return Guess("unclear", "", found.raw, min(0.7, 1 - found.confidence), others, found.matched)


@lru_cache(maxsize=8192)
def _understand(text: str, role: str, today: date) -> Understanding:
    found = guess(text, role)
    entities = find_entities(text, role=role, intent=found.intent, detail=found.detail, today=today)
    return Understanding(
        found.intent,
        round(found.confidence, 3),
        entities,
        found.alternatives,
        detect_language(text),
        found.matched,
    )


def understand(text: str, role: str, today: date) -> Understanding:
    """Read a message of a person in a role; relative days count from `today`.

    Pure and quick: no database, no network, no clock. Never fails on any text; raises UnknownRole.
    """
    if role not in ROLES:
        raise UnknownRole(f"unknown role {role!r}; known are {', '.join(ROLES)}")
    found = _understand(text, role, today)
    # The remembered answer is shared: each caller gets entities of its own.
    return Understanding(
        found.intent,
        found.confidence,
        dict(found.entities),
        found.alternatives,
        found.language,
        found.matched,
    )


def prepare() -> None:
    """Build every role's index now, which takes most of a second, rather than while the first people wait."""
    for role in ROLES:
        role_index(role)


@lru_cache(maxsize=4096)
def wish_everywhere(text: str) -> str | None:
    """menu, cancel, human, language or opt_out when the whole text is an example of it, in any role."""
    said = words(text)
    found = role_index("customer").match(said) if said else None
    if found is None or not found.exact:
        return None
    intent = next(iter(found.labels))[0]
    return intent if intent in EVERYWHERE else None
