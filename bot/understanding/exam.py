"""Examines the reader with messages that it has not been taught."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from bot.understanding.corpus import Line, corpus
from bot.understanding.reading import SURE, Guess, Understanding, guess, understand
from bot.understanding.samples import Part

HELD_BACK: Part = "0"
"""The reader of the tests and the bench is not taught this fold, and is examined with it."""


@dataclass(frozen=True)
class Answer:
    """What the reader made of one message."""

    line: Line
    understood: Understanding

    @property
    def is_right(self) -> bool:
        return self.understood.intent == self.line.intent

    @property
    def is_sure(self) -> bool:
        return self.understood.confidence >= SURE

    def missed(self, *names: str) -> list[str]:
        """What of these entities is expected and not read so, or read and not there: "amount: 2500, not 25"."""
        wanted = {name: value for name, value in self.line.entities if name in names}
        if "complaint_category" in names and self.line.intent == "complaint_new" and self.line.detail:
            wanted["complaint_category"] = self.line.detail
        read = {name: value for name, value in self.understood.entities.items() if name in names}
        return [
            f"{name}: {wanted.get(name)}, not {read.get(name)}"
            for name in sorted(wanted.keys() | read.keys())
            if not same(name, wanted.get(name), read.get(name))
        ]


def same(name: str, wanted: str | None, read: Any) -> bool:
    """Whether an entity was read as the corpus writes it: numbers by value, months by their name too."""
    if wanted is None or read is None:
        return wanted is None and read is None
    if isinstance(read, (Decimal, int)):
        try:
            return Decimal(wanted) == read
        except InvalidOperation:
            return False
    if name == "month":
        return str(read).startswith(wanted)
    return str(read).casefold() == wanted.casefold()


def examine(part: Part = HELD_BACK) -> list[Answer]:
    """The answers of a reader that was not taught a fold to the messages of that fold."""
    lines = (line for line in corpus() if str(line.fold) == part)
    return [Answer(line, understand(line.text, line.role, line.today, part=part)) for line in lines]


def guesses_of_all_folds() -> list[tuple[Line, Guess]]:
    """Every line of the corpus, each read by a reader that was not taught its fold."""
    parts = [part for part in get_args(Part) if part != "all"]
    return [(line, guess(line.text, line.role, part)) for part in parts for line in corpus() if str(line.fold) == part]


def share(answers: Sequence[Answer], good: Iterable[bool]) -> float:
    return sum(good) / len(answers) if answers else 1.0


def confused(answers: Sequence[Answer]) -> Counter[tuple[str, str]]:
    """How often a wish was taken for another: (meant, taken for)."""
    return Counter((a.line.intent, a.understood.intent) for a in answers if not a.is_right)
