"""Statements as tables, CSV or XLSX, read by a mapping that is saved with the account."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl

from core.errors import DomainError
from core.ledger.bank_files import LINES_MAX, StatementFile, StatementLine, StatementOutOfBalance, StatementUnreadable
from core.ledger.bank_files import one_line as joined
from core.ledger.bank_files_values import NotAValue, decode, pattern_of, read_amount, read_date
from core.money import ZERO, rounded

Column = str | int
Row = tuple[int, Sequence[Any]]
DELIMITERS = ",;\t|"
UNPACKED_MAX = 200 * 1024 * 1024


class MappingInvalid(DomainError):
    """The account's mapping cannot be used; the text names what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """Where a bank's table keeps what; a column is its heading, or its number counted from 1."""

    date: Column
    date_format: str = "dd/mm/yyyy"
    value_date: Column = ""
    amount: Column = ""
    """One signed column; or `debit` and `credit`; or `amount` without sign beside `side`."""
    debit: Column = ""
    credit: Column = ""
    side: Column = ""
    debit_words: tuple[str, ...] = ("dr", "d", "debit", "withdrawal", "out")
    """What `side` says of money that went out."""
    reversed_sign: bool = False
    """The bank prints money that went out as positive."""
    balance: Column = ""
    reference: Column = ""
    text: tuple[Column, ...] = ()
    payer_name: Column = ""
    payer_account: Column = ""
    bank_id: Column = ""
    decimal: str = "."
    thousands: str = ","
    skip_lines: int = 0
    """Lines above the heading, or above the first line where there is none."""
    skip_last: int = 0
    has_header: bool = True
    delimiter: str = ""
    """Empty finds out which of `, ; | tab` it is."""
    encoding: str = ""
    sheet: str = ""


COLUMNS = ("date", "value_date", "amount", "debit", "credit", "side", "balance", "reference", "payer_name",
           "payer_account", "bank_id")  # fmt: skip


def read_mapping(saved: Mapping[str, Any] | None) -> TableMapping:
    """The mapping from its saved form; raises MappingInvalid naming every fault."""
    if not saved:
        raise MappingInvalid("This account has no mapping for its bank's tables yet: say which column holds what")
    known = {field.name for field in fields(TableMapping)}
    faults = [f"{name!r} is no part of a mapping" for name in sorted(set(saved) - known)]
    values = {name: _listed(name, value) for name, value in saved.items() if name in known}
    faults += [f"{name} must be a heading or a number from 1" for name in COLUMNS if not _is_column(values.get(name))]
    faults += ["text must list headings or numbers" for _ in [0] if not all(map(_is_column, values.get("text", ())))]
    faults += [f"{name} must be a number from 0 to 1000" for name in ("skip_lines", "skip_last")
               if type(values.get(name, 0)) is not int or not 0 <= values.get(name, 0) <= 1000]  # fmt: skip
    faults += [f"{name} must be true or false" for name in ("has_header", "reversed_sign")
               if not isinstance(values.get(name, True), bool)]  # fmt: skip
    faults += [f"{name} must be text" for name in ("decimal", "thousands", "delimiter", "encoding", "sheet")
               if not isinstance(values.get(name, ""), str)]  # fmt: skip
    if not faults:
        faults = _contradictions(values)
    if faults:
        raise MappingInvalid("The mapping cannot be used: " + "; ".join(faults))
    return TableMapping(**values)


def _listed(name: str, value: Any) -> Any:
    """`text` and `debit_words` as tuples; one value stands for a list of one."""
    if name not in {"text", "debit_words"}:
        return value
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(item for item in items if item != "")


def _is_column(value: Any) -> bool:
    return value is None or isinstance(value, str) or (type(value) is int and value > 0)


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    faults = []
    if not values.get("date"):
        faults.append("it needs the column of the date")
    pair = bool(values.get("debit")) + bool(values.get("credit"))
    if pair == 1 or bool(pair) == bool(values.get("amount")):
        faults.append("it needs either one column of amounts, or a debit and a credit column")
    if len(values.get("decimal", ".")) != 1 or values.get("decimal", ".") == values.get("thousands", ","):
        faults.append("decimal is one sign, and another one than thousands")
    if len(values.get("thousands", ",")) > 1 or len(values.get("delimiter", "")) > 1:
        faults.append("thousands and delimiter are one sign each, or none")
    if values.get("delimiter", "") in {"\r", "\n", '"', " "} or not all(
        isinstance(word, str) for word in values.get("debit_words", ())
    ):
        faults.append("delimiter is no line end, space or quote, and debit_words are words")
    try:
        pattern_of(str(values.get("date_format", "dd/mm/yyyy")))
    except NotAValue as wrong:
        faults.append(str(wrong))
    return faults


def read_csv(data: bytes, mapping: TableMapping) -> list[StatementFile]:
    """The statement of a CSV file; raises StatementUnreadable naming line and column, StatementOutOfBalance."""
    text = decode(data, mapping.encoding)
    lines = text.split("\n")
    head = lines[mapping.skip_lines] if len(lines) > mapping.skip_lines else ""
    delimiter = mapping.delimiter or max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return [_statement(_csv_rows(reader), mapping)]


def _csv_rows(reader: Any) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            raise StatementUnreadable(f"Line {reader.line_num} is not CSV: {wrong}") from wrong
        yield reader.line_num, cells


def read_xlsx(data: bytes, mapping: TableMapping) -> list[StatementFile]:
    """The statement of an Excel workbook's sheet, the first one unless the mapping names another.

    Raises as `read_csv`.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED_MAX:
            raise StatementUnreadable("The workbook is larger than a bank statement can be once unpacked")
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        if mapping.sheet and mapping.sheet not in book.sheetnames:
            raise StatementUnreadable(f"There is no sheet {mapping.sheet!r}; there are {', '.join(book.sheetnames)}")
        sheet = book[mapping.sheet] if mapping.sheet else book.worksheets[0]
        sheet.reset_dimensions()
        return [_statement(enumerate(sheet.iter_rows(values_only=True), 1), mapping)]
    finally:
        book.close()


def _statement(rows: Iterable[Row], mapping: TableMapping) -> StatementFile:
    kept: list[Row] = []
    for number, cells in rows:
        if number > LINES_MAX:
            raise StatementUnreadable(f"The file has more than {LINES_MAX} lines: ask the bank for a shorter period")
        kept.append((number, cells))
    kept = kept[mapping.skip_lines : len(kept) - mapping.skip_last]
    heading = kept.pop(0) if mapping.has_header and kept else (0, ())
    table = _Table(mapping, heading)
    for number, cells in kept:
        table.take(number, cells)
    if not table.lines:
        raise StatementUnreadable("The file holds no lines: it is empty, or the mapping skips them all")
    return _in_order(table)


class _Table:
    """The rows read so far, and where each column is."""

    def __init__(self, mapping: TableMapping, heading: Row) -> None:
        self.mapping = mapping
        self.pattern = pattern_of(mapping.date_format)
        self.lines: list[StatementLine] = []
        self.numbers: list[int] = []
        self.loose: list[tuple[int, Decimal]] = []
        """Balances that stand alone, with how many lines precede them."""
        self.heading_number, names = heading
        self.names = [_folded(name) for name in names]
        self.places = {name: self._place(getattr(mapping, name)) for name in COLUMNS if getattr(mapping, name)}
        self.texts = [self._place(column) for column in mapping.text]

    def _place(self, column: Column) -> int:
        if isinstance(column, int):
            return column - 1
        if not self.mapping.has_header:
            raise MappingInvalid(f"Without a heading columns are numbers; {column!r} is none")
        if _folded(column) not in self.names:
            found = ", ".join(filter(None, self.names)) or "nothing"
            raise StatementUnreadable(
                f"Line {self.heading_number or 1} has no column {column!r}; it has {found}. "
                "Is this another bank's file, or are there more lines to skip?"
            )
        return self.names.index(_folded(column))

    def take(self, number: int, cells: Sequence[Any]) -> None:
        """Read one row: a line, a balance that stands alone, or more text of the line before."""
        if not any(_shown(cell) for cell in cells):
            return
        amount, balance = self._amount(number, cells), self._number(number, cells, "balance")
        text = joined(*(_shown(_at(cells, place)) for place in self.texts))
        if amount is None and balance is not None:
            self.loose.append((len(self.lines), balance))
            return
        if amount is None and not self._shown(cells, "date") and self.lines and text:
            self.lines[-1] = replace(self.lines[-1], text=joined(self.lines[-1].text, text))
            return
        if amount is None:
            raise StatementUnreadable(f"Line {number} has no amount: {self._where('amount', 'debit')} is empty")
        if amount == ZERO:
            return
        self.numbers.append(number)
        self.lines.append(
            StatementLine(
                booked_on=self._date(number, cells, "date"), amount=amount, text=text, balance_after=balance,
                value_on=self._date(number, cells, "value_date") if self._shown(cells, "value_date") else None,
                reference=joined(self._shown(cells, "reference")), payer_name=joined(self._shown(cells, "payer_name")),
                payer_account=joined(self._shown(cells, "payer_account")),
                bank_id=joined(self._shown(cells, "bank_id")),
                raw=" | ".join(_shown(cell) for cell in cells),
            )
        )  # fmt: skip

    def _shown(self, cells: Sequence[Any], name: str) -> str:
        return _shown(_at(cells, self.places[name])) if name in self.places else ""

    def _where(self, *names: str) -> str:
        name = next((name for name in names if name in self.places), names[0])
        column = getattr(self.mapping, name)
        return f"column {column}" if isinstance(column, int) else f"column {column!r}"

    def _date(self, number: int, cells: Sequence[Any], name: str) -> date:
        cell = _at(cells, self.places[name])
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        try:
            return read_date(_shown(cell), self.pattern)
        except NotAValue as wrong:
            raise StatementUnreadable(f"Line {number}, {self._where(name)}: {wrong}") from wrong

    def _number(self, number: int, cells: Sequence[Any], name: str) -> Decimal | None:
        cell = _at(cells, self.places[name]) if name in self.places else None
        try:
            if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
                return _from_cell(cell)
            text = _shown(cell)
            if text in {"", "-", "--", "–"}:
                return None
            return read_amount(text, decimal=self.mapping.decimal, thousands=self.mapping.thousands)
        except NotAValue as wrong:
            raise StatementUnreadable(f"Line {number}, {self._where(name)}: {wrong}") from wrong

    def _amount(self, number: int, cells: Sequence[Any]) -> Decimal | None:
        if "debit" in self.places:
            debit, credit = self._number(number, cells, "debit"), self._number(number, cells, "credit")
            if debit and credit:
                raise StatementUnreadable(f"Line {number} has both a debit of {debit} and a credit of {credit}")
            amount = None if debit is None and credit is None else (credit or ZERO) - abs(debit or ZERO)
        else:
            amount = self._number(number, cells, "amount")
            if amount is not None and "side" in self.places:
                words = {word.casefold() for word in self.mapping.debit_words}
                out = self._shown(cells, "side").strip(" .").casefold() in words
                amount = -abs(amount) if out else abs(amount)
        return -amount if amount is not None and self.mapping.reversed_sign else amount


def _from_cell(cell: int | float | Decimal) -> Decimal:
    """A number cell of a workbook, exactly as it is shown: binary dust below a millionth is none."""
    value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    if not value.is_finite() or abs(value) >= 10**15 or abs(value - rounded(value)) > Decimal("0.000001"):
        raise NotAValue(f"{cell!r} is not an amount with two decimal places")
    return rounded(value)


def _at(cells: Sequence[Any], place: int) -> Any:
    return cells[place] if place < len(cells) else None


def _shown(cell: Any) -> str:
    """A cell as text; a workbook keeps a number such as a cheque's as a float."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _folded(name: Any) -> str:
    """A heading for comparison; windows-1256 has only the Arabic yeh and kaf, Unicode Urdu its own."""
    return " ".join(_shown(name).casefold().translate({0x064A: "ی", 0x0643: "ک"}).split())


def _in_order(table: _Table) -> StatementFile:
    """The lines oldest first; a bank that prints the newest first is found out by its balances or its dates."""
    numbered = list(zip(table.numbers, table.lines, strict=True))
    backwards = table.lines[0].booked_on > table.lines[-1].booked_on
    if _first_break(numbered, backwards) is not None and _first_break(numbered, not backwards) is None:
        backwards = not backwards
    _refuse_break(numbered, backwards)
    lines = table.lines[::-1] if backwards else table.lines
    opening, closing = _loose_ends(table, backwards)
    known = next((index for index, line in enumerate(lines) if line.balance_after is not None), None)
    if known is not None:
        at, total = lines[known].balance_after or ZERO, sum((line.amount for line in lines), ZERO)
        first = at - sum((line.amount for line in lines[: known + 1]), ZERO)
        opening, closing = first if opening is None else opening, first + total if closing is None else closing
    return StatementFile(lines=lines, opening=opening, closing=closing)


def _first_break(numbered: Sequence[tuple[int, StatementLine]], backwards: bool) -> tuple[int, Decimal] | None:
    """The first line, by its number, whose balance is not what those before make, and what they make."""
    made: Decimal | None = None
    for number, line in reversed(numbered) if backwards else numbered:
        made = None if made is None else made + line.amount
        if line.balance_after is not None:
            if made is not None and made != line.balance_after:
                return number, made
            made = line.balance_after
    return None


def _refuse_break(numbered: Sequence[tuple[int, StatementLine]], backwards: bool) -> None:
    broken = _first_break(numbered, backwards)
    if broken is not None:
        number, made = broken
        line = next(line for at, line in numbered if at == number)
        raise StatementOutOfBalance(
            f"Line {number} shows a balance of {line.balance_after}, but the lines before and its {line.amount} "
            f"make {made}: lines are missing, or a column or its sign is mapped wrongly"
        )


def _loose_ends(table: _Table, backwards: bool) -> tuple[Decimal | None, Decimal | None]:
    """The opening and closing balances that stand on rows of their own before and after the lines."""
    above = next((balance for count, balance in table.loose if count == 0), None)
    below = next((balance for count, balance in reversed(table.loose) if count == len(table.lines)), None)
    return (below, above) if backwards else (above, below)
