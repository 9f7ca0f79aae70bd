"""Everything the reader learns from: the lexicon's examples and the corpus, as words and labels."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from bot.understanding.corpus import corpus
from bot.understanding.lexicon import Example, examples
from bot.understanding.words import words

Part = Literal["all", "0", "1", "2", "3"]
"""What is taught: `all` is what is shipped, a number leaves out that fold of the corpus to examine with."""

GROUPS: Final = {
    "customer": ("customer", "prospect"),
    "technician": ("technician",),
    "recovery_agent": ("recovery_agent",),
    "office": ("manager", "owner"),
}
"""Roles that share their wishes share what is learnt."""
GROUP_OF: Final = {role: group for group, roles in GROUPS.items() for role in roles}
MARKED: Final = {"prospect": "prospect"}
"""Roles whose words are learnt apart as well, because the same words are another wish from them."""


@dataclass(frozen=True)
class Sample:
    """One phrase with its meaning and how much it counts; roles it may be said in."""

    example: Example
    said: tuple[str, ...]
    roles: tuple[str, ...]
    weight: float


def _from_lexicon(group: str) -> Iterator[tuple[Example, tuple[str, ...]]]:
    by_role = {role: set(examples(role)) for role in GROUPS[group]}
    for example in dict.fromkeys(example for role in GROUPS[group] for example in examples(role)):
        yield example, tuple(role for role, known in by_role.items() if example in known)


def _from_corpus(group: str, part: Part) -> Iterator[tuple[Example, tuple[str, ...]]]:
    """A line is one for all roles of its group, but where the same words are another wish from one of them."""
    apart = not MARKED.keys().isdisjoint(GROUPS[group])
    for line in corpus():
        if line.role in GROUPS[group] and str(line.fold) != part:
            roles = (line.role,) if apart else GROUPS[group]
            yield Example(line.intent, line.detail, line.text, "", line.family), roles


@cache
def samples(group: str, part: Part) -> tuple[Sample, ...]:
    """What a group of roles is taught; a family of many wordings counts less for each of them."""
    found = [*_from_lexicon(group), *_from_corpus(group, part)]
    sizes = Counter(example.family for example, _ in found)
    return tuple(
        Sample(example, words(example.phrase), roles, sizes[example.family] ** -0.5) for example, roles in found
    )
