"""One role's examples, prepared for fast comparison."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from bot.understanding.lexicon import Example
from bot.understanding.samples import GROUP_OF, Part, Sample, samples
from bot.understanding.transliteration import skeleton

SHORTLIST = 40
POSTINGS_MAX = 700
UNKNOWN_WEIGHT = 0.55
CORRECTION_MIN = 78.0
SKELETON_MIN = 55.0

Label = tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """An example with its words, its joined form and its length as a weighted vector."""

    example: Example
    words: tuple[str, ...]
    joined: str
    norm: float


@dataclass(frozen=True)
class Match:
    """How a text compares with the examples: `meant` are its words after correction, `known` the share of their
    weight in known words, `exact` the label of examples of the very same words.
    """

    meant: tuple[str, ...]
    similar: dict[Label, float]
    best: dict[Label, Example]
    known: float
    exact: Label | None


class RoleIndex:
    """Compares texts with a fixed list of examples. Built once, then only read."""

    def __init__(self, taught: Iterable[Sample]) -> None:
        said: dict[tuple[str, str, str], Sample] = {}
        for sample in taught:
            if sample.said:
                said.setdefault((sample.example.intent, sample.example.detail, " ".join(sample.said)), sample)
        self._weigh({key: sample.said for key, sample in said.items()})
        self.entries = [
            Entry(sample.example, sample.said, key[2], self._norm(sample.said)) for key, sample in said.items()
        ]
        self._postings: dict[str, list[int]] = defaultdict(list)
        self._exact: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self.entries):
            self._exact[entry.joined].append(place)
            for word in set(entry.words):
                self._postings[word].append(place)
        self._prepare_corrections()

    def _weigh(self, said: dict[tuple[str, str, str], tuple[str, ...]]) -> None:
        """Words of few intents weigh more; how often a word is used within one intent is no matter."""
        used_by: dict[str, set[str]] = defaultdict(set)
        for key, entry_words in said.items():
            for word in entry_words:
                used_by[word].add(key[0])
        intents = len({key[0] for key in said})
        self._weights = {word: 0.25 + math.log((1 + intents) / len(by)) for word, by in used_by.items()}
        self._unknown_weight = UNKNOWN_WEIGHT * (0.25 + math.log(1 + intents))

    def _norm(self, said: Sequence[str]) -> float:
        return math.sqrt(sum(self._weight(word) ** 2 for word in set(said))) or 1.0

    def _weight(self, word: str) -> float:
        return self._weights.get(word, self._unknown_weight)

    def _prepare_corrections(self) -> None:
        self._vocabulary = [word for word in self._postings if len(word) > 3 and word.isalpha()]
        self._skeletons: dict[str, list[str]] = defaultdict(list)
        for word in self._postings:
            if word.isalpha() and len(skeleton(word)) > 1:
                self._skeletons[skeleton(word)].append(word)
        self._corrections: dict[str, str] = {}

    def corrected(self, word: str) -> str:
        """The known word an unknown one was probably meant to be, or itself."""
        if word in self._postings or len(word) < 3 or not word.isalpha():
            return word
        if word not in self._corrections:
            if len(self._corrections) > 20_000:
                self._corrections.clear()
            self._corrections[word] = self._correction(word)
        return self._corrections[word]

    def _correction(self, word: str) -> str:
        alike = self._skeletons.get(skeleton(word), [])
        if len(skeleton(word)) > 1 and alike:
            found = process.extractOne(word, alike, scorer=fuzz.ratio, score_cutoff=SKELETON_MIN)
            if found is not None:
                return str(found[0])
        if len(word) > 3:
            near = process.extractOne(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=CORRECTION_MIN)
            if near is not None and near[0][0] == word[0]:
                return str(near[0])
        return word

    def _shortlist(self, said: Sequence[str]) -> list[tuple[float, int]]:
        """Places of the examples nearest by weighted words, with their cosine."""
        overlap: dict[int, float] = defaultdict(float)
        rare_first = sorted(set(said), key=lambda word: len(self._postings.get(word, ())))
        for word in rare_first:
            places = self._postings.get(word, ())
            if len(places) > POSTINGS_MAX and overlap:
                for place in overlap:
                    if word in self.entries[place].words:
                        overlap[place] += self._weights[word] ** 2
                continue
            square = self._weights.get(word, 0.0) ** 2
            for place in places:
                overlap[place] += square
        norm = self._norm(said)
        scored = [(shared / (norm * self.entries[place].norm), place) for place, shared in overlap.items()]
        scored.sort(reverse=True)
        return scored[:SHORTLIST]

    def match(self, said: tuple[str, ...]) -> Match:
        """Compare a text's words with every example that shares some."""
        exact = [self.entries[place].example for place in self._exact.get(" ".join(said), ())]
        labels = {(example.intent, example.detail) for example in exact}
        meant = tuple(self.corrected(word) for word in said)
        joined = " ".join(meant)
        similar: dict[Label, float] = {}
        best: dict[Label, Example] = {}
        for cosine, place in self._shortlist(meant):
            entry = self.entries[place]
            label = (entry.example.intent, entry.example.detail)
            alike = 0.7 * cosine + 0.3 * fuzz.token_sort_ratio(joined, entry.joined) / 100
            if alike > similar.get(label, 0.0):
                similar[label], best[label] = alike, entry.example
        weight = sum(self._weight(word) for word in meant)
        known = sum(self._weight(word) for word in meant if word in self._postings)
        said_alike = labels.pop() if len(labels) == 1 else None
        return Match(meant, similar, best, known / weight if weight else 0.0, said_alike)


@cache
def role_index(role: str, part: Part = "all") -> RoleIndex:
    """The role's index, built from what the role is taught on first use."""
    return RoleIndex(sample for sample in samples(GROUP_OF[role], part) if role in sample.roles)
