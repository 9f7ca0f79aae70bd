"""The mark that makes an account on a device ours, the same on every vendor's."""

from __future__ import annotations

import re
import uuid

from core.ids import Id

MARK = re.compile(r"taar:([0-9a-f-]{36})(?: (.*))?", re.DOTALL)


def mark(subscription_id: Id, note: str = "") -> str:
    """The comment that makes a row ours; what a person wrote after it is kept."""
    return f"taar:{subscription_id} {note}".rstrip()


def read_mark(comment: str) -> tuple[Id | None, str]:
    """Whose row it is, and the rest of the comment."""
    found = MARK.fullmatch(comment)
    if not found:
        return None, comment
    try:
        return uuid.UUID(found[1]), found[2] or ""
    except ValueError:
        return None, comment
