"""A bank's lines come in once, however its files are cut, and the file is kept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import vault
from core.db import company_session
from core.errors import DomainError
from core.ids import Id
from core.ledger import bank_files_import as imports
from core.ledger.bank_files import StatementUnreadable
from core.ledger.cash_accounts import open_cash_account
from core.ledger.reconciliation_models import BankLine, StatementImport
from core.money import ZERO
from tests.cast import NOW, TestCompany
from tests.core.treasury import statements as files
from tests.core.treasury.accounts import OPENED, a_bank

D1, D2, D3, D4 = (date(2026, 11, day) for day in (2, 3, 4, 5))
Lines = list[tuple[date, str, str]]


def take(session: Session, account_id: Id, data: bytes, name: str = "november.csv") -> StatementImport:
    return imports.import_statement(
        session, cash_account_id=account_id, data=data, filename=name, imported_by="staff:hamid", now=NOW
    )


def simple_bank(session: Session, name: str = "Meezan Bank") -> Id:
    account = open_cash_account(session, name=name, kind="bank", opened_on=OPENED, actor="t")
    imports.save_mapping(session, cash_account_id=account.id, mapping=files.SIMPLE)
    return account.id


def lines_of(session: Session, account_id: Id) -> list[BankLine]:
    every = select(BankLine).where(BankLine.cash_account_id == account_id, BankLine.kind == "line")
    return list(session.scalars(every.order_by(BankLine.booked_on, BankLine.position)))


def told(session: Session, account_id: Id) -> Lines:
    return [(line.booked_on, str(line.amount), line.text) for line in lines_of(session, account_id)]


def test_the_file_is_kept_and_the_same_file_again_adds_nothing(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account = a_bank(session)
        imports.save_mapping(session, cash_account_id=account.id, mapping=files.MEEZAN)
        data = files.MEEZAN_CSV.encode()
        first, again = take(session, account.id, data), take(session, account.id, data)
        assert (first.line_count, first.new_count, again.new_count) == (4, 4, 0)
        assert again.warnings == ["4 of 4 lines were known already"]
        assert vault.get(first.sha256) == data
        equal = [line for line in lines_of(session, account.id) if line.amount == Decimal("-10000.00")]
        assert len(equal) == 2
        opening = imports.opening_line(session, account.id)
        assert opening is not None
        assert (opening.amount, opening.booked_on) == (Decimal("100000.00"), date(2026, 11, 1))


def test_two_equal_withdrawals_stay_two_and_a_third_is_new(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        lines = [(D1, "-5000.00", "ATM")] * 2
        take(session, account_id, files.simple_csv(lines, "9000.00", balances=False))
        more = [*lines, (D1, "-5000.00", "ATM"), (D2, "1.00", "x")]
        assert take(session, account_id, files.simple_csv(more, "9000.00", balances=False)).new_count == 2
        assert told(session, account_id) == more


def test_a_file_that_begins_within_a_day_adds_its_equal_line(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        day = [(D1, "-500.00", "ATM"), (D1, "-500.00", "ATM"), (D1, "-500.00", "ATM")]
        take(session, account_id, files.simple_csv(day[:2], "9000.00"))
        assert take(session, account_id, files.simple_csv(day[1:], "8500.00")).new_count == 1
        assert told(session, account_id) == day


def test_a_day_that_the_bank_orders_anew_is_not_doubled(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        day = [(D1, "100.00", "a"), (D1, "-100.00", "b"), (D1, "30.00", "c")]
        take(session, account_id, files.simple_csv(day, "0.00"))
        reordered = [(D1, "5.00", "new"), day[2], day[0], day[1]]
        assert take(session, account_id, files.simple_csv(reordered, "0.00")).new_count == 1
        assert take(session, account_id, files.simple_csv(reordered, "0.00")).new_count == 0
        assert sorted(told(session, account_id)) == sorted(reordered)


def test_a_gap_between_files_is_told_with_its_amount(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        take(session, account_id, files.simple_csv([(D1, "100.00", "a")], "1000.00"))
        later = take(session, account_id, files.simple_csv([(D4, "50.00", "d")], "1350.00"))
        assert later.warnings == [
            "Between this file and the others 250.00 is missing: a file of the days before 2026-11-05, or after"
        ]
        between = take(session, account_id, files.simple_csv([(D2, "200.00", "b"), (D3, "50.00", "c")], "1100.00"))
        assert between.warnings == []
        assert take(session, account_id, files.simple_csv([(D4, "50.00", "d")], "1350.00")).warnings == [
            "1 of 1 lines were known already"
        ]


def test_an_earlier_file_moves_the_start(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        take(session, account_id, files.simple_csv([(D3, "100.00", "a")], "1000.00"))
        assert take(session, account_id, files.simple_csv([(D1, "400.00", "z")], "600.00")).warnings == []
        opening = imports.opening_line(session, account_id)
        assert opening is not None
        assert (opening.amount, opening.booked_on) == (Decimal("600.00"), date(2026, 11, 1))


def test_a_bad_line_imports_nothing(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        with pytest.raises(StatementUnreadable, match="Line 2, column 2"):
            take(session, account_id, b"2026-11-02,5.00,a,5.00\n2026-11-02,five,b,10.00\n")
        assert told(session, account_id) == []
        assert session.scalars(select(StatementImport)).all() == []


def test_the_file_of_another_account_or_currency_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        mine = a_bank(session, number="PK36 MEZN 0000 0001 0020 0300")
        other = a_bank(session, name="HBL", number="12345678901")
        for data in (files.OFX_SGML, files.MT940, files.camt()):
            assert take(session, mine.id, data.encode()).new_count > 0
            with pytest.raises(imports.StatementOfAnotherAccount, match="HBL"):
                take(session, other.id, data.encode())
        with pytest.raises(imports.StatementOfAnotherAccount, match="USD"):
            take(session, mine.id, files.OFX_SGML.replace("<CURDEF>PKR", "<CURDEF>USD").encode())


def test_a_file_read_with_a_wrong_mapping_is_taken_out_again(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        kept = take(session, account_id, files.simple_csv([(D3, "100.00", "a")], "1400.00"))
        wrong = take(session, account_id, files.simple_csv([(D1, "400.00", "z")], "1000.00"))
        imports.withdraw_import(session, import_id=wrong.id, withdrawn_by="staff:hamid")
        assert told(session, account_id) == [(D3, "100.00", "a")]
        assert imports.opening_line(session, account_id).amount == Decimal("1400.00")  # type: ignore[union-attr]
        with pytest.raises(imports.ImportInUse):
            imports.withdraw_import(session, import_id=wrong.id, withdrawn_by="staff:hamid")
        imports.withdraw_import(session, import_id=kept.id, withdrawn_by="staff:hamid")
        assert imports.opening_line(session, account_id) is None


def test_the_database_refuses_to_change_a_line(company: TestCompany) -> None:
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session)
        take(session, account_id, files.simple_csv([(D3, "100.00", "a")], "1400.00"))
    with pytest.raises(DBAPIError, match="may not change"), company_session(company.id, "t") as session:
        session.execute(text("UPDATE bank_line SET amount = 1 WHERE kind = 'line'"))


LINES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["100.00", "-100.00", "250.50"]), st.sampled_from(["ATM", "IBFT"])),
    min_size=1, max_size=24,
)  # fmt: skip


def as_lines(drawn: list[tuple[int, str, str]]) -> Lines:
    return [(D1 + timedelta(days=day), amount, words) for day, amount, words in sorted(drawn, key=lambda d: d[0])]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6), st.booleans(), st.randoms())
def test_whole_days_in_any_files_and_any_order_come_in_once(
    company: TestCompany, drawn: list[tuple[int, str, str]], cuts: list[tuple[int, int]], balances: bool, chance
) -> None:
    lines = as_lines(drawn)
    spans = [(D1 + timedelta(days=min(cut)), D1 + timedelta(days=max(cut))) for cut in cuts]
    parts = [[line for line in lines if start <= line[0] <= end] for start, end in [(D1, date.max), *spans]]
    parts = [part for part in parts if part]
    chance.shuffle(parts)
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session, f"Bank {chance.random()}")
        for part in parts:
            before = sum((Decimal(amount) for _, amount, _ in lines[: lines.index(part[0])]), ZERO)
            take(session, account_id, files.simple_csv(part, str(1000 + before), balances=balances))
        assert told(session, account_id) == lines
        session.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.data())
def test_files_cut_anywhere_that_follow_and_overlap_come_in_once(
    company: TestCompany, drawn: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    """Cut within a day, between equal lines too; the balances tell where each file lies."""
    lines = [(day, str(Decimal(amount) * (place + 1) ** 3) if amount != "250.50" else amount, words)
             for place, (day, amount, words) in enumerate(as_lines(drawn))]  # fmt: skip
    with company_session(company.id, "staff:hamid") as session:
        account_id = simple_bank(session, f"Bank {new_name(data)}")
        end = 0
        while end < len(lines):
            start = data.draw(st.integers(0, end))
            end = data.draw(st.integers(min(end + 1, len(lines)), len(lines)))
            before = sum((Decimal(amount) for _, amount, _ in lines[:start]), ZERO)
            record = take(session, account_id, files.simple_csv(lines[start:end], str(1000 + before)))
            assert [warning for warning in record.warnings if "missing" in warning] == []
        assert told(session, account_id) == lines
        opening = imports.opening_line(session, account_id)
        assert opening is not None
        assert opening.amount == Decimal(1000)
        session.rollback()


def new_name(data: st.DataObject) -> str:
    return str(data.draw(st.integers(0, 10**12)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([files.MEEZAN_CSV.encode(), files.OFX_SGML.encode(), files.MT940.encode(),
                        files.camt().encode()]),
       st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 8)), max_size=3))  # fmt: skip
def test_whatever_can_be_read_can_be_kept(
    company: TestCompany, seed: bytes, damage: list[tuple[int, bytes, int]]
) -> None:
    data = seed
    for place, put, cut in damage:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + cut :]
    with company_session(company.id, "staff:hamid") as session:
        account = open_cash_account(session, name="x", kind="bank", opened_on=OPENED, actor="t")
        imports.save_mapping(session, cash_account_id=account.id, mapping=files.MEEZAN | {"encoding": "latin-1"})
        try:
            record = take(session, account.id, data)
            assert record.new_count == len(lines_of(session, account.id))
        except DomainError as refusal:
            assert lines_of(session, account.id) == [], str(refusal)
        session.rollback()
