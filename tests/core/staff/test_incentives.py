"""Recovery incentives: tiers at their boundaries, cash handed over first, taken back when the money was not there."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.billing.subscription_models import Subscription
from core.db import company_session
from core.errors import DomainError
from core.ids import Id, new_id
from core.ledger.models import JournalEntry
from core.money import ZERO
from core.staff.accruals import Settled, accruals_of
from core.staff.commission_models import CommissionAccrual, CommissionRule, RuleTier
from core.staff.commission_rules import Conditions, Measure, RuleBook, Tier, end_rule, read_rule_book
from core.staff.incentives import Collection, assess_collections, late, month_incentive, tier_of
from core.staff.models import Staff
from core.staff.pay_day import pay_employee, plan_pay
from core.staff.pay_models import PayTerms
from core.usecases.accrue_commissions import accrue_commissions, take_back_commissions
from core.usecases.own_performance import agent_figures, incentive_waiting, own_performance
from tests.builders import make_invoice
from tests.cast import TestCompany
from tests.core.staff.cast import (
    AGES,
    NOVEMBER,
    D,
    booked,
    bounce,
    collect,
    connect,
    employ,
    hamid,
    hand_over,
    nov,
    plan_with,
    rabia,
    tariq,
)

MONTHLY = (Tier(D(10000), percent=D(1)), Tier(D(50000), percent=D(2)), Tier(None, percent=D(3)))


def accrue(session: Session, since: date, until: date | None = None, limit: int | None = None) -> Settled:
    return accrue_commissions(
        session, since=since, until=until or since, actor="system", origin="run:test", limit=limit
    )


def debtor(session: Session, company: TestCompany, *, billed: date = date(2026, 10, 1)) -> Subscription:
    """Owes Rs 3,435.63, due on the 10th of the month it is billed for."""
    subscription = connect(session, company)
    make_invoice(session, subscription.id, month=billed)
    return subscription


def team(session: Session, company: TestCompany, measure: Measure = AGES, **conditions) -> tuple[Staff, Staff]:
    agent = rabia(session, company)
    plan_id = plan_with(session, "recovery", measure, Conditions(**conditions))
    employ(session, agent, salary="0.00", plan_id=plan_id)
    return agent, hamid(session, company)


@pytest.mark.parametrize(
    ("days_late", "percent"),
    [(-40, 1), (0, 1), (1, 1), (30, 1), (31, 3), (90, 3), (91, 6), (4000, 6)],
)
def test_a_tier_s_limit_belongs_to_it(days_late: int, percent: int) -> None:
    tiers = [RuleTier(up_to=D(30), percent=D(1)), RuleTier(up_to=D(90), percent=D(3)), RuleTier(percent=D(6))]
    assert tier_of(tiers, D(days_late)).percent == percent


@pytest.mark.parametrize(
    ("graduated", "total", "expected", "how"),
    [
        (False, "10000.00", "100.00", "1 %"),
        (False, "10000.01", "200.00", "2 %"),
        (False, "50000.00", "1000.00", "2 %"),
        (False, "50000.01", "1500.00", "3 %"),
        (True, "10000.00", "100.00", "1 % on Rs 10,000"),
        (True, "10000.50", "100.01", "1 % on Rs 10,000, 2 % on Rs 0.50"),
        (True, "60000.00", "1200.00", "1 % on Rs 10,000, 2 % on Rs 40,000, 3 % on Rs 10,000"),
        (True, "0.00", "0.00", ""),
    ],
)
def test_monthly_tiers_pay_the_whole_sum_or_slice_by_slice(
    graduated: bool, total: str, expected: str, how: str
) -> None:
    rule = CommissionRule(graduated=graduated, tier_by="month")
    rule.tiers = [RuleTier(up_to=tier.up_to, percent=tier.percent) for tier in MONTHLY]
    assert month_incentive(rule, D(total), "Rs") == (D(expected), how)


@pytest.mark.parametrize(
    ("days", "words"),
    [(12, "12 days late"), (1, "1 day late"), (0, "on its due day"), (-1, "1 day before it was due")],
)
def test_lateness_is_said_as_people_say_it(days: int, words: str) -> None:
    assert late(days) == words


def test_cash_on_an_old_bill_earns_its_tier_once_it_is_handed_over(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        collect(session, agent, debtor(session, company), "2500.00", date(2026, 10, 22))
        assert accrue(session, date(2026, 10, 22)).accruals == ()
        assert incentive_waiting(session, staff_id=agent.id, today=date(2026, 10, 22)) == D("25.00")
        hand_over(session, agent, owner, "2500.00", date(2026, 10, 23))
        done = accrue(session, date(2026, 10, 23))
        assert [(row.amount, row.why) for row in done.accruals] == [
            (D("25.00"), "1 % of Rs 2,500 collected on INV-2026-27-000001, 12 days late")
        ]
        assert (booked(session, "6020"), booked(session, "2400", agent.id)) == (D("25.00"), D("-25.00"))
        assert incentive_waiting(session, staff_id=agent.id, today=date(2026, 10, 23)) == ZERO


def test_one_payment_on_bills_of_three_ages_earns_three_percents(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        subscription = debtor(session, company, billed=date(2026, 8, 1))
        for month in (10, 11):
            make_invoice(session, subscription.id, month=date(2026, month, 1))
        collect(session, agent, subscription, "10306.89", date(2026, 11, 9))
        hand_over(session, agent, owner, "10306.89", date(2026, 11, 9))
        done = accrue(session, nov(9))
        assert [(row.amount, row.why.rpartition(", ")[2]) for row in done.accruals] == [
            (D("206.14"), "91 days late"), (D("34.36"), "30 days late"), (D("34.36"), "1 day before it was due"),
        ]  # fmt: skip


def test_bills_not_late_enough_and_advances_earn_nothing(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company, days_late_min=1)
        collect(session, agent, debtor(session, company), "5000.00", date(2026, 10, 10))
        hand_over(session, agent, owner, "5000.00", date(2026, 10, 10))
        assert accrue(session, date(2026, 10, 10)).accruals == ()


def test_running_again_and_overlapping_accrues_nothing_twice(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        for _ in range(5):
            collect(session, agent, debtor(session, company), "1000.00", nov(9))
        hand_over(session, agent, owner, "5000.00", nov(9))
        steps = []
        while not steps or steps[-1].left:
            steps.append(accrue(session, nov(1), nov(9), limit=2))
        assert [(len(step.accruals), step.left) for step in steps] == [(2, 3), (2, 1), (1, 0)]
        assert accrue(session, nov(9), nov(12)).accruals == ()
        assert booked(session, "2400", agent.id) == D("-50.00")


def test_the_database_refuses_a_second_first_part_and_any_change(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        collect(session, agent, debtor(session, company), "1000.00", nov(9))
        hand_over(session, agent, owner, "1000.00", nov(9))
        row = accrue(session, nov(9)).accruals[0]
        values = {c.key: getattr(row, c.key) for c in CommissionAccrual.__table__.columns if c.key not in (
            "id", "company_id", "created_at")}  # fmt: skip
        with pytest.raises(DBAPIError, match="uq_commission_accrual"), session.begin_nested():
            session.add(CommissionAccrual(id=new_id(), **values))
            session.flush()
        for statement in ("UPDATE commission_accrual SET amount = 9", "UPDATE commission_rule SET percent = 9",
                          "DELETE FROM rule_tier"):  # fmt: skip
            with pytest.raises(DBAPIError), session.begin_nested():
                session.execute(text(statement))


def test_two_runs_at_the_same_moment_accrue_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        collect(session, agent, debtor(session, company), "1000.00", nov(9))
        hand_over(session, agent, owner, "1000.00", nov(9))
    counts: list[int] = []

    def run() -> None:
        with company_session(company.id, "test") as session:
            counts.append(len(accrue(session, nov(9)).accruals))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 1]
    with company_session(company.id, "test") as session:
        assert booked(session, "2400", agent.id) == D("-10.00")


def test_money_that_bounces_after_the_payout_is_taken_back_from_the_next_pay(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        payment = collect(session, agent, debtor(session, company), "3000.00", nov(9))
        hand_over(session, agent, owner, "3000.00", nov(9))
        accrue(session, nov(9))
        pay_employee(session, staff_id=agent.id, month=NOVEMBER, account_code="1010", paid_on=nov(10),
                     idempotency_key="pay", actor="test")  # fmt: skip
        bounce(session, payment, nov(12))
        done = take_back_commissions(session, payment_ids=[payment.id], today=nov(12), actor="system", origin="run:x")
        assert [(row.amount, row.why) for row in done.accruals] == [
            (D("-30.00"), "Taken back: R-1 for INV-2026-27-000001: bounced, forged note")
        ]
        assert (booked(session, "6020"), booked(session, "2400", agent.id)) == (ZERO, D("30.00"))
        entry = session.scalars(select(JournalEntry).where(JournalEntry.kind == "incentive_taken_back")).one()
        assert (entry.source_id, entry.posted_on) == (done.accruals[0].id, nov(12))
        assert accrue(session, nov(1), nov(12)).accruals == ()
        assert plan_pay(session, staff_id=agent.id, month=NOVEMBER).owed == D("-30.00")


def test_the_evening_run_finds_what_bounced_that_day_by_itself(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        payment = collect(session, agent, debtor(session, company), "3000.00", date(2026, 10, 20))
        hand_over(session, agent, owner, "3000.00", date(2026, 10, 20))
        accrue(session, date(2026, 10, 20))
        bounce(session, payment, nov(12))
        assert accrue(session, nov(12)).taken_back == D("30.00")


def test_what_was_collected_by_bank_needs_no_handover(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, _ = team(session, company)
        collect(session, agent, debtor(session, company), "1000.00", nov(9), method="bank")
        assert accrue(session, nov(9)).earned == D("10.00")


def test_a_part_handed_over_pays_for_the_oldest_receipts(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        for day in (8, 9):
            collect(session, agent, debtor(session, company), "1000.00", nov(day))
        hand_over(session, agent, owner, "1500.00", nov(9))
        assert [row.earned_on for row in accrue(session, nov(8), nov(9)).accruals] == [nov(8)]
        hand_over(session, agent, owner, "500.00", date(2026, 12, 2))
        assert [row.earned_on for row in accrue(session, date(2026, 12, 2)).accruals] == [nov(9)]


def test_the_month_s_sum_decides_the_tier_and_a_bounce_lowers_it_again(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company, Measure(tier_by="month", tiers=(
            Tier(D(4000), percent=D(1)), Tier(None, percent=D(2)))))  # fmt: skip
        first = collect(session, agent, debtor(session, company), "3000.00", nov(9))
        hand_over(session, agent, owner, "3000.00", nov(9))
        assert accrue(session, nov(9)).accruals[0].why == "1 % of Rs 3,000 collected in November 2026"
        collect(session, agent, debtor(session, company), "2000.00", nov(10))
        hand_over(session, agent, owner, "2000.00", nov(10))
        step = accrue(session, nov(10)).accruals[0]
        assert (step.amount, step.why) == (
            D("70.00"),
            "2 % of Rs 5,000 collected in November 2026 (corrected from 30.00)",
        )
        bounce(session, first, date(2026, 12, 5))
        assert accrue(session, date(2026, 12, 5)).taken_back == D("80.00")
        assert booked(session, "2400", agent.id) == D("-20.00")


def test_a_flat_amount_is_earned_once_per_account_and_month(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company, Measure(tier_by="age", tiers=(
            Tier(D(30), amount=D(50)), Tier(None, amount=D(200)))))  # fmt: skip
        subscription = debtor(session, company)
        first = collect(session, agent, subscription, "500.00", nov(9))
        collect(session, agent, subscription, "500.00", nov(20))
        collect(session, agent, debtor(session, company), "500.00", nov(20), method="bank")
        hand_over(session, agent, owner, "1000.00", nov(20))
        assert sorted(row.amount for row in accrue(session, nov(9), nov(20)).accruals) == [D("200.00"), D("200.00")]
        bounce(session, first, nov(21))
        assert accrue(session, nov(21)).accruals == ()


def test_a_rule_that_ended_pays_for_its_days_only(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, _ = team(session, company, Measure(percent=D(2)))
        rule = session.scalars(select(CommissionRule)).one()
        end_rule(session, rule_id=rule.id, last_day=nov(9))
        for day in (9, 10):
            collect(session, agent, debtor(session, company), "1000.00", nov(day), method="bank")
        assert [row.earned_on for row in accrue(session, nov(9), nov(10)).accruals] == [nov(9)]


def test_an_agent_sees_his_month_with_every_reason(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, owner = team(session, company)
        good = collect(session, agent, debtor(session, company), "2000.00", nov(9))
        bad = collect(session, agent, debtor(session, company), "1000.00", nov(9))
        hand_over(session, agent, owner, "3000.00", nov(9))
        accrue(session, nov(9))
        bounce(session, bad, nov(10))
        accrue(session, nov(10))
        collect(session, agent, debtor(session, company), "700.00", nov(11))
        month = own_performance(session, staff_id=agent.id, month=NOVEMBER, today=nov(11))
        figures = agent_figures(session, staff_id=agent.id, first=nov(1), last=nov(30))
    assert (month.earnings.commissions, month.earnings.taken_back, month.earnings.owed_now) == (
        D("20.00"), D("10.00"), D("20.00"),
    )  # fmt: skip
    assert (month.earnings.by_rule[0].count, len(month.earnings.by_rule[0].why)) == (1, 3)
    assert (month.incentive_waiting, month.cash.in_hand) == (D("0.00"), D("-300.00"))
    assert (figures.collected, figures.receipts, figures.taken_back, figures.handed_over, figures.incentive) == (
        D("2700.00"), 2, D("1000.00"), D("3000.00"), D("20.00"),
    )  # fmt: skip
    assert (figures.good_percent, good.number) == (D("73.0"), "R-1")


EVENTS = st.sampled_from(["bill", "collect", "bank", "bounce", "hand", "accrue", "part", "pay"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EVENTS, st.integers(1, 3000)), max_size=16), st.sampled_from(["age", "month"]))
def test_accruals_tie_to_the_books_and_to_what_stayed(
    company: TestCompany, history: list[tuple[str, int]], tier_by: str
) -> None:
    with company_session(company.id, "test") as session:
        measure = AGES if tier_by == "age" else Measure(tier_by="month", tiers=MONTHLY, graduated=True)
        agent, owner = team(session, company, measure)
        connection, payments, day = debtor(session, company, billed=date(2026, 1, 1)), [], date(2026, 9, 1)
        for event, rupees in history:
            day += timedelta(days=rupees % 9)
            happen(session, agent, owner, connection, payments, event, rupees, day)
        accrue(session, date(2026, 1, 1), day)
        assert accrue(session, date(2026, 1, 1), day).accruals == ()
        rows = accruals_of(session, staff_id=agent.id, first=date(2026, 1, 1), last=day)
        accrued = sum((row.amount for row in rows), ZERO)
        paid = session.scalar(text("SELECT coalesce(sum(settled), 0) FROM salary_payment WHERE staff_id = :id"),
                              {"id": agent.id})  # fmt: skip
        assert booked(session, "2400", agent.id) == paid - accrued
        whole = session.scalar(select(func.sum(CommissionAccrual.amount))) or ZERO
        assert booked(session, "6020") == whole
        assert accrued == due_now(session, agent, day)


def due_now(session: Session, agent: Staff, day: date) -> Decimal:
    """The same, reckoned anew from the payments themselves by the plain rule."""
    held = set(in_hand(session, agent, day))
    total, by_month = ZERO, {}
    tier_by = (
        select(CommissionRule.tier_by)
        .join(PayTerms, PayTerms.plan_id == CommissionRule.plan_id)
        .where(PayTerms.staff_id == agent.id)
    )
    monthly = session.scalars(tier_by).one() == "month"
    rows = session.execute(text(
        "SELECT p.id, p.received_on, a.amount, i.due_on, p.account_code FROM payment p"
        " JOIN allocation a ON a.payment_id = p.id JOIN invoice i ON i.id = a.invoice_id"
        " WHERE p.collected_by = :id AND p.state = 'received'"), {"id": agent.id})  # fmt: skip
    for payment_id, received_on, amount, due_on, code in rows:
        if code == "1040" and payment_id in held:
            continue
        days = (received_on - due_on).days
        total += (amount * (1 if days <= 30 else 3 if days <= 90 else 6) / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        by_month[received_on.month] = by_month.get(received_on.month, ZERO) + amount
    if not monthly:
        return total
    slices = [(min(x, D(10000)), 1) for x in by_month.values()] + [
        (max(min(x, D(50000)) - 10000, ZERO), 2) for x in by_month.values()
    ]
    return sum(((x * percent / 100).quantize(D("0.01"), "ROUND_HALF_UP") for x, percent in slices), ZERO)


def in_hand(session: Session, agent: Staff, day: date) -> list[Id]:
    """Receipts not wholly handed over: counted from the oldest."""
    handed = session.scalar(
        text("SELECT coalesce(sum(counted), 0) FROM handover WHERE staff_id = :id"), {"id": agent.id}
    )
    held = []
    rows = session.execute(text(
        "SELECT p.id, p.amount FROM payment p JOIN journal_entry e ON e.source_id = p.id AND e.kind = 'payment'"
        " WHERE p.collected_by = :id AND p.account_code = '1040' AND p.state = 'received'"
        " ORDER BY p.received_on, e.id"), {"id": agent.id})  # fmt: skip
    for payment_id, amount in rows:
        handed -= amount
        if handed < 0:
            held.append(payment_id)
    return held


def happen(session, agent, owner, connection, payments, event: str, rupees: int, day: date) -> None:
    try:
        with session.begin_nested():
            if event == "bill":
                make_invoice(session, connection.id, month=day.replace(day=1))
            elif event in ("collect", "bank"):
                method = "cash" if event == "collect" else "bank"
                payments.append(collect(session, agent, connection, f"{rupees}.37", day, method=method))
            elif event == "bounce" and payments:
                bounce(session, payments.pop(rupees % len(payments)), day)
            elif event == "hand":
                hand_over(session, agent, owner, f"{rupees}.00", day)
            elif event in ("accrue", "part"):
                accrue(session, day - timedelta(days=9), day, limit=1 if event == "part" else None)
            elif event == "pay":
                pay_employee(session, staff_id=agent.id, month=day, account_code="1010", paid_on=day,
                             idempotency_key=str(new_id()), actor="test")  # fmt: skip
    except DomainError:
        pass


def test_two_agents_on_two_plans_earn_by_their_own(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        agent, _ = team(session, company)
        other = tariq(session, company)
        employ(session, other, plan_id=plan_with(session, "recovery", Measure(percent=D("2.5"))))
        for person in (agent, other):
            collect(session, person, debtor(session, company), "1000.00", nov(9), method="bank")
        assert sorted(row.amount for row in accrue(session, nov(9)).accruals) == [D("10.00"), D("25.00")]


def test_facts_alone_decide_without_a_database() -> None:
    staff_id, plan_id = new_id(), new_id()
    rule = CommissionRule(
        id=new_id(), plan_id=plan_id, kind="recovery", valid_from=date(2026, 1, 1), percent=D(4), tier_by="",
    )  # fmt: skip
    terms = PayTerms(staff_id=staff_id, starts_on=date(2026, 1, 1), plan_id=plan_id)
    fact = Collection(
        allocation_id=new_id(), payment_number="R-1", staff_id=staff_id, customer_id=new_id(), customer="C-2001",
        invoice_number="INV-1", amount=D("0.13"), collected_on=nov(9), due_on=nov(1), undone="", handed_over=True,
    )  # fmt: skip
    dues = [due for one in assess_collections([fact], RuleBook({staff_id: [terms]}, {plan_id: [rule]}), "Rs")
            for due in one.dues]  # fmt: skip
    assert [(due.amount, due.why) for due in dues] == [(D("0.01"), "4 % of Rs 0.13 collected on INV-1, 8 days late")]


def test_the_rule_book_of_a_company_without_rules_is_empty(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        book = read_rule_book(session)
        assert (book.rules_for(new_id(), "recovery", nov(1)), accrue(session, nov(1)).accruals) == ([], ())
