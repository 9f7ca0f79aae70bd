"""From a text to a wish: the one function the conversation calls."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, Final

from bot.understanding.calibration import confidence_of, thresholds
from bot.understanding.entities import find_entities
from bot.understanding.folding import normalise
from bot.understanding.index import Label, Match, role_index
from bot.understanding.intents import EVERYWHERE, ROLES
from bot.understanding.language import detect_language
from bot.understanding.model import model_of
from bot.understanding.refusals import after_refusal
from bot.understanding.samples import Part
from bot.understanding.words import words

SURE, MAYBE = thresholds()
EXACT: Final = 0.99
NOTHING_SAID: Final = 0.95
LIKELY_MAX: Final = 0.985
ALIKE_WEIGHT: Final = 1.2
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
    """The wish before entities are read; `signs` are what the confidence was told from."""

    intent: str
    detail: str
    signs: tuple[float, ...]
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    matched: str


_STRANGE: Final = Guess("unclear", "", (), 0.75, (), "")
"""No word of it was ever seen, nor one like it."""
_NOTHING: Final = Guess("unclear", "", (), NOTHING_SAID, (), "")


def _by_intent(match: Match, shares: dict[Label, float]) -> list[tuple[float, Label]]:
    """Belief and best label of each intent, best intent first; ties fall by name so that runs agree."""
    grouped: dict[str, list[Label]] = defaultdict(list)
    for label in shares:
        grouped[label[0]].append(label)
    ranked = []
    for labels in grouped.values():
        share = sum(shares[label] for label in labels)
        alike = max(match.similar.get(label, 0.0) for label in labels)
        best = max(labels, key=lambda label: (shares[label] + 0.3 * match.similar.get(label, 0.0), label))
        ranked.append(((share + ALIKE_WEIGHT * alike) / (1 + ALIKE_WEIGHT), best))
    return sorted(ranked, reverse=True)


def signs_of(ranked: list[tuple[float, Label]], match: Match, shares: dict[Label, float]) -> tuple[float, ...]:
    """What tells a right reading from a wrong one, each between 0 and 1."""
    first, (intent, _) = ranked[0]
    alike = {label: score for label, score in match.similar.items() if label[0] == intent}
    nearest = max(match.similar, key=lambda label: (match.similar[label], label), default=("", ""))
    share = sum(share for label, share in shares.items() if label[0] == intent)
    agreed = float(nearest[0] == intent)
    return (first, first - ranked[1][0], share, max(alike.values(), default=0.0), match.known, agreed)


def guess_of(said: tuple[str, ...], role: str, part: Part = "all") -> Guess:
    """Weigh the wishes of a role against each other."""
    match = role_index(role, part).match(said)
    if not match.similar:
        return _STRANGE
    shares = model_of(role, part).shares(match.meant, role)
    ranked = _by_intent(match, shares)
    if match.exact is not None:
        return Guess(*match.exact, (), EXACT, (), match.best[match.exact].phrase)
    _, label = ranked[0]
    example = match.best.get(label)
    signs = signs_of(ranked, match, shares)
    confidence = min(confidence_of(signs), LIKELY_MAX)
    rest, whole = 1.0 - confidence, sum(score for score, _ in ranked[1:])
    others = tuple(
        (other[0], round(min(confidence, rest * score / whole * 1.5), 3))
        for score, other in ranked[1 : 1 + ALTERNATIVES]
    )
    return Guess(label[0], label[1], signs, confidence, others, example.phrase if example else "")


@lru_cache(maxsize=8192)
def guess(text: str, role: str, part: Part = "all") -> Guess:
    """The wish of a text, without its entities."""
    said = words(text)
    if not said:
        return _NOTHING
    whole, wished = guess_of(said, role, part), after_refusal(normalise(text))
    if wished is None or whole.confidence >= EXACT or not words(wished):
        return whole
    meant = guess_of(words(wished), role, part)
    return meant if meant.confidence >= MAYBE else whole


@lru_cache(maxsize=8192)
def _understand(text: str, role: str, today: date, part: Part) -> Understanding:
    found = guess(text, role, part)
    entities = find_entities(text, role=role, intent=found.intent, detail=found.detail, today=today)
    return Understanding(
        found.intent,
        round(found.confidence, 3),
        entities,
        found.alternatives,
        detect_language(text),
        found.matched,
    )


def understand(text: str, role: str, today: date, *, part: Part = "all") -> Understanding:
    """Read a message of a person in a role; relative days count from `today`.

    Pure and quick: no database, no network, no clock. Never fails on any text; raises UnknownRole. `part` asks a
    reader that was not taught one fold of the corpus.
    """
    if role not in ROLES:
        raise UnknownRole(f"unknown role {role!r}; known are {', '.join(ROLES)}")
    found = _understand(text, role, today, part)
    # The remembered answer is shared: each caller gets entities of its own.
    return replace(found, entities=dict(found.entities))


def explain(text: str, role: str) -> list[str]:
    """The words and pairs of words of a message that speak most for the wish it was taken for."""
    found = guess(text, role)
    meant = role_index(role).match(words(text)).meant
    model = model_of(role)
    label = (found.intent, found.detail)
    return model.reasons(meant, label) if meant and label in model.labels else []


def prepare() -> None:
    """Build every role's index now, which takes most of a second, rather than while the first people wait."""
    for role in ROLES:
        role_index(role)
        model_of(role)


@lru_cache(maxsize=4096)
def wish_everywhere(text: str) -> str | None:
    """menu, cancel, human, language or opt_out when the whole text is an example of it, in any role."""
    said = words(text)
    found = role_index("customer").match(said) if said else None
    if found is None or found.exact is None:
        return None
    return found.exact[0] if found.exact[0] in EVERYWHERE else None
