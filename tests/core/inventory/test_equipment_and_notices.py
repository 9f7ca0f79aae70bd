"""What equipment costs a customer, and what managers are told about the stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.billing.charges import invoice_now
from core.crm.contacts import meet_by_phone
from core.crm.models import Contact
from core.db import company_session
from core.inventory.item_moves import MoveInvalid
from core.messaging.models import OutboundMessage
from core.usecases.check_books import check_books
from core.usecases.hand_over_equipment import charge_lost_equipment, hand_over_equipment
from core.usecases.tell_shortages import tell_shortages
from tests.builders import make_staff
from tests.cast import NOW, TODAY, TestCompany
from tests.core.inventory.store import ACTOR, ORIGIN, D, open_store
from workers.stock import tell_shortages_of

MORE = {"actor": ACTOR, "now": NOW, "origin": ORIGIN}


def test_a_deposit_or_price_goes_on_the_customers_bill(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2", "AAA3")
        for _ in range(2):
            rented = hand_over_equipment(session, item=store.item("AAA1"), customer_id=store.ayesha.id, terms="rented",
                                         key="r", **MORE)  # fmt: skip
            sold = hand_over_equipment(session, item=store.item("AAA2"), customer_id=store.ayesha.id, terms="sold",
                                       key="s", amount=D("4000"), **MORE)  # fmt: skip
        free = hand_over_equipment(session, item=store.item("AAA3"), customer_id=store.ayesha.id, terms="rented",
                                   key="f", amount=D(0), **MORE)  # fmt: skip
        assert rented.charge and sold.charge and free.charge is None
        assert (rented.charge.amount, rented.charge.account_code) == (D("2000.00"), "2210")
        assert (sold.charge.amount, sold.charge.account_code) == (D("4000.00"), "4030")
        with pytest.raises(MoveInvalid):
            hand_over_equipment(session, item=store.item("AAA2"), customer_id=store.ayesha.id, terms="rented",
                                key="x", **MORE)  # fmt: skip
        invoice_now(session, charge_ids=[rented.charge.id, sold.charge.id], issued_on=TODAY, actor=ACTOR, origin=ORIGIN)
        assert store.books()["2210"] == D("-2000.00")
        assert check_books(session, as_of=TODAY) == []


def test_a_lost_piece_is_written_off_and_charged(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        store.buy(store.onu, "3000", "AAA1", "AAA2")
        store.move("AAA1", store.at())
        for _ in range(2):
            lost = charge_lost_equipment(session, item=store.item("AAA1"), key="l", amount=D("2500"),
                                         reason="moved away with it", **MORE)  # fmt: skip
        assert lost.charge and (lost.charge.amount, lost.charge.account_code) == (D("2500.00"), "4090")
        assert store.books()["5010"] == D("3000.00")
        with pytest.raises(MoveInvalid):
            charge_lost_equipment(session, item=store.item("AAA2"), key="m", amount=D(1), reason="x", **MORE)


def test_managers_are_told_once_a_day_in_their_language_and_not_at_night(company: TestCompany) -> None:
    with company_session(company.id) as session:
        store = open_store(session, company)
        phones = [make_staff(session, company, role="manager", name=name).phone for name in ("Shazia", "Urdu")]
        meet_by_phone(session, phones)
        night = datetime(2026, 11, 24, 21, 50, tzinfo=UTC)
        assert [tell_shortages(session, now=night + timedelta(minutes=n)) for n in (0, 5)] == [2, 2]
        sent = session.scalars(select(OutboundMessage)).all()
        assert len(sent) == 2
        assert sent[0].text == (
            "*Stock runs low* (3)\n• Drop cable 1F, Main store: 0 m left of 500\n"
            "• Huawei HG8546M, Main store: 0 pcs left of 5\n• Huawei HG8546M, Tariq: 0 pcs left of 2"
        )
        assert sent[0].not_before == datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
        store.buy(store.fibre, "1", quantity="500")
        store.buy(store.onu, "1", *(f"AAA{n}" for n in range(7)))
        store.issue("AAA0", "AAA1")
        assert tell_shortages(session, now=night) == 0


def test_owners_are_told_where_nobody_manages_and_also_who_never_wrote(company: TestCompany) -> None:
    with company_session(company.id) as session:
        open_store(session, company)
        owner = make_staff(session, company, role="owner", name="Hamid")
        assert tell_shortages(session, now=NOW) == 1
        assert session.scalars(select(Contact.phone)).all() == [owner.phone]
        make_staff(session, company, role="manager", name="Shazia")
        assert tell_shortages(session, now=NOW) == 1
        told = session.scalars(select(Contact.phone).join(OutboundMessage, OutboundMessage.contact_id == Contact.id))
        assert len(set(told)) == 2


def test_the_timetables_job_tells_a_companys_managers(company: TestCompany) -> None:
    with company_session(company.id) as session:
        open_store(session, company)
        meet_by_phone(session, [make_staff(session, company, role="manager", name="Shazia").phone])
    tell_shortages_of(str(company.id))
    with company_session(company.id) as session:
        assert session.scalars(select(OutboundMessage)).one().text.startswith("*Stock runs low* (3)")
