"""References of transfers, compared the way people copy them."""

from __future__ import annotations

import re
import unicodedata

DIGITS_MIN = 6
"""Shorter words, such as "cash", are no reference that could be used twice."""


def reference_key(reference: str) -> str:
    """The reference without case, spaces, punctuation and leading zeros; empty where it identifies nothing.

    Digits of any script are read: `jc 00884422119`, `JC-884422119` and `JC-۸۸۴۴۲۲۱۱۹` are one.
    """
    plain = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in unicodedata.normalize("NFKC", reference).casefold()
        if char.isalnum()
    )
    if sum(char.isdecimal() for char in plain) < DIGITS_MIN:
        return ""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", plain)


def mentions(narrative: str, key: str) -> bool:
    """Whether a bank line's words contain the reference of that key, also when it is written in several parts."""
    if not key:
        return False
    whole = re.compile(rf"(?<![0-9]){re.escape(key)}(?![0-9])")
    words = narrative.split()
    spans = (" ".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, start + 5))
    return any(whole.search(reference_key(span)) for span in spans)
