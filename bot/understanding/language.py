"""Which language and script a message is written in."""

from functools import lru_cache

from bot.understanding.folding import fold_word, normalise
from bot.understanding.lexicon import word_list, word_table
from bot.understanding.numerals import tokens_of
from bot.understanding.transliteration import is_urdu_letter


@lru_cache(maxsize=1)
def _roman_words() -> frozenset[str]:
    """A person's name is at home in every language, so it says of none that it is written."""
    table = word_table("transliteration")
    known = set(word_list("roman_words")) | {word for word in table.values() if " " not in word}
    known -= {table[name] for name in word_list("given_names") if name in table}
    known |= {spelling for spelling, word in (word_table("variants") | table).items() if word in known}
    return frozenset(known - word_list("loan_words"))


@lru_cache(maxsize=4096)
def detect_language(text: str) -> str | None:
    """'ur', 'ur_Latn' or 'en'; None when the words are at home in more than one, such as "bill"."""
    settled = normalise(text)
    urdu = sum(is_urdu_letter(letter) for letter in settled)
    latin = sum("a" <= letter <= "z" for letter in settled)
    if urdu and urdu * 2 >= latin:
        return "ur"
    if not latin:
        return None
    roman = english = 0
    for token in tokens_of(settled):
        if not "a" <= token.text[0] <= "z":
            continue
        is_english, is_roman = token.text in word_list("english_words"), _is_roman(token.text)
        roman += is_roman and not is_english
        english += is_english and not is_roman
    if roman and roman * 2 >= english:
        return "ur_Latn"
    return "en" if english else None


def _is_roman(word: str) -> bool:
    return word in _roman_words() or fold_word(word) in _roman_words()
