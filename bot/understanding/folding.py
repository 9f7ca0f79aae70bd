"""Brings the many ways of typing the same message to one spelling."""

import re
import unicodedata
from functools import lru_cache

from bot.understanding.lexicon import word_table

LETTERS_MAX = 1200

_INVISIBLE = re.compile(
    "[\u00ad\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3"
    "\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff]"
)
_TYPED = str.maketrans(
    {
        "ي": "ی",
        "ى": "ی",
        "ك": "ک",
        "ه": "ہ",
        "ة": "ہ",
        "ۀ": "ہ",
        "ۂ": "ہ",
        "أ": "ا",
        "إ": "ا",
        "٬": ",",
        "،": ",",
        "٫": ".",
        "۔": ".",
        "؟": "?",
        "؛": ";",
        "’": "'",
        "‘": "'",
        "`": "'",
        "–": "-",
        "—": "-",
        "−": "-",
    }
)
HEARD = str.maketrans({"آ": "ا", "ں": "ن", "ھ": "ہ", "ئ": "ی", "ؤ": "و", "ۓ": "ے"})
_ELONGATED = re.compile(r"([^\W\d_])\1{2,}")
_GROUPING = re.compile(r"(?<=\d),(?=\d)")
_WIFI = re.compile(r"\bwi[\s-]?fi\b|\bwai ?f[ai]i\b|وای+ ?فای+")
_SPELT_OUT = (
    ("او این یو", "onu"),
    ("پیچ کارڈ", "patch cord"),
    ("پیچ کورڈ", "patch cord"),
    ("واٹس ایپ", "whatsapp"),
    ("ایم بی", "mbps"),
)
_TOKEN = re.compile("[a-z]+|\\d+(?:\\.\\d+)?|[\u0620-\u06ff]+|[👍🙏👎✅❌❤😡😠🤬😊👌👏🙌💯🌹😍🥰]")


def normalise(text: str) -> str:
    """Settle characters only (width, digits, look-alike letters, case): words and punctuation stay.

    Text beyond LETTERS_MAX characters is dropped.
    """
    settled = unicodedata.normalize("NFKC", text[:LETTERS_MAX])
    settled = _INVISIBLE.sub("", settled.translate(_TYPED)).casefold()
    if settled.isascii():
        return settled
    return "".join(str(unicodedata.digit(c)) if not c.isascii() and c.isdecimal() else c for c in settled)


@lru_cache(maxsize=4096)
def fold_word(word: str) -> str:
    """The agreed spelling of one normalised word."""
    return word_table("variants").get(word, word)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Reduce a message to agreed spellings of its words, with single spaces and no punctuation."""
    heard = normalise(text).translate(HEARD)
    heard = _WIFI.sub("wifi", heard).replace("'", "")
    for spelt, word in _SPELT_OUT if not heard.isascii() else ():
        heard = heard.replace(spelt, f" {word} ")
    heard = _GROUPING.sub("", _ELONGATED.sub(r"\1", heard))
    return " ".join(fold_word(token) for token in _TOKEN.findall(heard))
