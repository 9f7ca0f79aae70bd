"""The end of a service, its deposit, and the one-off charges on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.charges import (
    ChargeInvalid,
    ChargeInvoiced,
    add_charge,
    cancel_charge,
    invoice_now,
)
from core.billing.deposits import DepositTooSmall, deposit_held, return_deposit
from core.billing.ending import EndDayInvalid, drop_line, end_subscription
from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.lines import add_line
from core.billing.payments import KeyReused
from core.billing.plan_changes import SubscriptionEnded
from core.billing.subscription_models import PendingCharge, Subscription
from core.billing.subscriptions import NewLine, start_subscription
from core.db import company_session
from core.ids import new_id
from core.money import ZERO
from core.network.access import want_access
from core.usecases.end_service import apply_ends, end_service
from tests.builders import make_customer, make_plan
from tests.cast import TODAY, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, booked
from tests.core.billing.life import no_taxes, pay, policy

D = Decimal
NOV_1, NOV_16, DEC_1 = date(2026, 11, 1), date(2026, 11, 16), date(2026, 12, 1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 7, tzinfo=UTC)


def subscribe(session: Session, company: TestCompany, *, mbps: int = 20) -> Subscription:
    no_taxes(session)
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id,
        plan_id=make_plan(session, price="3000.00", mbps=mbps).id, started_on=NOV_1, billing_day=1,
    )  # fmt: skip


def bill(session: Session, subscription: Subscription, on: date = NOV_1) -> Invoice:
    return issue_subscription_invoice(session, subscription_id=subscription.id, issued_on=on, actor="test")


def charge(session: Session, customer_id: object, what: str, amount: str, **more: object) -> PendingCharge:
    return add_charge(
        session, customer_id=customer_id, what=what, amount=D(amount), bill_from=NOV_1, created_by="test",
        idempotency_key=str(new_id()), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_leaving_early_credits_the_days_left_and_the_end_day_by_policy(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        first = subscribe(session, company)
        unpaid = bill(session, first)
        end = end_subscription(session, subscription_id=first.id, end_day=NOV_16, now=noon(NOV_16), actor="test")
        assert [str(note.net) for note in end.settled.credits] == ["1500.00"]
        assert (str(unpaid.balance), first.state, first.ended_on) == ("1500.00", "ended", NOV_16)
        assert first.next_bill_on is None
        policy(session).end_day_charged = True
        second = subscribe(session, company, mbps=30)
        paid = bill(session, second)
        pay(session, paid.customer_id, "3000.00")
        end = end_subscription(session, subscription_id=second.id, end_day=NOV_16, now=noon(NOV_16), actor="test")
        assert [str(note.net) for note in end.settled.credits] == ["1400.00"]
        assert customer_advance(session, paid.customer_id) == D("1400.00")
        assert_books_tie(session)


def test_leaving_credits_nothing_where_the_company_does_not(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        policy(session).unused_days_refunded = False
        subscription = subscribe(session, company)
        bill(session, subscription)
        end = end_subscription(session, subscription_id=subscription.id, end_day=NOV_16, now=noon(NOV_16), actor="test")
        assert end.settled.credits == ()
        with pytest.raises(SubscriptionEnded):
            end_subscription(session, subscription_id=subscription.id, end_day=NOV_16, now=noon(NOV_16), actor="t")


def test_an_end_to_come_is_billed_up_to_its_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription)
        access = want_access(session, subscription_id=subscription.id, username="c", profile="F20", allowed=True)
        with pytest.raises(EndDayInvalid):
            end_service(
                session, subscription_id=subscription.id, end_day=date(2026, 10, 1), now=noon(NOV_16), actor="test"
            )
        end_service(
            session, subscription_id=subscription.id, end_day=date(2026, 12, 11), now=noon(NOV_16), actor="test"
        )
        assert (subscription.state, subscription.next_bill_on, access.state) == ("active", DEC_1, "allowed")
        last = bill(session, subscription, DEC_1)
        assert (str(last.net), subscription.next_bill_on) == ("967.74", None)
        assert apply_ends(session, now=noon(date(2026, 12, 10))) == []
        assert len(apply_ends(session, now=noon(date(2026, 12, 11)))) == 1
        assert (subscription.state, access.state) == ("ended", "absent")


def test_the_deposit_pays_what_is_owed_and_the_rest_is_the_customers(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        customer_id = subscription.customer_id
        deposit = charge(session, customer_id, "equipment_deposit", "5000.00")
        invoice_now(session, charge_ids=[deposit.id], issued_on=NOV_1, actor="test")
        pay(session, customer_id, "5000.00", on=NOV_1)
        assert (booked(session, "2210"), deposit_held(session, customer_id=customer_id)) == (D(-5000), D(5000))
        bill(session, subscription)
        charge(session, customer_id, "relocation", "200.00", subscription_id=subscription.id)
        end = end_subscription(
            session, subscription_id=subscription.id, end_day=NOV_16, now=noon(NOV_16), actor="test",
            deposit_kept=D("1200.00"),
        )  # fmt: skip
        assert end.last_charges is not None and str(end.last_charges.total) == "200.00"
        assert (booked(session, "2210"), booked(session, "1100")) == (ZERO, ZERO)
        assert booked(session, "4090") == D("-1200.00")
        assert customer_advance(session, customer_id) == D("2100.00")
        assert_books_tie(session)


def test_a_deposit_that_was_never_paid_only_cancels_its_invoice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        deposit = charge(session, customer.id, "equipment_deposit", "5000.00")
        (invoice,) = invoice_now(session, charge_ids=[deposit.id], issued_on=NOV_1, actor="test")
        assert (invoice.kind, str(invoice.total)) == ("equipment", "5000.00")
        pay(session, customer.id, "1500.00")
        with pytest.raises(DepositTooSmall):
            return_deposit(session, customer_id=customer.id, day=TODAY, actor="test", kept=D("5000.01"))
        return_deposit(session, customer_id=customer.id, day=TODAY, actor="test")
        assert (invoice.balance, booked(session, "2210")) == (ZERO, ZERO)
        assert customer_advance(session, customer.id) == D("1500.00")
        assert deposit_held(session, customer_id=customer.id) == ZERO
        assert_books_tie(session)


def test_an_add_on_that_is_dropped_gives_its_days_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription)
        tv = make_plan(session, price="600.00", mbps=1)
        line, added = add_line(
            session, subscription_id=subscription.id, line=NewLine(tv.id), issued_on=date(2026, 11, 11), actor="test"
        )
        assert added is not None and str(added.net) == "400.00"
        dropped = drop_line(session, line_id=line.id, on=NOV_16, today=NOV_16, actor="test")
        assert [str(note.net) for note in dropped.credits] == ["300.00"]
        assert_books_tie(session)


def test_each_charge_makes_the_right_invoice_on_the_right_account(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        charges = [
            charge(session, customer.id, what, amount)
            for what, amount in (
                ("installation", "1000.00"), ("equipment_sale", "4000.00"), ("equipment_deposit", "500.00"),
                ("equipment_rental", "100.00"), ("reconnection", "300.00"), ("other", "50.00"),
            )
        ]  # fmt: skip
        invoices = invoice_now(session, charge_ids=[c.id for c in charges], issued_on=TODAY, actor="test")
        assert [(i.kind, str(i.net)) for i in invoices] == [
            ("installation", "1000.00"), ("equipment", "4600.00"), ("other", "350.00"),
        ]  # fmt: skip
        accounts = {code: -booked(session, code) for code in ("4020", "4030", "4040", "2210", "4090")}
        assert accounts == {"4020": D(1000), "4030": D(4000), "4040": D(100), "2210": D(500), "4090": D(350)}
        assert str(invoices[1].tax) == "1534.43"
        with pytest.raises(ChargeInvoiced):
            invoice_now(session, charge_ids=[charges[0].id], issued_on=TODAY, actor="test")
        with pytest.raises(ChargeInvoiced):
            cancel_charge(session, charge_id=charges[0].id, now=noon(TODAY))


def test_a_waiting_charge_joins_the_next_invoice_unless_it_is_cancelled(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        kept = charge(session, subscription.customer_id, "installation", "1000.00", subscription_id=subscription.id)
        dropped = charge(session, subscription.customer_id, "other", "70.00")
        cancel_charge(session, charge_id=dropped.id, now=noon(NOV_1))
        invoice = bill(session, subscription)
        assert str(invoice.net) == "4000.00"
        session.refresh(kept)
        assert kept.invoice_id == invoice.id


def test_charges_that_make_no_sense_are_refused_and_a_key_charges_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        for what, amount in (("installation", "-1.00"), ("reduction", "1.00"), ("party", "1.00"), ("other", "0.00")):
            with pytest.raises(ChargeInvalid):
                charge(session, customer.id, what, amount)
        first, again = (
            add_charge(
                session, customer_id=customer.id, what="other", amount=D(5), bill_from=NOV_1, created_by="t",
                idempotency_key="k",
            )
            for _ in range(2)
        )  # fmt: skip
        assert first.id == again.id
        with pytest.raises(KeyReused):
            add_charge(session, customer_id=customer.id, what="other", amount=D(6), bill_from=NOV_1, created_by="t",
                       idempotency_key="k")  # fmt: skip
