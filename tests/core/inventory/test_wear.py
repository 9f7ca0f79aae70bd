"""Rented equipment loses its worth month by month and comes back at what is left of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.db import company_session
from core.inventory.balances import pool
from core.inventory.item_moves import buy_out
from core.inventory.models import Movement
from core.inventory.places import SCRAP
from core.inventory.types import ItemTypeInvalid, add_item_type, change_item_type
from core.inventory.wear import month_to_wear, wear_equipment, worn_at_customers, worn_of
from core.inventory.wear_models import ItemWear, WearMonth
from core.ledger.cash_movements import AlreadyDepreciated, post_depreciation
from core.ledger.journal import Line
from core.ledger.manual_entries import write_manual_entry
from core.ledger.models import Account, JournalEntry, Posting
from core.ledger.periods import close_period
from core.ledger.sources import source_of_entry
from core.usecases.check_books import check_books
from core.usecases.close_books import close_books
from core.usecases.trace_entry import cause_of, document_of
from tests.cast import TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, Store, open_store
from workers.ledger import earn_up_to

D = Decimal
DEC_1, JAN_1, FEB_1, MAR_1 = date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 7, tzinfo=UTC)


def life(store: Store, months: int) -> None:
    onu = store.onu
    change_item_type(
        store.session, type_id=onu.id, name=onu.name, kind=onu.kind, low_stock=onu.low_stock, life_months=months,
        van_low_stock=onu.van_low_stock, warranty_months=onu.warranty_months, sale_price=onu.sale_price,
        deposit=onu.deposit,
    )  # fmt: skip


def rented(session: Session, company: TestCompany, *, months: int = 3, cost: str = "1000.00") -> Store:
    """ONU1 is at Ayesha's since 24 November."""
    store = open_store(session, company)
    life(store, months)
    store.buy(store.onu, cost, "ONU1")
    store.move("ONU1", store.at())
    return store


def wear(session: Session, today: date) -> list[str]:
    """What each month that is over by `today` took."""
    taken = []
    while (month := wear_equipment(session, today=today, actor="system")) is not None:
        taken.append(f"{month.month:%Y-%m} {month.amount}")
    return taken


def assert_tied(store: Store) -> None:
    assert check_books(store.session, as_of=date(2028, 12, 31)) == []


def test_a_life_of_three_months_takes_three_parts_that_add_up(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        assert wear(session, date(2026, 11, 30)) == ["2026-10 0.00"]
        assert wear(session, date(2027, 4, 1)) == [
            "2026-11 333.33", "2026-12 333.34", "2027-01 333.33", "2027-02 0.00", "2027-03 0.00",
        ]  # fmt: skip
        assert [w.worn_on for w in session.scalars(select(ItemWear).order_by(ItemWear.worn_on))] == [
            date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31),
        ]  # fmt: skip
        assert {code: store.books()[code] for code in ("1210", "1219", "6900")} == {
            "1210": D("1000.00"), "1219": D("-1000.00"), "6900": D("1000.00"),
        }  # fmt: skip
        assert_tied(store)


def test_the_entry_names_its_run_and_the_areas_of_the_customers(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, DEC_1)
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "equipment_worn")).one()
        assert (entry.origin, entry.posted_on, entry.memo) == (
            "run:wear:2026-11", date(2026, 11, 30), "Wear of 1 rented pieces, November 2026",
        )  # fmt: skip
        area = (
            select(Posting.area_id)
            .join(Account, Account.id == Posting.account_id)
            .where(Posting.entry_id == entry.id, Account.code == "6900")
        )
        assert session.scalars(area).all() == [store.ayesha.sub_zone.area_id]


def test_a_month_is_booked_once_and_not_before_it_is_over(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        assert wear(session, DEC_1) == ["2026-11 333.33"]
        assert wear(session, DEC_1) == wear(session, date(2026, 12, 31)) == []
        assert worn_of(session, item_id=store.item("ONU1").id) == worn_at_customers(session) == D("333.33")
        with pytest.raises(DBAPIError), session.begin_nested():
            session.query(WearMonth).update({"amount": 1})


def test_nothing_wears_where_no_type_has_a_life(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company, months=0)
        assert month_to_wear(session, today=FEB_1) is None
        assert wear(session, FEB_1) == []
        store.move("ONU1", store.shelf, now=noon(FEB_1))
        assert store.books()["1200"] == D("1000.00")


def test_a_piece_comes_back_at_what_is_left_of_it(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, JAN_1)
        back = store.move("ONU1", store.bag, now=noon(date(2027, 1, 10)))
        assert (back.kind, back.cost, back.worn) == ("returned", D("1000.00"), D("666.67"))
        assert pool(session, type_id=store.onu.id).value == D("333.33")
        books = store.books()
        assert (books["1200"], books["6900"], books.get("1210"), books.get("1219")) == (
            D("333.33"), D("666.67"), None, None,
        )  # fmt: skip
        assert wear(session, FEB_1) == ["2027-01 0.00"]
        assert worn_at_customers(session) == D("0.00")
        assert_tied(store)


def test_a_piece_that_goes_out_again_begins_anew_at_its_new_cost(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, JAN_1)
        store.move("ONU1", store.bag, now=noon(JAN_1))
        again = store.move("ONU1", store.at(), now=noon(date(2027, 1, 20)))
        assert (again.cost, worn_of(session, item_id=store.item("ONU1").id)) == (D("333.33"), D("0"))
        assert wear(session, MAR_1) == ["2027-01 111.11", "2027-02 111.11"]
        store.move("ONU1", store.shelf, now=noon(MAR_1))
        assert store.books()["1200"] == D("111.11")
        assert_tied(store)


def test_a_worn_out_piece_comes_back_for_nothing_and_costs_nothing_again(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company, months=1)
        wear(session, JAN_1)
        store.move("ONU1", store.bag, now=noon(JAN_1))
        assert "1200" not in store.books()
        store.move("ONU1", store.at(), now=noon(date(2027, 1, 5)))
        assert wear(session, FEB_1) == ["2027-01 0.00"]
        store.move("ONU1", SCRAP, now=noon(FEB_1))
        assert_tied(store)


@pytest.mark.parametrize("end", ["lost", "bought out"])
def test_what_is_lost_or_bought_costs_only_what_was_left(company: TestCompany, end: str) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, JAN_1)
        if end == "lost":
            store.move("ONU1", SCRAP, now=noon(JAN_1))
        else:
            buy_out(session, item=store.item("ONU1"), reason="wants it", actor=ACTOR, now=noon(JAN_1), origin=ORIGIN)
        books = store.books()
        assert (books["5010"], books.get("1210"), books.get("1219")) == (D("333.33"), None, None)
        assert wear(session, FEB_1) == ["2027-01 0.00"]
        if end == "bought out":
            store.move("ONU1", store.shelf, now=noon(FEB_1), take_back=True)
            assert store.books()["1200"] == D("333.33")
        assert_tied(store)


def test_a_piece_that_left_before_the_run_loses_nothing_of_that_month(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        store.move("ONU1", store.shelf, now=noon(DEC_1))
        assert wear(session, DEC_1) == ["2026-11 0.00"]
        assert session.scalars(select(Movement.worn).where(Movement.kind == "returned")).all() == [D("0.00")]
        assert_tied(store)


def test_a_life_that_is_set_late_takes_the_months_before_with_the_first(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company, months=0)
        life(store, 10)
        assert wear(session, MAR_1) == ["2027-02 400.00"]
        life(store, 40)
        assert wear(session, date(2027, 4, 1)) == ["2027-03 0.00"]
        life(store, 4)
        assert wear(session, date(2027, 5, 1)) == ["2027-04 600.00"]
        assert_tied(store)


def test_a_closed_month_is_passed_over_and_its_wear_comes_with_the_next(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        rented(session, company, months=10)
        close_period(session, through=date(2026, 12, 31), by="owner", now=noon(JAN_1))
    with company_session(company.id, ACTOR) as session:
        assert wear(session, FEB_1) == ["2027-01 300.00"]


def test_closing_the_books_takes_the_wear_of_the_month_first(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company, months=10)
        close_books(session, through=date(2026, 11, 30), by="owner", now=noon(date(2026, 12, 5)))
        assert store.books()["1219"] == D("-100.00")
        close_books(session, through=date(2026, 12, 15), by="owner", now=noon(JAN_1))
        assert store.books()["1219"] == D("-100.00")
        assert_tied(store)


def test_the_nightly_run_catches_up_month_by_month(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        rented(session, company, months=10)
        wear(session, DEC_1)
    earn_up_to(company.id, noon(FEB_1))
    earn_up_to(company.id, noon(FEB_1))
    with company_session(company.id, ACTOR) as session:
        months = session.execute(select(WearMonth.month, WearMonth.amount, WearMonth.pieces).order_by(WearMonth.month))
        assert [tuple(row) for row in months] == [(day, D("100.00"), 1) for day in (date(2026, 11, 1), DEC_1, JAN_1)]


def test_only_pieces_with_a_serial_have_a_life(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        for tracking, months in (("length", 12), ("serial", 241), ("serial", -1)):
            with pytest.raises(ItemTypeInvalid, match="life"):
                add_item_type(session, code="X", name="X", kind="other", tracking=tracking, life_months=months)


def test_wear_booked_by_hand_is_no_difference(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, DEC_1)
        write_manual_entry(
            session, posted_on=date(2026, 12, 31), reason="Old radios", by="owner", origin="panel:manual",
            now=noon(JAN_1), lines=[Line("6900", D("50.00")), Line("1219", D("-50.00"))],
        )  # fmt: skip
        assert store.books()["1219"] == D("-383.33")
        assert_tied(store)


def by_hand(session: Session, amount: str, month: date) -> JournalEntry:
    return post_depreciation(session, account_code="1210", amount=D(amount), month=month, actor=ACTOR, origin=ORIGIN)


def test_a_month_that_is_worn_piece_by_piece_is_not_written_down_by_hand_as_well(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        wear(session, DEC_1)
        for month in (date(2026, 10, 1), date(2026, 11, 5)):
            with pytest.raises(AlreadyDepreciated, match="piece by piece"):
                by_hand(session, "333.33", month)
        assert store.books()["1219"] == D("-333.33")
        assert_tied(store)


def test_what_was_written_down_by_hand_first_is_taken_back_by_the_pieces_own_wear(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        entry = by_hand(session, "400.00", date(2026, 11, 1))
        assert_tied(store)
        wear(session, DEC_1)
        assert {code: store.books()[code] for code in ("1219", "6900")} == {"1219": D("-333.33"), "6900": D("333.33")}
        back = session.scalars(select(JournalEntry).where(JournalEntry.reverses_id == entry.id)).one()
        assert (back.posted_on, back.origin) == (date(2026, 11, 30), "run:wear:2026-11")
        assert wear(session, DEC_1) == []
        assert_tied(store)


def test_a_month_closed_with_wear_by_hand_is_not_worn_again_by_the_next_one(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        store = rented(session, company)
        by_hand(session, "333.33", date(2026, 11, 1))
        close_period(session, through=date(2026, 11, 30), by=ACTOR, now=noon(DEC_1))
        assert wear(session, JAN_1) == ["2026-12 666.67"]
        assert store.books()["1219"] == D("-666.67")
        assert_tied(store)


def test_an_entry_of_wear_leads_to_its_pieces_and_its_run(company: TestCompany) -> None:
    with company_session(company.id, ACTOR) as session:
        rented(session, company)
        wear(session, DEC_1)
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "equipment_worn")).one()
        document = document_of(session, source_of_entry(session, entry_id=entry.id))
        assert document is not None and document.words == "The wear of 1 rented pieces in November 2026"
        assert (document.place, document.key) == ("pieces", "customer")
        assert cause_of(session, entry.origin).words == "Wear of the month 2026-11"
