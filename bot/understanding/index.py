"""One role's examples, prepared for fast comparison."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from bot.understanding.lexicon import Example, examples
from bot.understanding.transliteration import skeleton
from bot.understanding.words import words

SHORTLIST = 40
POSTINGS_MAX = 700
SMOOTHING = 0.15
SHARPNESS = 6.0
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
    """How the wishes of a role fit a text; `known` is the share of the text's weight in known words."""

    labels: dict[Label, float]
    best: dict[Label, Example]
    known: float
    exact: bool


def _features(said: Sequence[str]) -> set[str]:
    """Words, neighbouring pairs and letter triples."""
    found = {f"w {word}" for word in said}
    found |= {f"p {first} {second}" for first, second in itertools.pairwise(said)}
    for word in said:
        padded = f" {word} "
        found |= {f"c{padded[place : place + 3]}" for place in range(len(padded) - 2)}
    return found


class RoleIndex:
    """Compares texts with a fixed list of examples. Built once, then only read."""

    def __init__(self, known: Iterable[Example]) -> None:
        distinct: dict[tuple[str, str, str], Example] = {}
        for example in known:
            distinct.setdefault((example.intent, example.detail, " ".join(words(example.phrase))), example)
        said = {key: tuple(key[2].split()) for key in distinct}
        self._weigh(said)
        self.entries = [
            Entry(example, said[key], key[2], self._norm(said[key])) for key, example in distinct.items() if key[2]
        ]
        self._postings: dict[str, list[int]] = defaultdict(list)
        self._exact: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self.entries):
            self._exact[entry.joined].append(place)
            for word in set(entry.words):
                self._postings[word].append(place)
        self._learn_features()
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

    def _learn_features(self) -> None:
        """Log-likelihood ratios of features per label, from how many examples show them."""
        counts: dict[Label, Counter[str]] = defaultdict(Counter)
        sizes: Counter[Label] = Counter()
        overall: Counter[str] = Counter()
        for entry in self.entries:
            label = (entry.example.intent, entry.example.detail)
            found = _features(entry.words)
            counts[label].update(found)
            overall.update(found)
            sizes[label] += 1
        total = sum(sizes.values())
        self._likelihoods: dict[str, list[tuple[Label, float]]] = defaultdict(list)
        self._absent: dict[str, float] = {}
        for label, found_counts in counts.items():
            for feature, count in found_counts.items():
                usual = (overall[feature] + SMOOTHING) / (total + 1)
                here = (count + 4 * SMOOTHING * usual) / (sizes[label] + 4 * SMOOTHING)
                self._likelihoods[feature].append((label, math.log(here / usual)))
        # A label without the feature: what the smoothing leaves, capped so that one word cannot veto.
        self._missing = {
            label: max(-2.5, math.log(4 * SMOOTHING / (size + 4 * SMOOTHING))) for label, size in sizes.items()
        }

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

    def _likely(self, said: Sequence[str]) -> dict[Label, float]:
        """Each label's share of belief by features alone."""
        found = [feature for feature in _features(said) if feature in self._likelihoods]
        sums = {label: missing * len(found) for label, missing in self._missing.items()}
        for feature in found:
            for label, ratio in self._likelihoods[feature]:
                sums[label] += ratio - self._missing[label]
        scale = SHARPNESS / max(6, len(found))
        top = max(sums.values())
        shares = {label: math.exp(min(0.0, (value - top) * scale)) for label, value in sums.items()}
        whole = sum(shares.values())
        return {label: share / whole for label, share in shares.items()}

    def match(self, said: tuple[str, ...], *, without: frozenset[str] = frozenset()) -> Match:
        """Score every label between 0 and 1 for a text's words; `without` hides example families."""
        exact = [self.entries[place].example for place in self._exact.get(" ".join(said), ())]
        if exact and not without:
            labels = {(example.intent, example.detail): 1.0 for example in exact}
            return Match(labels, {(e.intent, e.detail): e for e in exact}, 1.0, exact=len(labels) == 1)
        meant = tuple(self.corrected(word) for word in said)
        joined = " ".join(meant)
        similar: dict[Label, float] = {}
        best: dict[Label, Example] = {}
        for cosine, place in self._shortlist(meant):
            entry = self.entries[place]
            if entry.example.family in without:
                continue
            label = (entry.example.intent, entry.example.detail)
            alike = 0.7 * cosine + 0.3 * fuzz.token_sort_ratio(joined, entry.joined) / 100
            if alike > similar.get(label, 0.0):
                similar[label], best[label] = alike, entry.example
        likely = self._likely(meant)
        labels = {label: 0.6 * similar.get(label, 0.0) + 0.4 * share for label, share in likely.items()}
        weight = sum(self._weight(word) for word in meant)
        known = sum(self._weight(word) for word in meant if word in self._postings)
        return Match(labels, best, known / weight if weight else 0.0, exact=False)


@cache
def role_index(role: str) -> RoleIndex:
    """The role's index, built from the lexicon on first use."""
    return RoleIndex(examples(role))
