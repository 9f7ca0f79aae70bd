"""What stands at customers: whose it is, what it costs, and how it comes back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.db import company_session
from core.errors import NotFound
from core.ids import new_id
from core.inventory.balances import on_hand, pool
from core.inventory.history import history_of
from core.inventory.item_moves import MoveInvalid, WarrantyOver, buy_out, equipment_of, swap_items
from core.inventory.items import Piece, move_item, register_own_item
from core.inventory.moving import NotEnoughStock, ReasonMissing, SerialNotHeld
from core.inventory.places import SCRAP, Place
from core.inventory.shortages import shortages
from core.inventory.types import add_item_type
from core.inventory.using import PartInvalid, own_stock, return_part, use_part
from core.usecases.check_books import check_books
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, D, Store, open_store


def use(store: Store, **what):
    return use_part(store.session, staff_id=store.tariq.id, customer_id=what.pop("customer_id", store.ayesha.id),
                    actor=f"staff:{store.tariq.id}", now=NOW, origin="message:1", **what)  # fmt: skip


def test_a_rented_piece_stays_ours_at_its_cost_until_it_comes_back(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.buy(store.onu, "4000", "AAA2")
        store.issue("AAA1")
        use(store, serial=" aaa1 ")
        item = store.item("AAA1")
        assert (item.ownership, item.deposit, item.warranty_until) == ("rented", D("2000.00"), date(2027, 11, 24))
        assert store.books() == {"1200": D("3500.00"), "1210": D("3500.00"), "2310": D("-7000.00")}
        store.buy(store.onu, "5000", "AAA3")
        store.move("AAA1", store.shelf, condition="faulty")
        assert (item.ownership, item.condition, item.deposit) == ("company", "faulty", 0)
        assert store.books() == {"1200": D("12000.00"), "2310": D("-12000.00")}
        assert pool(session, type_id=store.onu.id).value == D("12000.00")
        assert check_books(session, as_of=TODAY) == []


def test_a_sold_piece_is_an_expense_and_its_return_holds_or_undoes_it(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.move("AAA1", store.at(), ownership="sold")
        assert store.books()["5010"] == D("3000.00")
        store.move("AAA1", store.bag)
        assert on_hand(session, type_id=store.onu.id, place=store.bag) == 0
        assert store.item("AAA1").ownership == "sold"
        with pytest.raises(MoveInvalid):
            store.move("AAA1", SCRAP)
        store.move("AAA1", store.shelf)
        store.move("AAA1", store.at())
        assert [move.what for move in history_of(session, item_id=store.item("AAA1").id)][-3:] == [
            "The customer's, taken in for repair",
            "The customer's, taken in for repair",
            "The customer's, given back",
        ]
        store.move("AAA1", store.shelf, take_back=True)
        assert store.books() == {"1200": D("6000.00"), "2310": D("-6000.00")}
        assert check_books(session, as_of=TODAY) == []


def test_what_is_lost_or_scrapped_is_an_expense_and_moves_no_more(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.move("AAA1", store.at())
        store.move("AAA1", SCRAP)
        store.move("AAA2", SCRAP)
        assert store.books() == {"5010": D("6000.00"), "2310": D("-6000.00")}
        with pytest.raises(SerialNotHeld, match="scrapped"):
            store.move("AAA2", store.shelf)
        assert check_books(session, as_of=TODAY) == []


def test_a_swap_keeps_the_terms_and_brings_the_faulty_piece_into_the_bag(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        store.issue("AAA2", "AAA3")
        store.move("AAA1", store.at())
        swap = {"condition": "faulty", "reason": "red light", "actor": ACTOR, "now": NOW, "key": "swap-1"}
        for _ in range(2):
            swap_items(session, old=store.item("AAA1"), new=store.item("AAA2"), origin=ORIGIN, **swap)
        old, new = store.item("AAA1"), store.item("AAA2")
        assert (old.holder_id, old.condition, old.ownership) == (store.tariq.id, "faulty", "company")
        assert (new.holder_id, new.ownership, new.deposit) == (store.ayesha.id, "rented", D("2000.00"))
        assert [item.serial for item in equipment_of(session, customer_id=store.ayesha.id)] == ["AAA2"]
        assert store.books() == {"1200": D("6000.00"), "1210": D("3000.00"), "2310": D("-9000.00")}


def test_a_sold_piece_is_swapped_within_its_warranty_which_goes_on(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        store.move("AAA1", store.at(), ownership="sold")
        later = NOW + timedelta(days=300)
        more = {"condition": "faulty", "reason": "dead", "actor": ACTOR, "origin": ORIGIN}
        swap_items(session, old=store.item("AAA1"), new=store.item("AAA2"), now=later, **more)
        assert store.item("AAA2").warranty_until == date(2027, 11, 24)
        with pytest.raises(WarrantyOver):
            swap_items(session, old=store.item("AAA2"), new=store.item("AAA3"), now=later + timedelta(days=70), **more)


def test_what_a_customer_rents_can_become_his(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.move("AAA1", store.at())
        buy_out(session, item=store.item("AAA1"), reason="bought", actor=ACTOR, now=NOW, origin=ORIGIN)
        assert store.item("AAA1").ownership == "sold"
        assert store.books() == {"5010": D("3000.00"), "2310": D("-3000.00")}
        with pytest.raises(MoveInvalid):
            buy_out(session, item=store.item("AAA1"), reason="again", actor=ACTOR, now=NOW)
        assert check_books(session, as_of=TODAY) == []


def test_a_customers_own_device_is_noted_and_costs_nothing(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        own = register_own_item(session, item_type=store.onu, piece=Piece("OWN1"), customer_id=store.ayesha.id,
                                actor=ACTOR, now=NOW)  # fmt: skip
        assert (own.ownership, own.holder_id) == ("customer", store.ayesha.id)
        store.move("OWN1", store.bag)
        use(store, serial="OWN1")
        assert (own.ownership, own.holder_kind) == ("customer", "customer")
        with pytest.raises(MoveInvalid):
            store.move("OWN1", SCRAP)
        assert store.books() == {}


def test_a_technician_uses_his_own_stock_only(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        other = make_staff(session, company, role="technician", name="Aslam")
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.buy(store.fibre, "10", quantity="300")
        store.issue("AAA1", fibre="100", to=Place("technician", other.id))
        store.issue("AAA2", fibre="80.5")
        with pytest.raises(SerialNotHeld, match="AAA1 is with Aslam"):
            use(store, serial="AAA1")
        with pytest.raises(NotEnoughStock, match=r"Tariq has 80.5\d* m of Drop cable 1F, not 81"):
            use(store, type_id=store.fibre.id, quantity=D(81))
        with pytest.raises(PartInvalid):
            use(store, type_id=store.onu.id, quantity=D(1))
        with pytest.raises(PartInvalid):
            use(store)
        used = [use(store, type_id=store.fibre.id, quantity=D("60.5"), key="turn-7") for _ in range(2)]
        assert used[0].id == used[1].id
        (onu, count, pieces), (fibre, metres, none) = sorted(
            own_stock(session, staff_id=store.tariq.id), key=lambda row: row[0].kind, reverse=True
        )
        assert (onu.code, count, [item.serial for item in pieces]) == ("ONU-HG8546M", 1, ["AAA2"])
        assert (fibre.code, metres, none) == ("DROP-1F", 20, [])
        assert store.books()["5020"] == D("605.00")


def test_material_brought_back_is_stock_again_at_what_it_cost(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.fibre, "10", quantity="100")
        store.issue(fibre="100")
        use(store, type_id=store.fibre.id, quantity=D(40))
        back = {"staff_id": store.tariq.id, "customer_id": store.ayesha.id, "type_id": store.fibre.id, "actor": ACTOR,
                "now": NOW, "origin": ORIGIN}  # fmt: skip
        return_part(session, quantity=D(15), **back)
        assert store.books() == {"1200": D("750.00"), "5020": D("250.00"), "2310": D("-1000.00")}
        with pytest.raises(NotEnoughStock, match="25"):
            return_part(session, quantity=D(26), **back)
        stranger = make_customer(session, company, name="Bilal")
        with pytest.raises(NotEnoughStock):
            return_part(session, quantity=D(1), **{**back, "customer_id": stranger.id})
        assert check_books(session, as_of=TODAY) == []


def test_the_history_of_a_piece_says_who_when_and_why(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.issue("AAA1")
        use(store, serial="AAA1", reason="new connection")
        told = [(row.what, row.source, row.target, row.who, row.movement.reason)
                for row in history_of(session, item_id=store.item("AAA1").id)]  # fmt: skip
        assert told == [
            ("Bought", "Fiber House", "Main store", "staff:store", "GR-1"),
            ("Moved", "Main store", "Tariq", "staff:store", "to the van"),
            ("Rented out", "Tariq", f"{store.ayesha.number} Ayesha Khan", "Tariq", "new connection"),
        ]


def test_a_key_of_one_movement_serves_no_other(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        first = store.move("AAA1", store.bag, key="k")
        assert store.move("AAA1", store.bag, key="k").id == first.id
        with pytest.raises(Exception, match="another movement"):
            store.move("AAA2", store.bag, key="k")
        with pytest.raises(Exception, match="no such employee"):
            store.move("AAA2", Place("technician", new_id()))


def test_a_faulty_piece_is_handed_to_nobody_and_nothing_moves_to_strangers_or_without_a_reason(
    company: TestCompany, other_company: TestCompany
) -> None:
    with company_session(other_company.id) as session:
        stranger = Place("customer", make_customer(session, other_company).id)
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        with pytest.raises(NotFound, match="no such customer"):
            store.move("AAA1", stranger)
        with pytest.raises(ReasonMissing):
            move_item(session, item=store.item("AAA1"), to_kind="technician", to_id=store.tariq.id, reason=" ",
                      actor=ACTOR, now=NOW)  # fmt: skip
        store.move("AAA1", store.bag, condition="faulty")
        with pytest.raises(MoveInvalid, match="faulty"):
            use(store, serial="AAA1")
        assert ("Tariq", 0) in [(short.place_name, short.on_hand) for short in shortages(session)]
        store.move("AAA1", store.shelf, condition="good")
        store.move("AAA1", store.at())


def test_what_a_customer_owns_goes_back_to_him_only_and_like_is_swapped_for_like(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        bilal = make_customer(session, company, name="Bilal")
        router = add_item_type(session, code="RTR-C6", name="Archer C6", kind="router", tracking="serial")
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.buy(router, "4000", "TPL1")
        store.move("AAA1", store.at(), ownership="sold")
        store.move("AAA1", store.bag)
        with pytest.raises(MoveInvalid, match="belongs to C-2001 Ayesha Khan"):
            store.move("AAA1", store.at(bilal))
        store.move("AAA1", store.at())
        with pytest.raises(MoveInvalid, match="TPL1 is no onu"):
            swap_items(session, old=store.item("AAA1"), new=store.item("TPL1"), condition="faulty", reason="x",
                       actor=ACTOR, now=NOW)  # fmt: skip
