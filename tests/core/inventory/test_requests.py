"""Technicians ask, managers decide once, the store issues; shelves are counted, and what runs out is listed."""

from __future__ import annotations

import pytest

from core.db import company_session
from core.inventory.balances import holding_places, on_hand, pool
from core.inventory.moving import NotEnoughStock, SerialNotHeld
from core.inventory.places import SCRAP, Place, PlaceInvalid
from core.inventory.restock import (
    RestockDecided,
    RestockInvalid,
    SerialsMissing,
    approve_restock,
    ask_restock,
    issue_restock,
    refuse_restock,
    restock_requests,
    withdraw_restock,
)
from core.inventory.shortages import shortages
from core.inventory.stock_takes import (
    CountInvalid,
    StockTakeClosed,
    approve_stock_take,
    count_stock,
    drop_stock_take,
    open_stock_take,
    uncounted_types,
)
from core.usecases.check_books import check_books
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, D, Store, open_store


def asked(store: Store, *, onus: int = 2, metres: str = "200", key: str = "ask"):
    return ask_restock(
        store.session, staff_id=store.tariq.id, lines=[(store.onu.id, D(onus)), (store.fibre.id, D(metres))],
        idempotency_key=key, now=NOW, note="Friday's installations",
    )  # fmt: skip


def approve(store: Store, request, **granted):
    amounts = {getattr(store, name).id: D(amount) for name, amount in granted.items()} or None
    return approve_restock(store.session, request_id=request.id, decided_by=ACTOR, now=NOW, granted=amounts)


def issue(store: Store, request, *serials: str):
    return issue_restock(store.session, request_id=request.id, warehouse_id=store.room.id, serials=serials,
                         issued_by=ACTOR, now=NOW, origin=ORIGIN)  # fmt: skip


def test_a_request_is_decided_once_and_issued_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        store.buy(store.fibre, "10", quantity="500")
        request = asked(store)
        assert (asked(store).id, request.number) == (request.id, "RS-1")
        assert [waiting.number for waiting in restock_requests(session)] == ["RS-1"]
        with pytest.raises(RestockInvalid, match="somebody else"):
            approve_restock(session, request_id=request.id, decided_by=f"staff:{store.tariq.id}", now=NOW)
        approve(store, request, onu="1", fibre="150.5")
        for late in (lambda: approve(store, request), lambda: refuse_restock(
                session, request_id=request.id, decided_by=ACTOR, reason="no", now=NOW)):  # fmt: skip
            with pytest.raises(RestockDecided, match="RS-1 is approved already"):
                late()
        with pytest.raises(SerialsMissing, match="needs 1 serials"):
            issue(store, request)
        issue(store, request, "aaa2")
        assert on_hand(session, type_id=store.onu.id, place=store.bag) == 1
        assert on_hand(session, type_id=store.fibre.id, place=store.bag) == D("150.50")
        with pytest.raises(RestockDecided):
            issue(store, request, "AAA3")
        assert restock_requests(session) == []
        assert check_books(session, as_of=TODAY) == []


def test_what_cannot_be_issued_moves_nothing(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        request = approve(store, asked(store))
        with pytest.raises(NotEnoughStock), session.begin_nested():
            issue(store, request, "AAA1", "AAA2")
        assert store.item("AAA1").holder_kind == "warehouse"
        store.buy(store.fibre, "10", quantity="500")
        store.issue("AAA1")
        with pytest.raises(SerialNotHeld), session.begin_nested():
            issue(store, request, "AAA1", "AAA2")
        store.move("AAA1", store.shelf)
        with pytest.raises(SerialsMissing, match="twice"):
            issue(store, request, "AAA1", "AAA1")
        issue(store, request, "AAA1", "AAA2")


def test_a_request_is_refused_with_a_reason_or_withdrawn_by_who_asked(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        first, second = asked(store), asked(store, key="ask-2")
        with pytest.raises(RestockInvalid):
            refuse_restock(session, request_id=first.id, decided_by=ACTOR, reason=" ", now=NOW)
        with pytest.raises(RestockInvalid, match="2 of"):
            approve(store, first, onu="3")
        with pytest.raises(RestockInvalid, match="refuse it"):
            approve(store, first, onu="0")
        refuse_restock(session, request_id=first.id, decided_by=ACTOR, reason="you have nine", now=NOW)
        withdraw_restock(session, request_id=second.id, staff_id=store.tariq.id)
        assert [(r.state, r.reason) for r in (first, second)] == [("refused", "you have nine"), ("withdrawn", "")]


def test_a_stock_take_books_what_was_missing_and_what_was_found(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        store.buy(store.fibre, "10", quantity="500")
        store.buy(store.cord, "100", quantity="20")
        store.issue("AAA3")
        take = open_stock_take(session, place=store.shelf, opened_by=ACTOR, now=NOW)
        with pytest.raises(StockTakeClosed, match="ST-1 is open"):
            open_stock_take(session, place=store.shelf, opened_by=ACTOR, now=NOW)
        with pytest.raises(CountInvalid, match="Nothing was counted"):
            approve_stock_take(session, take_id=take.id, decided_by=ACTOR, now=NOW)
        count_stock(session, take_id=take.id, type_id=store.fibre.id, quantity=D(10), counted_by=ACTOR)
        count_stock(session, take_id=take.id, type_id=store.fibre.id, quantity=D("480.5"), counted_by=ACTOR)
        line = count_stock(session, take_id=take.id, type_id=store.onu.id, serials=["aaa1", "aaa3"], counted_by=ACTOR)
        assert (line.expected, line.counted, line.missing, line.found) == (2, 2, ["AAA2"], ["AAA3"])
        assert [each.code for each in uncounted_types(session, take_id=take.id)] == ["CORD-3M"]
        store.issue(fibre="100")
        approve_stock_take(session, take_id=take.id, decided_by=ACTOR, now=NOW, origin=ORIGIN)
        assert on_hand(session, type_id=store.fibre.id, place=store.shelf) == D("380.50")
        assert (store.item("AAA2").holder_kind, store.item("AAA3").holder_kind) == ("count", "warehouse")
        assert store.books()["5010"] == D("3195.00")
        with pytest.raises(StockTakeClosed):
            approve_stock_take(session, take_id=take.id, decided_by=ACTOR, now=NOW)

        again = open_stock_take(session, place=store.bag, opened_by=ACTOR, now=NOW)
        count_stock(session, take_id=again.id, type_id=store.onu.id, serials=["AAA2"], counted_by=ACTOR)
        count_stock(session, take_id=again.id, type_id=store.fibre.id, quantity=D(119), counted_by=ACTOR)
        approve_stock_take(session, take_id=again.id, decided_by=ACTOR, now=NOW, origin=ORIGIN)
        assert store.item("AAA2").holder_id == store.tariq.id
        assert store.books()["5010"] == D("5.00")
        assert pool(session, type_id=store.fibre.id).quantity == D("499.50")
        assert check_books(session, as_of=TODAY) == []


def test_a_count_takes_no_serial_that_is_elsewhere_by_the_books(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.move("AAA1", store.at())
        take = open_stock_take(session, place=store.shelf, opened_by=ACTOR, now=NOW)
        count = {"take_id": take.id, "type_id": store.onu.id, "counted_by": ACTOR}
        with pytest.raises(CountInvalid, match="with a customer"):
            count_stock(session, serials=["AAA1"], **count)
        with pytest.raises(CountInvalid, match="not entered yet"):
            count_stock(session, serials=["ZZZ9"], **count)
        with pytest.raises(CountInvalid, match="give each"):
            count_stock(session, quantity=D(2), **count)
        drop_stock_take(session, take_id=take.id, decided_by=ACTOR, now=NOW)
        with pytest.raises(StockTakeClosed):
            count_stock(session, serials=["AAA2"], **count)


def test_what_runs_out_is_listed_by_place(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", *(f"AAA{n}" for n in range(8)))
        store.buy(store.fibre, "10", quantity="499.5")
        assert [(s.type.code, s.place_name, s.on_hand, s.threshold) for s in shortages(session)] == [
            ("ONU-HG8546M", "Tariq", 0, 2),
            ("DROP-1F", "Main store", D("499.50"), 500),
        ]
        store.issue("AAA0", "AAA1", "AAA2")
        store.buy(store.fibre, "10", quantity="0.5")
        assert shortages(session) == []
        store.move("AAA3", SCRAP)
        store.move("AAA4", Place("technician", store.tariq.id))
        assert [(s.place_name, s.on_hand) for s in shortages(session)] == [("Main store", 3)]


def test_stock_of_an_employee_who_left_is_seen_and_taken_back(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.issue("AAA1")
        store.tariq.state = "left"
        session.flush()
        assert [name for _, name in holding_places(session)] == ["Main store", "Tariq (left)"]
        with pytest.raises(PlaceInvalid, match="has left"):
            store.move("AAA2", store.bag)
        store.move("AAA1", store.shelf)
        assert [name for _, name in holding_places(session)] == ["Main store"]
