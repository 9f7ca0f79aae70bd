"""Reads the data files of the lexicon; their formats are described in lexicon/README.txt."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.understanding.intents import LEXICONS, ROLES

LEXICON = Path(__file__).parent / "lexicon"
LANGUAGES = ("en", "ur_Latn", "ur")
EXPANSIONS_MAX = 200

_CHOICE = re.compile(r"\(([^()]*)\)")


class LexiconMistake(ValueError):
    """A line of a lexicon file cannot be read; the message names file and line."""


@dataclass(frozen=True)
class Example:
    """One phrase that means an intent; `detail` is the part of its heading after the slash.

    Phrases expanded from one line share `family`, so that a test never trains on a sibling.
    """

    intent: str
    detail: str
    phrase: str
    language: str
    family: str


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a lexicon file that say something."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        said = line.strip()
        if said and not said.startswith("#"):
            yield number, said


def expanded(line: str) -> list[str]:
    """Spell out `(a|b)` choices: "bill (kitna|kitne) hai" is two phrases."""
    pieces = _CHOICE.split(line)
    choices = [piece.split("|") if place % 2 else [piece] for place, piece in enumerate(pieces)]
    phrases = (" ".join("".join(chosen).split()) for chosen in itertools.product(*choices))
    return list(dict.fromkeys(itertools.islice(phrases, EXPANSIONS_MAX)))


def _examples_in(path: Path, language: str) -> Iterator[Example]:
    intent = detail = ""
    for number, line in lines_of(path):
        if line.startswith("[") and line.endswith("]"):
            intent, _, detail = line[1:-1].strip().partition("/")
        elif not intent:
            raise LexiconMistake(f"{path.name}:{number}: a phrase stands before any [intent] heading")
        else:
            family = f"{path.parent.name}/{path.name}:{number}"
            for phrase in expanded(line):
                yield Example(intent, detail, phrase, language, family)


@cache
def examples(role: str) -> tuple[Example, ...]:
    """All example phrases of the role's legal intents, in all languages."""
    found: list[Example] = []
    for language, name in itertools.product(LANGUAGES, LEXICONS[role]):
        path = LEXICON / language / f"{name}.txt"
        if path.exists():
            found += [example for example in _examples_in(path, language) if example.intent in ROLES[role]]
    return tuple(found)


@cache
def word_table(name: str) -> dict[str, str]:
    """Read `word: spelling spelling` lines into {spelling: word}; a spelling may not have two words."""
    path = LEXICON / f"{name}.txt"
    table: dict[str, str] = {}
    for number, line in lines_of(path):
        word, colon, spellings = line.partition(":")
        if not colon:
            raise LexiconMistake(f"{path.name}:{number}: expected 'word: spellings'")
        for spelling in spellings.split():
            if table.setdefault(spelling, word.strip()) != word.strip():
                raise LexiconMistake(f"{path.name}:{number}: {spelling!r} already means {table[spelling]!r}")
    return table


@cache
def phrase_table(name: str) -> dict[str, str]:
    """Read `word: phrase, phrase` lines into {phrase: word}; phrases may hold spaces."""
    table: dict[str, str] = {}
    for number, line in lines_of(LEXICON / f"{name}.txt"):
        word, colon, phrases = line.partition(":")
        if not colon:
            raise LexiconMistake(f"{name}.txt:{number}: expected 'word: phrase, phrase'")
        for phrase in phrases.split(","):
            table.setdefault(phrase.strip(), word.strip())
    return table


@cache
def word_list(name: str) -> frozenset[str]:
    """All words of a file, whichever way they are broken into lines."""
    return frozenset(word for _, line in lines_of(LEXICON / f"{name}.txt") for word in line.split())
