"""Tables as CSV and XLSX. Nothing a cell holds is ever run: text that looks like a formula is quoted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from core.errors import DomainError
from core.money import rounded
from core.spreadsheets.tables import Column, Table, Value

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads Urdu in a CSV as noise."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
CELL_MAX = 32_767
ROWS_MAX = 1_048_576
SHEET_NAME_MAX = 31
FORMATS = {"amount": "#,##0.00", "number": "#,##0.######", "percent": '0.00##"%"', "date": "yyyy-mm-dd",
           "instant": "yyyy-mm-dd hh:mm", "text": "@"}  # fmt: skip
WIDTHS = {"text": 28, "amount": 16, "number": 12, "percent": 10, "date": 12, "instant": 17}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class TableTooLong(DomainError):
    """A sheet holds about a million rows."""


def write_csv(table: Table, out: IO[bytes]) -> int:
    """UTF-8 with a byte order mark; amounts as plain text with two places; returns the rows written."""
    lines = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        lines.write(BYTE_ORDER_MARK)
        writer = csv.writer(lines)
        writer.writerows([[_quoted(note)] for note in table.notes])
        writer.writerow([_quoted(column.title) for column in table.columns])
        count = 0
        for row in table.rows:
            writer.writerow([as_text(value, column) for value, column in zip(row, table.columns, strict=True)])
            count += 1
    finally:
        lines.detach()
    return count


def write_xlsx(table: Table, out: IO[bytes]) -> int:
    """One sheet, in constant memory; amounts are numbers with two places, days are days. Returns the rows written.

    Raises TableTooLong.
    """
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                                     "strings_to_numbers": False, "remove_timezone": True})  # fmt: skip
    try:
        formats = {kind: book.add_format({"num_format": pattern}) for kind, pattern in FORMATS.items()}
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(_sheet_name(table.title))
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, WIDTHS[column.kind])
        line = 0
        for note in table.notes:
            sheet.write_string(line, 0, _clean(note))
            line += 1
        for place, column in enumerate(table.columns):
            sheet.write_string(line, place, _clean(column.title), bold)
        sheet.freeze_panes(line + 1, 0)
        return _write_rows(sheet, formats, table, line + 1)
    finally:
        book.close()


def as_text(value: Value, column: Column) -> str:
    """A cell of a CSV."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{rounded(value):.2f}" if column.kind == "amount" else f"{value:f}"
    return str(value) if isinstance(value, int) else _quoted(value)


def _write_rows(sheet: Any, formats: dict[str, Any], table: Table, start: int) -> int:
    count = 0
    for line, row in enumerate(table.rows, start):
        if line >= ROWS_MAX:
            raise TableTooLong(f"A sheet holds {ROWS_MAX:,} rows: narrow the report, or take CSV")
        for place, value, column in _cells(row, table.columns):
            _write_cell(sheet, line, place, value, column, formats[column.kind])
        count += 1
    return count


def _cells(row: Sequence[Value], columns: Sequence[Column]) -> Iterator[tuple[int, Value, Column]]:
    for place, (value, column) in enumerate(zip(row, columns, strict=True)):
        if value is not None:
            yield place, value, column


def _write_cell(sheet: Any, line: int, place: int, value: Value, column: Column, form: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, value.astimezone(UTC).replace(tzinfo=None), form)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, form)
    elif isinstance(value, Decimal | int):
        # A spreadsheet's number is a float; fifteen digits hold every amount of this system to the paisa.
        sheet.write_number(line, place, rounded(value) if column.kind == "amount" else value, form)  # type: ignore[arg-type]
    else:
        sheet.write_string(line, place, _clean(str(value)), form)


def _quoted(words: str) -> str:
    """Text as it is, with an apostrophe before what a spreadsheet would run; a plain number is no formula."""
    words = _clean(words)
    risky = words.lstrip(" ").startswith(FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(words)
    return f"'{words}" if risky else words


def _clean(words: str) -> str:
    return _CONTROL.sub("", words)[:CELL_MAX]


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", _clean(title)).strip()[:SHEET_NAME_MAX] or "Report"
