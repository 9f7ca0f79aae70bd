"""What was owed on a day that is past, by age; and books that are held against the documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.billing.ageing import aged_invoices, receivable_ageing, regrouped
from core.billing.charges import add_charge
from core.billing.deposits import return_deposit
from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_charges
from core.billing.payments import record_payment
from core.billing.ties import deposits_of_customers
from core.billing.write_offs import approve_write_off, write_off_invoice
from core.crm.models import Area, Customer, SubZone
from core.db import company_session
from core.ids import Id, new_id
from core.ledger.journal import Line, post_entry, reverse_entry
from core.ledger.sources import entries_of_document
from core.money import ZERO
from core.numbering import printed, reserve
from core.usecases.check_books import check_books, missing_numbers
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import NOW, TestCompany

JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in range(7, 12))
BILL = Decimal("3435.63")


def pay(session: Session, customer_id: Id, amount: str, day: date) -> Id:
    return record_payment(
        session, customer_id=customer_id, amount=Decimal(amount), method="cash", received_on=day,
        idempotency_key=str(new_id()), taken_by="test", origin="panel:test", now=NOW,
    ).id  # fmt: skip


def owing(session: Session, company: TestCompany, *months: date) -> Customer:
    """Rs 3,435.63 a month, due on the 10th."""
    customer = make_customer(session, company)
    subscription = make_subscription(session, customer, make_plan(session, mbps=len(months) + 1))
    for month in months:
        make_invoice(session, subscription.id, month=month)
    return customer


def buckets(session: Session, as_of: date) -> list[Decimal]:
    return list(next((row.buckets for row in receivable_ageing(session, as_of=as_of)), [ZERO] * 5))


def test_debts_stand_in_the_bucket_of_their_days(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        owing(session, company, JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER)
        assert buckets(session, date(2026, 11, 9)) == [BILL, BILL, BILL, ZERO, 2 * BILL]
        assert buckets(session, date(2026, 11, 10)) == [BILL, ZERO, BILL, BILL, 2 * BILL]
        assert buckets(session, date(2026, 11, 11)) == [ZERO, BILL, BILL, BILL, 2 * BILL]
        assert buckets(session, date(2026, 7, 31)) == [ZERO, BILL, ZERO, ZERO, ZERO]
        assert [(row.days, row.bucket) for row in aged_invoices(session, as_of=date(2026, 10, 9))] == [
            (91, "over 90"), (60, "31-60"), (29, "1-30"), (-1, "current"),
        ]  # fmt: skip


def test_a_day_that_is_past_does_not_know_later_payments_and_bills(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = owing(session, company, JULY, AUGUST)
        before = buckets(session, date(2026, 8, 20))
        pay(session, customer.id, "4000.00", date(2026, 8, 21))
        pay(session, customer.id, "4000.00", date(2026, 9, 2))
        assert buckets(session, date(2026, 8, 20)) == before == [ZERO, BILL, BILL, ZERO, ZERO]
        assert sum(buckets(session, date(2026, 8, 21))) == Decimal("2871.26")
        assert sum(buckets(session, date(2026, 9, 2))) == ZERO
        (paid_ahead,) = receivable_ageing(session, as_of=date(2026, 9, 2))
        assert (paid_ahead.advance, paid_ahead.invoices) == (Decimal("1128.74"), 0)
        assert receivable_ageing(session, as_of=date(2026, 8, 31))[0].advance == ZERO


def test_a_void_invoice_was_owed_until_the_day_it_was_voided(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = owing(session, company, JULY)
        invoice = session.query(Invoice).filter_by(customer_id=customer.id).one()
        (entry,) = entries_of_document(session, source_id=invoice.id)
        reverse_entry(session, entry_id=entry.id, posted_on=date(2026, 7, 20), actor="test")
        invoice.state, invoice.balance = "void", ZERO
        session.flush()
        assert buckets(session, date(2026, 7, 19)) == [ZERO, BILL, ZERO, ZERO, ZERO]
        assert receivable_ageing(session, as_of=date(2026, 7, 20)) == []


def test_a_debt_that_was_given_up_was_owed_until_then_and_its_recovery_does_not_bring_it_back(
    company: TestCompany,
) -> None:
    with company_session(company.id, "test") as session:
        customer = owing(session, company, JULY)
        pay(session, customer.id, "435.63", date(2026, 7, 15))
        invoice = session.query(Invoice).filter_by(customer_id=customer.id).one()
        now = datetime(2026, 9, 1, 6, tzinfo=UTC)
        asked = write_off_invoice(session, invoice_id=invoice.id, reason="Moved away", asked_by="test", now=now)
        approve_write_off(session, write_off_id=asked.id, approved_by="owner", now=now, origin="panel:x")
        pay(session, customer.id, "1000.00", date(2026, 10, 1))
        session.refresh(invoice)
        for _ in ("partly recovered", "recovered"):
            assert [sum(buckets(session, day)) for day in (JULY, date(2026, 7, 15), date(2026, 8, 31))] == [
                BILL, 3000, 3000,
            ]  # fmt: skip
            assert [sum(buckets(session, day)) for day in (SEPTEMBER, OCTOBER, NOVEMBER)] == [0, 0, 0]
            assert [each for each in check_books(session, as_of=NOVEMBER) if each.check == "subledger"] == []
            pay(session, customer.id, "2000.00", date(2026, 10, 2))


def test_a_deposit_is_held_until_it_is_credited(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        charge = add_charge(
            session, customer_id=customer.id, what="equipment_deposit", amount=Decimal(2000), bill_from=JULY,
            created_by="test", idempotency_key="deposit-1",
        )  # fmt: skip
        issue_charges(session, customer_id=customer.id, issued_on=JULY, actor="test", charge_ids=[charge.id],
                      due_on=AUGUST, origin="panel:x")  # fmt: skip
        assert deposits_of_customers(session, AUGUST) == {customer.id: Decimal(-2000)}
        return_deposit(session, customer_id=customer.id, day=SEPTEMBER, actor="test", kept=Decimal(300),
                       kept_for="Lost remote", origin="panel:x")  # fmt: skip
        assert deposits_of_customers(session, AUGUST) == {customer.id: Decimal(-2000)}
        assert deposits_of_customers(session, SEPTEMBER) == {}
        assert [check_books(session, as_of=day) for day in (AUGUST, SEPTEMBER)] == [[], []]


def test_ageing_by_area_by_customer_and_by_agent_adds_up_to_the_same(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        saddar = Area(id=new_id(), name="Saddar")
        cantt = SubZone(id=new_id(), area_id=saddar.id, name="Cantt")
        session.add_all([saddar, cantt])
        session.flush()
        one, two = owing(session, company, JULY), owing(session, replace(company, sub_zone_id=cantt.id), JULY, AUGUST)
        day, agent = date(2026, 8, 31), new_id()
        by_area, by_customer = (receivable_ageing(session, as_of=day, by=by) for by in ("area", "customer"))
        assert {row.key: row.total for row in by_customer} == {one.id: BILL, two.id: 2 * BILL}
        assert {row.key: row.total for row in by_area} == {company.area_id: BILL, saddar.id: 2 * BILL}
        assert {row.key: row.overdue for row in regrouped(by_customer, {two.id: agent})} == {
            agent: 2 * BILL,
            None: BILL,
        }
        assert [row.customer_id for row in aged_invoices(session, as_of=day, area_id=company.area_id)] == [one.id]


def test_books_that_tie_have_nothing_to_report(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = owing(session, company, JULY, AUGUST)
        pay(session, customer.id, "9000.00", date(2026, 8, 15))
        found = check_books(session, as_of=NOVEMBER)
    assert [difference.check for difference in found] == ["origin"]
    assert found[0].words.startswith("2 entries")


def test_a_difference_names_the_customer_the_day_and_the_entry_it_began_with(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer, clean = owing(session, company, JULY, AUGUST), owing(session, company, JULY)
        pay(session, customer.id, "100.00", date(2026, 8, 5))
        wrong = post_entry(
            session, kind="late_fee", source_id=new_id(), posted_on=date(2026, 8, 5), actor="test", origin="panel:x",
            lines=[Line("1100", Decimal("50.00"), customer.id), Line("4050", Decimal("-50.00"))],
        )  # fmt: skip
        pay(session, customer.id, "100.00", date(2026, 8, 9))
        (found,) = [each for each in check_books(session, as_of=NOVEMBER) if each.check == "subledger"]
        assert check_books(session, as_of=date(2026, 8, 4))[0].check == "origin"
    assert (found.party_id, found.account_code, found.began_on, found.entry_id) == (
        customer.id, "1100", date(2026, 8, 5), wrong.id,
    )  # fmt: skip
    assert found.booked - found.documented == Decimal("50.00")
    assert clean.id != found.party_id


def test_a_document_without_an_entry_and_a_stranger_are_reported(company: TestCompany) -> None:
    stranger = new_id()
    with company_session(company.id, "test") as session:
        customer = owing(session, company)
        session.add(Invoice(
            id=new_id(), number="INV-2026-27-000009", customer_id=customer.id, state="issued", net=Decimal(5),
            tax=ZERO, total=Decimal(5), balance=Decimal(5), issued_on=AUGUST, due_on=AUGUST,
        ))  # fmt: skip
        post_entry(session, kind="payment", source_id=new_id(), posted_on=AUGUST, actor="test", origin="panel:x",
                   lines=[Line("1010", Decimal(7)), Line("2200", Decimal(-7), stranger)])  # fmt: skip
        found = {(each.check, each.party_id): each for each in check_books(session, as_of=NOVEMBER)}
    assert found["subledger", customer.id].entry_id is None
    assert found["subledger", customer.id].documented == Decimal(5)
    assert found["subledger", stranger].booked == Decimal(-7)
    assert found["party", stranger].account_code == "2200"


@pytest.mark.parametrize("kind", ["invoice", "receipt"])
def test_a_number_that_was_given_out_and_stands_nowhere_is_reported(company: TestCompany, kind: str) -> None:
    year = "2026-27" if kind == "invoice" else ""
    with company_session(company.id, "test") as session:
        customer = owing(session, company, JULY, AUGUST)
        pay(session, customer.id, "100.00", AUGUST)
        assert missing_numbers(session) == []
        lost = reserve(session, kind, fiscal_year=year)[0]
        (found,) = missing_numbers(session)
    assert printed(kind, lost, fiscal_year=year) in found.words
