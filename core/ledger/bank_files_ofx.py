"""Statements in OFX or QFX, version 1 (SGML) and 2 (XML)."""

from __future__ import annotations

import io
import logging
import re
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element
from xml.sax.saxutils import unescape

from ofxtools.header import OFXHeaderError
from ofxtools.Parser import OFXTree, ParseError

from core.ledger.bank_files import StatementFile, StatementLine, StatementUnreadable, one_line
from core.ledger.bank_files_values import NotAValue, read_amount

logging.getLogger("ofxtools").setLevel(logging.CRITICAL)  # it logs what it reads: names and amounts
STATEMENTS = {"STMTRS": "BANKACCTFROM", "CCSTMTRS": "CCACCTFROM"}


def read_ofx(data: bytes) -> list[StatementFile]:
    """The statements of a file, of bank accounts and cards; raises StatementUnreadable.

    OFX gives no opening balance and its closing one may be of a later day than the last line, so neither is used.
    """
    tree = OFXTree()
    try:
        root = tree.parse(io.BytesIO(data))
    except (OFXHeaderError, ParseError, UnicodeDecodeError, ValueError) as wrong:
        raise StatementUnreadable("The file begins like OFX but does not go on so: its tags do not fit") from wrong
    found = [statement for kind, account in STATEMENTS.items() for statement in _read_all(root, kind, account)]
    if not found:
        raise StatementUnreadable("The OFX file holds no bank statement (STMTRS)")
    return found


def _read_all(root: Element, kind: str, account: str) -> list[StatementFile]:
    return [
        StatementFile(
            lines=_in_order([_line(number, element) for number, element in enumerate(statement.iter("STMTTRN"), 1)]),
            currency=_text(statement, "CURDEF").upper(),
            account_number=_text(statement, f"{account}/ACCTID"),
        )
        for statement in root.iter(kind)
    ]  # fmt: skip


def _in_order(lines: list[StatementLine]) -> list[StatementLine]:
    return lines[::-1] if lines and lines[0].booked_on > lines[-1].booked_on else lines


def _line(number: int, element: Element) -> StatementLine:
    value = _text(element, "DTAVAIL")
    return StatementLine(
        booked_on=_day(number, "DTPOSTED", _text(element, "DTPOSTED")),
        value_on=_day(number, "DTAVAIL", value) if value else None,
        amount=_amount(number, _text(element, "TRNAMT")),
        reference=one_line(_text(element, "CHECKNUM"), _text(element, "REFNUM")),
        text=one_line(_text(element, "MEMO")),
        payer_name=one_line(_text(element, "NAME") or _text(element, "PAYEE/NAME")),
        payer_account=_text(element, "BANKACCTTO/ACCTID"),
        bank_id=_text(element, "FITID"),
        raw=one_line(*(f"{part.tag}={part.text}" for part in element if part.text)),
    )


def _amount(number: int, text: str) -> Decimal:
    """TRNAMT, whose decimal sign may be a point or a comma."""
    decimal, thousands = (",", "") if "," in text and "." not in text else (".", ",")
    try:
        return read_amount(text, decimal=decimal, thousands=thousands)
    except NotAValue as wrong:
        raise StatementUnreadable(f"Transaction {number}, TRNAMT: {wrong}") from wrong


def _day(number: int, name: str, text: str) -> date:
    """The day the bank printed; the time and zone after it are left out."""
    if not re.match(r"\d{8}", text, re.ASCII):
        raise StatementUnreadable(f"Transaction {number}, {name}: {text[:40]!r} is not a date like 20261124")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError as wrong:
        raise StatementUnreadable(f"Transaction {number}, {name}: {text[:8]} is no day of the calendar") from wrong


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return unescape((found.text or "") if found is not None else "").strip()
