"""Pictures of papers, made anew from their pixels so that nothing else comes with them."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from core.crm.pictures import PIXELS_MAX
from core.errors import DomainError

SIZE_MAX = 8 * 1024 * 1024
SIDE_MAX = 2400
SIDE_MIN = 200
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 85


class PaperRefused(DomainError):
    """The file is no picture we take; `why` says it in a word for the page."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The picture was refused: {why}")
        self.why = why


def clean_picture(data: bytes) -> bytes:
    """The same picture as a new JPEG: upright, at most 2,400 pixels a side, without place, camera or hidden parts.

    Raises PaperRefused with `empty`, `large`, `unreadable` or `small`.
    """
    if not data:
        raise PaperRefused("empty")
    if len(data) > SIZE_MAX:
        raise PaperRefused("large")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise PaperRefused("large")
            if min(picture.width, picture.height) < SIDE_MIN:
                raise PaperRefused("small")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as wrong:
        raise PaperRefused("unreadable") from wrong
    upright.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    made = io.BytesIO()
    upright.save(made, "JPEG", quality=QUALITY)
    return made.getvalue()
