"""Finds several wishes in one message: "bill batao aur net bhi nahi chal raha" are two, "500 aur 300 diye" is one.

A part of a message is a wish of its own only where it is understood surely by itself, as another wish than its
neighbours; whatever is tied to its neighbour by "lekin", "agar" or "because" is not taken apart.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

from bot.understanding.folding import fold, normalise
from bot.understanding.hints import gives
from bot.understanding.lexicon import word_list
from bot.understanding.reading import EXACT, SURE, Understanding

Read = Callable[[str], Understanding]
NOT_A_WISH: Final = frozenset(("menu", "thanks", "cancel", "unclear", "out_of_scope"))
"""Greetings and the like: beside a wish they want nothing."""
SURER: Final = 0.93
"""What a part needs that only a verb's end, and no comma or "aur", parts from its neighbour."""
WORDS_MAX: Final = 60
WORDS_MIN: Final = 2
"""Of fewer words is no wish that nothing parts from its neighbour."""
GAPS_MAX: Final = 6
"""So many places are looked at where a message may be parted."""
WISHES_MAX: Final = 4
GAPPED_MAX: Final = 3
"""So many words lack a verb of their own: "bill" of "bill aur receipt bhejo"."""
REFUSAL_MAX: Final = 5
STARTING_MIN: Final = 3
"""So many words stand on either side of an English clause's beginning."""
ONE_THOUGHT: Final[dict[str, frozenset[str]]] = {
    "payment_made": frozenset(("complaint_new",)),
    "complaint_status": frozenset(("complaint_new",)),
    "outage": frozenset(("complaint_new",)),
    "disconnect": frozenset(("relocation",)),
    "plan_change": frozenset(("plan_list",)),
    "job_done": frozenset(("signal_reading", "part_used", "job_start", "job_open")),
    "job_blocked": frozenset(("signal_reading", "job_open")),
    "attempt_log": frozenset(("customer_lookup",)),
    "promise_log": frozenset(("customer_lookup", "attempt_log")),
    "cash_collected": frozenset(("customer_lookup",)),
}
"""What is said beside a wish only to explain it: who has paid and is still off has told of a payment."""
_TWO_OR_GIVE: Final = frozenset(("do", fold("دو")))
_WORD = re.compile(r"(?:[^\s,،;؛.!?؟۔]|(?<=\d)[.,](?=\d))+")
_STOP = re.compile(r"[,،;؛!?؟۔\n]|\.(?!\d)")
_REFUSED = re.compile(
    r"(?<!\w)(?:nahi|nahin|nai|nhi|ni|na|not|dont|don't|نہیں)(?:\s+(?:chahiye|chahye|chahie|karna|karni|krna|karwana|krwana"
    r"|badalna|dekhna|lena|leni|hai|چاہیے|کرنا|کرنی|کروانا|بدلنا|دیکھنا|لینا|ہے))?\s*$"
)
_IN_USE = re.compile(r"(?:chal|chl|aa|a|ho|mil|khul|lag|چل|آ|ہو|مل)\s+(?:nahi|nahin|nai|nhi|ni|na|نہیں)(?!\w)")


@dataclass(frozen=True)
class Clause:
    """A part of a message that is a wish of its own."""

    text: str
    understood: Understanding

    @property
    def is_receipt(self) -> bool:
        """Whether a receipt is asked for, which is another paper than a bill."""
        return self.understood.intent == "invoice" and gives(self.text, "receipt")

    @property
    def wish(self) -> str:
        """What tells it from the others."""
        return "receipt" if self.is_receipt else self.understood.intent


@dataclass(frozen=True)
class _Gap:
    """Between two words: where the left part ends and the right one begins, and whether it was written there."""

    end: int
    start: int
    written: bool


def clauses(text: str, read: Read) -> tuple[Clause, ...]:
    """The wishes of a message in the order they were said; empty where it holds no more than one.

    `read` tells what a text means to the person who wrote it, such as `understand` for his role and day; it is asked
    about every part that may be a wish.
    """
    whole = read(text)
    if whole.confidence >= EXACT or len(text.split()) > WORDS_MAX:
        return ()
    gaps = tuple(_gaps(text))[:GAPS_MAX]
    best: tuple[Clause, ...] = ()
    for count in range(1, min(len(gaps), WISHES_MAX) + 1):
        for chosen in combinations(gaps, count):
            found = _parted(text, chosen, read)
            if len(found) > len(best):
                best = found
    wishes = {clause.understood.intent for clause in best}
    return () if whole.confidence >= SURE and whole.intent not in wishes else best


@cache
def _folded(name: str) -> frozenset[str]:
    """A list of the lexicon in agreed spellings."""
    return frozenset(fold(word) or word for word in word_list(name))


def _gaps(text: str) -> Iterator[_Gap]:
    """Every place where one wish may end and another begin."""
    joins, binders = _folded("joins"), _folded("binders")
    found = [(fold(word.group()) or word.group(), word.start(), word.end()) for word in _WORD.finditer(text)]
    said = [word for word, _, _ in found]
    tied = bool(said) and said[0] in binders
    for at in range(len(found) - 1):
        following = next((place for place in range(at + 1, len(found)) if said[place] not in joins), None)
        if following is None or said[at] in joins or said[at] in binders or said[following] in binders:
            continue
        joined = following > at + 1
        written = joined or bool(_STOP.search(text, found[at][2], found[following][1]))
        if written or _ends(said, at) or _starts(said, following):
            if not tied:
                yield _Gap(found[at][2], found[following][1], written)
            tied = False


def _ends(said: Sequence[str], at: int) -> bool:
    """Whether a clause of Urdu is over here, and one that ends so as well may follow."""
    ends = _folded("clause_ends")
    return _is_verb(said, at) and said[at + 1] not in ends and _is_verb(said, len(said) - 1)


def _is_verb(said: Sequence[str], at: int) -> bool:
    """ "do" is two and give: give only behind a verb."""
    if said[at] in _TWO_OR_GIVE:
        return at > 0 and said[at - 1] in _folded("verb_stems")
    return said[at] in _folded("clause_ends")


def _starts(said: Sequence[str], at: int) -> bool:
    """Whether a clause of English begins here."""
    starts = _folded("clause_starts")
    hanging = said[at - 1] in starts or said[at - 1] in _folded("hanging")
    return said[at] in starts and not hanging and at >= STARTING_MIN and len(said) - at >= STARTING_MIN


def _parted(text: str, gaps: Sequence[_Gap], read: Read) -> tuple[Clause, ...]:
    """The wishes of a message parted at these gaps; empty where one of its parts is none, or two are the same."""
    edges = [(0, False), *((gap.start, gap.written) for gap in gaps)]
    ends = [*((gap.end, gap.written) for gap in gaps), (len(text), False)]
    said = [text[start:end].strip() for (start, _), (end, _) in zip(edges, ends, strict=True)]
    found: list[Clause] = []
    for at, ((_, before), (_, behind)) in enumerate(zip(edges, ends, strict=True)):
        written = (before or at == 0) and (behind or at == len(gaps))
        clause = _wish(said, at, written, read)
        if clause is None:
            return ()
        if clause.understood.intent not in NOT_A_WISH:
            found.append(clause)
    if len({clause.wish for clause in found}) < len(found):
        return ()
    explained = frozenset().union(*(ONE_THOUGHT.get(clause.understood.intent, frozenset()) for clause in found))
    own = tuple(clause for clause in found if clause.understood.intent not in explained)
    return own if len(own) > 1 else ()


def _wish(said: Sequence[str], at: int, written: bool, read: Read) -> Clause | None:
    """One part as a wish, with the verb of its neighbour where it has none; None where it is no sure one."""
    own = said[at].split()
    if (not written and len(own) < WORDS_MIN) or not any(word.isalpha() for word in own) or _is_refused(said[at]):
        return None
    texts = [said[at], *(_completed(said, at) if written else ())]
    for text in (*texts[1:], texts[0]) if len(own) == 1 else texts:
        understood = read(text)
        least = EXACT if len(text.split()) == 1 else SURE if written else SURER
        if understood.confidence >= least:
            return Clause(text, understood)
    return None


def _is_refused(text: str) -> bool:
    """Whether it names what is not wanted: "bill nahi" of "bill nahi, plan badalna hai"."""
    said = normalise(text)
    return len(said.split()) <= REFUSAL_MAX and bool(_REFUSED.search(said)) and not _IN_USE.search(said)


def _completed(said: Sequence[str], at: int) -> Iterator[str]:
    """ "bill" before "receipt bhejo" is "bill bhejo"; "receipt" after "send bill" is "send receipt"."""
    own = said[at].split()
    if len(own) > GAPPED_MAX:
        return
    if at + 1 < len(said):
        following = said[at + 1].split()
        for count in (1, 2):
            if len(following) > count:
                yield " ".join((*own, *following[-count:]))
    if at > 0:
        for count in (1, 2):
            before = said[at - 1].split()
            if len(before) > count:
                yield " ".join((*before[:count], *own))
