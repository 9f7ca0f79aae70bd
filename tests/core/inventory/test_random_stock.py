"""Random lives of a store: whatever is bought, moved, used, returned and counted, the stock is exact and tied."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import company_session
from core.errors import DomainError
from core.ids import new_id
from core.inventory.balances import pools, stock_by_place
from core.inventory.item_moves import MoveInvalid, buy_out, move_item
from core.inventory.items import Piece, item_by_serial
from core.inventory.models import Item
from core.inventory.places import COUNT, SCRAP, Place
from core.inventory.purchases import Goods, enter_opening_stock, receive_purchase
from core.inventory.quantities import scrap_stock, transfer_stock
from core.inventory.stock_takes import approve_stock_take, count_stock, open_stock_take
from core.inventory.using import return_part, use_part
from core.inventory.wear import wear_equipment
from core.usecases.check_books import check_books
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TODAY
from tests.conftest import open_test_company
from tests.core.inventory.store import ACTOR, ORIGIN, open_store

_counter = itertools.count(1)
metres = st.integers(1, 3000).map(lambda hundredths: Decimal(hundredths) / 100)
costs = st.integers(0, 5000).map(lambda paisa: Decimal(paisa) / 100)
STEP = {"actor": ACTOR, "now": NOW, "origin": ORIGIN}


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class Stock(RuleBasedStateMachine):
    """A model of who has what beside the real thing; each step is a transaction, refused exactly where it must be."""

    @initialize()
    def open(self) -> None:
        number = next(_counter)
        self.company = open_test_company(f"stock-{os.getpid()}-{number}", f"7{os.getpid() % 10**7:07d}{number:08d}")
        with company_session(self.company.id, "test") as session:
            store = open_store(session, self.company)
            store.onu.life_months = 7
            other = make_staff(session, self.company, role="technician", name="Aslam")
            bilal = make_customer(session, self.company, name="Bilal")
            self.ids = {"onu": store.onu.id, "fibre": store.fibre.id, "vendor": store.vendor.id, "room": store.room.id}
            self.spots = [store.shelf, store.bag, Place("technician", other.id), store.at(), store.at(bilal)]
        self.fibre: dict[Place, Decimal] = dict.fromkeys(self.spots, Decimal(0))
        self.pieces: dict[str, Place] = {}
        self.today = TODAY

    def attempt(self, action: Callable[[Session], object], *, possible: bool) -> None:
        try:
            with company_session(self.company.id, "test") as session:
                action(session)
            assert possible
        except DomainError:
            assert not possible

    @rule(amount=metres, cost=costs)
    def buy_fibre(self, amount: Decimal, cost: Decimal) -> None:
        with company_session(self.company.id, "test") as session:
            receive_purchase(
                session, vendor_id=self.ids["vendor"], warehouse_id=self.ids["room"], idempotency_key=str(new_id()),
                goods=[Goods(type_id=self.ids["fibre"], unit_cost=cost, quantity=amount)], **STEP,
            )  # fmt: skip
        self.fibre[self.spots[0]] += amount

    @rule(cost=costs, number=st.integers(0, 5))
    def buy_piece(self, cost: Decimal, number: int) -> None:
        serial = f"ONU{number}"
        goods = [Goods(type_id=self.ids["onu"], unit_cost=cost, pieces=[Piece(serial)])]
        self.attempt(
            lambda session: enter_opening_stock(
                session, place=self.spots[0], idempotency_key=str(new_id()), goods=goods, **STEP),
            possible=serial not in self.pieces,
        )  # fmt: skip
        self.pieces.setdefault(serial, self.spots[0])

    @rule(amount=metres, giver=st.integers(0, 2), taker=st.integers(0, 2))
    def carry_fibre(self, amount: Decimal, giver: int, taker: int) -> None:
        here, there = self.spots[giver], self.spots[taker]
        possible = here != there and self.fibre[here] >= amount
        self.attempt(
            lambda session: transfer_stock(
                session, source=here, target=there, quantities=[(self.ids["fibre"], amount)], reason="x", **STEP),
            possible=possible,
        )  # fmt: skip
        self.shift(here, there, amount, possible)

    def shift(self, here: Place, there: Place | None, amount: Decimal, possible: bool) -> None:
        if possible:
            self.fibre[here] -= amount
            if there is not None:
                self.fibre[there] += amount

    @rule(amount=metres, who=st.integers(1, 2), customer=st.integers(3, 4), back=st.booleans())
    def use_fibre(self, amount: Decimal, who: int, customer: int, back: bool) -> None:
        bag, home = self.spots[who], self.spots[customer]
        here, there = (home, bag) if back else (bag, home)
        work = return_part if back else use_part
        possible = self.fibre[here] >= amount
        self.attempt(
            lambda session: work(
                session, staff_id=bag.id, customer_id=home.id, type_id=self.ids["fibre"], quantity=amount, **STEP),
            possible=possible,
        )  # fmt: skip
        self.shift(here, there, amount, possible)

    @rule(amount=metres, place=st.integers(0, 2))
    def scrap_fibre(self, amount: Decimal, place: int) -> None:
        here = self.spots[place]
        possible = self.fibre[here] >= amount
        self.attempt(
            lambda session: scrap_stock(
                session, place=here, type_id=self.ids["fibre"], quantity=amount, reason="cut", **STEP),
            possible=possible,
        )  # fmt: skip
        self.shift(here, None, amount, possible)

    @rule(number=st.integers(0, 5), spot=st.integers(0, 5), terms=st.sampled_from(["rented", "sold", None]),
          take_back=st.booleans())  # fmt: skip
    def move_piece(self, number: int, spot: int, terms: str | None, take_back: bool) -> None:
        serial = f"ONU{number}"
        there = [*self.spots, SCRAP][spot]
        here = self.pieces.get(serial)
        if here is None or here in (there, SCRAP):
            return
        try:
            with company_session(self.company.id, "test") as session:
                item = item_by_serial(session, serial)
                move_item(session, item=item, to_kind=there.kind, to_id=there.id, ownership=terms,
                          take_back=take_back, reason="x", **STEP)  # fmt: skip
            self.pieces[serial] = there
        except MoveInvalid:
            inside = ("warehouse", "technician")
            assert here.kind not in inside or there.kind not in inside

    @rule(number=st.integers(0, 5))
    def sell_what_is_rented(self, number: int) -> None:
        here = self.pieces.get(f"ONU{number}")
        if here is None:
            return
        try:
            with company_session(self.company.id, "test") as session:
                buy_out(session, item=item_by_serial(session, f"ONU{number}"), reason="x", **STEP)
        except MoveInvalid:
            pass

    @rule()
    def let_a_month_pass(self) -> None:
        """The run of the next month end; movements keep their day, so a month may end before a later one of them."""
        with company_session(self.company.id, "test") as session:
            self.today = _next_month(self.today)
            wear_equipment(session, today=self.today, actor="system")

    @rule(place=st.integers(0, 2), amount=metres | st.just(Decimal(0)), seen=st.sets(st.integers(0, 5)))
    def count(self, place: int, amount: Decimal, seen: set[int]) -> None:
        here = self.spots[place]
        with company_session(self.company.id, "test") as session:
            ours = {serial for serial, spot in self.pieces.items() if spot.kind in ("warehouse", "technician", "count")
                    and item_by_serial(session, serial).ownership == "company"}  # fmt: skip
            counted = [f"ONU{number}" for number in seen if f"ONU{number}" in ours]
            take = open_stock_take(session, place=here, opened_by=ACTOR, now=NOW)
            count_stock(session, take_id=take.id, type_id=self.ids["fibre"], quantity=amount, counted_by=ACTOR)
            count_stock(session, take_id=take.id, type_id=self.ids["onu"], serials=counted, counted_by=ACTOR)
            approve_stock_take(session, take_id=take.id, decided_by=ACTOR, now=NOW, origin=ORIGIN)
        self.fibre[here] = amount
        for serial in ours:
            if serial in counted:
                self.pieces[serial] = here
            elif self.pieces[serial] == here:
                self.pieces[serial] = COUNT

    @invariant()
    def stock_is_what_the_model_says_and_tied_to_the_books(self) -> None:
        if not hasattr(self, "pieces"):
            return
        with company_session(self.company.id, "test") as session:
            real = {item.serial: Place(item.holder_kind, item.holder_id) for item in session.scalars(select(Item))}
            assert real == self.pieces
            kept = {place: stock_by_place(session, type_id=self.ids["fibre"], place=place) for place in self.spots}
            assert {
                place: kept[place].get((place, self.ids["fibre"]), Decimal(0)) for place in self.spots
            } == self.fibre
            for pool in pools(session).values():
                assert pool.quantity > 0
                assert pool.value >= 0
            assert check_books(session, as_of=date(2035, 1, 1)) == []


def test_random_lives_of_a_store_keep_stock_exact_and_tied(database: str) -> None:
    run_state_machine_as_test(
        Stock,
        settings=settings(max_examples=8, stateful_step_count=15, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip
