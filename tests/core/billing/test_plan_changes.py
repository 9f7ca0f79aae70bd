"""Plan changes: the day belongs to the new plan, days that are billed are settled to the paisa, changes chain."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.advance import customer_advance
from core.billing.invoice_models import Invoice
from core.billing.invoices import issue_subscription_invoice
from core.billing.lines import grant_discount
from core.billing.pauses import AlreadyPaused, start_pause
from core.billing.plan_changes import (
    AlreadyOnPlan,
    ChangeDayInvalid,
    PlanChange,
    PlanNotComparable,
    SubscriptionEnded,
    apply_scheduled_changes,
    cancel_plan_change,
    change_plan,
    preview_plan_change,
)
from core.billing.plan_models import Plan
from core.billing.pricing import price_lines
from core.billing.settlement import standing_of
from core.billing.subscription_models import Subscription
from core.billing.subscriptions import start_subscription
from core.db import company_session
from core.errors import NotFound
from core.ids import Id
from core.money import ZERO
from core.network.access import want_access
from core.usecases import change_plan as change_plan_use_case
from tests.builders import make_customer, make_plan
from tests.cast import NOW, TestCompany
from tests.core.billing.ledger_checks import assert_books_tie, assert_never_more_credited_than_billed
from tests.core.billing.life import net_of_line, no_taxes, pay, policy, prepaid_plan

D = Decimal
NOV_1, NOV_16, NOV_21, DEC_1 = date(2026, 11, 1), date(2026, 11, 16), date(2026, 11, 21), date(2026, 12, 1)


def subscribe(session: Session, company: TestCompany, plan: Plan, *, on: date = NOV_1, day: int = 1) -> Subscription:
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id, started_on=on, billing_day=day
    )


def bill(session: Session, subscription: Subscription, on: date) -> Invoice:
    return issue_subscription_invoice(session, subscription_id=subscription.id, issued_on=on, actor="test")


def change(session: Session, subscription: Subscription, plan: Plan, on: date, **asked: object) -> PlanChange:
    return change_plan(
        session,
        subscription_id=subscription.id,
        plan_id=plan.id,
        today=on,
        actor="test",
        **asked,  # type: ignore[arg-type]
    )


def nets(done: PlanChange) -> tuple[list[str], list[str]]:
    return [str(note.net) for note in done.settled.credits], [str(bill.net) for bill in done.settled.invoices]


def test_an_upgrade_credits_the_days_left_of_the_old_price_and_charges_those_of_the_new(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="2500.00"), make_plan(session, price="4000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        first = bill(session, subscription, NOV_1)
        pay(session, first.customer_id, str(first.total))
        done = change(session, subscription, fast, NOV_16)
        assert nets(done) == (["1250.00"], ["2000.00"])
        assert [str(line.amount) for line in done.settled.credits[0].lines] == ["1250.00", "243.75", "224.06"]
        upgrade = done.settled.invoices[0]
        assert (upgrade.reason, str(upgrade.total), str(upgrade.balance)) == ("change", "2748.50", "1030.69")
        assert (upgrade.period_start, upgrade.period_end) == (NOV_16, DEC_1)
        assert (subscription.plan_id, done.in_effect) == (fast.id, True)
        assert bill(session, subscription, DEC_1).net == D("4000.00")
        assert_books_tie(session)


def test_a_downgrade_waits_for_the_end_of_what_is_billed_and_moves_no_money(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="2500.00"), make_plan(session, price="4000.00", mbps=50)
        subscription = subscribe(session, company, fast)
        bill(session, subscription, NOV_1)
        done = change(session, subscription, slow, NOV_16)
        assert (done.effective_on, done.in_effect, nets(done)) == (DEC_1, False, ([], []))
        assert subscription.plan_id == fast.id
        assert apply_scheduled_changes(session, today=date(2026, 11, 30)) == []
        december = bill(session, subscription, DEC_1)
        assert [(line.plan_id, str(line.amount)) for line in december.lines[:1]] == [(slow.id, "2500.00")]
        assert [each.id for each in apply_scheduled_changes(session, today=DEC_1)] == [subscription.id]
        assert (subscription.plan_id, apply_scheduled_changes(session, today=DEC_1)) == (slow.id, [])


def test_several_changes_in_one_period_chain_from_the_last_line(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        one, two, three = (
            make_plan(session, price=price, mbps=mbps)
            for price, mbps in (("1000.00", 10), ("1999.99", 20), ("3333.33", 30))
        )
        subscription = subscribe(session, company, one)
        bill(session, subscription, NOV_1)
        assert nets(change(session, subscription, two, date(2026, 11, 11))) == (["666.67"], ["1333.33"])
        assert nets(change(session, subscription, three, NOV_21)) == (["666.66"], ["1111.11"])
        assert nets(change(session, subscription, one, NOV_21, effective="now")) == (["1111.11"], ["333.33"])
        assert customer_advance(session, subscription.customer_id) == ZERO
        assert_books_tie(session)


def test_a_change_that_nets_to_zero_still_leaves_both_documents(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        red, blue = make_plan(session, price="3000.00", mbps=20), make_plan(session, price="3000.00", mbps=25)
        subscription = subscribe(session, company, red)
        first = bill(session, subscription, NOV_1)
        done = change(session, subscription, blue, NOV_16)
        assert nets(done) == (["1500.00"], ["1500.00"])
        assert done.settled.net == ZERO
        owed = first.balance + done.settled.invoices[0].balance
        assert owed == first.total
        assert_books_tie(session)


def test_the_credit_of_a_part_month_is_by_the_full_price_and_at_most_what_was_billed(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        slow, fast = make_plan(session, price="1000.00"), make_plan(session, price="2000.00", mbps=50)
        subscription = subscribe(session, company, slow, on=date(2026, 11, 14))
        assert str(bill(session, subscription, date(2026, 11, 14)).net) == "566.67"
        assert nets(change(session, subscription, fast, NOV_21)) == (["333.33"], ["666.67"])
        other = subscribe(session, company, slow, on=date(2026, 11, 14))
        bill(session, other, date(2026, 11, 14))
        assert nets(change(session, other, fast, date(2026, 11, 14))) == (["566.67"], ["1133.33"])


def test_the_day_of_28_february_counts_in_the_full_period_of_31_days(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        slow, fast = make_plan(session, price="3100.00"), make_plan(session, price="6200.00", mbps=50)
        subscription = subscribe(session, company, slow, on=date(2026, 2, 28), day=31)
        invoice = bill(session, subscription, date(2026, 2, 28))
        assert (invoice.period_start, invoice.period_end) == (date(2026, 2, 28), date(2026, 3, 31))
        assert nets(change(session, subscription, fast, date(2026, 3, 30))) == (["100.00"], ["200.00"])


def test_months_of_thirty_days_settle_by_thirty(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        policy(session).proration = "thirty"
        slow, fast = make_plan(session, price="3000.00"), make_plan(session, price="6000.00", mbps=50)
        subscription = subscribe(session, company, slow, on=date(2026, 5, 1))
        bill(session, subscription, date(2026, 5, 1))
        assert nets(change(session, subscription, fast, date(2026, 5, 21))) == (["1000.00"], ["2000.00"])


def test_a_discount_goes_back_with_the_days_it_was_given_for(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        slow, fast = make_plan(session, price="3000.00"), make_plan(session, price="6000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        grant_discount(session, subscription_id=subscription.id, valid_from=NOV_1, percent=D(10))
        bill(session, subscription, NOV_1)
        assert nets(change(session, subscription, fast, NOV_16)) == (["1350.00"], ["2700.00"])


def test_an_inclusive_price_is_credited_and_charged_net(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="3585.00"), make_plan(session, price="7170.00", mbps=50)
        slow.tax_inclusive = fast.tax_inclusive = True
        subscription = subscribe(session, company, slow)
        bill(session, subscription, NOV_1)
        done = change(session, subscription, fast, NOV_16)
        assert nets(done) == (["1500.00"], ["3000.00"])
        assert_books_tie(session)


def test_a_change_to_come_is_replaced_by_another_or_cancelled(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, middle, fast = (
            make_plan(session, price=price, mbps=mbps)
            for price, mbps in (("1000.00", 10), ("2000.00", 20), ("3000.00", 30))
        )
        subscription = subscribe(session, company, fast)
        bill(session, subscription, NOV_1)
        change(session, subscription, slow, NOV_16)
        with pytest.raises(AlreadyOnPlan):
            change(session, subscription, slow, NOV_16)
        change(session, subscription, middle, NOV_16)
        assert bill(session, subscription, DEC_1).net == D("2000.00")
        apply_scheduled_changes(session, today=DEC_1)
        change(session, subscription, slow, date(2026, 12, 5))
        cancel_plan_change(session, subscription_id=subscription.id, today=date(2026, 12, 6), actor="test")
        assert bill(session, subscription, date(2027, 1, 1)).net == D("2000.00")


def test_cancelling_a_change_of_billed_days_moves_its_money_back(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        slow, fast = make_plan(session, price="3000.00"), make_plan(session, price="6000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        bill(session, subscription, NOV_1)
        assert nets(change(session, subscription, fast, NOV_16, effective=NOV_21)) == (["1000.00"], ["2000.00"])
        back = cancel_plan_change(session, subscription_id=subscription.id, today=NOV_16, actor="test")
        assert ([str(n.net) for n in back.credits], [str(i.net) for i in back.invoices]) == (["2000.00"], ["1000.00"])
        assert bill(session, subscription, DEC_1).net == D("3000.00")
        assert_books_tie(session)


def test_a_yearly_customer_who_goes_monthly_is_billed_by_the_month_from_then_on(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        no_taxes(session)
        yearly, monthly = make_plan(session, price="36500.00", mbps=50), make_plan(session, price="2500.00")
        yearly.interval_months = 12
        subscription = subscribe(session, company, yearly)
        assert bill(session, subscription, NOV_1).period_end == date(2027, 11, 1)
        assert change(session, subscription, monthly, NOV_16).effective_on == date(2027, 11, 1)
        cancel_plan_change(session, subscription_id=subscription.id, today=NOV_16, actor="test")
        assert subscription.interval_months == 12
        now = change(session, subscription, monthly, date(2027, 10, 2), effective="now")
        assert nets(now) == (["3000.00"], ["2419.35"])
        invoice = bill(session, subscription, date(2027, 11, 1))
        assert (str(invoice.net), invoice.period_end) == ("2500.00", date(2027, 12, 1))


def test_a_preview_says_what_the_change_then_does_and_writes_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="2500.00"), make_plan(session, price="4000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        bill(session, subscription, NOV_1)
        preview = preview_plan_change(session, subscription_id=subscription.id, plan_id=fast.id, today=NOV_16)
        assert (preview.effective_on, str(preview.credited), str(preview.charged)) == (NOV_16, "1717.81", "2748.50")
        assert (subscription.plan_id, len(session.scalars(select(Invoice)).all())) == (slow.id, 1)
        done = change(session, subscription, fast, NOV_16)
        assert done.settled.net == preview.charged - preview.credited
        assert [note.number for note in done.settled.credits] == ["CN-2026-27-000001"]


def test_what_cannot_be_changed_is_refused(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="1000.00"), make_plan(session, price="2000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        with pytest.raises(AlreadyOnPlan):
            change(session, subscription, slow, NOV_16)
        with pytest.raises(PlanNotComparable):
            change(session, subscription, prepaid_plan(session), NOV_16)
        with pytest.raises(ChangeDayInvalid):
            change(session, subscription, fast, NOV_16, effective=date(2026, 10, 31))
        subscription.state = "ended"
        with pytest.raises(SubscriptionEnded):
            change(session, subscription, fast, NOV_16)


def test_the_speed_changes_in_the_same_transaction_as_the_money(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        slow, fast = make_plan(session, price="1000.00"), make_plan(session, price="2000.00", mbps=50)
        subscription = subscribe(session, company, slow)
        access = want_access(session, subscription_id=subscription.id, username="c-1", profile=slow.code, allowed=False)
        change_plan_use_case.change_plan(
            session, subscription_id=subscription.id, plan_id=fast.id, now=NOW, actor="test"
        )
        assert (access.profile, access.state) == (fast.code, "blocked")
        change_plan_use_case.change_plan(
            session, subscription_id=subscription.id, plan_id=slow.id, now=NOW, actor="test", effective="period_end"
        )
        assert access.profile == fast.code
        change_plan_use_case.apply_plan_changes(session, now=NOW.replace(month=12, day=1))
        assert access.profile == slow.code


PRICES = ("0.01", "333.33", "999.99", "2500.00", "7777.77")


OPERATIONS = ("now", "period_end", "pause", "outage", "pay", "cancel")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 31),
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(OPERATIONS), st.integers(0, 9)), max_size=8),
    st.sampled_from(("actual", "thirty")),
)
def test_any_history_of_changes_and_pauses_ties_and_bills_each_served_day_once(
    company: TestCompany, billing_day: int, steps: list[tuple[int, str, int]], proration: str
) -> None:
    with company_session(company.id, "test") as session:
        policy(session).proration = proration
        plans = session.scalars(select(Plan).order_by(Plan.download_mbps)).all() or [
            make_plan(session, price=price, mbps=10 + i) for i, price in enumerate(PRICES)
        ]
        subscription = subscribe(session, company, plans[2], on=date(2026, 10, 5), day=billing_day)
        today = date(2026, 10, 5)
        bill(session, subscription, today)
        for days, operation, number in steps:
            today += timedelta(days=days)
            while subscription.next_bill_on is not None and subscription.next_bill_on <= today:
                bill(session, subscription, subscription.next_bill_on)
            with contextlib.suppress(AlreadyOnPlan, ChangeDayInvalid, AlreadyPaused, NotFound):
                do(session, subscription, operation, number, plans, today)
            assert_books_tie(session)
            assert_never_more_credited_than_billed(session)
        assert_each_day_is_billed_once(session, subscription.id)


def do(
    session: Session, subscription: Subscription, operation: str, number: int, plans: Sequence[Plan], today: date
) -> None:
    now = datetime(today.year, today.month, today.day, 7, tzinfo=UTC)
    if operation == "pay":
        pay(session, subscription.customer_id, f"{number}00.01", on=date(2026, 11, 1))
    elif operation == "cancel":
        cancel_plan_change(session, subscription_id=subscription.id, today=today, actor="test")
    elif operation == "pause":
        start_pause(
            session, subscription_id=subscription.id, reason="customer_request", starts_on=today,
            ends_on=today + timedelta(days=number + 1), now=now, actor="test",
        )  # fmt: skip
    elif operation == "outage":
        since = max(today - timedelta(days=number + 1), subscription.started_on)
        start_pause(
            session, subscription_id=subscription.id, reason="outage", starts_on=since,
            ends_on=since + timedelta(days=number + 1), now=now, actor="test",
        )  # fmt: skip
    else:
        change(session, subscription, plans[number % len(plans)], today, effective=operation)


def assert_each_day_is_billed_once(session: Session, subscription_id: Id) -> None:
    """Every line was billed its price for the days it has served or will, within a paisa a document."""
    standing = standing_of(session, subscription_id)
    until = standing.account.facts.billed_until
    assert until is not None
    for line in standing.account.facts.lines:
        due = price_lines(standing.tariffs, standing.account.facts, start=line.starts_on, end=until, line_ids=[line.id])
        expected = sum((priced.line.amount for priced in due), ZERO)
        assert abs(net_of_line(session, line.id) - expected) <= D("0.10")
