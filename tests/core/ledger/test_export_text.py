"""The books as text, read back by beancount: the same trial balance to the paisa and not one complaint."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from beancount import loader
from beancount.core.data import Transaction
from sqlalchemy.orm import Session

from core.db import company_session
from core.ids import new_id
from core.ledger.accounts import add_account, rename_account
from core.ledger.export_text import FormatUnknown, export_books
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.periods import close_period
from tests.cast import NOW, TestCompany
from tests.core.ledger.books import journal_balances, post

JULY, AUGUST, LAST = date(2026, 7, 10), date(2026, 8, 10), date(2026, 11, 24)


def awkward_books(session: Session) -> None:
    """Names and memos that mean something to a parser, a reversal, parties, areas, a closed month."""
    add_account(session, code="6160", name='Tea; "sugar" | 50% *off*: چائے', type="expense")
    rename_account(session, code="1020", name="بینک")
    post(session, JULY, "6160", "1020", "1234567.89", area=new_id(), plan=new_id())
    for memo in ('He said "no" \\ yes', "line\nbreak\t; not a comment | nor a payee", "", "^link #tag {cost} @ 5 PKR"):
        post_entry(session, kind="invoice", source_id=new_id(), posted_on=AUGUST, actor='staff:"x"', memo=memo,
                   origin="message:wamid;,=", lines=[Line("1100", Decimal("0.01"), new_id()),
                                                     Line("4000", Decimal("-0.01"))])  # fmt: skip
    entry = post(session, AUGUST, "6110", "1010", "900.00")
    reverse_entry(session, entry_id=entry, posted_on=AUGUST, actor="staff:a", origin="panel:undo")
    close_period(session, through=date(2026, 8, 31), by="staff:a", now=NOW)
    post(session, LAST, "1010", "3000", "99999999.99", kind="owner_capital")


def exported(session: Session, form: str, *, first: date | None = None, last: date = LAST) -> str:
    out = io.StringIO()
    export_books(session, format=form, first=first, last=last, out=out)
    return out.getvalue()


def beancount_balances(words: str) -> dict[str, Decimal]:
    """By account code; fails on any complaint, that of a balance assertion included."""
    entries, errors, _ = loader.load_string(words)
    assert errors == []
    sums: dict[str, Decimal] = {}
    for posting in (p for entry in entries if isinstance(entry, Transaction) for p in entry.postings):
        code = posting.account.split(":")[1][:4]
        assert posting.units.currency == "PKR"
        sums[code] = sums.get(code, Decimal(0)) + posting.units.number
    return {code: amount for code, amount in sums.items() if amount}


def hledger_balances(words: str) -> dict[str, Decimal]:
    """A reader of the part of hledger's grammar that is written: strict, one line at a time."""
    account = r"(?:Assets|Liabilities|Equity|Income|Expenses):(\d+)(?:-[A-Za-z0-9-]+)?"
    amount = r"(-?\d+\.\d\d) PKR"
    sums: dict[str, Decimal] = {}
    off = Decimal(0)
    for line in words.splitlines():
        if not line:
            assert off == 0
        elif any(re.match(allowed, line) for allowed in (
            r";|decimal-mark \.$|commodity 1000\.00 PKR$", r"    ; [a-z]+: [^,;]*$",
            rf"account {account}  ; name: [^,;]*$",
        )):  # fmt: skip
            continue
        elif re.match(r"\d{4}-\d\d-\d\d \* \([a-z-]+\) [^;|]+$", line):
            assert off == 0
        elif asserted := re.match(rf"    {account}  0\.00 PKR = {amount}$", line):
            assert sums.get(asserted[1], Decimal(0)) == Decimal(asserted[2])
        else:
            side = re.match(rf"    {account}  {amount}(?:  ; [^;]*)?$", line)
            assert side is not None, line
            sums[side[1]] = sums.get(side[1], Decimal(0)) + Decimal(side[2])
            off += Decimal(side[2])
    return {code: total for code, total in sums.items() if total}


READERS = {"beancount": beancount_balances, "hledger": hledger_balances}


@pytest.mark.parametrize("form", READERS)
def test_the_exported_books_have_the_trial_balance_of_ours(company: TestCompany, form: str) -> None:
    with company_session(company.id, "test") as session:
        awkward_books(session)
        for last in (date(2026, 7, 9), JULY, AUGUST, LAST):
            assert READERS[form](exported(session, form, last=last)) == journal_balances(session, last)


@pytest.mark.parametrize("form", READERS)
def test_a_later_beginning_brings_the_balances_forward(company: TestCompany, form: str) -> None:
    with company_session(company.id, "test") as session:
        awkward_books(session)
        words = exported(session, form, first=date(2026, 8, 1))
        assert "Brought forward" in words and "1234567.89" in words
        assert READERS[form](words) == journal_balances(session, LAST)


def test_beancount_finds_entries_by_link_party_and_origin(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        awkward_books(session)
        entries, _, _ = loader.load_string(exported(session, "beancount"))
    booked = [entry for entry in entries if isinstance(entry, Transaction)]
    reversal = next(entry for entry in booked if "reversal" in entry.tags)
    assert len([entry for entry in booked if entry.links & reversal.links]) == 2
    assert {entry.meta["origin"] for entry in booked} == {"panel:test", "panel:undo", "message:wamid;,="}
    assert all("party" in p.meta for entry in booked for p in entry.postings if ":1100-" in p.account)
    assert 'He said "no" \\ yes' in {entry.narration for entry in booked}


def test_a_wrong_balance_is_found_by_beancount(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        awkward_books(session)
        words = exported(session, "beancount")
    _, errors, _ = loader.load_string(words.replace("0.01 PKR\n    party", "0.02 PKR\n    party"))
    assert errors


def test_an_unknown_format_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session, pytest.raises(FormatUnknown):
        exported(session, "gnucash")
