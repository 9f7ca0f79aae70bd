"""One door for statement files of every format: whatever is wrong with a file comes out as a DomainError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import DomainError
from core.ledger.bank_files import SIZE_MAX, StatementFile, StatementUnreadable, checked
from core.ledger.bank_files_camt import read_camt053
from core.ledger.bank_files_mt940 import read_mt940
from core.ledger.bank_files_ofx import read_ofx
from core.ledger.bank_files_table import read_csv, read_mapping, read_xlsx

FORMATS = ("csv", "xlsx", "ofx", "mt940", "camt053")
NOT_STATEMENTS = (
    (b"%PDF", "a PDF: ask the bank for CSV, Excel or MT940"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls): save it as .xlsx or CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a packed file: unpack it first"),
)


def detect_format(data: bytes) -> str:
    """Which of `FORMATS` the bytes are; what looks like nothing else is CSV. Raises StatementUnreadable."""
    for mark, what in NOT_STATEMENTS:
        if data.startswith(mark):
            raise StatementUnreadable(f"The file is {what}")
    if data.startswith(b"PK\x03\x04"):
        return "xlsx"
    head = data[:4096].replace(b"\x00", b"")
    if b"OFXHEADER" in head or b"<OFX>" in head:
        return "ofx"
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith(b"<"):
        return "camt053"
    if b":20:" in head and (b":60F:" in data or b":60M:" in data):
        return "mt940"
    return "csv"


def read_statements(data: bytes, *, format: str = "", mapping: Mapping[str, Any] | None = None) -> list[StatementFile]:
    """The statements of a file, each with its lines oldest first and, where it gives balances, checked by them.

    `mapping` is the account's saved one, needed for CSV and XLSX; its `encoding` also serves MT940.
    Raises StatementUnreadable, StatementOutOfBalance, MappingInvalid.
    """
    if not data.strip():
        raise StatementUnreadable("The file is empty")
    if len(data) > SIZE_MAX:
        raise StatementUnreadable(f"The file is larger than {SIZE_MAX // 1024 // 1024} MB: ask for a shorter period")
    format = format or detect_format(data)
    try:
        return [checked(statement) for statement in _read(data, format, mapping)]
    except DomainError:
        raise
    except Exception as broken:
        raise StatementUnreadable(f"The file begins like {format} but is damaged: {type(broken).__name__}") from broken


def _read(data: bytes, format: str, mapping: Mapping[str, Any] | None) -> list[StatementFile]:
    if format == "ofx":
        return read_ofx(data)
    if format == "camt053":
        return read_camt053(data)
    if format == "mt940":
        return read_mt940(data, encoding=str((mapping or {}).get("encoding", "")))
    if format == "xlsx":
        return read_xlsx(data, read_mapping(mapping))
    if format == "csv":
        return read_csv(data, read_mapping(mapping))
    raise StatementUnreadable(f"{format!r} is no format of statements: use one of {', '.join(FORMATS)}")
