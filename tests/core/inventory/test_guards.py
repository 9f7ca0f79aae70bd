"""What the database refuses whatever the program asks, and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.inventory.balances import pool, stock_by_place
from core.inventory.models import Item, Movement
from core.inventory.moving import NotEnoughStock, SerialNotHeld
from core.inventory.places import Place
from core.inventory.using import use_part
from core.usecases.check_books import check_books
from tests.builders import make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import Store, open_store

D = Decimal


def movement(store: Store, **how: object) -> Movement:
    usual = {
        "id": new_id(), "type_id": store.fibre.id, "item_id": None, "quantity": D(1), "kind": "transfer",
        "from_kind": "warehouse", "from_id": store.room.id, "to_kind": "technician", "to_id": store.tariq.id,
        "ownership": "company", "condition": "good", "cost": D(0), "debit_code": "1200", "credit_code": "1200",
        "reason": "x", "actor": "x", "origin": "x", "moved_at": NOW, "moved_on": TODAY,
    }  # fmt: skip
    return Movement(**{**usual, **how})


def refused(session: Session, row: object) -> str:
    with pytest.raises(DBAPIError) as error, session.begin_nested():
        session.add(row)
    return str(error.value.orig)


def test_the_database_lets_no_place_fall_below_zero(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.fibre, "10", quantity="100")
        assert "Only 100.00" in refused(session, movement(store, quantity=D("100.01")))
        assert "whole" in refused(session, movement(store, type_id=store.cord.id, quantity=D("1.5")))
        assert "one movement a piece" in refused(session, movement(store, type_id=store.onu.id))
        assert "ck_movement_quantity" in refused(session, movement(store, quantity=D(-1)))
        assert "ck_movement_moves" in refused(
            session, movement(store, to_kind="warehouse", to_id=store.room.id, quantity=D(1))
        )
        assert "ck_movement_named" in refused(session, movement(store, to_kind="technician", to_id=None))


def test_the_database_keeps_each_piece_in_one_place(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        item = store.item("AAA1")
        of_piece = {"type_id": store.onu.id, "item_id": item.id}
        assert "Serial AAA1 is with warehouse" in refused(
            session, movement(store, **of_piece, from_kind="technician", from_id=store.tariq.id, to_kind="customer",
                              to_id=store.ayesha.id))  # fmt: skip
        assert "one movement a piece" in refused(session, movement(store, **of_piece, quantity=D(2)))
        session.add(movement(store, **of_piece))
        session.flush()
        assert "Serial AAA1 is with technician" in refused(session, movement(store, **of_piece))
        with pytest.raises(DBAPIError, match="moves by a movement only"), session.begin_nested():
            session.execute(text("UPDATE item SET holder_kind = 'scrap', holder_id = NULL"))
        with pytest.raises(DBAPIError, match="comes in by a movement"), session.begin_nested():
            session.add(Item(id=new_id(), type_id=store.onu.id, serial="BBB1", holder_kind="warehouse",
                             holder_id=store.room.id))  # fmt: skip
            session.flush()
        for statement in ("UPDATE movement SET quantity = 5", "DELETE FROM movement", "DELETE FROM item"):
            with pytest.raises(DBAPIError), session.begin_nested():
                session.execute(text(statement))


def at_once(company: TestCompany, *works: Callable[[Session], object]) -> list[object]:
    """Each work in a transaction of its own, begun together; refusals are answers."""
    begin = Barrier(len(works))

    def done(work: Callable[[Session], object]) -> object:
        begin.wait()
        try:
            with company_session(company.id) as session:
                return work(session)
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool_of_threads:
        return list(pool_of_threads.map(done, works))


def test_two_technicians_cannot_use_the_same_piece(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.issue("AAA1")
        aslam = make_staff(session, company, role="technician", name="Aslam").id
        tariq, ayesha = store.tariq.id, store.ayesha.id

    def use(staff_id: Id) -> Callable[[Session], object]:
        return lambda session: use_part(session, staff_id=staff_id, customer_id=ayesha, serial="AAA1", actor="x",
                                        now=NOW, origin="message:x").id  # fmt: skip

    answers = at_once(company, use(tariq), use(tariq), use(aslam))
    assert sum(isinstance(answer, SerialNotHeld) for answer in answers) == 2
    with company_session(company.id) as session:
        assert check_books(session, as_of=TODAY) == []


def test_the_last_metres_are_used_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.fibre, "10.01", quantity="100")
        store.issue(fibre="100")
        fibre, tariq, ayesha = store.fibre.id, store.tariq.id, store.ayesha.id

    def use(session: Session) -> object:
        return use_part(session, staff_id=tariq, customer_id=ayesha, type_id=fibre, quantity=D(40), actor="x", now=NOW,
                        origin="message:x").id  # fmt: skip

    answers = at_once(company, use, use, use, use)
    assert sum(isinstance(answer, NotEnoughStock) for answer in answers) == 2
    with company_session(company.id) as session:
        assert stock_by_place(session) == {(Place("technician", tariq), fibre): D("20.00")}
        assert pool(session, type_id=fibre).value == D("200.20")
        assert check_books(session, as_of=TODAY) == []


def test_the_same_form_sent_twice_at_once_uses_once(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1")
        store.buy(store.fibre, "10", quantity="100")
        store.issue("AAA1", fibre="100")
        fibre, tariq, ayesha = store.fibre.id, store.tariq.id, store.ayesha.id

    def use(**what: object) -> Callable[[Session], object]:
        return lambda session: use_part(session, staff_id=tariq, customer_id=ayesha, actor="x", now=NOW,
                                        origin="message:x", **what).id  # type: ignore[arg-type] # fmt: skip

    metres = at_once(company, *[use(type_id=fibre, quantity=D(60), key="metres")] * 3)
    pieces = at_once(company, *[use(serial="AAA1", key="piece")] * 3)
    assert (len(set(metres)), len(set(pieces))) == (1, 1)
    with company_session(company.id) as session:
        assert stock_by_place(session) == {(Place("technician", tariq), fibre): D("40.00")}
        assert check_books(session, as_of=TODAY) == []
