"""What the trained model sees of a message: words and pairs as spelt and as heard, and runs of letters."""

import itertools
import zlib
from collections.abc import Sequence
from functools import lru_cache

from bot.understanding.transliteration import skeleton

RUNS = range(2, 6)
"""Lengths of the runs of letters."""
TOGETHER_MAX = 14
"""So many different words of a message are looked at two by two."""


@lru_cache(maxsize=16384)
def _of_word(word: str) -> tuple[str, ...]:
    padded = f"_{word}_"
    runs = (f"c{padded[at : at + n]}" for n in RUNS for at in range(len(padded) - n + 1))
    return (f"w{word}", f"s{skeleton(word)}", *runs)


def features_of(said: Sequence[str], role: str = "") -> set[str]:
    """Features of a message's words; `role` adds what a word means to this role alone."""
    heard = ["^", *map(skeleton, said), "$"]
    found = {f"n{min(len(said), 6)}"}
    for word in said:
        found.update(_of_word(word))
    found.update(f"p{first} {second}" for first, second in itertools.pairwise(heard))
    for first, second, third in zip(heard, heard[1:], heard[2:], strict=False):
        found.update((f"g{first} {third}", f"t{first} {second} {third}"))
    together = sorted(set(heard[1:-1]))[:TOGETHER_MAX]
    found.update(f"u{one} {other}" for one, other in itertools.combinations(together, 2))
    if role:
        found.add(f"r{role}")
        found.update(f"r{role} {word}" for word in heard[1:-1])
    return found


def readable(said: Sequence[str]) -> dict[str, str]:
    """The features that a person can read, as the words that they were made of."""
    pairs = {
        f"p{skeleton(first)} {skeleton(second)}": f"{first} {second}" for first, second in itertools.pairwise(said)
    }
    return {f"w{word}": word for word in said} | pairs


def hashed(feature: str) -> int:
    """A number for a feature that is the same on every machine and day."""
    return zlib.crc32(feature.encode())
