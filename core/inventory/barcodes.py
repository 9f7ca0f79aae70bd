"""Serials from the photo of a sticker: every bar code in it that can be one."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from core.inventory.items import SerialInvalid, clean_serial

BYTES_MAX = 20_000_000
PIXELS_MAX = 60_000_000
"""A larger picture is not opened: no phone takes one, and it would cost hundreds of megabytes."""
SIDE_MAX = 3000
"""A larger one is made smaller first; the bars of a sticker are still told apart."""
SERIALS_MAX = 10
RETAIL = frozenset({"EANUPC", "DataBar"})
"""They name an article, not a piece."""
NAMED = re.compile(r"(?:\(21\)|\b(?:S/?N|SERIAL(?:\s*(?:NO|NUMBER))?)\b\.?\s*[:=#]?\s*)([A-Z0-9-]{3,})", re.IGNORECASE)
"""Behind "SN", "S/N:", "Serial No." and GS1's mark of a serial."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def serials_in_picture(data: bytes) -> list[str]:
    """The serials as they are kept (`clean_serial`), from the top of the picture down, each once and ten at most.

    A sticker often has the hardware address beside the serial, so the caller looks which of them he knows. Empty for
    what is no picture, for one too large, and where nothing can be read.
    """
    grey = _grey(data)
    if grey is None:
        return []
    found: dict[str, None] = {}
    codes = zxingcpp.read_barcodes(np.asarray(grey))
    for code in sorted(codes, key=lambda code: (code.position.top_left.y, code.position.top_left.x)):
        if code.symbology.name not in RETAIL:
            found |= dict.fromkeys(serials_in_code(code.text))
    return list(found)[:SERIALS_MAX]


def serials_in_code(text: str) -> Sequence[str]:
    """What a code's words give: the serial they name, else the words themselves; nothing for an address of the web."""
    named = NAMED.findall(text)
    if not named and (ADDRESS.match(text) or len(text.split()) != 1):
        return ()
    serials = []
    for written in named or [text]:
        try:
            serials.append(clean_serial(written))
        except SerialInvalid:
            continue
    return serials


def _grey(data: bytes) -> Image.Image | None:
    """The picture as it is held, in grey; None for what cannot be opened."""
    if len(data) > BYTES_MAX:
        return None
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return None
            grey = ImageOps.exif_transpose(picture).convert("L")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    grey.thumbnail((SIDE_MAX, SIDE_MAX))
    return grey
