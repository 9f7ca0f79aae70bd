"""What the trained model sees of a message: words and pairs as spelt and as heard, and runs of letters."""

import itertools
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.understanding.folding import fold_word
from bot.understanding.lexicon import word_table
from bot.understanding.transliteration import skeleton

RUNS = range(2, 6)
"""Lengths of the runs of letters."""
TOGETHER_MAX = 14
"""So many different words of a message are looked at two by two."""


@lru_cache(maxsize=16384)
def _letters(word: str) -> tuple[str, ...]:
    padded = f"_{word}_"
    return tuple(f"c{padded[at : at + n]}" for n in RUNS for at in range(len(padded) - n + 1))


@lru_cache(maxsize=1)
def _concepts() -> dict[str, str]:
    """{folded word: concept}."""
    return {fold_word(word): concept for word, concept in word_table("concepts").items()}


@lru_cache(maxsize=1)
def _concepts_heard() -> dict[str, str]:
    """{skeleton: concept} where all words of that sound agree and it is long enough to be no chance."""
    found: dict[str, set[str]] = defaultdict(set)
    for word, concept in _concepts().items():
        found[skeleton(word)].add(concept)
    return {sound: concepts.pop() for sound, concepts in found.items() if len(sound) > 3 and len(concepts) == 1}


@lru_cache(maxsize=16384)
def concept_of(word: str) -> str | None:
    return _concepts().get(word) or _concepts_heard().get(skeleton(word))


def features_of(said: Sequence[str], role: str = "") -> tuple[set[str], ...]:
    """A message's words in three views, each to be weighed as a whole: letters, words as heard, concepts.

    `role` adds what a word means to this role alone.
    """
    letters = {run for word in said for run in _letters(word)}
    heard = [skeleton(word) for word in said]
    found = {f"w{word}" for word in said} | {f"s{sound}" for sound in heard} | {f"n{min(len(said), 6)}"}
    found |= _sequences("p", heard)
    found.update(f"u{one} {other}" for one, other in _together(heard))
    if role:
        found |= {f"r{role}", *(f"r{role} {sound}" for sound in heard)}
    meant = [
        f"<{concept}>" if (concept := concept_of(word)) else sound for word, sound in zip(said, heard, strict=True)
    ]
    concepts = [concept for concept in meant if concept[0] == "<"]
    general = {f"k{concept}" for concept in concepts} | _sequences("q", meant)
    general.update(f"y{one} {other}" for one, other in _together(concepts))
    return letters, found, general


def _sequences(kind: str, said: Sequence[str]) -> set[str]:
    """Neighbours, next but one, and three in a row."""
    edged = ["^", *said, "$"]
    found = {f"{kind}{first} {second}" for first, second in itertools.pairwise(edged)}
    for first, second, third in zip(edged, edged[1:], edged[2:], strict=False):
        found.update((f"{kind}{first} . {third}", f"{kind}{first} {second} {third}"))
    return found


def _together(said: Sequence[str]) -> Iterator[tuple[str, str]]:
    return itertools.combinations(sorted(set(said))[:TOGETHER_MAX], 2)


def readable(said: Sequence[str]) -> dict[str, str]:
    """The features that a person can read, as the words that they were made of."""
    pairs = {
        f"p{skeleton(first)} {skeleton(second)}": f"{first} {second}" for first, second in itertools.pairwise(said)
    }
    return {f"w{word}": word for word in said} | pairs


def hashed(feature: str) -> int:
    """A number for a feature that is the same on every machine and day."""
    return zlib.crc32(feature.encode())
