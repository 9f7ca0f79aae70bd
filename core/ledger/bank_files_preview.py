"""A bank's table looked at before it is imported: its first rows as they stand, and what a mapping makes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import openpyxl

from core.errors import DomainError
from core.ledger.bank_files import StatementLine, StatementUnreadable
from core.ledger.bank_files_reading import detect_format, read_statements
from core.ledger.bank_files_table import DELIMITERS
from core.ledger.bank_files_values import decode

ROWS = 12
CELL_MAX = 60


@dataclass(frozen=True)
class TablePreview:
    """`rows` as the bank wrote them; `lines` as the mapping reads them, or `problem` why it cannot."""

    rows: Sequence[Sequence[str]]
    lines: Sequence[StatementLine]
    problem: str


def preview_table(data: bytes, *, mapping: Mapping[str, Any]) -> TablePreview:
    """The first rows of a CSV or XLSX file, and its first lines by `mapping`; nothing is kept.

    Raises StatementUnreadable for a file that is no table.
    """
    format = detect_format(data)
    if format not in ("csv", "xlsx"):
        raise StatementUnreadable(f"The file is {format}: it needs no mapping, import it as it is")
    rows = _first_rows(data, format, str(mapping.get("encoding", "")), str(mapping.get("delimiter", "")))
    try:
        lines = read_statements(data, format=format, mapping=mapping)[0].lines[:ROWS]
    except DomainError as wrong:
        return TablePreview(rows, (), str(wrong))
    return TablePreview(rows, lines, "")


def _first_rows(data: bytes, format: str, encoding: str, delimiter: str) -> list[list[str]]:
    if format == "csv":
        text = decode(data, encoding)
        most = max(DELIMITERS, key=text[:4096].count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter[:1] or most)
        try:
            return [[cell.strip()[:CELL_MAX] for cell in row] for row in islice(reader, ROWS)]
        except csv.Error as wrong:
            raise StatementUnreadable(f"Line {reader.line_num} is not CSV: {wrong}") from wrong
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (KeyError, ValueError, OSError) as broken:
        raise StatementUnreadable("The workbook is damaged") from broken
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        return [
            ["" if cell is None else str(cell).strip()[:CELL_MAX] for cell in row]
            for row in islice(sheet.iter_rows(values_only=True), ROWS)
        ]
    finally:
        book.close()
