"""A table that somebody sent as CSV or XLSX: its heading and its rows as text, whatever program wrote it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl

from core.errors import DomainError

SIZE_MAX = 10 * 1024 * 1024
UNPACKED_MAX = 100 * 1024 * 1024
ROWS_MAX = 20_000
COLUMNS_MAX = 60
DELIMITERS = ",;\t|"
ENCODINGS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))


class SheetUnreadable(DomainError):
    """The file is no table, or too large a one."""


@dataclass(frozen=True)
class SheetRow:
    """A row by heading, in small letters with underscores; `line` counts from 1, as the program shows it."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """`columns` in their order; empty rows are left out."""

    columns: Sequence[str]
    rows: Sequence[SheetRow]


def read_sheet(data: bytes) -> Sheet:
    """The first sheet of a workbook, or a CSV with any of the usual delimiters. Raises SheetUnreadable."""
    if not data.strip():
        raise SheetUnreadable("The file is empty")
    if len(data) > SIZE_MAX:
        raise SheetUnreadable(f"The file is larger than {SIZE_MAX // 1024 // 1024} MB: send it in parts")
    if data.startswith(b"PK\x03\x04"):
        return _sheet(_workbook(data))
    if data.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff")):
        raise SheetUnreadable("The file is no CSV and no .xlsx: save it as one of them")
    return _sheet(_csv(data))


def _workbook(data: bytes) -> list[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_MAX:
                raise SheetUnreadable("The workbook is too large once unpacked: send it in parts")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return _limited((number, [_text(cell) for cell in row])
                            for number, row in enumerate(sheet.iter_rows(values_only=True), 1))  # fmt: skip
        finally:
            book.close()
    except DomainError:
        raise
    except Exception as broken:
        raise SheetUnreadable(f"The workbook is damaged: {type(broken).__name__}") from broken


def _csv(data: bytes) -> list[tuple[int, list[str]]]:
    encoding = next((name for name, mark in ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("windows-1252", "replace")
    if "\x00" in text:
        raise SheetUnreadable("The file holds binary data, not a table")
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count), strict=True)
    try:
        return _limited((reader.line_num, [cell.strip() for cell in row]) for row in reader)
    except csv.Error as wrong:
        raise SheetUnreadable(f"Line {reader.line_num} is not CSV: {wrong}") from wrong


def _limited(rows: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    kept: list[tuple[int, list[str]]] = []
    for number, cells in rows:
        if len(kept) > ROWS_MAX:
            raise SheetUnreadable(f"The table has more than {ROWS_MAX} rows: send it in parts")
        if any(cells):
            kept.append((number, cells))
    return kept


def _text(cell: Any) -> str:
    """A cell as a person reads it: a serial that the program took for a number loses no digit and gains no `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    # An apostrophe before what would be a formula belongs to the program, not to the text.
    return str(cell).strip().removeprefix("'")


def _sheet(rows: list[tuple[int, list[str]]]) -> Sheet:
    if not rows:
        raise SheetUnreadable("The table has no heading")
    columns = ["_".join(name.lower().split()) for name in rows[0][1]]
    while columns and not columns[-1]:
        columns.pop()
    named = [name for name in columns if name]
    if not named or len(columns) > COLUMNS_MAX or len(set(named)) < len(named):
        raise SheetUnreadable("The first row must name the columns, each once")
    return Sheet(named, [
        SheetRow(number, {name: cells[place] if place < len(cells) else "" for place, name in enumerate(columns)
                          if name})
        for number, cells in rows[1:]
    ])  # fmt: skip
