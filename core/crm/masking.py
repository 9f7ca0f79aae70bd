"""Numbers that show who a person is, made unreadable where text is shown."""

from __future__ import annotations

import re

_DASHED = re.compile(r"(?<!\d)(\d{5})([\s-]{1,3})(\d{7})([\s-]{1,3})(\d)(?!\d)")
_PAPERS = re.compile(r"(/papers/[\w-]+)/[\w.-]+")
_BARE = re.compile(r"(?<!\d)([1-7]\d{4})(\d{7})(\d)(?!\d)")


def mask_cnic(text: str) -> str:
    """The text with every CNIC reduced to its first five and last digits."""
    return _BARE.sub(r"\1*******\3", _DASHED.sub(r"\1\2*******\4\5", text))


def mask_secrets(text: str) -> str:
    """The text as the office may read it: no whole CNIC, and no link that only its owner may open."""
    return _PAPERS.sub(r"\1/…", mask_cnic(text))


def holds_cnic(text: str) -> bool:
    """Whether a CNIC stands in the text: 13 digits, dashed or not, the first of a province."""
    return bool(_DASHED.search(text) or _BARE.search(text))


def mask_phone(phone: str) -> str:
    """`+92 300 ••••567`: enough for its owner to know it, too little to call it."""
    return f"{phone[:3]} {phone[3:6]} ••••{phone[-3:]}" if len(phone) > 9 else "••••"


_GAP = r"[\s.,_/\-\u2010-\u2015]"
_ANY = re.compile(rf"(?<!\d)([1-7\u06f1-\u06f7\u0661-\u0667]\d{{4}})({_GAP}{{0,3}})(\d{{7}})({_GAP}{{0,3}})(\d)(?!\d)")


def blank_cnic(text: str, *, bare: bool) -> str:
    """The text with the middle of every CNIC set to zeros, so that it still reads as one; no secret is left.

    13 digits without a gap are taken for one only where `bare`: payments have such numbers.
    """

    def blank(found: re.Match[str]) -> str:
        area, first, _, second, last = found.groups()
        return f"{area}{first}0000000{second}{last}" if bare or first or second else found[0]

    return _ANY.sub(blank, text)


def shown_cnic(text: str, *, bare: bool) -> str:
    """The same for the office's eyes: stars in the middle."""

    def star(found: re.Match[str]) -> str:
        area, first, _, second, last = found.groups()
        return f"{area}{first}*******{second}{last}" if bare or first or second else found[0]

    return _ANY.sub(star, text)
