"""What people type and nobody needs to keep: CNICs, and Wi-Fi passwords told before they were asked for.

The turn and every record of it get stand-ins of the same kind, so that a replay goes the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.understanding.folding import fold
from core.crm.masking import blank_cnic, shown_cnic

_CARD = frozenset(fold(word) for word in ("cnic", "nic", "nicop", "shanakhti", "shnakhti", "shanakhtee", "شناختی"))
_LONG_WORD = re.compile(r"(?<!\S)[!-~]{8,63}(?!\S)")
_DOTS = "••••••••"
_PHONE = re.compile(r"(?:\+?92|0)3\d{9}")


@dataclass(frozen=True)
class Stand:
    """How the words of one message are kept and how they are shown."""

    words: Callable[[str], str]
    shown: Callable[[str], str]


def names_card(text: str) -> bool:
    """Whether the words speak of an identity card."""
    return bool(frozenset(fold(text).split()) & _CARD)


def stand_in(text: str, *, stranger: bool, about_wifi: bool) -> Stand | None:
    """What takes the place of a message's words; None where they hold no secret.

    `stranger` writes no payment numbers, so 13 bare digits of his are a CNIC; who wishes another Wi-Fi password may
    have written it already.
    """
    bare = stranger or names_card(text)

    def words(said: str) -> str:
        said = blank_cnic(said, bare=bare)
        return _LONG_WORD.sub(_no_password, said) if about_wifi else said

    def shown(said: str) -> str:
        said = shown_cnic(said, bare=bare)
        return _LONG_WORD.sub(_no_password, said) if about_wifi else said

    return Stand(words, shown) if words(text) != text else None


def _no_password(found: re.Match[str]) -> str:
    """A long word with a figure or a sign in it, or with capitals inside, is no word of a language."""
    said = found[0]
    plain = said.strip(".,!?:;\"'()").isalpha() and not re.search(r"[a-z][A-Z]", said)
    return said if plain or _PHONE.fullmatch(said) else _DOTS
