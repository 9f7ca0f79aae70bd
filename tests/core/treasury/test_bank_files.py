"""Statement files of every format come out in one form, or are refused with line and column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DomainError
from core.ledger.bank_files import StatementFile, StatementOutOfBalance, StatementUnreadable
from core.ledger.bank_files_reading import FORMATS, detect_format, read_statements
from core.ledger.bank_files_table import MappingInvalid, read_mapping
from core.ledger.bank_files_values import NotAValue, pattern_of, read_amount, read_date
from tests.core.treasury import statements as files

D2, D3 = date(2026, 11, 2), date(2026, 11, 3)


def seen(statement: StatementFile) -> list[tuple[date, str, str]]:
    return [(line.booked_on, str(line.amount), line.text) for line in statement.lines]


def test_a_csv_with_lakh_grouping_two_equal_lines_and_a_continued_text() -> None:
    [statement] = read_statements(files.MEEZAN_CSV.encode(), mapping=files.MEEZAN)
    assert seen(statement) == [
        (D2, "3435.63", "IBFT from AYESHA KHAN 03001234567, INV-2026-27-000001"),
        (D2, "-10000.00", "ATM withdrawal"), (D2, "-10000.00", "ATM withdrawal Gulberg branch"),
        (D3, "-116.00", "SMS alert charges"),
    ]  # fmt: skip
    assert (statement.opening, statement.closing) == (Decimal("100000.00"), Decimal("83319.63"))
    assert (statement.lines[0].reference, statement.lines[0].value_on) == ("FT1", D2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1256"])
def test_urdu_in_old_and_new_encodings(encoding: str) -> None:
    mapping = {"date": "تاریخ", "amount": "رقم", "text": "تفصیل", "encoding": encoding, "delimiter": ";"}
    text = "تاریخ;رقم;تفصیل\n02/11/2026;2500;انٹرنیٹ\n"
    data = (text.replace("ی", "ي") if encoding == "windows-1256" else text).encode(encoding)
    [statement] = read_statements(data, mapping=mapping)
    assert (statement.lines[0].amount, statement.lines[0].text.replace("ي", "ی")) == (Decimal(2500), "انٹرنیٹ")


def test_an_unnamed_old_encoding_is_refused_with_the_line() -> None:
    data = "Date,Amount,Text\n02/11/2026,2500,ok\n02/11/2026,2500,بل\n".encode("windows-1256")
    with pytest.raises(StatementUnreadable, match=r"Line 3 is not UTF-8.*windows-1256"):
        read_statements(data, mapping={"date": "Date", "amount": "Amount", "text": "Text"})


def test_day_first_and_month_first_follow_the_mapping() -> None:
    data = b"Date,Amount\n03/02/2026,5.00\n"
    for date_format, day in (("dd/mm/yyyy", date(2026, 2, 3)), ("mm/dd/yyyy", date(2026, 3, 2))):
        [statement] = read_statements(data, mapping={"date": "Date", "amount": "Amount", "date_format": date_format})
        assert statement.lines[0].booked_on == day
    with pytest.raises(StatementUnreadable, match=r"Line 3, column 'Date': '13/02/2026' is not a date"):
        read_statements(data + b"13/02/2026,5.00\n",
                        mapping={"date": "Date", "amount": "Amount", "date_format": "mm/dd/yyyy"})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,23,456.78", "123456.78"), ("1,234,567.5", "1234567.50"), ("(1,250.00)", "-1250.00"), ("250.00-", "-250.00"),
        ("-250", "-250.00"), ("Rs. 1,000", "1000.00"), ("PKR 500.00 DR", "-500.00"), ("500.00 Cr", "500.00"),
        ("۲۵۰۰٫۵۰", "2500.50"), ("\u2212 75.10", "-75.10"), ("+12.00", "12.00"), (".5", "0.50"), ("7.", "7.00"),
    ],
)  # fmt: skip
def test_amounts_as_banks_print_them(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


def test_a_comma_before_the_cents() -> None:
    assert read_amount("1.234.567,89", decimal=",", thousands=".") == Decimal("1234567.89")


@pytest.mark.parametrize(
    "text", ["", "abc", "1.234.567", "12,34", "1,2345", "1.234", "--5", "1 2", "NaN", "1e5", "١,٢"]
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    with pytest.raises(NotAValue):
        read_amount(text)


def test_dates_as_banks_print_them() -> None:
    shown = {"02-Nov-26": "dd-mmm-yy", "2/11/2026": "d/m/yyyy", "20261102": "yyyymmdd", "02.11.2026 23:59:59":
             "dd.mm.yyyy", "۰۲/۱۱/۲۰۲۶": "dd/mm/yyyy", "2026-11-02T10:00:00Z": "yyyy-mm-dd", "Nov 02, 2026":
             "mmm dd, yyyy", "02/11/2026 9:05 PM": "dd/mm/yyyy hh:mm"}  # fmt: skip
    assert {read_date(text, pattern_of(form)) for text, form in shown.items()} == {D2}
    for wrong in ("31/02/2026", "02/11/1826", "yesterday"):
        with pytest.raises(NotAValue):
            read_date(wrong, "%d/%m/%Y")


def test_the_newest_first_and_a_column_that_names_the_side() -> None:
    data = b"Date;Type;Sum;Saldo\n03/11/2026;Debit;40;60\n02/11/2026;Credit;100;100\n"
    mapping = {"date": "Date", "amount": "Sum", "side": "Type", "balance": "Saldo"}
    [statement] = read_statements(data, mapping=mapping)
    assert [str(line.amount) for line in statement.lines] == ["100.00", "-40.00"]
    assert (statement.opening, statement.closing) == (Decimal(0), Decimal(60))


def test_opening_and_closing_on_rows_of_their_own_and_a_footer() -> None:
    data = (b"Date,Text,Amount,Balance\n,Opening balance,,1000.00\n02/11/2026,a,50.00,\n02/11/2026,b,-20.00,1030.00\n"
            b",Closing balance,,1030.00\nPrinted by,,,\n")  # fmt: skip
    mapping = {"date": "Date", "amount": "Amount", "balance": "Balance", "text": ["Text"], "skip_last": 1}
    [statement] = read_statements(data, mapping=mapping)
    assert (statement.opening, statement.closing, len(statement.lines)) == (Decimal(1000), Decimal(1030), 2)
    with pytest.raises(StatementOutOfBalance, match="off by"):
        read_statements(data.replace(b",,1000.00", b",,1001.00").replace(b"-20.00,1030.00", b"-20.00,"),
                        mapping=mapping)  # fmt: skip


def test_a_line_that_does_not_follow_from_the_one_before_is_named() -> None:
    broken = files.MEEZAN_CSV.replace('02/11/2026,02/11/2026,ATM withdrawal,,"10,000.00",,"83,435.63"\n', "")
    with pytest.raises(StatementOutOfBalance, match=r"Line 8 shows a balance of 83319\.63"):
        read_statements(broken.encode(), mapping=files.MEEZAN)


def test_a_workbook_with_real_dates_and_numbers() -> None:
    mapping = {"date": "Date", "text": ["Details"], "amount": "Amount", "side": "Type", "balance": "Balance"}
    [statement] = read_statements(files.a_workbook(), mapping=mapping)
    assert seen(statement) == [(D2, "2500.10", "IBFT بلال"), (D3, "-116.35", "Fee")]
    with pytest.raises(StatementUnreadable, match="no sheet 'June'"):
        read_statements(files.a_workbook(), mapping=mapping | {"sheet": "June"})


def test_ofx_in_its_old_form() -> None:
    [statement] = read_statements(files.OFX_SGML.encode())
    assert seen(statement) == [(D2, "-1250.50", "Cheque"), (D3, "2500.00", "Bill C-2001")]
    assert (statement.currency, statement.account_number) == ("PKR", "0100200300")
    assert (statement.lines[0].reference, statement.lines[1].payer_name) == ("000771", "BILAL & SONS")


def test_ofx_in_its_xml_form() -> None:
    body = files.OFX_SGML[files.OFX_SGML.index("<STMTTRN>") : files.OFX_SGML.index("</BANKTRANLIST>")]
    head = '<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="200" SECURITY="NONE" OLDFILEUID="N" NEWFILEUID="N"?>'
    text = f"{head}<OFX><STMTRS><CURDEF>PKR</CURDEF>{body}</STMTRS></OFX>"
    assert len(read_statements(text.encode())[0].lines) == 2


def test_mt940_with_its_envelope_and_a_reversal() -> None:
    [statement] = read_statements(files.MT940.replace("\n", "\r\n").encode())
    assert [(line.booked_on, str(line.amount)) for line in statement.lines] == [
        (D2, "3435.63"), (D2, "-10000.00"), (D3, "-500.00"),
    ]  # fmt: skip
    assert (statement.opening, statement.closing) == (Decimal("100000.00"), Decimal("92935.63"))
    assert "INV-2026-27-000001" in statement.lines[0].text
    assert (statement.lines[0].reference, statement.lines[1].reference) == ("FT26306 B1", "000771")
    with pytest.raises(StatementOutOfBalance, match=r"off by 0\.01"):
        read_statements(files.MT940.replace("92935,63", "92935,64").encode())


@pytest.mark.parametrize("version", ["02", "04", "06", "08"])
def test_camt_of_every_version_with_urdu_names(version: str) -> None:
    status = "<Sts>BOOK</Sts>" if version == "02" else "<Sts><Cd>BOOK</Cd></Sts>"
    [statement] = read_statements(files.camt(version, status=status).encode())
    assert seen(statement) == [(D2, "3435.63", "انٹرنیٹ کا بل")]
    [line] = statement.lines
    assert (line.reference, line.payer_name, line.payer_account) == ("INV-2026-27-000001", "عائشہ خان", "PK11HABB1")
    assert line.balance_after == Decimal("103435.63")


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0 old", "xls"),
        (b"PK\x03\x04 not a workbook", "damaged"),
        (b"Date,Amount\n02/11/2026,\x00\n", "Line 2 holds binary data"),
        (b"Date,Sum\n02/11/2026,5\n", "Line 1 has no column 'Amount'; it has date, sum"),
        (b"Date,Amount\n", "no lines"),
        (b"Date,Amount\n02/11/2026,\n", "Line 2 has no amount"),
        (b"Date,Amount\n02/11/2026,five\n", "Line 2, column 'Amount': 'five'"),
        (b"Date,Amount\n31/11/2026,5\n", "Line 2, column 'Date'"),
        (b'Date,Amount\n"02/11/2026,5\n', "Line 2 is not CSV|Line 3 is not CSV"),
        (BOMB.encode(), "entities"),
        (b"<Document>", "not well-formed"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>', "not a CAMT"),
        (b"OFXHEADER:100\n<OFX><STMTRS>", "OFX"),
        (b":20:X\n:60F:rubbish\n:62F:x", "Message 1 is not MT940"),
    ],
)
def test_a_bad_file_is_refused_in_one_clear_sentence(data: bytes, message: str) -> None:
    with pytest.raises(StatementUnreadable, match=message):
        read_statements(data, mapping={"date": "Date", "amount": "Amount"})


def test_a_camt_file_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(StatementOutOfBalance, match=r"off by 1\.00"):
        read_statements(files.camt(closing="103436.63").encode())


def test_a_mapping_names_all_its_faults() -> None:
    with pytest.raises(MappingInvalid, match=r"'colour' is no part.*skip_lines must be"):
        read_mapping({"date": "Date", "amount": "A", "colour": 1, "skip_lines": -1})
    for wrong in ({}, {"date": "D"}, {"date": "D", "debit": "x"}, {"date": "D", "amount": "A", "debit": "B", "credit":
                  "C"}, {"date": "D", "amount": "A", "decimal": ",", "thousands": ","}, {"date": "D", "amount": 0},
                  {"date": "D", "amount": "A", "date_format": "day month"}):  # fmt: skip
        with pytest.raises(MappingInvalid):
            read_mapping(wrong)


SEEDS = [
    files.MEEZAN_CSV.encode(), files.OFX_SGML.encode(), files.MT940.encode(), files.camt().encode(), files.a_workbook(),
]  # fmt: skip


def test_formats_are_told_apart() -> None:
    assert [detect_format(data) for data in SEEDS] == ["csv", "ofx", "mt940", "camt053", "xlsx"]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(SEEDS), st.sampled_from(["", *FORMATS]),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6), st.integers(0, 30)), max_size=6),
)  # fmt: skip
def test_damaged_files_never_raise_anything_but_a_refusal(
    seed: bytes, format: str, damage: list[tuple[int, bytes, int]]
) -> None:
    data = seed
    for place, put, cut in damage:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + cut :]
    try:
        for statement in read_statements(data, format=format, mapping=files.MEEZAN):
            assert all(line.amount for line in statement.lines)
    except DomainError as refusal:
        assert len(str(refusal)) > 10


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore"))),
       st.sampled_from(["", *FORMATS]))  # fmt: skip
def test_rubbish_never_raises_anything_but_a_refusal(data: bytes, format: str) -> None:
    try:
        read_statements(data, format=format, mapping=files.SIMPLE)
    except DomainError as refusal:
        assert str(refusal)
