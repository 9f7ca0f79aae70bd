"""Bringing a bank's statement file in: every line once, whatever was imported before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import Session

from core import vault
from core.errors import DomainError, NotFound
from core.ids import Id, new_id
from core.ledger.bank_files import StatementFile, StatementLine, one_line
from core.ledger.bank_files_overlap import DayLine, fingerprint_of, lay_over
from core.ledger.bank_files_reading import detect_format, read_statements
from core.ledger.bank_files_table import read_mapping
from core.ledger.cash_accounts import cash_account
from core.ledger.reconciliation_models import BankLine, Reconciliation, StatementImport
from core.ledger.treasury_models import CashAccount
from core.money import ZERO, parse_amount

DAY = timedelta(days=1)


class StatementOfAnotherAccount(DomainError):
    """The file names another account or another currency than the one it is imported for."""


class StatementStartMatched(DomainError):
    """The balance before the account's first line is matched already, so the start cannot move."""


class ImportInUse(DomainError):
    """Lines of the import are matched, or it was withdrawn already."""


def save_mapping(session: Session, *, cash_account_id: Id, mapping: dict[str, Any]) -> CashAccount:
    """The account's CSV and XLSX files are read by `mapping` from now on; raises MappingInvalid."""
    read_mapping(mapping)
    account = cash_account(session, cash_account_id, lock=True)
    account.statement_mapping = mapping
    session.flush()
    return account


def import_statement(
    session: Session, *, cash_account_id: Id, data: bytes, filename: str, imported_by: str, now: datetime,
    format: str = "",
) -> StatementImport:  # fmt: skip
    """Keep the file in the vault and add the lines that are not known yet; nothing is added if anything is wrong.

    `warnings` of the result name gaps to earlier files, overlaps, and statements of other accounts left out. Locks
    the account. Raises what `read_statements` raises, StatementOfAnotherAccount, StatementStartMatched.
    """
    account = cash_account(session, cash_account_id, active=True, lock=True)
    format = format or detect_format(data)
    read = read_statements(data, format=format, mapping=account.statement_mapping)
    statements, warnings = _of_account(read, account)
    days = [line.booked_on for statement in statements for line in statement.lines]
    record = StatementImport(
        id=new_id(), cash_account_id=account.id, filename=one_line(filename)[:200], format=format,
        sha256=vault.put(data),
        opening=statements[0].opening, closing=statements[-1].closing, first_on=min(days, default=None),
        last_on=max(days, default=None), line_count=len(days), new_count=0, warnings=[], imported_by=imported_by,
        imported_at=now,
    )  # fmt: skip
    session.add(record)
    session.flush()
    for statement in statements:
        if statement.lines:
            warnings += _take_in(session, record, statement)
    if record.new_count < len(days):
        warnings.append(f"{len(days) - record.new_count} of {len(days)} lines were known already")
    record.warnings = warnings + _into_reconciled(session, record)
    session.flush()
    return record


def _into_reconciled(session: Session, record: StatementImport) -> list[str]:
    """New lines dated before a saved reconciliation leave its figures as they are; a person should know."""
    saved = select(func.max(Reconciliation.statement_on)).where(
        Reconciliation.cash_account_id == record.cash_account_id, Reconciliation.reopened_at.is_(None)
    )
    new = select(func.count(), saved.scalar_subquery()).where(
        BankLine.import_id == record.id, BankLine.booked_on <= saved.scalar_subquery()
    )
    count, until = session.execute(new).one()
    return [f"{count} new lines fall into the time reconciled to {until}"] if count else []


def _of_account(read: Sequence[StatementFile], account: CashAccount) -> tuple[list[StatementFile], list[str]]:
    """The file's statements of this account in the order of their days, and what was left out."""
    own = [statement for statement in read if _same_number(statement.account_number, account.bank_number)]
    if not own:
        raise StatementOfAnotherAccount(
            f"The file is of account {read[0].account_number}, but {account.name} is {account.bank_number}"
        )
    numbers = {statement.account_number for statement in own if statement.account_number}
    if len(numbers) > 1 and not account.bank_number:
        raise StatementOfAnotherAccount(
            f"The file holds several accounts, {', '.join(sorted(numbers))}: enter the number of {account.name} first"
        )
    wrong = {statement.currency for statement in own} - {"", account.currency}
    if wrong:
        raise StatementOfAnotherAccount(f"The file is in {', '.join(wrong)}, but {account.name} in {account.currency}")
    others = sorted({statement.account_number for statement in read} - numbers - {""})
    own.sort(key=lambda statement: statement.lines[0].booked_on if statement.lines else date.max)
    return own, [f"Left out: statements of {', '.join(others)}"] if others else []


def _same_number(first: str, second: str) -> bool:
    """Whether two account numbers may be one; an IBAN ends in the account's number, and MT940 writes BANK/ACCOUNT."""
    first, second = ("".join(c for c in number.upper().rpartition("/")[2] if c.isalnum()) for number in (first, second))
    return not first or not second or first.endswith(second) or second.endswith(first)


def _take_in(session: Session, record: StatementImport, statement: StatementFile) -> list[str]:
    """Add what is new of one statement and keep the opening balance at the start; returns warnings."""
    account_id = record.cash_account_id
    was_first, was_last = _end_line(session, account_id), _end_line(session, account_id, last=True)
    first_id = _add_new(session, record, statement)
    first = session.get_one(BankLine, first_id)
    warnings = []
    if statement.opening is None and was_last is not None and first.booked_on > was_last.booked_on + DAY:
        warnings.append(f"No file covers {was_last.booked_on + DAY} to {first.booked_on - DAY}, or nothing happened")
    return warnings + _keep_start(session, record, statement, first, was_first)


def _end_line(session: Session, account_id: Id, *, last: bool = False) -> BankLine | None:
    order = (BankLine.booked_on.desc(), BankLine.position.desc()) if last else (BankLine.booked_on, BankLine.position)
    lines = select(BankLine).where(BankLine.cash_account_id == account_id, BankLine.kind == "line")
    return session.scalars(lines.order_by(*order).limit(1)).first()


def _add_new(session: Session, record: StatementImport, statement: StatementFile) -> Id:
    """Write the statement's new lines; returns the id of its first line, new or known."""
    days: dict[date, list[StatementLine]] = {}
    for line in statement.lines:
        days.setdefault(line.booked_on, []).append(line)
    stored: dict[date, list[BankLine]] = {}
    known = select(BankLine).where(
        BankLine.cash_account_id == record.cash_account_id, BankLine.kind == "line",
        BankLine.booked_on.between(min(days), max(days)),
    )  # fmt: skip
    for row in session.scalars(known.order_by(BankLine.booked_on, BankLine.position)):
        stored.setdefault(row.booked_on, []).append(row)
    new: list[dict[str, Any]] = []
    first_ids = {day: _merge_day(record, lines, stored.get(day, []), new) for day, lines in days.items()}
    session.flush()
    if new:
        session.execute(insert(BankLine), new)
        record.new_count += len(new)
    return first_ids[statement.lines[0].booked_on]


def _merge_day(
    record: StatementImport, lines: Sequence[StatementLine], stored: Sequence[BankLine], new: list[dict[str, Any]]
) -> Id:
    """Append the day's new lines to `new` and put the day in order; returns the id of its first line in the file."""
    file = [
        DayLine(fingerprint_of(line.booked_on, line.amount, line.reference, line.text), line.amount, line.balance_after)
        for line in lines
    ]
    overlay = lay_over(file, [DayLine(row.fingerprint, row.amount, row.balance_after) for row in stored])
    ordinals = Counter({row.fingerprint: row.ordinal for row in sorted(stored, key=lambda row: row.ordinal)})
    ids = {index: stored[place].id for index, place in overlay.known.items()}
    for position, (side, place) in enumerate(overlay.order):
        if side == "stored":
            stored[place].position = position
            continue
        line, fingerprint = lines[place], file[place].fingerprint
        ordinals[fingerprint] += 1
        ids[place] = new_id()
        new.append({
            "id": ids[place], "cash_account_id": record.cash_account_id, "import_id": record.id, "kind": "line",
            "booked_on": line.booked_on, "value_on": line.value_on, "amount": line.amount,
            "reference": line.reference, "text": line.text, "payer_name": line.payer_name,
            "payer_account": line.payer_account, "bank_id": line.bank_id, "raw": line.raw,
            "balance_after": line.balance_after, "fingerprint": fingerprint, "ordinal": ordinals[fingerprint],
            "position": position,
        })  # fmt: skip
    return ids[0]


def _keep_start(
    session: Session, record: StatementImport, statement: StatementFile, first: BankLine, was_first: BankLine | None
) -> list[str]:
    """Opening balance and lines add up to every statement's opening; where they do not, lines are missing."""
    opening = opening_line(session, record.cash_account_id)
    earlier = was_first is not None and _before(session, first) == (0, ZERO) and first.id != was_first.id
    if statement.opening is None:
        if opening is not None and earlier and was_first is not None:
            _move_start(session, opening, opening.amount - _before(session, was_first)[1], first)
        return []
    start = statement.opening - _before(session, first)[1]
    if opening is None:
        _start_with(session, record.cash_account_id, start, _end_line(session, record.cash_account_id) or first)
        return []
    if earlier and was_first is not None:
        gap = opening.amount - start - _before(session, was_first)[1]
        _move_start(session, opening, start, first)
    else:
        gap = start - opening.amount
    if not gap:
        return []
    return [f"Between this file and the others {gap} is missing: a file of the days before {first.booked_on}, or after"]


def _before(session: Session, line: BankLine) -> tuple[int, Decimal]:
    """How many lines precede `line`, and what they add up to."""
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(BankLine.amount), 0)).where(
            BankLine.cash_account_id == line.cash_account_id, BankLine.kind == "line",
            tuple_(BankLine.booked_on, BankLine.position) < tuple_(line.booked_on, line.position),
        )
    ).one()  # fmt: skip
    return count, Decimal(total)


def opening_line(session: Session, cash_account_id: Id) -> BankLine | None:
    """The balance before the first line, or None where no file and nobody gave it."""
    return session.scalar(
        select(BankLine).where(BankLine.cash_account_id == cash_account_id, BankLine.kind == "opening")
    )


def _start_with(session: Session, cash_account_id: Id, amount: Decimal, first: BankLine) -> BankLine:
    opening = BankLine(
        id=new_id(), cash_account_id=cash_account_id, kind="opening", booked_on=first.booked_on - DAY, amount=amount,
        text="Balance before the first line", fingerprint="opening", ordinal=1, position=0,
    )  # fmt: skip
    session.add(opening)
    session.flush()
    return opening


def _move_start(session: Session, opening: BankLine, amount: Decimal, first: BankLine) -> None:
    if opening.match_id is not None and amount != opening.amount:
        raise StatementStartMatched(
            f"The balance of {opening.booked_on} is matched: undo that match before importing earlier days"
        )
    opening.amount, opening.booked_on = amount, min(opening.booked_on, first.booked_on - DAY)
    session.flush()


def set_statement_opening(session: Session, *, cash_account_id: Id, amount: Decimal) -> BankLine:
    """What the bank's balance was before the first imported line, where the files do not say it.

    Raises NotFound without lines, StatementStartMatched.
    """
    cash_account(session, cash_account_id, lock=True)
    first = _end_line(session, cash_account_id)
    if first is None:
        raise NotFound("Import a statement first: there are no lines yet")
    opening = opening_line(session, cash_account_id)
    if opening is None:
        return _start_with(session, cash_account_id, parse_amount(amount), first)
    _move_start(session, opening, parse_amount(amount), first)
    return opening


def withdraw_import(session: Session, *, import_id: Id, withdrawn_by: str) -> StatementImport:
    """Take out the lines that an import added, as after a wrong mapping; the file stays in the vault.

    Raises ImportInUse if one of them is matched.
    """
    record = session.get(StatementImport, import_id)
    if record is None:
        raise NotFound("There is no such import")
    cash_account(session, record.cash_account_id, lock=True)
    lines = session.scalars(select(BankLine).where(BankLine.import_id == import_id)).all()
    if record.withdrawn_by or any(line.match_id is not None for line in lines):
        raise ImportInUse(f"{record.filename}: it is withdrawn already, or some of its lines are matched; undo those")
    opening = opening_line(session, record.cash_account_id)
    kept = select(BankLine).where(
        BankLine.cash_account_id == record.cash_account_id, BankLine.kind == "line", BankLine.import_id != import_id
    )
    first = session.scalars(kept.order_by(BankLine.booked_on, BankLine.position).limit(1)).first()
    gone = [
        line.amount for line in lines if first and (line.booked_on, line.position) < (first.booked_on, first.position)
    ]
    if opening is not None and first is None and opening.match_id is not None:
        raise StatementStartMatched("The balance before the first line is matched: undo that match first")
    if opening is not None and first is not None and gone:
        _move_start(session, opening, opening.amount + sum(gone, ZERO), first)
    elif opening is not None and first is None:
        session.delete(opening)
    for line in lines:
        session.delete(line)
    record.withdrawn_by = withdrawn_by
    session.flush()
    return record


def imports_of(session: Session, *, cash_account_id: Id, limit: int = 20) -> list[StatementImport]:
    """The files imported for the account, the newest first."""
    newest = select(StatementImport).where(StatementImport.cash_account_id == cash_account_id)
    return list(session.scalars(newest.order_by(StatementImport.imported_at.desc(), StatementImport.id).limit(limit)))
