"""What figure a manager or owner asks for, by the words of `lexicon/topics.txt`; a phrase counts wherever it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from bot.understanding.folding import fold
from bot.understanding.lexicon import LEXICON, LexiconMistake, expanded, lines_of

SPLITS = ("by_area", "by_agent", "by_method")


@dataclass(frozen=True)
class Topic:
    """`name` is empty where only a split was named; `split` where a figure is wanted in parts."""

    name: str
    split: str


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    phrases: dict[str, set[str]] = {}
    topic = ""
    for number, line in lines_of(LEXICON / "topics.txt"):
        if line.startswith("[") and line.endswith("]"):
            topic = line[1:-1].strip()
        elif not topic:
            raise LexiconMistake(f"topics.txt:{number}: a phrase stands before any [topic] heading")
        else:
            optional = re.sub(r"\(([^()]*)\)\? ?", r"(\1|)", line)
            spelt = {fold(phrase) for phrase in expanded(optional)} - {""}
            phrases.setdefault(topic, set()).update(spelt)
    return tuple(
        (name, re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, sorted(said, key=len, reverse=True)))})(?!\S)"))
        for name, said in phrases.items()
    )


def find_topic(text: str) -> Topic | None:
    """The figure that a raw text names; None where it names none."""
    said = fold(text)
    found = [name for name, pattern in _patterns() if pattern.search(said)]
    split = next((name for name in found if name in SPLITS), "")
    name = next((name for name in found if name not in SPLITS), "")
    return Topic(name, split) if name or split else None
