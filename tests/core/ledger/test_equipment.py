"""What equipment costs, wherever it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from core.db import company_session
from core.ids import new_id
from core.ledger import equipment
from core.ledger.equipment import CostInvalid
from core.ledger.models import JournalEntry
from tests.cast import TestCompany
from tests.core.ledger.books import journal_balances, post

D = Decimal
DAY = date(2026, 11, 24)
Posted = Callable[..., JournalEntry]


@pytest.mark.parametrize(
    ("posted", "more", "moved"),
    [
        (equipment.post_stock_used, {}, {"1200": "-3000.00", "5020": "3000.00"}),
        (equipment.post_equipment_sold, {}, {"1200": "-3000.00", "5010": "3000.00"}),
        (equipment.post_equipment_rented, {}, {"1200": "-3000.00", "1210": "3000.00"}),
        (equipment.post_equipment_returned, {}, {"1200": "3000.00", "1210": "-3000.00"}),
        (equipment.post_equipment_returned, {"depreciated": D("1000")},
         {"1200": "2000.00", "1210": "-3000.00", "1219": "1000.00"}),
        (equipment.post_equipment_returned, {"was_sold": True}, {"1200": "3000.00", "5010": "-3000.00"}),
        (equipment.post_equipment_returned, {"was_sold": True, "depreciated": D("500")},
         {"1200": "2500.00", "5010": "-2500.00"}),
        (equipment.post_equipment_lost, {"depreciated": D("1000")},
         {"1210": "-3000.00", "1219": "1000.00", "5010": "2000.00"}),
        (equipment.post_equipment_lost, {"from_stock": True}, {"1200": "-3000.00", "5010": "3000.00"}),
    ],
)  # fmt: skip
def test_each_move_of_equipment_books_its_cost(
    company: TestCompany, posted: Posted, more: dict[str, object], moved: dict[str, str]
) -> None:
    with company_session(company.id) as session:
        entry = posted(
            session, movement_id=(movement := new_id()), cost=D("3000.00"), posted_on=DAY, actor="staff:a",
            origin="panel:stock", **more,
        )  # fmt: skip
        assert journal_balances(session, DAY) == {code: D(amount) for code, amount in moved.items()}
        assert entry.source_id == movement


def test_a_device_that_goes_out_and_comes_back_leaves_nothing_behind(company: TestCompany) -> None:
    with company_session(company.id) as session:
        post(session, DAY, "1200", "1010", "3000.00")
        device = {"cost": D("3000.00"), "posted_on": DAY, "actor": "staff:a"}
        equipment.post_equipment_rented(session, movement_id=new_id(), **device)
        equipment.post_equipment_returned(session, movement_id=new_id(), **device)
        equipment.post_equipment_sold(session, movement_id=new_id(), **device)
        assert journal_balances(session, DAY) == {"1010": D("-3000.00"), "5010": D("3000.00")}


def test_a_movement_is_booked_once_and_never_at_no_cost(company: TestCompany) -> None:
    movement = new_id()
    with company_session(company.id) as session:
        for cost, worn in (("0", "0"), ("-1", "0"), ("100", "100.01"), ("100", "-1")):
            with pytest.raises(CostInvalid):
                equipment.post_equipment_lost(
                    session, movement_id=movement, cost=D(cost), depreciated=D(worn), posted_on=DAY, actor="staff:a"
                )
        equipment.post_stock_used(session, movement_id=movement, cost=D("5"), posted_on=DAY, actor="staff:a")
        with pytest.raises(IntegrityError), session.begin_nested():
            equipment.post_stock_used(session, movement_id=movement, cost=D("5"), posted_on=DAY, actor="staff:a")
