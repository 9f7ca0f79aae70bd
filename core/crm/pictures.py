"""Pictures compared by what they show: a difference hash that survives another size, format or compression."""

from __future__ import annotations

import io
import itertools

from PIL import Image, UnidentifiedImageError

SIDE = 8
PIXELS_MAX = 60_000_000
"""A larger picture is not opened: no phone takes one, and it would cost hundreds of megabytes."""
NEAR = 6
"""Bits that two hashes of the same picture may differ by."""


def difference_hash(data: bytes) -> str:
    """64 bits in hex, one for each neighbouring pair of a 9 by 8 grey copy; empty for what is no picture.

    A picture of one colour has no differences to compare and gives an empty hash as well.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return ""
            picture.draft("L", (SIDE * 32, SIDE * 32))
            small = picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ""
    grey = small.tobytes()
    rows = (grey[start : start + SIDE + 1] for start in range(0, len(grey), SIDE + 1))
    bits = "".join("1" if left > right else "0" for row in rows for left, right in itertools.pairwise(row))
    value = int(bits, 2)
    return f"{value:016x}" if value else ""


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
