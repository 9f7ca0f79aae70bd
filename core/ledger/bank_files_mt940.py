"""Statements in SWIFT MT940."""

from __future__ import annotations

import io
import logging
import re
from datetime import date
from decimal import Decimal
from typing import Any

import mt940

from core.ledger.bank_files import StatementFile, StatementLine, StatementUnreadable, one_line
from core.ledger.bank_files_values import decode

logging.getLogger("mt940").setLevel(logging.CRITICAL)  # it logs what it cannot read: names and amounts
ENVELOPE = re.compile(r"(?m)^(\{[^\n]*:\s*|-\}?.*|\x01|\x03)\s*$")
"""SWIFT's blocks around the statement, and the dash that ends it."""
OPENINGS = ("final_opening_balance", "intermediate_opening_balance", "opening_balance")
CLOSINGS = ("final_closing_balance", "intermediate_closing_balance", "closing_balance")
NO_REFERENCE = {"", "NONREF"}


def read_mt940(data: bytes, *, encoding: str = "") -> list[StatementFile]:
    """Each message of the file as a statement, pages of one statement included; raises StatementUnreadable."""
    text = decode(data, encoding).replace("\r\n", "\n").replace("\r", "\n")
    blocks = [block for block in re.split(r"(?m)^(?=:20:)", ENVELOPE.sub("", text)) if block.startswith(":20:")]
    if not blocks:
        raise StatementUnreadable("The file holds no MT940 message: no line begins with :20:")
    return [_statement(number, block) for number, block in enumerate(blocks, 1)]


def _statement(number: int, block: str) -> StatementFile:
    try:
        # A handle: the library takes a plain text that names a file for that file.
        parsed = mt940.parse(io.StringIO(block), options=mt940.Options.all())
    except (RuntimeError, ValueError, ArithmeticError, KeyError, TypeError, IndexError) as wrong:
        raise StatementUnreadable(f"Message {number} is not MT940: {_reason(wrong)}") from wrong
    opening, closing = (_balance(parsed.data, names) for names in (OPENINGS, CLOSINGS))
    if opening is None or closing is None:
        raise StatementUnreadable(f"Message {number} has no opening (:60F:) or no closing balance (:62F:)")
    lines = [_line(number, position, entry.data) for position, entry in enumerate(parsed.transactions, 1)]
    marks = len(re.findall(r"(?m)^:61:", block))
    if marks != len(lines):
        raise StatementUnreadable(f"Message {number} has {marks} lines :61:, of which {len(lines)} could be read")
    return StatementFile(
        lines=lines, opening=opening, closing=closing, currency=str(parsed.currency or "").upper(),
        account_number=str(parsed.data.get("account_identification") or "").strip(),
    )  # fmt: skip


def _reason(wrong: Exception) -> str:
    return one_line(str(wrong))[:120] or type(wrong).__name__


def _balance(found: dict[str, Any], names: tuple[str, ...]) -> Decimal | None:
    balance = next((found[name] for name in names if name in found), None)
    amount = getattr(getattr(balance, "amount", None), "amount", None)
    return amount if isinstance(amount, Decimal) and amount.is_finite() else None


def _line(number: int, position: int, found: dict[str, Any]) -> StatementLine:
    amount = getattr(found.get("amount"), "amount", None)
    value_on = found.get("date")
    if not isinstance(amount, Decimal) or value_on is None:
        raise StatementUnreadable(f"Message {number}, line {position}: the :61: has no amount or no date")
    references = [found.get("customer_reference"), found.get("bank_reference")]
    return StatementLine(
        booked_on=found.get("entry_date") or value_on,
        value_on=value_on,
        amount=amount.quantize(Decimal("0.01")),
        reference=one_line(*(r for r in references if (r or "").strip() not in NO_REFERENCE)),
        text=one_line(found.get("purpose"), found.get("transaction_details"), found.get("extra_details")),
        payer_name=one_line(found.get("applicant_name")),
        payer_account=one_line(found.get("applicant_iban") or (found.get("recipient_name") and "")),
        bank_id=one_line(found.get("bank_reference")),
        raw=one_line(*(f"{key}={value}" for key, value in found.items() if value)),
    )


def _plain(day: date) -> date:
    """The library's own kind of date as an ordinary one."""
    return date(day.year, day.month, day.day)
