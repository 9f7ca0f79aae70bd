"""Understands what people write, in English, Roman Urdu and Urdu."""

from bot.understanding.folding import fold
from bot.understanding.language import detect_language
from bot.understanding.reading import EXACT, MAYBE, SURE, Understanding, prepare, understand, wish_everywhere

__all__ = [
    "EXACT",
    "MAYBE",
    "SURE",
    "Understanding",
    "detect_language",
    "fold",
    "prepare",
    "understand",
    "wish_everywhere",
]
