"""A company's logo made anew from its pixels, small enough for every document."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import DomainError

FORMATS = ("PNG", "JPEG")
SIZE_MAX = 2 * 1024 * 1024
PIXELS_MAX = 20_000_000
SIDE_MIN = 32
BOX = (800, 400)
"""The largest a logo is kept: twice as wide as high, as the letterhead's place for it is."""
QUALITY = 90


class LogoRefused(DomainError):
    """The file is no picture that can be a logo; the text says what would do."""


def clean_logo(data: bytes) -> bytes:
    """The picture as a new PNG, or as a JPEG where it was one: upright, within BOX, transparent where it was, and
    without whatever else the file carried. What it is, is told by its content and not by its name.

    Raises LogoRefused.
    """
    if not data:
        raise LogoRefused("Choose a file: PNG or JPEG")
    if len(data) > SIZE_MAX:
        raise LogoRefused(f"The file is too large: {SIZE_MAX // 1024 // 1024} MB at most")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise LogoRefused(f"The picture has too many points: {PIXELS_MAX // 1_000_000} million at most")
            if min(picture.size) < SIDE_MIN:
                raise LogoRefused(f"The picture is too small to print: {SIDE_MIN} points a side at least")
            return _made_anew(picture, as_jpeg=picture.format == "JPEG")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as wrong:
        raise LogoRefused("The file is no PNG or JPEG picture that can be read: save it again as one") from wrong


def _made_anew(picture: Image.Image, *, as_jpeg: bool) -> bytes:
    upright = ImageOps.exif_transpose(picture).convert("RGB" if as_jpeg else "RGBA")
    upright.thumbnail(BOX, Image.Resampling.LANCZOS)
    plain = Image.new(upright.mode, upright.size)
    plain.paste(upright)
    made = io.BytesIO()
    if as_jpeg:
        plain.save(made, "JPEG", quality=QUALITY)
    else:
        plain.save(made, "PNG", optimize=True)
    return made.getvalue()
