"""Pictures compared by what they show, whatever became of their size, format, compression or brightness.

A hash of 64 bits finds what may be the same quickly; a print of 96 by 96 cells tells it from a picture that only looks
alike from afar, such as another receipt of the same app.
"""

from __future__ import annotations

import io
import itertools
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

Cells = npt.NDArray[np.float64]

SIDE = 8
PIXELS_MAX = 60_000_000
"""A larger picture is not opened: no phone takes one, and it would cost hundreds of megabytes."""
NEAR = 6
"""Bits that two hashes of the same picture may differ by, where nothing finer is known of both."""
WORTH_A_LOOK = 12
"""Bits up to which their prints decide."""
PRINT_SIDE = 96
OTHER_BY = 24
"""Grey levels of 256 by which a cell shows something else, brightness and contrast put right."""
EDGE = 12
"""Grey levels between neighbours that make an edge: writing, or what a photo shows."""
EDGES_MIN = 200
OTHER_PERCENT = 2
"""Of the edges, that many cells may show something else in the same picture: less than one line of a receipt."""


def difference_hash(data: bytes) -> str:
    """64 bits in hex, one for each neighbouring pair of a 9 by 8 grey copy; empty for what is no picture.

    A picture of one colour has no differences to compare and gives an empty hash as well.
    """
    grey = _grey(data, SIDE * 32)
    if grey is None:
        return ""
    value = int("".join("1" if left > right else "0" for left, right in _neighbours(grey, SIDE)), 2)
    return f"{value:016x}" if value else ""


def picture_print(data: bytes) -> bytes:
    """A grey copy of 96 by 96 cells, packed; empty for what is no picture, and for one of one colour."""
    grey = _grey(data, PRINT_SIDE * 8)
    if grey is None:
        return b""
    cells = grey.resize((PRINT_SIDE, PRINT_SIDE), Image.Resampling.BOX).tobytes()
    return zlib.compress(cells) if min(cells) < max(cells) else b""


def same_print(one: bytes, other: bytes) -> bool:
    """Whether two prints are of one picture, be it brighter or paler; one figure that was changed makes no other one.

    The second is fitted to the first by a line through their grey levels; what is still different is counted.
    """
    first, second = (_cells(each) for each in (one, other))
    spread = float(np.mean((second - second.mean()) ** 2))
    slope = float(np.mean((first - first.mean()) * (second - second.mean()))) / spread
    differing = np.abs(first - first.mean() - slope * (second - second.mean())) > OTHER_BY
    edges = np.abs(np.diff(first, axis=1)) > EDGE
    return bool(differing.sum() * 100 <= OTHER_PERCENT * max(int(edges.sum()), EDGES_MIN))


def _cells(packed: bytes) -> Cells:
    return np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(PRINT_SIDE, PRINT_SIDE).astype(float)


def _grey(data: bytes, at_least: int) -> Image.Image | None:
    """A grey copy that is no smaller than needed; None for what cannot be opened."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return None
            picture.draft("L", (at_least, at_least))
            return picture.convert("L")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _neighbours(grey: Image.Image, side: int) -> Iterator[tuple[int, int]]:
    """Each pair of neighbours in a copy of `side` rows with one pixel more in each."""
    small = grey.resize((side + 1, side), Image.Resampling.LANCZOS).tobytes()
    for start in range(0, len(small), side + 1):
        yield from itertools.pairwise(small[start : start + side + 1])


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
