"""The serial on a sticker is read from its photo; what is no serial is left out, and a bad picture gives nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image, ImageFilter

from core.inventory.barcodes import BYTES_MAX, serials_in_code, serials_in_picture


def bars(text: str, kind: zxingcpp.BarcodeFormat = zxingcpp.BarcodeFormat.Code128) -> Image.Image:
    return Image.fromarray(np.array(zxingcpp.create_barcode(text, kind).to_image(scale=3)))


def square(text: str) -> Image.Image:
    made = io.BytesIO()
    segno.make(text, error="m").save(made, kind="png", scale=6)
    return Image.open(made).convert("L")


def sticker(*codes: Image.Image, turned: int = 0, blurred: float = 0) -> bytes:
    """A photo of a label with these codes, one below the other."""
    label = Image.new("L", (900, 60 + sum(code.height + 40 for code in codes)), 235)
    top = 40
    for code in codes:
        label.paste(code, (80, top))
        top += code.height + 40
    made = io.BytesIO()
    label = label.rotate(turned, expand=True, fillcolor=235).filter(ImageFilter.GaussianBlur(blurred))
    label.convert("RGB").save(made, "JPEG", quality=80)
    return made.getvalue()


def test_every_serial_on_the_label_is_read_from_the_top_down() -> None:
    photo = sticker(bars("hwtc12345678"), bars("4846a1b2c3d4"))
    assert serials_in_picture(photo) == ["HWTC12345678", "4846A1B2C3D4"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270, 8])
def test_the_photo_may_be_turned_and_a_little_blurred(turned: int) -> None:
    assert serials_in_picture(sticker(bars("ZTEGC0FFEE12"), turned=turned, blurred=0.8)) == ["ZTEGC0FFEE12"]


def test_an_articles_code_is_no_serial() -> None:
    photo = sticker(bars("4006381333931", zxingcpp.BarcodeFormat.EAN13), bars("HWTC12345678"))
    assert serials_in_picture(photo) == ["HWTC12345678"]


def test_the_serial_is_taken_out_of_a_square_code() -> None:
    assert serials_in_picture(sticker(square("Model:HG8145 S/N: 2150083-XK MAC:48:46:A1:B2:C3:D4"))) == ["2150083-XK"]


@pytest.mark.parametrize(
    ("text", "serials"),
    [
        ("SN=ABC123", ["ABC123"]), ("Serial No. 77-KL", ["77-KL"]), ("(01)04006381333931(21)XZ9981", ["XZ9981"]),
        ("https://example.com/SNABC123", []), ("WIFI:T:WPA;S:home;P:12345678;;", []), ("two words", []), ("ab", []),
        ("HWTC12345678", ["HWTC12345678"]), ("", []),
    ],
)  # fmt: skip
def test_what_a_code_says(text: str, serials: list[str]) -> None:
    assert list(serials_in_code(text)) == serials


def test_a_bad_picture_gives_nothing() -> None:
    whole = sticker(bars("HWTC12345678"))
    blank = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(blank, "PNG")
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    for data in (b"", b"no picture", whole[:400], blank.getvalue(), huge.getvalue(), b"\xff" * (BYTES_MAX + 1)):
        assert serials_in_picture(data) == []
