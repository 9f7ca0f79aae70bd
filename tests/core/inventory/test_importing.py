"""A table of serials is checked row by row, and goes in whole or not at all."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.db import company_session
from core.errors import DomainError
from core.inventory.importing import ImportRefused, import_opening, import_purchase, plan_import
from core.spreadsheets.read import SheetUnreadable, read_sheet
from core.usecases.check_books import check_books
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, D, open_store

GOOD = b"Serial;Type;Cost;MAC;PON SN\nhwtc 0001;onu-hg8546m;3,500.00;a42b8c0012ef;48575443AA01\nHWTC0002;;;;\n"


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_table_is_received_from_a_vendor_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        plan = plan_import(session, sheet=read_sheet(GOOD), type_id=store.onu.id, unit_cost=D("3400"))
        assert ([row.line for row in plan.rows], plan.faults, plan.total) == ([2, 3], [], D("6900.00"))
        bought = [
            import_purchase(session, plan=plan, vendor_id=store.vendor.id, warehouse_id=store.room.id, actor=ACTOR,
                            now=NOW, idempotency_key="k", origin=ORIGIN, billed=True)
            for _ in range(2)
        ]  # fmt: skip
        assert bought[0].id == bought[1].id
        assert store.item("HWTC0001").attributes == {"mac": "A4:2B:8C:00:12:EF", "pon_sn": "48575443AA01"}
        assert store.books() == {"1200": D("6900.00"), "2300": D("-6900.00")}
        assert check_books(session, as_of=TODAY) == []


def test_the_dry_run_says_of_every_row_what_is_wrong_and_nothing_is_entered(company: TestCompany) -> None:
    rows = [
        ("serial", "type", "cost", "mac", "ports"),
        ("KNOWN1", "ONU-HG8546M", 100, None, None),
        ("AAA1", "ONU-HG8546M", 100, "A42B8C0012EF", 4),
        ("aaa1", "ONU-HG8546M", 100, None, None),
        ("AAA2", "ONU-HG8546M", 100, "A4:2B:8C:00:12:EF", None),
        ("AAA3", "ROUTER-X", 100, None, None),
        ("AAA4", "ONU-HG8546M", "cheap", None, None),
        ("AAA5", "ONU-HG8546M", None, None, None),
        ("AAA6", "DROP-1F", 100, None, None),
        ("x", "ONU-HG8546M", 100, None, None),
        (860123456789012, "ONU-HG8546M", 100.5, None, 4),
        ("AAA7", "ONU-HG8546M", -1, None, None),
        ("AAA8", "ONU-HG8546M", 100, "A42B", "four"),
    ]
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "KNOWN1")
        plan = plan_import(session, sheet=read_sheet(workbook(*rows)))
        faults = {row.line: row.fault for row in plan.rows if row.fault}
        assert faults[2] == "serial KNOWN1 is entered already"
        assert faults[4] == "serial AAA1 is in line 3 too"
        assert faults[5] == "mac A4:2B:8C:00:12:EF is in line 3 too"
        assert "ROUTER-X is no type with serials" in faults[6]
        assert "not an amount" in faults[7]
        assert faults[8] == "the cost is missing"
        assert "DROP-1F is no type with serials" in faults[9]
        assert "no serial" in faults[10]
        assert faults[12] == "the cost is below zero"
        assert "no MAC address" in faults[13]
        assert [(row.serial, row.cost, row.attributes) for row in plan.rows if not row.fault] == [
            ("AAA1", 100, {"mac": "A4:2B:8C:00:12:EF", "ports": "4"}),
            ("860123456789012", D("100.50"), {"ports": "4"}),
        ]
        with pytest.raises(ImportRefused, match="10 rows are refused, the first in line 2"):
            import_opening(session, plan=plan, place=store.shelf, idempotency_key="k", actor=ACTOR, now=NOW)
        assert store.books()["1200"] == D("3000.00")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"mac,type\n1,2\n", "serial is missing"),
        (b"serial,colour\n1,2\n", "no type has colour"),
        (b"serial\n", "no rows"),
        (b"serial,serial\n1,2\n", "each once"),
        (b"%PDF-1.7", "no CSV"),
        (b"PK\x03\x04broken", "damaged"),
        (b"serial\x00\n", "binary"),
        (b'serial\n"open', "not CSV"),
    ],
)
def test_what_is_no_table_of_serials_is_refused(company: TestCompany, data: bytes, words: str) -> None:
    with company_session(company.id) as session:
        open_store(session, company)
        with pytest.raises(DomainError, match=words):
            plan_import(session, sheet=read_sheet(data))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: b"serial," + text.encode()))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    try:
        sheet = read_sheet(data)
    except SheetUnreadable:
        return
    assert all(set(row.cells) == set(sheet.columns) for row in sheet.rows)


def test_a_thousand_serials_go_in_with_few_statements(company: TestCompany) -> None:
    table = "serial,mac\n" + "\n".join(f"SN{number:06d},02:00:00:00:{number // 256:02X}:{number % 256:02X}"
                                       for number in range(1000))  # fmt: skip
    with company_session(company.id) as session:
        store = open_store(session, company)
        plan = plan_import(session, sheet=read_sheet(table.encode()), type_id=store.onu.id, unit_cost=D("3333.33"))
        import_opening(session, plan=plan, place=store.shelf, idempotency_key="k", actor=ACTOR, now=NOW, origin=ORIGIN)
        assert store.books() == {"1200": D("3333330.00"), "3990": D("-3333330.00")}
