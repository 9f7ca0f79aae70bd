"""Late fees, write-offs and what is certified of the tax that was collected."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.claims import claim_payment
from core.billing.credit_notes import NotCreditable, credit_invoice
from core.billing.debt_models import WriteOff
from core.billing.invoice_models import Invoice
from core.billing.late_fees import FeeWaived, charge_late_fees, late_fees_due, late_fees_of, waive_late_fee
from core.billing.tax_certificates import TaxYearInvalid, certificate_rows, tax_certificates
from core.billing.voiding import NotVoidable, void_invoice
from core.billing.write_offs import (
    NotWritable,
    ReasonMissing,
    SecondPersonNeeded,
    WriteOffDecided,
    WriteOffWaits,
    approve_write_off,
    refuse_write_off,
    write_off_invoice,
    write_offs_waiting,
    written_off_debt,
)
from core.db import company_session
from core.ids import Id
from core.money import ZERO
from core.usecases import charge_late_fees as late_fees_of_the_day
from tests.builders import make_customer
from tests.cast import NOW, TODAY, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import bill, no_taxes, pay, policy

D = Decimal
OCT_1 = date(2026, 10, 1)


def fee_policy(session: Session, kind: str, amount: str, *, cap: str | None = None, repeat: int | None = None) -> None:
    """Five days of grace; an invoice of 1 October is due on the 10th, so its first round is the 16th."""
    no_taxes(session)
    rules = policy(session)
    rules.late_fee_kind, rules.late_fee_grace_days, rules.late_fee_repeat_days = kind, 5, repeat
    rules.late_fee_amount = rules.late_fee_percent = D(amount)
    rules.late_fee_cap = D(cap) if cap else None
    session.flush()


def charged(session: Session, day: date, **more: object) -> list[str]:
    return [str(fee.amount) for fee in charge_late_fees(session, day=day, actor="run", **more).charged]  # type: ignore[arg-type]


def test_a_late_fee_comes_after_the_grace_and_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "fixed", "150.00")
        customer = make_customer(session, company)
        bill(session, customer, ("1000.00", "internet"), on=OCT_1)
        assert charged(session, date(2026, 10, 15)) == []
        assert [due.round for due in late_fees_due(session, day=date(2026, 10, 16))] == [1]
        assert charged(session, date(2026, 10, 16)) == ["150.00"]
        assert charged(session, date(2026, 10, 16)) == charged(session, date(2026, 12, 1)) == []
        (fee,) = late_fees_of(session, customer_id=customer.id)
        invoice = session.get_one(Invoice, fee.fee_invoice_id)
        assert (invoice.reason, invoice.kind, str(invoice.total)) == ("late_fee", "other", "150.00")
        assert (booked(session, "4050"), booked(session, "1100")) == (D(-150), D(1150))
        assert_books_tie(session)


def test_a_percent_repeats_on_what_is_unpaid_up_to_the_cap(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "percent", "10", cap="230.00", repeat=30)
        customer = make_customer(session, company)
        bill(session, customer, ("1234.56", "internet"), on=OCT_1)
        assert charged(session, date(2026, 10, 16)) == ["123.46"]
        assert charged(session, date(2026, 11, 14)) == []
        pay(session, customer.id, "234.56", on=date(2026, 11, 14))
        assert charged(session, date(2026, 11, 15)) == ["100.00"]
        assert charged(session, date(2026, 12, 15)) == ["6.54"]
        assert charged(session, date(2027, 1, 14)) == []


def test_who_is_held_pays_no_late_fee_while_he_is_held(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "fixed", "100.00")
        promising, claiming, silent = (make_customer(session, company, name=n) for n in ("Promise", "Claim", "Silent"))
        for customer in (promising, claiming, silent):
            bill(session, customer, ("1000.00", "internet"), on=OCT_1)
        claim_payment(
            session, customer_id=claiming.id, amount=D(1000), reference="JC 12345678", method="jazzcash",
            document_id=None, now=NOW,
        )  # fmt: skip
        ask = {"now": NOW, "actor": "run", "origin": "run:1"}
        assert len(late_fees_of_the_day.charge_late_fees(session, held={promising.id}, **ask).charged) == 1  # type: ignore[arg-type]
        assert len(late_fees_of(session, customer_id=silent.id)) == 1
        assert len(late_fees_of_the_day.charge_late_fees(session, **ask).charged) == 1  # type: ignore[arg-type]
        assert late_fees_of(session, customer_id=claiming.id) == []


def test_a_waived_fee_comes_back_also_after_it_was_paid(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "fixed", "100.00")
        customer = make_customer(session, company)
        bill(session, customer, ("1000.00", "internet"), on=OCT_1)
        (fee,) = charge_late_fees(session, day=date(2026, 10, 16), actor="run").charged
        pay(session, customer.id, "1100.00")
        waive_late_fee(session, late_fee_id=fee.id, reason="goodwill", now=NOW, actor="staff:1")
        assert (booked(session, "4050"), customer_advance(session, customer.id)) == (ZERO, D(100))
        with pytest.raises(FeeWaived):
            waive_late_fee(session, late_fee_id=fee.id, reason="again", now=NOW, actor="staff:1")
        assert charged(session, TODAY) == []
        assert_books_tie(session)


def test_an_invoice_with_a_standing_fee_is_not_voided(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "fixed", "100.00")
        invoice = bill(session, make_customer(session, company), ("1000.00", "internet"), on=OCT_1)
        (fee,) = charge_late_fees(session, day=date(2026, 10, 16), actor="run").charged
        for invoice_id in (invoice.id, fee.fee_invoice_id):
            with pytest.raises(NotVoidable):
                void_invoice(session, invoice_id=invoice_id, reason="x", day=TODAY, actor="test")


def test_a_small_debt_is_written_off_at_once_and_stays_visible(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        policy(session).write_off_limit = D(2000)
        customer = make_customer(session, company)
        invoice = bill(session, customer, ("1000.00", "internet"), on=OCT_1)
        pay(session, customer.id, "374.25")
        done = write_off_invoice(
            session, invoice_id=invoice.id, reason="moved away", asked_by="staff:1", now=NOW
        )  # fmt: skip
        assert (done.state, str(done.amount), invoice.state) == ("booked", "1000.00", "written_off")
        assert (booked(session, "6820"), booked(session, "1100")) == (D(1000), ZERO)
        assert [debt.id for debt in written_off_debt(session, customer_id=customer.id)] == [invoice.id]
        with pytest.raises(NotCreditable):
            credit_invoice(session, invoice_id=invoice.id, reason="x", issued_on=TODAY, made_by="t",
                           idempotency_key="k")  # fmt: skip
        pay(session, customer.id, "400.00")
        assert (booked(session, "6820"), invoice.state, str(invoice.balance)) == (D(600), "written_off", "600.00")
        pay(session, customer.id, "600.00")
        assert (booked(session, "6820"), invoice.state) == (ZERO, "paid")
        assert_books_tie(session)


def test_a_larger_debt_needs_a_second_person(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        invoice = bill(session, customer, ("1000.00", "internet"), on=OCT_1)
        with pytest.raises(ReasonMissing):
            write_off_invoice(session, invoice_id=invoice.id, reason=" ", asked_by="staff:1", now=NOW)
        asked = write_off_invoice(session, invoice_id=invoice.id, reason="moved", asked_by="staff:1", now=NOW)
        assert (asked.state, invoice.state, booked(session, "6820")) == ("asked", "issued", ZERO)
        with pytest.raises(WriteOffWaits):
            write_off_invoice(session, invoice_id=invoice.id, reason="moved", asked_by="staff:2", now=NOW)
        with pytest.raises(SecondPersonNeeded):
            approve_write_off(session, write_off_id=asked.id, approved_by="staff:1", now=NOW)
        pay(session, customer.id, "374.25")
        assert write_offs_waiting(session) == [asked]
        approve_write_off(session, write_off_id=asked.id, approved_by="staff:2", now=NOW)
        assert (str(asked.amount), booked(session, "6820")) == ("1000.00", D(1000))
        with pytest.raises(WriteOffDecided):
            refuse_write_off(session, write_off_id=asked.id, refused_by="staff:2", note="", now=NOW)
        with pytest.raises(NotWritable):
            write_off_invoice(session, invoice_id=invoice.id, reason="again", asked_by="staff:1", now=NOW)


def test_a_refused_write_off_leaves_the_debt(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        invoice = bill(session, make_customer(session, company), ("1000.00", "internet"), on=OCT_1)
        for _ in range(2):
            asked = write_off_invoice(session, invoice_id=invoice.id, reason="moved", asked_by="staff:1", now=NOW)
            refuse_write_off(session, write_off_id=asked.id, refused_by="staff:2", note="he pays", now=NOW)
        assert {row.state for row in session.scalars(select(WriteOff))} == {"refused"}
        assert (invoice.state, booked(session, "6820")) == ("issued", ZERO)


def test_the_certificate_holds_the_tax_that_was_paid_in_the_tax_year(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        june = bill(session, customer, ("2500.00", "internet"), on=date(2026, 6, 1))
        pay(session, customer.id, "1717.82", on=date(2026, 6, 20))
        pay(session, customer.id, "1717.81", on=date(2026, 7, 3))
        autumn = bill(session, customer, ("2500.00", "internet"), on=OCT_1)
        pay(session, customer.id, "3435.63", on=date(2026, 10, 5))
        bill(session, customer, ("2500.00", "internet"), on=date(2026, 11, 1))
        bill(session, make_customer(session, company, name="Unpaid"), ("100.00", "internet"), on=OCT_1)
        (last_year,) = tax_certificates(session, year=2025)
        assert (str(last_year.collected), last_year.year_from, last_year.year_to) == (
            "224.07", date(2025, 7, 1), date(2026, 6, 30),
        )  # fmt: skip
        (this_year,) = tax_certificates(session, year=2026, customer_id=customer.id)
        assert [(tax.number, str(tax.collected)) for tax in this_year.invoices] == [
            (june.number, "224.06"), (autumn.number, "448.13"),
        ]  # fmt: skip
        assert (this_year.cnic, str(this_year.collected)) == ("3520212345671", "672.19")
        assert certificate_rows([this_year])[0][-4:] == (
            D("2987.50"), D("15.0000"), D("448.13"), D("224.06"),
        )  # fmt: skip
        credit_invoice(session, invoice_id=autumn.id, reason="outage", issued_on=TODAY, made_by="t",
                       idempotency_key="c", share=D("0.5"))  # fmt: skip
        (this_year,) = tax_certificates(session, year=2026, customer_id=customer.id)
        assert str(this_year.invoices[1].collected) == "224.07"
        with pytest.raises(TaxYearInvalid):
            tax_certificates(session, year=26)


def test_late_fees_in_batches_reach_everybody_but_who_cannot_be_invoiced(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        fee_policy(session, "fixed", "10.00")
        customers = [make_customer(session, company, name=f"C{number}") for number in range(5)]
        for customer in customers:
            bill(session, customer, ("100.00", "internet"), on=OCT_1)
        customers[0].sites[0].address = ""
        now = datetime(2026, 10, 16, 6, tzinfo=UTC)
        held: set[Id] = set()
        batches = []
        while True:
            batch = late_fees_of_the_day.charge_late_fees(
                session, now=now, actor="run", origin="run:1", limit=2, held=held
            )
            if not batch.charged and not batch.problems:
                break
            held |= {problem.customer_id for problem in batch.problems}
            batches.append((len(batch.charged), [problem.why for problem in batch.problems]))
        assert batches == [(1, [f"{customers[0].number} has no address to invoice: add a site"]), (2, []), (1, [])]
        assert_books_tie(session)
