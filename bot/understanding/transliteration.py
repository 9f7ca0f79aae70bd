"""Urdu script to Roman Urdu, so that both share one set of examples."""

from functools import lru_cache

from bot.understanding.folding import HEARD, normalise
from bot.understanding.lexicon import word_table

_LETTERS = {
    "ا": "a",
    "ب": "b",
    "پ": "p",
    "ت": "t",
    "ٹ": "t",
    "ث": "s",
    "ج": "j",
    "چ": "ch",
    "ح": "h",
    "خ": "kh",
    "د": "d",
    "ڈ": "d",
    "ذ": "z",
    "ر": "r",
    "ڑ": "r",
    "ز": "z",
    "ژ": "z",
    "س": "s",
    "ش": "sh",
    "ص": "s",
    "ض": "z",
    "ط": "t",
    "ظ": "z",
    "ع": "a",
    "غ": "gh",
    "ف": "f",
    "ق": "q",
    "ک": "k",
    "گ": "g",
    "ل": "l",
    "م": "m",
    "ن": "n",
    "و": "o",
    "ہ": "h",
    "ی": "i",
    "ے": "e",
    "ء": "",
}
_SOUNDS = (
    ("ph", "f"),
    ("kh", "k"),
    ("gh", "g"),
    ("th", "t"),
    ("dh", "d"),
    ("bh", "b"),
    ("sh", "s"),
    ("ck", "k"),
    ("q", "k"),
    ("w", "v"),
    ("x", "ks"),
)


def is_urdu_letter(letter: str) -> bool:
    """True for letters of the Arabic block that Urdu is typed with."""
    return "\u0620" <= letter <= "\u06ff"


@lru_cache(maxsize=1)
def _known_words() -> dict[str, str]:
    return {normalise(word).translate(HEARD): roman for word, roman in word_table("transliteration").items()}


@lru_cache(maxsize=8192)
def to_roman(word: str) -> str:
    """Roman Urdu for a folded word in Urdu script: the known spelling, else letter by letter."""
    known = _known_words().get(word)
    if known is not None:
        return known
    return "".join(_LETTERS.get(letter, "") for letter in word)


@lru_cache(maxsize=8192)
def skeleton(word: str) -> str:
    """The consonants one hears: kitna, ktna and kittna agree. A first vowel counts as `a`."""
    for spelt, heard in _SOUNDS:
        word = word.replace(spelt, heard)
    kept = ["a" if word[:1] in "aeiou" else word[:1]]
    for letter in word[1:]:
        if letter not in "aeiouhy" and letter != kept[-1]:
            kept.append(letter)
    return "".join(kept)


def roman(text: str) -> str:
    """A raw text with its words in Urdu script spelt in Latin letters, for names that are on file in these."""
    words = normalise(text).translate(HEARD).split()
    return " ".join(_name(word) if is_urdu_letter(word[0]) else word for word in words)


@lru_cache(maxsize=1)
def _known_names() -> dict[str, str]:
    return {normalise(name).translate(HEARD): latin for name, latin in word_table("given_names").items()}


def _name(word: str) -> str:
    return _known_names().get(word) or to_roman(word)
