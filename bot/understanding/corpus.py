"""Messages as people write them, with what each means: the second half of what the reader learns from."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from bot.understanding.intents import ROLES
from bot.understanding.lexicon import LexiconMistake, lines_of

CORPUS = Path(__file__).parent / "corpus"
FOLDS = 4
"""The families are dealt into so many parts; the reader is examined with one that it has not been taught."""

_HEADING = re.compile(r"\[\s*(?P<intent>\w+)\s*(?:/\s*(?P<detail>\w+)\s*)?\]\s*(?P<family>.*)")


@dataclass(frozen=True)
class Line:
    """One message: what was said by whom on which day, and what it means.

    Lines of one `family` are wordings of one thought: they are trained on together or tested on together.
    """

    role: str
    text: str
    today: date
    intent: str
    detail: str
    entities: tuple[tuple[str, str], ...]
    family: str
    place: str

    @property
    def fold(self) -> int:
        return zlib.crc32(self.family.encode()) % FOLDS


def _entities(said: str, place: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, (piece.strip() for piece in said.split(";"))):
        name, equals, value = pair.partition("=")
        if not equals:
            raise LexiconMistake(f"{place}: expected 'entity=value', found {pair!r}")
        yield name.strip(), value.strip()


def _lines_in(path: Path) -> Iterator[Line]:
    role, today, heading = "", date(2026, 12, 9), None
    for number, said in lines_of(path):
        place = f"{path.name}:{number}"
        if said.startswith("role ") and said[5:].strip() in ROLES:
            role = said[5:].strip()
        elif re.fullmatch(r"today \d{4}-\d{2}-\d{2}", said):
            today = date.fromisoformat(said[6:])
        elif said.startswith("[") and (found := _HEADING.fullmatch(said)):
            heading = found
        elif not role or heading is None:
            raise LexiconMistake(f"{place}: a message stands before its role or its [intent] heading")
        else:
            intent, detail = heading["intent"], heading["detail"] or ""
            if intent not in ROLES[role]:
                raise LexiconMistake(f"{place}: {intent!r} is no wish of the role {role}")
            text, _, named = said.partition("||")
            family = f"{intent}/{detail} {heading['family'].strip()}"
            yield Line(role, text.strip(), today, intent, detail, tuple(_entities(named, place)), family, place)


@cache
def corpus() -> tuple[Line, ...]:
    """Every line of every file of the folder."""
    return tuple(line for path in sorted(CORPUS.glob("*.txt")) if path.name != "README.txt" for line in _lines_in(path))
