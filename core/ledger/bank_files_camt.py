"""Statements in ISO 20022 CAMT.053, read by the elements' names so that every version since .02 is understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.ledger.bank_files import StatementFile, StatementLine, StatementUnreadable, one_line
from core.ledger.bank_files_values import NotAValue, read_amount

NAMESPACE = re.compile(r"\{urn:(?:iso:std:iso:20022:tech|swift):xsd:camt\.053\.001\.\d\d\}Document")
NO_REFERENCE = {"NOTPROVIDED", "NOT PROVIDED", "NONREF"}


def read_camt053(data: bytes) -> list[StatementFile]:
    """The statements of a file; entries that are only announced (PDNG) are left out. Raises StatementUnreadable."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as bomb:
        raise StatementUnreadable("The XML defines a DTD or entities, which no bank statement does: refused") from bomb
    except (ParseError, ValueError, LookupError) as wrong:
        raise StatementUnreadable(f"The file is not well-formed XML: {str(wrong)[:120]}") from wrong
    if not NAMESPACE.fullmatch(root.tag):
        raise StatementUnreadable(f"The XML is {root.tag[:80]}, not a CAMT.053 statement: ask the bank for camt.053")
    statements = [_statement(number, element) for number, element in enumerate(_all(root, "BkToCstmrStmt/Stmt"), 1)]
    if not statements:
        raise StatementUnreadable("The CAMT.053 file holds no statement (Stmt)")
    return statements


def _statement(number: int, element: Element) -> StatementFile:
    balances = {_text(b, "Tp/CdOrPrtry/Cd"): _signed(f"Statement {number}", b) for b in _all(element, "Bal")}
    opening, closing = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    if opening is None or closing is None:
        raise StatementUnreadable(f"Statement {number} has no opening (OPBD) or no closing (CLBD) balance")
    entries = enumerate(_all(element, "Ntry"), 1)
    booked = [(position, entry) for position, entry in entries if _text(entry, "Sts/Cd", "Sts") in {"", "BOOK"}]
    currency = _text(element, "Acct/Ccy") or next((_amount_of(b).get("Ccy", "") for b in _all(element, "Bal")), "")
    return StatementFile(
        lines=[_line(f"Statement {number}, entry {position}", entry) for position, entry in booked],
        opening=opening, closing=closing, currency=currency.upper(),
        account_number=_text(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id"),
    )  # fmt: skip


def _line(where: str, entry: Element) -> StatementLine:
    details = list(_all(entry, "NtryDtls/TxDtls"))
    amount = _signed(where, entry)
    party = "Dbtr" if amount > 0 else "Cdtr"
    booked_on = _day(where, entry, "BookgDt") or _day(where, entry, "ValDt")
    if booked_on is None:
        raise StatementUnreadable(f"{where} has no booking date (BookgDt)")
    return StatementLine(
        booked_on=booked_on, value_on=_day(where, entry, "ValDt"), amount=amount,
        reference=one_line(*(_reference(d) for d in details), *_words(entry, "NtryRef")),
        text=one_line(
            *(word for d in details for word in (*_words(d, "RmtInf/Ustrd"), *_words(d, "AddtlTxInf"))),
            *_words(entry, "AddtlNtryInf"),
        ),
        payer_name=one_line(*(_text(d, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm") for d in details)),
        payer_account=one_line(*(
            _text(d, f"RltdPties/{party}Acct/Id/IBAN", f"RltdPties/{party}Acct/Id/Othr/Id") for d in details
        )),
        bank_id=_text(entry, "AcctSvcrRef"),
        raw=one_line(*entry.itertext()),
    )  # fmt: skip


def _reference(details: Element) -> str:
    paths = ("Refs/EndToEndId", "Refs/TxId", "Refs/InstrId", "Refs/ChqNb", "RmtInf/Strd/CdtrRefInf/Ref")
    return one_line(*(word for path in paths for word in _words(details, path) if word.upper() not in NO_REFERENCE))


def _signed(where: str, element: Element) -> Decimal:
    amount = _amount_of(element)
    side = _text(element, "CdtDbtInd")
    if side not in {"CRDT", "DBIT"}:
        raise StatementUnreadable(f"{where} says neither CRDT nor DBIT")
    try:
        value = read_amount(amount.text or "", thousands="")
    except NotAValue as wrong:
        raise StatementUnreadable(f"{where}, Amt: {wrong}") from wrong
    return value if side == "CRDT" else -value


def _amount_of(element: Element) -> Element:
    return next(_all(element, "Amt"), Element("Amt"))


def _day(where: str, element: Element, name: str) -> date | None:
    text = _text(element, f"{name}/Dt", f"{name}/DtTm")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as wrong:
        raise StatementUnreadable(f"{where}, {name}: {text[:40]!r} is not a date like 2026-11-24") from wrong


def _all(element: Element, path: str) -> Iterator[Element]:
    """The elements at `path`, whatever their namespace."""
    name, _, rest = path.partition("/")
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
            if rest:
                yield from _all(child, rest)
            else:
                yield child


def _words(element: Element, path: str) -> Iterator[str]:
    return ((found.text or "").strip() for found in _all(element, path) if (found.text or "").strip())


def _text(element: Element, *paths: str) -> str:
    """The first text found at one of the paths."""
    return next((word for path in paths for word in _words(element, path)), "")
