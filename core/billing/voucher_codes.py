"""Codes of recharge cards: easy to read and to type, impossible to guess, kept only as keyed hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O. Thirty-one letters: a prime, so the check finds every wrong and every swapped letter."""
RANDOM_LETTERS = 15
GROUP = 4
_PURPOSE = b"taar voucher codes"


def new_code() -> str:
    """Fifteen random letters (74 bits) and a check letter, in groups of four."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return printed_code(body + _check_letter(body))


def printed_code(code: str) -> str:
    """The letters in groups, as on the card."""
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def typed_code(text: str) -> str | None:
    """The sixteen letters in what a person typed, in any case and script of digits; None if it cannot be a code."""
    plain = unicodedata.normalize("NFKC", text).upper()
    code = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain if c.isalnum())
    if len(code) != RANDOM_LETTERS + 1 or any(letter not in ALPHABET for letter in code):
        return None
    return code if _check_letter(code[:-1]) == code[-1] else None


def code_hash(code: str, secret: str) -> str:
    """What is kept of a code: HMAC-SHA-256 under a key derived from the installation's secret."""
    key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    return hmac.new(key, code.replace("-", "").encode(), hashlib.sha256).hexdigest()


def _check_letter(body: str) -> str:
    total = sum(weight * ALPHABET.index(letter) for weight, letter in enumerate(body, 2))
    return ALPHABET[-total % len(ALPHABET)]
