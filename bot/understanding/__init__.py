"""Understands what people write, in English, Roman Urdu and Urdu."""

from bot.understanding.folding import fold
from bot.understanding.language import detect_language
from bot.understanding.model import learn
from bot.understanding.reading import (
    EXACT,
    MAYBE,
    SURE,
    Understanding,
    UnknownRole,
    explain,
    prepare,
    understand,
    wish_everywhere,
)

__all__ = [
    "EXACT",
    "MAYBE",
    "SURE",
    "Understanding",
    "UnknownRole",
    "detect_language",
    "explain",
    "fold",
    "learn",
    "prepare",
    "understand",
    "wish_everywhere",
]
