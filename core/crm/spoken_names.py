"""How well a name is found among the words that somebody wrote, however he spells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from rapidfuzz import fuzz, utils

ALIKE_MIN = 82.0
"""From so much on, of 100, the name is meant."""
NEAR = 4.0
"""Who is no farther behind the best may be meant as well."""
WORD_MIN = 3
SHARED = frozenset((
    "muhammad", "mohammad", "mohammed", "mohd", "md", "haji", "hafiz", "mian", "malik", "syed", "sayed", "sheikh",
    "shaikh", "khan", "khawaja", "chaudhry", "chaudhary", "ch", "rana", "raja", "mirza", "bibi", "begum", "bano", "mrs",
    "mr", "dr", "ali", "ahmed", "ahmad", "hussain", "shah", "butt", "traders", "brothers", "store", "and", "sons",
))  # fmt: skip
"""Names and titles that many bear: said alone they mean nobody."""
Key = TypeVar("Key")


def words_of(text: str) -> Sequence[str]:
    """The words of a message in which names are looked for."""
    return [word for word in utils.default_process(text).split() if len(word) >= WORD_MIN]


def likeness(said: Sequence[str], name: str) -> float:
    """0 to 100; a name of his own counts even alone, a second one that is said as well counts for more."""
    parts = [part for part in utils.default_process(name).split() if len(part) > 1]
    if not parts or not said:
        return 0.0
    scores = [max(_alike(part, word) for word in said) for part in parts]
    own = [score for part, score in zip(parts, scores, strict=True) if part not in SHARED] or scores[:1]
    alone = max(own) - 2 if max(own) >= ALIKE_MIN else 0.0
    return max(alone, sum(scores) / len(scores) + (2 if len(parts) > 1 else 0))


def _alike(part: str, word: str) -> float:
    bones = _bones(part)
    same = 90.0 if len(bones) >= WORD_MIN and bones == _bones(word) else 0.0
    return max(same, fuzz.ratio(part, word))


def _bones(word: str) -> str:
    """The consonants, each run of one once: Youssef and Yousaf agree."""
    return re.sub(r"(.)\1+", r"\1", word[:1] + re.sub(r"[aeiouyhw]", "", word[1:]))


def most_alike(said: Sequence[str], names: Mapping[Key, str]) -> Sequence[Key]:
    """Whom the words may mean, the most alike first; none where no name is like them."""
    scored = sorted(_scored(said, names.items()), key=lambda row: -row[0])
    if not scored or scored[0][0] < ALIKE_MIN:
        return ()
    best = scored[0][0]
    return [key for score, key in scored if score >= max(ALIKE_MIN, best - NEAR)]


def _scored(said: Sequence[str], names: Iterable[tuple[Key, str]]) -> list[tuple[float, Key]]:
    return [(likeness(said, name), key) for key, name in names]
