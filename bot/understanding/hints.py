"""Small signs beside the wish: anger, a question why, a fault that came back. Phrases are data, found as they stand."""

from __future__ import annotations

import re
from functools import cache

from bot.understanding.folding import fold
from bot.understanding.lexicon import LEXICON, expanded, lines_of

HINTS = (
    "angry", "explain", "comes_back", "away", "report", "late_fee", "tax", "receipt", "bill", "proof", "fault",
    "switch_off", "switch_on", "summary", "give_work", "case", "ticket", "talk_to", "waiting_chats", "record",
    "own_money", "payslip", "at_most", "cash_given", "cash_other", "cash_denied", "other_way", "unconfirmed",
)  # fmt: skip


@cache
def _phrases(hint: str) -> re.Pattern[str]:
    said = lines_of(LEXICON / "hints" / f"{hint}.txt")
    folded = {fold(phrase) for _, line in said for phrase in expanded(line)} - {""}
    longest_first = sorted(folded, key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, longest_first))})(?!\S)")


def gives(text: str, hint: str) -> bool:
    """Whether the text holds a phrase of `lexicon/hints/<hint>.txt`, in whatever spelling folding knows."""
    return _phrases(hint).search(fold(text)) is not None


def without(text: str, hint: str) -> str:
    """The folded text without the hint's phrases, for who reads what is said beside them."""
    return " ".join(_phrases(hint).sub(" ", fold(text)).split())
