"""The books as plain text for beancount and for hledger, so that anybody can check them with a program not ours.

Accounts keep their code and name below Assets, Liabilities, Equity, Income and Expenses; the party, area and plan of a
line, and the source of an entry, are metadata (tags in hledger). A reversal is linked to what it reverses. The file
ends with an assertion of every balance, which those programs check when they read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.companies import current_company
from core.errors import DomainError
from core.ids import Id
from core.ledger.accounts import AccountFacts, accounts_by_code
from core.ledger.kinds import label_of
from core.ledger.models import JournalEntry, Posting
from core.ledger.statements import trial_balance

ROOTS = {"asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses"}
IN_PART = 2000


class FormatUnknown(DomainError):
    """Books are exported for beancount or hledger."""


@dataclass(frozen=True)
class _Side:
    account: str
    amount: Decimal
    facts: dict[str, str]


@dataclass(frozen=True)
class _Entry:
    """An entry as both formats need it; `reverses` is the id of the entry it takes back."""

    id: str
    day: date
    kind: str
    words: str
    facts: dict[str, str]
    reverses: str
    sides: Sequence[_Side]


def export_books(session: Session, *, format: str, last: date, out: IO[str], first: date | None = None) -> int:
    """Write every entry up to `last`, or from `first` on after one that brings the balances forward.

    Read in parts, so the size of the books does not matter. Returns the entries written; raises FormatUnknown.
    """
    if format not in _FORMATS:
        raise FormatUnknown(f"{format!r} is no format of books: use {' or '.join(_FORMATS)}")
    head, entry_lines, assertions = _FORMATS[format]
    company = current_company(session)
    accounts = sorted(accounts_by_code(session).values(), key=lambda account: account.code)
    opened = min(first or last, session.scalar(select(JournalEntry.posted_on).order_by(JournalEntry.posted_on).limit(1))
                 or last)  # fmt: skip
    _write(out, head(company.name, company.currency, opened, accounts))
    written = 0
    for entry in _entries(session, first, last):
        _write(out, entry_lines(entry, company.currency))
        written += 1
    balances = [(account_name(account), amount) for account, amount in _balances(session, last)]
    _write(out, assertions(balances, company.currency, last + timedelta(days=1)))
    return written


def account_name(account: AccountFacts) -> str:
    """`Assets:1100-Accounts-receivable`: valid in both programs, unique by its code."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", account.name).strip("-")
    return f"{ROOTS[account.type]}:{account.code}" + (f"-{words}" if words else "")


def _write(out: IO[str], lines: Iterable[str]) -> None:
    out.writelines(f"{line}\n" for line in lines)


def _balances(session: Session, day: date) -> list[tuple[AccountFacts, Decimal]]:
    accounts = accounts_by_code(session)
    return [(accounts[row.code], row.debit - row.credit) for row in trial_balance(session, as_of=day)]


def _entries(session: Session, first: date | None, last: date) -> Iterator[_Entry]:
    if first is not None:
        before = first - timedelta(days=1)
        sides = [_Side(account_name(account), amount, {}) for account, amount in _balances(session, before) if amount]
        if sides:
            yield _Entry("brought-forward", first, "brought-forward", "Brought forward", {}, "", sides)
    names = {account.id: account_name(account) for account in accounts_by_code(session).values()}
    query = (
        select(JournalEntry.id, JournalEntry.posted_on, JournalEntry.kind, JournalEntry.memo, JournalEntry.source_id,
               JournalEntry.origin, JournalEntry.actor, JournalEntry.reverses_id, Posting.account_id, Posting.amount,
               Posting.party_id, Posting.area_id, Posting.plan_id)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(JournalEntry.posted_on <= last)
        .order_by(JournalEntry.posted_on, JournalEntry.id, Posting.id)
        .execution_options(yield_per=IN_PART)
    )  # fmt: skip
    if first is not None:
        query = query.where(JournalEntry.posted_on >= first)
    for _, rows in groupby(session.execute(query), key=lambda row: row.id):
        yield _entry(list(rows), names)


def _entry(rows: Sequence[Any], names: dict[Id, str]) -> _Entry:
    top = rows[0]
    facts = {"entry": top.id, "kind": top.kind, "source": top.source_id, "origin": top.origin, "actor": top.actor}
    return _Entry(
        id=str(top.id), day=top.posted_on, kind=top.kind.replace("_", "-"), words=top.memo or label_of(top.kind),
        facts=_known(facts), reverses=str(top.reverses_id or ""),
        sides=[
            _Side(names[row.account_id], row.amount,
                  _known({"party": row.party_id, "area": row.area_id, "plan": row.plan_id}))
            for row in rows
        ],
    )  # fmt: skip


def _known(facts: dict[str, Any]) -> dict[str, str]:
    return {name: _one_line(str(value)) for name, value in facts.items() if value}


def _one_line(words: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _beancount_head(company: str, currency: str, opened: date, accounts: Iterable[AccountFacts]) -> Iterator[str]:
    yield f'option "title" {_string(company)}'
    yield f'option "operating_currency" "{currency}"'
    yield ""
    for account in accounts:
        yield f"{opened} open {account_name(account)} {currency}"
        yield f"  name: {_string(account.name)}"
        if account.control:
            yield f'  control: "{account.control}"'
    yield ""


def _beancount_entry(entry: _Entry, currency: str) -> Iterator[str]:
    links = f" ^{entry.id}" + (f" ^{entry.reverses}" if entry.reverses else "")
    yield f"{entry.day} * {_string(entry.words)} #{entry.kind}{links}"
    yield from (f"  {name}: {_string(value)}" for name, value in entry.facts.items())
    for side in entry.sides:
        yield f"  {side.account}  {side.amount:f} {currency}"
        yield from (f"    {name}: {_string(value)}" for name, value in side.facts.items())
    yield ""


def _beancount_assertions(balances: Iterable[tuple[str, Decimal]], currency: str, day: date) -> Iterator[str]:
    for account, amount in balances:
        yield f"{day} balance {account}  {amount:f} ~ 0.00 {currency}"


def _string(words: str) -> str:
    escaped = _one_line(words).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _hledger_head(company: str, currency: str, opened: date, accounts: Iterable[AccountFacts]) -> Iterator[str]:
    yield f"; {_one_line(company)}"
    yield "decimal-mark ."
    yield f"commodity 1000.00 {currency}"
    yield ""
    for account in accounts:
        yield f"account {account_name(account)}  ; name: {_tag_value(account.name)}"
    yield ""


def _hledger_entry(entry: _Entry, currency: str) -> Iterator[str]:
    yield f"{entry.day} * ({entry.kind}) {_description(entry.words)}"
    facts = {**entry.facts, **({"reverses": entry.reverses} if entry.reverses else {})}
    yield from (f"    ; {name}: {_tag_value(value)}" for name, value in facts.items())
    for side in entry.sides:
        tags = ", ".join(f"{name}: {_tag_value(value)}" for name, value in side.facts.items())
        yield f"    {side.account}  {side.amount:f} {currency}" + (f"  ; {tags}" if tags else "")
    yield ""


def _hledger_assertions(balances: Iterable[tuple[str, Decimal]], currency: str, day: date) -> Iterator[str]:
    for place, (account, amount) in enumerate(balances):
        if place == 0:
            yield f"{day} * (balances) Balances on {day - timedelta(days=1)}"
        yield f"    {account}  0.00 {currency} = {amount:f} {currency}"


def _description(words: str) -> str:
    """Without what would begin a comment, and the bar that divides payee and note."""
    return _one_line(re.sub(r"[;|]", ",", words))


def _tag_value(words: str) -> str:
    """A tag's value ends at a comma."""
    return _one_line(re.sub(r"[,;]", " ", words))


_FORMATS = {
    "beancount": (_beancount_head, _beancount_entry, _beancount_assertions),
    "hledger": (_hledger_head, _hledger_entry, _hledger_assertions),
}
