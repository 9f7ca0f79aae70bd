"""A printed A4 document, drawn from top to bottom; Urdu is shaped and runs from right to left.

Sizes are millimetres, type sizes points. Letters of any script print: the Latin face falls back to the Naskh one.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from core.printing.labels import label

FONTS = Path(__file__).parent / "fonts"
FACES = (("latin", "NotoSans"), ("naskh", "NotoNaskh"))
INK = (30, 41, 59)
QUIET = (100, 116, 139)
ACCENT = (15, 118, 110)
RULE = (203, 213, 225)
MARGIN = 18.0
WIDTH = 174.0
FOOT = 20.0
QR_SIDE = 32.0
LOGO_HEIGHT = 16.0
MM_PER_POINT = 0.5
TEXT_MAX = 2000
"""Longer texts are data gone wrong; cut, they still print."""

Colour = tuple[int, int, int]


class FontsMissing(RuntimeError):
    """The set-up has not copied the fonts."""


@dataclass(frozen=True)
class Letterhead:
    """Who prints the document; `logo` is a PNG or JPEG picture."""

    name: str
    address: str = ""
    numbers: Sequence[tuple[str, str]] = ()
    logo: bytes | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, its share of the width, and whether it holds figures."""

    title: str
    width: float
    numeric: bool = False


class Page:
    """The document being drawn; continues on further pages by itself."""

    def __init__(self, letterhead: Letterhead, *, title: str, language: str) -> None:
        self.language = language
        self.rtl = language == "ur"
        self._pdf = _Numbered(language)
        self._pdf.set_margins(MARGIN, 16, MARGIN)
        self._pdf.set_auto_page_break(True, FOOT)
        self._pdf.set_title(title)
        for family, name in FACES:
            for style, weight in (("", "Regular"), ("B", "Bold")):
                path = FONTS / f"{name}-{weight}.ttf"
                if not path.exists():
                    raise FontsMissing(f"{path} is missing: run the set-up")
                self._pdf.add_font(family, style, path)
        self._pdf.set_fallback_fonts(["naskh"], exact_match=False)
        self._pdf.add_page()
        self._head(letterhead)

    def word(self, key: str) -> str:
        """A fixed label in the document's language."""
        return label(key, self.language)

    def text(
        self, text: str, *, size: float = 10, bold: bool = False, colour: Colour = INK, width: float = WIDTH
    ) -> None:
        """A paragraph at the reading edge."""
        if not text:
            return
        self._face(size, bold, colour)
        if self.rtl:
            self._pdf.set_x(MARGIN + WIDTH - width)
        self._turn(text)
        self._pdf.multi_cell(width, size * MM_PER_POINT, text[:TEXT_MAX], align="R" if self.rtl else "L",
                             new_x=XPos.LMARGIN, new_y=YPos.NEXT)  # fmt: skip

    def facts(self, *facts: tuple[str, str], size: float = 10) -> None:
        """`Label: value` pieces on one line, in reading order; those with an empty value are left out.

        Each piece runs in its own direction, so a number or an address in Latin letters keeps its order.
        """
        pieces = [piece for key, value in facts if value for piece in (f"{self.word(key)}:", value)]
        if not pieces:
            return
        self._face(size, False, INK)
        x = MARGIN + WIDTH if self.rtl else MARGIN
        y = self._pdf.get_y()
        for number, piece in enumerate(pieces):
            self._turn(piece)
            width = self._pdf.get_string_width(piece) + 2
            x -= width if self.rtl else 0
            self._pdf.set_xy(x, y)
            self._pdf.cell(width, size * MM_PER_POINT, piece, align="R" if self.rtl else "L")
            apart = 0 if number % 2 == 0 else 6
            x += -apart if self.rtl else width + apart
        self._pdf.set_xy(MARGIN, y + size * MM_PER_POINT)

    def pair(self, name: str, value: str, *, bold: bool = False, size: float = 10, colour: Colour = INK) -> None:
        """A name at the reading edge and its figure at the other one."""
        self._face(size, bold, colour)
        height = size * 0.75
        wide, narrow = WIDTH * 0.7, WIDTH * 0.3
        cells = ((narrow, value, "L"), (wide, name, "R")) if self.rtl else ((wide, name, "L"), (narrow, value, "R"))
        for width, words, align in cells:
            self._turn(words)
            self._pdf.cell(width, height, words[:TEXT_MAX], align=align)
        self._pdf.ln(height)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, size: float = 9) -> None:
        """Rows under their headings; long texts wrap, and the headings come again on each page."""
        self._row(columns, [column.title for column in columns], size=size, bold=True, colour=QUIET)
        self.rule()
        for row in rows:
            if self._pdf.will_page_break(self._height(columns, row, size)):
                self._pdf.add_page()
                self._row(columns, [column.title for column in columns], size=size, bold=True, colour=QUIET)
                self.rule()
            self._row(columns, row, size=size)
        self.rule()

    def rule(self) -> None:
        """A thin line across the page."""
        self._pdf.set_draw_color(*RULE)
        y = self._pdf.get_y() + 1
        self._pdf.line(MARGIN, y, MARGIN + WIDTH, y)
        self._pdf.ln(2.5)

    def gap(self, height: float = 4) -> None:
        """Empty space."""
        self._pdf.ln(height)

    def beside_qr(self, content: str, title: str, lines: Sequence[str], facts: Sequence[tuple[str, str]]) -> None:
        """A QR code at the far edge, and a title, lines and facts beside it; kept together on one page."""
        height = max(QR_SIDE, 6.0 * (1 + len(lines) + len(facts)))
        if self._pdf.will_page_break(height):
            self._pdf.add_page()
        top = self._pdf.get_y()
        picture = io.BytesIO()
        segno.make(content, error="m", micro=False).save(picture, kind="png", scale=6, border=1)
        x = MARGIN if self.rtl else MARGIN + WIDTH - QR_SIDE
        self._pdf.image(picture, x=x, y=top, w=QR_SIDE)
        beside = WIDTH - QR_SIDE - 6
        self.text(title, bold=True, width=beside)
        for line in lines:
            self.text(line, width=beside)
        for fact in facts:
            self.facts(fact)
        self._pdf.set_y(max(self._pdf.get_y(), top + QR_SIDE) + 2)

    def stamp(self, text: str, colour: Colour = ACCENT) -> None:
        """A large word that says what became of the document."""
        self.text(text, size=18, bold=True, colour=colour)

    def output(self) -> bytes:
        """The PDF."""
        return bytes(self._pdf.output())

    def _head(self, letterhead: Letterhead) -> None:
        top = self._pdf.get_y()
        if letterhead.logo:
            x = MARGIN if self.rtl else MARGIN + WIDTH - 2 * LOGO_HEIGHT
            self._pdf.image(io.BytesIO(letterhead.logo), x=x, y=top, w=2 * LOGO_HEIGHT, h=LOGO_HEIGHT,
                            keep_aspect_ratio=True)  # fmt: skip
        beside = WIDTH - (2 * LOGO_HEIGHT + 4 if letterhead.logo else 0)
        self.text(letterhead.name, size=16, bold=True, colour=ACCENT, width=beside)
        self.text(letterhead.address, size=9, colour=QUIET, width=beside)
        numbers = "   ".join(f"{name} {number}" for name, number in letterhead.numbers if number)
        self.text(numbers, size=9, colour=QUIET, width=beside)
        if letterhead.logo:
            self._pdf.set_y(max(self._pdf.get_y(), top + LOGO_HEIGHT))
        self._pdf.ln(5)

    def _face(self, size: float, bold: bool, colour: Colour) -> None:
        self._pdf.set_font("latin", "B" if bold else "", size)
        self._pdf.set_text_color(*colour)

    def _turn(self, text: str) -> None:
        """Let `text` run as its first letter does, whatever the document's language."""
        first = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
        self._pdf.set_text_shaping(use_shaping_engine=True, direction="ltr" if first == "L" else "rtl")

    def _row(
        self, columns: Sequence[Column], cells: Sequence[str], *, size: float, bold: bool = False, colour: Colour = INK
    ) -> None:
        self._face(size, bold, colour)
        top = bottom = self._pdf.get_y()
        x = MARGIN + WIDTH if self.rtl else MARGIN
        for column, words in zip(columns, cells, strict=True):
            width = self._width(columns, column)
            x -= width if self.rtl else 0
            self._pdf.set_xy(x, top)
            self._turn(words)
            self._pdf.multi_cell(width, size * MM_PER_POINT + 0.6, words[:TEXT_MAX], align=self._align(column),
                                 new_x=XPos.RIGHT, new_y=YPos.NEXT)  # fmt: skip
            bottom = max(bottom, self._pdf.get_y())
            x += 0 if self.rtl else width
        self._pdf.set_xy(MARGIN, bottom + 0.8)

    def _align(self, column: Column) -> str:
        return "L" if column.numeric == self.rtl else "R"

    def _width(self, columns: Sequence[Column], column: Column) -> float:
        return WIDTH * column.width / sum(each.width for each in columns)

    def _height(self, columns: Sequence[Column], cells: Sequence[str], size: float) -> float:
        self._face(size, False, INK)
        pairs = zip(columns, cells, strict=True)
        return max(self._wrapped(self._width(columns, column), words, size) for column, words in pairs) + 0.8

    def _wrapped(self, width: float, words: str, size: float) -> float:
        height = self._pdf.multi_cell(
            width, size * MM_PER_POINT + 0.6, words[:TEXT_MAX], dry_run=True, output=MethodReturnValue.HEIGHT
        )
        assert isinstance(height, float)
        return height


class _Numbered(FPDF):
    """An A4 file whose pages bear their numbers."""

    def __init__(self, language: str) -> None:
        super().__init__(format="A4")
        self._language = language

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("latin", "", 8)
        self.set_text_color(*QUIET)
        self.cell(0, 6, f"{label('page', self._language)} {self.page_no()}", align="C")
