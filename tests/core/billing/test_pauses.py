"""Pauses, suspensions and outages: whole days come back by their own period's price, what is over is not billed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.pauses import (
    AlreadyPaused,
    PauseChange,
    PauseInvalid,
    PauseOver,
    end_pause,
    record_outage,
    running_pause,
    settle_pauses,
    start_pause,
)
from core.billing.plan_changes import change_plan
from core.billing.prepaid import renew
from core.billing.subscription_models import ServicePause, Subscription
from core.billing.subscriptions import start_subscription
from core.db import company_session
from core.ids import new_id
from core.money import ZERO
from core.network.access import want_access
from core.usecases.pause_service import apply_pauses, pause_service, resume_service
from tests.builders import make_customer, make_plan
from tests.cast import TestCompany
from tests.core.billing.ledger_checks import assert_books_tie
from tests.core.billing.life import no_taxes, pay, policy, prepaid_plan

D = Decimal
NOV_1, DEC_1 = date(2026, 11, 1), date(2026, 12, 1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 7, tzinfo=UTC)


def november(n: int) -> date:
    return date(2026, 11, n)


def subscribe(session: Session, company: TestCompany, *, price: str = "3000.00") -> Subscription:
    no_taxes(session)
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=make_plan(session, price=price).id,
        started_on=NOV_1, billing_day=1,
    )  # fmt: skip


def bill(session: Session, subscription: Subscription, on: date) -> Invoice:
    return issue_subscription_invoice(session, subscription_id=subscription.id, issued_on=on, actor="test")


def pause(
    session: Session, subscription: Subscription, since: date, *, on: date, until: date | None = None,
    reason: str = "customer_request",
) -> PauseChange:  # fmt: skip
    return start_pause(
        session, subscription_id=subscription.id, reason=reason, starts_on=since, ends_on=until, now=noon(on),
        actor="test",
    )  # fmt: skip


def resume(session: Session, paused: PauseChange, on: date, *, today: date | None = None) -> PauseChange:
    return end_pause(session, pause_id=paused.pause.id, ends_on=on, now=noon(today or on), actor="test")


def credited(change: PauseChange) -> list[str]:
    return [str(note.net) for note in change.settled.credits]


def test_a_pause_is_credited_when_it_ends_by_whole_days(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        paused = pause(session, subscription, november(10), on=november(10))
        assert (subscription.state, credited(paused)) == ("paused", [])
        assert credited(resume(session, paused, november(20))) == ["1000.00"]
        assert (subscription.state, paused.pause.settled_at) == ("active", noon(november(20)))
        with pytest.raises(PauseOver):
            resume(session, paused, november(21))
        assert_books_tie(session)


def test_a_pause_shorter_than_the_minimum_is_not_credited(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        short = pause(session, subscription, november(10), on=november(10))
        assert credited(resume(session, short, november(12))) == []
        long = pause(session, subscription, november(12), on=november(12))
        assert credited(resume(session, long, november(15))) == ["300.00"]


def test_a_pause_over_a_boundary_credits_each_period_by_its_own_day_price(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company, price="3100.00")
        bill(session, subscription, NOV_1)
        paused = pause(session, subscription, november(28), on=november(28))
        bill(session, subscription, DEC_1)
        done = resume(session, paused, date(2026, 12, 4))
        assert credited(done) == ["310.00", "300.00"]
        assert_books_tie(session)


def test_days_of_a_known_pause_that_are_not_billed_yet_are_left_out_by_the_run(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company, price="3100.00")
        bill(session, subscription, NOV_1)
        paused = pause(session, subscription, november(21), on=november(15), until=date(2026, 12, 11))
        assert (subscription.state, credited(paused)) == ("active", ["1033.33"])
        december = bill(session, subscription, DEC_1)
        assert str(december.net) == "2100.00"
        early = resume(session, paused, date(2026, 12, 6), today=date(2026, 12, 5))
        assert [str(invoice.net) for invoice in early.settled.invoices] == ["500.00"]
        assert_books_tie(session)


def test_a_suspension_for_debt_is_billed_unless_the_policy_says_otherwise(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        cut = pause(session, subscription, november(10), on=november(10), reason="non_payment")
        assert subscription.state == "suspended"
        assert credited(resume(session, cut, november(20))) == []
        policy(session).suspended_days_billed = False
        cut = pause(session, subscription, november(20), on=november(20), reason="non_payment")
        assert credited(resume(session, cut, november(21))) == ["100.00"]


def test_days_without_service_for_two_reasons_come_back_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        vacation = pause(session, subscription, november(10), on=november(10))
        (outage,) = record_outage(
            session, subscription_ids=[subscription.id], starts_on=november(8), ends_on=november(14),
            now=noon(november(14)), actor="test",
        )  # fmt: skip
        assert (credited(outage), subscription.state) == (["600.00"], "paused")
        assert credited(resume(session, vacation, november(20))) == ["600.00"]
        again = record_outage(
            session, subscription_ids=[subscription.id], starts_on=november(9), ends_on=november(14),
            now=noon(november(14)), actor="test",
        )  # fmt: skip
        assert again == []


def test_a_plan_change_does_not_pay_for_paused_days_again(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        pause(session, subscription, november(16), on=november(15), until=november(26))
        fast = make_plan(session, price="6000.00", mbps=50)
        done = change_plan(
            session, subscription_id=subscription.id, plan_id=fast.id, today=november(15), actor="test"
        ).settled
        assert [str(note.net) for note in done.credits] == ["600.00"]
        assert [str(invoice.net) for invoice in done.invoices] == ["200.00", "1000.00"]
        assert_books_tie(session)


def test_a_pause_that_a_payment_ended_is_settled_later_and_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        policy(session).suspended_days_billed = False
        subscription = subscribe(session, company, price="3100.00")
        bill(session, subscription, NOV_1)
        cut = ServicePause(
            id=new_id(), subscription_id=subscription.id, reason="non_payment", starts_on=november(26)
        )  # fmt: skip
        session.add(cut)
        session.flush()
        cut.ends_on = date(2026, 12, 3)
        december = bill(session, subscription, DEC_1)
        assert str(december.net) == "2900.00"
        (done,) = settle_pauses(session, now=noon(date(2026, 12, 3)), actor="system")
        assert credited(done) == ["516.67"]
        assert settle_pauses(session, now=noon(date(2026, 12, 4)), actor="system") == []


def test_a_pause_stops_the_clock_of_a_prepaid_plan(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        customer = make_customer(session, company)
        subscription = start_subscription(
            session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=prepaid_plan(session).id,
            started_on=NOV_1,
        )  # fmt: skip
        pay(session, customer.id, "1000.00", on=NOV_1)
        renew(session, subscription_id=subscription.id, now=noon(NOV_1), actor="test")
        paused = pause(session, subscription, november(5), on=november(5))
        resume(session, paused, november(15))
        assert subscription.paid_until == noon(NOV_1) + timedelta(days=40)


def test_pauses_that_cannot_be_are_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        for asked in (
            {"since": november(10), "until": november(10)},
            {"since": date(2026, 10, 31)},
            {"since": november(10), "reason": "rain"},
        ):
            with pytest.raises(PauseInvalid):
                pause(session, subscription, on=november(10), **asked)  # type: ignore[arg-type]
        paused = pause(session, subscription, november(10), on=november(10))
        with pytest.raises(AlreadyPaused):
            pause(session, subscription, november(12), on=november(12))
        with pytest.raises(PauseInvalid):
            resume(session, paused, november(9), today=november(12))


def test_the_network_follows_a_planned_pause_on_its_days(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        subscription = subscribe(session, company)
        bill(session, subscription, NOV_1)
        access = want_access(session, subscription_id=subscription.id, username="c", profile="F20", allowed=True)
        planned = pause_service(
            session, subscription_id=subscription.id, starts_on=november(10), ends_on=november(20),
            now=noon(november(5)), actor="test",
        )  # fmt: skip
        seen = []
        for day in (november(9), november(10), november(11), november(20)):
            changed = apply_pauses(session, now=noon(day), actor="system")
            seen.append((len(changed), access.state, subscription.state))
        assert seen == [
            (0, "allowed", "active"), (1, "blocked", "paused"), (0, "blocked", "paused"), (1, "allowed", "active"),
        ]  # fmt: skip
        assert running_pause(
            session, subscription_id=subscription.id, reason="customer_request", day=november(19)
        ) is planned.pause  # fmt: skip
        other = pause_service(
            session, subscription_id=subscription.id, starts_on=november(21), now=noon(november(21)), actor="test"
        )
        assert access.state == "blocked"
        resume_service(
            session, pause_id=other.pause.id, ends_on=november(25), now=noon(november(25)), actor="test"
        )  # fmt: skip
        assert (access.state, subscription.state) == ("allowed", "active")
        assert sum((note.net for note in planned.settled.credits), ZERO) == D("1000.00")
