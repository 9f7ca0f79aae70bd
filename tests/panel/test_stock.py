"""Stock in the panel: types, goods, pieces, imports, requests and counts, told through the pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cli.web import create_app
from core.db import company_session
from core.ids import new_id
from core.inventory.items import item_by_serial
from core.inventory.models import Item
from core.usecases.check_books import check_books
from tests.cast import TODAY, TestCompany
from tests.core.inventory.store import Store, open_store
from tests.panel.visitors import SETTINGS, submit, visitor

PAGES = ("/stock", "/stock/items", "/stock/movements", "/stock/receive", "/stock/import", "/stock/restock",
         "/stock/takes", "/stock/types")  # fmt: skip


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def store(company: TestCompany) -> Store:
    """The store's rows, to be read; its session is over."""
    with company_session(company.id, "test") as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        store.buy(store.fibre, "10", quantity="800")
        return store


def asked_in(company: TestCompany, question: Callable[[Session], Any]) -> Any:
    with company_session(company.id, "test") as session:
        return question(session)


def piece(company: TestCompany, serial: str) -> Item:
    item: Item = asked_in(company, lambda session: item_by_serial(session, serial))
    return item


def first_path(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    assert found, pattern
    return found[0]


def test_every_page_opens_for_a_manager_and_none_for_an_agent(app: Flask, company: TestCompany, store: Store) -> None:
    manager, agent = visitor(app, company, "manager"), visitor(app, company, "recovery_agent")
    assert [manager.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert [agent.get(path).status_code for path in PAGES] == [403] * len(PAGES)
    page = manager.get("/stock").text
    assert "Rs 17,000.00 in stock" in page and "Running out" in page
    assert "AAA2" in manager.get("/stock/items?q=aaa2").text
    assert "AAA2" not in manager.get("/stock/items?q=aaa1").text
    assert manager.get("/stock/items?type=nonsense").status_code == 400
    assert manager.get(f"/stock/items/{new_id()}").status_code == 404


def test_a_type_is_added_and_goods_of_it_are_received_once(app: Flask, company: TestCompany, store: Store) -> None:
    manager = visitor(app, company, "manager")
    made = submit(manager, "/stock/types", code="rtr c6", name="Archer C6", kind="Router", tracking="serial",
                  warranty_months="24", life_months="36",
                  attributes="mac mac unique\nlan_ports number").text  # fmt: skip
    assert "RTR-C6 Archer C6 can be received" in made
    type_id = first_path(manager.get("/stock/types").text.split("RTR-C6")[1], r"[0-9a-f-]{36}")
    assert "36 months" in manager.get("/stock/types").text
    wrong = submit(
        manager, "/stock/types", code="x y", name="X", kind="router", tracking="serial", attributes="mac red"
    )
    assert wrong.status_code == 422 and "is no attribute" in wrong.text
    fields = {"once": new_id(), "vendor": store.vendor.id, "warehouse": store.room.id, "vendor_ref": "FH-1",
              "billed": "on", "tax": "900", "type_0": type_id, "cost_0": "4,600", "quantity_0": "",
              "serials_0": "tpl 1 mac=a42b8c0012ef lan_ports=4\nTPL2", "type_1": store.cord.id, "cost_1": "150",
              "quantity_1": "20"}  # fmt: skip
    for _ in range(2):
        assert "GR-3: goods of 12,200.00 are in stock" in submit(manager, "/stock/receive", **fields).text
    assert piece(company, "TPL1").attributes == {"mac": "A4:2B:8C:00:12:EF", "lan_ports": "4"}
    again = submit(manager, "/stock/receive", **fields | {"once": new_id(), "vendor_ref": "FH-2"})
    assert again.status_code == 422 and "is entered already" in again.text
    gone = submit(manager, "/stock/return", once=new_id(), vendor=store.vendor.id, serials="TPL2", reason="dead")
    assert "Goods of 4,600.00 went back" in gone.text
    assert asked_in(company, lambda session: check_books(session, as_of=TODAY.replace(year=2099))) == []


def test_a_piece_goes_to_a_customer_is_swapped_and_comes_back(app: Flask, company: TestCompany, store: Store) -> None:
    manager, at = visitor(app, company, "manager"), f"/stock/items/{piece(company, 'AAA1').id}"
    handed = submit(manager, at, do="hand_over", once=new_id(), customer=store.ayesha.number.lower(), terms="rented",
                    reason="new line")  # fmt: skip
    assert "2,000.00 goes on his next invoice" in handed.text
    assert "Rented out" in handed.text and store.ayesha.number in handed.text
    swapped = submit(manager, at, do="swap", once=new_id(), new_serial="aaa2", condition="faulty", reason="red light")
    assert "AAA2 has taken the place of AAA1" in swapped.text and "faulty" in swapped.text
    other = f"/stock/items/{piece(company, 'AAA2').id}"
    refused = submit(manager, other, do="move", once=new_id(), target="", condition="good", reason="x")
    assert refused.status_code == 422
    lost = submit(manager, other, do="lose", once=new_id(), amount="2500", reason="moved away")
    assert "written off" in lost.text
    corrected = submit(manager, at, do="correct", serial="AAA1X", attribute_mac="02:00:00:00:00:01")
    assert "AAA1X is put right" in corrected.text
    assert asked_in(company, lambda session: check_books(session, as_of=TODAY.replace(year=2099))) == []


def test_stock_is_moved_and_scrapped_once(app: Flask, company: TestCompany, store: Store) -> None:
    manager = visitor(app, company, "manager")
    van, shelf = f"technician:{store.tariq.id}", f"warehouse:{store.room.id}"
    fields = {"once": new_id(), "source": shelf, "target": van, "type": store.fibre.id, "quantity": "120.5",
              "serials": "AAA1, AAA2", "reason": "week"}  # fmt: skip
    for _ in range(2):
        assert "3 movements are written" in submit(manager, "/stock/move", **fields).text
    scrap = {"source": van, "target": "scrap", "type": store.fibre.id, "quantity": "20.5", "serials": "AAA1",
             "reason": "burnt", "once": new_id()}  # fmt: skip
    for _ in range(2):
        assert "is scrapped" in submit(manager, "/stock/move", **scrap).text
    much = submit(manager, "/stock/move", **fields | {"once": new_id(), "serials": "", "quantity": "9999"})
    assert much.status_code == 422 and "not 9999" in much.text
    assert piece(company, "AAA1").holder_kind == "scrap"
    assert asked_in(company, lambda session: check_books(session, as_of=TODAY.replace(year=2099))) == []


def test_serials_are_tried_before_they_are_imported(app: Flask, company: TestCompany, store: Store) -> None:
    manager = visitor(app, company, "manager")
    fields = {"type": store.onu.id, "cost": "3100", "vendor": store.vendor.id, "warehouse": store.room.id}

    def send(data: bytes, **more: Any) -> Any:
        return submit(manager, "/stock/import", **fields, **more, file=(io.BytesIO(data), "serials.csv"))

    tried = send(b"serial,mac\nAAA1,\nNEW1,zz\nNEW2,\n", do="try", once=new_id()).text
    assert "3 rows, 2 refused" in tried and "AAA1 is entered already" in tried and "no MAC address" in tried
    assert 'value="import"' not in tried
    fine = send(b"serial,mac\nNEW1,02:00:00:00:00:01\nNEW2,\n", do="try", once=new_id()).text
    assert "Enter 2 pieces of Rs 6,200.00" in fine
    carried = re.search(r'name="carried" value="([^"]+)"', fine)
    assert carried
    key = new_id()
    for _ in range(2):
        done = submit(manager, "/stock/import", **fields, do="import", once=key, carried=carried[1])
        assert "2 pieces of 6,200.00 are in stock" in done.text
    assert piece(company, "NEW1").mac == "02:00:00:00:00:01"
    assert send(b"%PDF", do="try", once=new_id()).status_code == 422
    broken = submit(manager, "/stock/import", **fields, do="import", once=new_id(), carried="bm90IHppcA==")
    assert broken.status_code == 422 and "damaged" in broken.text


def test_a_request_is_approved_and_issued_and_a_place_counted(app: Flask, company: TestCompany, store: Store) -> None:
    manager = visitor(app, company, "manager")
    asked = submit(manager, "/stock/restock", once=new_id(), staff=store.tariq.id, type_0=store.onu.id, quantity_0="1",
                   type_1=store.fibre.id, quantity_1="100").text  # fmt: skip
    assert "RS-1 waits" in asked
    path = first_path(asked, r"/stock/restock/[0-9a-f-]{36}")
    assert "RS-1 is approved" in submit(manager, path, decision="approve", once=new_id()).text
    short = submit(manager, path, decision="issue", once=new_id(), warehouse=store.room.id)
    assert short.status_code == 422 and "needs 1 serials" in short.text
    issued = submit(manager, path, decision="issue", once=new_id(), warehouse=store.room.id, serials="AAA1")
    assert "RS-1 is issued" in issued.text
    assert submit(manager, path, decision="refuse", once=new_id(), reason="x").status_code == 422

    begun = submit(manager, "/stock/takes", place=f"warehouse:{store.room.id}").text
    take = first_path(begun, r"/stock/takes/[0-9a-f-]{36}")
    counted = submit(manager, take, do="count", type=store.fibre.id, quantity="690.5")
    assert "690.5 counted, 700 by the books" in counted.text
    assert "missing AAA3" in submit(manager, take, do="count", type=store.onu.id, serials="AAA2").text
    assert "2 differences are booked" in submit(manager, take, do="approve", once=new_id()).text
    assert submit(manager, take, do="drop").status_code == 422
    assert asked_in(company, lambda session: check_books(session, as_of=TODAY.replace(year=2099))) == []


def test_valuation_pieces_and_movements_are_exported(app: Flask, company: TestCompany, store: Store) -> None:
    manager = visitor(app, company, "manager")
    worth = manager.get("/stock/export/valuation.csv?last=2026-11-24").text
    assert "DROP-1F,Drop cable 1F,drop_cable,m,800.00,10.00,8000.00" in worth and "17000.00" in worth
    assert "17000.00" not in manager.get("/stock/export/valuation.csv?last=2026-11-23").text
    assert "AAA1,ONU-HG8546M,onu,warehouse,Main store,company,good" in manager.get("/stock/export/pieces.csv").text
    moved = manager.get("/stock/export/movements.csv?first=2026-11-01&last=2026-11-30").text
    assert "Bought,ONU-HG8546M,AAA2,1.00,Fiber House,Main store,GR-1,staff:store,1200,2310,3000.00" in moved
    assert manager.get("/stock/export/pieces.xlsx").data.startswith(b"PK")
    for path, code in (("pieces.pdf", 404), ("secrets.csv", 404), ("valuation.csv?last=soon", 400)):
        assert manager.get(f"/stock/export/{path}").status_code == code
