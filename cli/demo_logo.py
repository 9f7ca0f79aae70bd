"""The demo company's logo: a fibre and its light, drawn here so that no picture has to be shipped."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SIZE = (640, 320)
GREEN, LIGHT = (15, 118, 110), (245, 158, 11)


def draw_logo() -> bytes:
    """A PNG with a transparent ground."""
    picture = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for step in range(3):
        edge = 40 + step * 38
        pen.arc((edge, edge, 560 - edge, 560 - edge), 200, 340, fill=GREEN, width=22)
    pen.ellipse((272, 190, 328, 246), fill=LIGHT)
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()
