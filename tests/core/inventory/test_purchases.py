"""Goods come in once, at their cost, with or without the vendor's bill, and go back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db import company_session
from core.inventory.attributes import AttributeInvalid
from core.inventory.balances import on_hand, pool
from core.inventory.items import Piece, SerialInvalid, SerialTaken
from core.inventory.moving import NotEnoughStock
from core.inventory.places import Place
from core.inventory.purchases import (
    Goods,
    PurchaseInvalid,
    enter_opening_stock,
    receive_purchase,
    return_purchase,
)
from core.inventory.types import QuantityInvalid
from core.ledger.bills import void_bill
from core.money import AmountInvalid
from core.usecases.check_books import check_books
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, D, Store, open_store


def receive(store: Store, *goods: Goods, key: str = "k", **more):
    return receive_purchase(
        store.session, vendor_id=store.vendor.id, warehouse_id=store.room.id, goods=goods, idempotency_key=key,
        actor=ACTOR, now=NOW, origin=ORIGIN, **more,
    )  # fmt: skip


def test_goods_without_a_bill_wait_for_it_and_are_received_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        goods = [
            Goods(type_id=store.onu.id, unit_cost=D("3500"), pieces=[Piece("hw tc 0001", {"mac": "a42b.8c00.12ef"}),
                                                                       Piece("HWTC0002")]),
            Goods(type_id=store.fibre.id, unit_cost=D("11.50"), quantity=D("1000.5")),
        ]  # fmt: skip
        first = receive(store, *goods)
        assert receive(store, *goods).id == first.id
        with pytest.raises(PurchaseInvalid):
            receive(store, goods[0])
        assert (first.number, first.total) == ("GR-1", D("18505.75"))
        assert store.item("HWTC0001").mac == "A4:2B:8C:00:12:EF"
        assert on_hand(session, type_id=store.fibre.id, place=store.shelf) == D("1000.50")
        assert store.books() == {"1200": D("18505.75"), "2310": D("-18505.75")}
        assert check_books(session, as_of=TODAY) == []


def test_the_bill_that_comes_with_the_goods_is_owed_to_the_vendor_and_may_be_voided(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        bought = receive(store, Goods(type_id=store.cord.id, unit_cost=D("120"), quantity=D(50)), billed=True,
                         tax=D("1080"), vendor_ref="FH-77")  # fmt: skip
        assert store.books() == {"1200": D("6000.00"), "1130": D("1080.00"), "2300": D("-7080.00")}
        assert bought.bill_id
        void_bill(session, bill_id=bought.bill_id, voided_on=TODAY, actor=ACTOR, reason="wrong", origin=ORIGIN)
        assert store.books() == {"1200": D("6000.00"), "2310": D("-6000.00")}
        assert check_books(session, as_of=TODAY) == []


def test_what_goes_back_to_the_vendor_leaves_at_the_average_and_may_come_again(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.buy(store.onu, "3500", "AAA2")
        return_purchase(session, vendor_id=store.vendor.id, items=[store.item("AAA1")], actor=ACTOR, now=NOW,
                        reason="dead on arrival", origin=ORIGIN)  # fmt: skip
        assert pool(session, type_id=store.onu.id).value == D("3250.00")
        assert store.item("AAA1").holder_kind == "vendor"
        store.buy(store.onu, "3000", "AAA1")
        assert store.item("AAA1").holder_kind == "warehouse"
        assert store.books() == {"1200": D("6250.00"), "2310": D("-6250.00")}
        with pytest.raises(NotEnoughStock, match="Main store has 0 m"):
            return_purchase(session, vendor_id=store.vendor.id, type_id=store.fibre.id, quantity=D(5), actor=ACTOR,
                            warehouse_id=store.room.id, now=NOW, reason="wrong", origin=ORIGIN)  # fmt: skip


@pytest.mark.parametrize(
    ("goods", "refusal"),
    [
        ([], PurchaseInvalid),
        ([("onu", "1", "2", ())], PurchaseInvalid),
        ([("onu", "-1", "0", ("AAA1",))], PurchaseInvalid),
        ([("onu", "1", "0", ("AAA1", "aaa 1"))], SerialTaken),
        ([("onu", "1", "0", ("KNOWN1",))], SerialTaken),
        ([("onu", "1", "0", ("x",))], SerialInvalid),
        ([("cord", "1", "2.5", ())], QuantityInvalid),
        ([("cord", "1", "0", ())], QuantityInvalid),
        ([("fibre", "1", "2.555", ())], QuantityInvalid),
        ([("cord", "1", "0", ("AAA1",))], PurchaseInvalid),
        ([("fibre", "1.00001", "10", ())], PurchaseInvalid),
        ([("fibre", "NaN", "10", ())], PurchaseInvalid),
        ([("fibre", "Infinity", "10", ())], PurchaseInvalid),
        ([("fibre", "10", "Infinity", ())], PurchaseInvalid),
        ([("fibre", "99999999", "9999999", ())], PurchaseInvalid),
        ([("onu", "1.001", "0", ("AAA1",))], AmountInvalid),
    ],
)
def test_goods_that_cannot_be_are_refused_whole(company: TestCompany, goods, refusal) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "KNOWN1")
        before = store.books()
        with pytest.raises(refusal), session.begin_nested():
            receive(store, *(
                Goods(type_id=getattr(store, name).id, unit_cost=D(cost), quantity=D(quantity),
                      pieces=[Piece(serial) for serial in serials])
                for name, cost, quantity, serials in goods
            ))  # fmt: skip
        assert store.books() == before


@pytest.mark.parametrize(
    "attributes", [{"mac": "A4:2B"}, {"ports": "four"}, {"colour": "white"}, {"pon_sn": "x" * 200}]
)
def test_attributes_are_those_the_type_declares(company: TestCompany, attributes) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        with pytest.raises(AttributeInvalid):
            receive(store, Goods(type_id=store.onu.id, unit_cost=D(1), pieces=[Piece("AAA1", attributes)]))


def test_a_mac_address_is_on_one_piece_only(company: TestCompany) -> None:
    mac = {"mac": "A4-2B-8C-00-12-EF"}
    with company_session(company.id) as session:
        store = open_store(session, company)
        with pytest.raises(SerialTaken, match="given twice"), session.begin_nested():
            receive(store, Goods(type_id=store.onu.id, unit_cost=D(1), pieces=[Piece("AAA1", mac), Piece("AAA2", mac)]))
        receive(store, Goods(type_id=store.onu.id, unit_cost=D(1), pieces=[Piece("AAA1", mac)]))
        with pytest.raises(SerialTaken, match="belongs to serial AAA1"):
            receive(store, Goods(type_id=store.onu.id, unit_cost=D(1), pieces=[Piece("AAA3", mac)]), key="k2")


def test_what_was_there_before_these_books_is_entered_at_its_cost(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        for _ in range(2):
            enter_opening_stock(
                session, place=Place("technician", store.tariq.id), actor=ACTOR, now=NOW - timedelta(days=30),
                idempotency_key="opening", origin=ORIGIN,
                goods=[Goods(type_id=store.onu.id, unit_cost=D("2800"), pieces=[Piece("OLD1"), Piece("OLD2")]),
                       Goods(type_id=store.cord.id, unit_cost=D("100"), quantity=D(7))],
            )  # fmt: skip
        assert store.books() == {"1200": D("6300.00"), "3990": D("-6300.00")}
        assert on_hand(session, type_id=store.onu.id, place=store.bag) == 2
        assert check_books(session, as_of=TODAY) == []


def test_a_drum_costs_what_it_costs_though_its_metre_has_no_round_price(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        drum = Goods(type_id=store.fibre.id, unit_cost=D("41.9672"), quantity=D(305))
        bought = receive(store, drum, billed=True)
        assert bought.total == D("12800.00")
        assert store.books() == {"1200": D("12800.00"), "2300": D("-12800.00")}
        assert check_books(session, as_of=TODAY) == []
