"""Statement files of banks, whatever their format, read into one form; nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from core.errors import DomainError
from core.money import AMOUNT_MAX, ZERO

SIZE_MAX = 20 * 1024 * 1024
LINES_MAX = 100_000
YEARS = range(1990, 2100)
WORDS = ("reference", "text", "payer_name", "payer_account", "bank_id", "raw")
WORDS_MAX = 4000


class StatementUnreadable(DomainError):
    """The file is not a statement in a format this system reads; the text names the place."""


class StatementOutOfBalance(DomainError):
    """Opening balance and lines do not add up to the closing balance: lines are missing or were read wrongly."""


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One line as the bank wrote it; `amount` is positive for money that came in."""

    booked_on: date
    amount: Decimal
    value_on: date | None = None
    reference: str = ""
    text: str = ""
    payer_name: str = ""
    """The other party, also of money that went out."""
    payer_account: str = ""
    bank_id: str = ""
    balance_after: Decimal | None = None
    raw: str = ""


@dataclass(frozen=True, kw_only=True)
class StatementFile:
    """One statement: its lines oldest first; balances are None where the format or the bank gives none."""

    lines: list[StatementLine]
    opening: Decimal | None = None
    closing: Decimal | None = None
    currency: str = ""
    account_number: str = ""


def checked(statement: StatementFile) -> StatementFile:
    """The statement with a balance after each line and words that can be kept.

    Raises StatementOutOfBalance where opening and lines do not make the closing, StatementUnreadable for figures and
    days that no bank prints.
    """
    running, lines = statement.opening, []
    for number, line in enumerate(statement.lines, 1):
        running = None if running is None else running + line.amount
        after = line.balance_after if running is None else running
        largest = max(abs(line.amount), abs(after or ZERO))
        if line.amount == ZERO or line.booked_on.year not in YEARS or largest > AMOUNT_MAX:
            raise StatementUnreadable(
                f"Line {number} of {line.booked_on} over {line.amount} cannot be a bank's: its amount or year is odd"
            )
        lines.append(_kept(line, after))
    opening, closing = statement.opening, statement.closing
    if running is not None and closing is not None and running != closing:
        raise StatementOutOfBalance(
            f"Opening {opening} and {len(lines)} lines make {running}, but the file closes at {closing}: "
            f"it is off by {closing - running}"
        )
    return replace(statement, lines=lines)


def _kept(line: StatementLine, balance_after: Decimal | None) -> StatementLine:
    words = (one_line(getattr(line, name))[:WORDS_MAX] for name in WORDS)
    reference, text, payer_name, payer_account, bank_id, raw = words
    return replace(line, balance_after=balance_after, reference=reference, text=text, payer_name=payer_name,
                   payer_account=payer_account, bank_id=bank_id, raw=raw)  # fmt: skip


def one_line(*parts: str | None) -> str:
    """The parts that say something, in one line, each said once."""
    seen: dict[str, None] = {}
    for part in parts:
        text = " ".join(printable(part or "").split())
        if text:
            seen.setdefault(text)
    return " ".join(seen)


def printable(text: str) -> str:
    """`text` without the characters a database does not keep."""
    return "".join(" " if ord(c) < 32 or c == "\x7f" else c for c in text if not "\ud800" <= c <= "\udfff")
