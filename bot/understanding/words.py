"""The words of a message as the scorer sees them: one script, codes and numbers replaced by their kind."""

import re
from functools import lru_cache

from bot.understanding.codes import mask_codes
from bot.understanding.folding import fold, fold_word, normalise
from bot.understanding.lexicon import word_list, word_table
from bot.understanding.transliteration import is_urdu_letter, to_roman

WORDS_MAX = 60

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@lru_cache(maxsize=8192)
def _kind(word: str) -> str:
    if _NUMBER.fullmatch(word):
        return "0"
    if is_urdu_letter(word[0]):
        word = fold_word(to_roman(word))
    return word_table("classes").get(word, word)


@lru_cache(maxsize=4096)
def all_words(text: str) -> tuple[str, ...]:
    """Words of a message, politeness included."""
    kinds = [_kind(word) for word in fold(mask_codes(normalise(text))).split()[:WORDS_MAX]]
    said = " ".join(kind for kind in kinds if kind).split()
    return tuple(word for at, word in enumerate(said) if word != "0" or said[at - 1 : at] != ["0"])


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Words that carry the wish: greetings and politeness go, unless there is nothing else."""
    everything = all_words(text)
    fillers = word_list("fillers")
    return tuple(word for word in everything if word not in fillers) or everything
