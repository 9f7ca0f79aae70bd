"""Use by day: deltas add up, metered lines are billed by the same bytes, allowances are told."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing.invoices import issue_subscription_invoice
from core.billing.plans import add_plan
from core.billing.subscription_models import Subscription, UsageEvent
from core.billing.subscriptions import start_subscription
from core.db import company_session
from core.network.usage import UsageDelta, UsageInvalid, daily_use, record_usage, total_use
from core.usecases.meter_usage import meter_usage
from core.usecases.usage_of_customer import use_of_days, use_of_month
from core.usecases.usage_pdf import usage_pdf
from tests.builders import make_customer, make_plan, make_subscription
from tests.cast import TODAY, TestCompany

GB = 10**9
DAY = date(2026, 11, 10)


def a_line(session: Session, company: TestCompany) -> Subscription:
    plan = session.scalars(select(Subscription).limit(1)).first()
    return make_subscription(session, make_customer(session, company), plan.plan if plan else make_plan(session))


def a_metered_line(session: Session, company: TestCompany) -> Subscription:
    plan = add_plan(
        session, code="M", name="Per GB", download_mbps=50, upload_mbps=50, price=Decimal("500.00"), kind="metered",
        valid_from=date(2026, 1, 1), allowance_gb=10, rating="graduated", bands=((0, Decimal(10)),),
    )  # fmt: skip
    customer = make_customer(session, company)
    return start_subscription(
        session, customer_id=customer.id, site_id=customer.sites[0].id, plan_id=plan.id, started_on=date(2026, 10, 1),
        billing_day=1,
    )  # fmt: skip


def test_readings_of_a_day_add_up(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        first = UsageDelta(line.id, DAY, 3 * GB, GB, 600)
        assert record_usage(session, deltas=[first, UsageDelta(line.id, DAY, GB, 0), first]) == 1
        record_usage(session, deltas=[first])
        days = daily_use(session, subscription_ids=[line.id], since=DAY, until=DAY + timedelta(days=2))
    assert [(day.bytes_down, day.bytes_up, day.session_seconds) for day in days] == [
        (10 * GB, 3 * GB, 1800), (0, 0, 0),
    ]  # fmt: skip


def test_less_than_nothing_is_no_reading(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        with pytest.raises(UsageInvalid, match="reset"):
            record_usage(session, deltas=[UsageDelta(line.id, DAY, -1, 0)])
        with pytest.raises(UsageInvalid, match="more than one report"):
            daily_use(session, subscription_ids=[line.id], since=date(2020, 1, 1), until=DAY)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**13), st.integers(0, 10**13)), max_size=12))
def test_nothing_that_was_measured_is_lost(company: TestCompany, readings: list[tuple[int, int, int]]) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        for ago, down, up in readings:
            record_usage(session, deltas=[UsageDelta(line.id, DAY - timedelta(days=ago), down, up)])
        days = daily_use(
            session, subscription_ids=[line.id], since=DAY - timedelta(days=9), until=DAY + timedelta(days=1)
        )
        assert total_use(days) == sum(down + up for _, down, up in readings)


def test_a_metered_line_is_billed_by_what_its_customer_sees_each_reading_once(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        line = a_metered_line(session, company)
        for _ in range(2):
            meter_usage(session, reading="poll:1", deltas=[UsageDelta(line.id, date(2026, 10, 8), 15 * GB, 5 * GB)])
        meter_usage(session, reading="poll:2", deltas=[UsageDelta(line.id, date(2026, 10, 9), 10 * GB, 0)])
        assert sum(event.bytes for event in session.scalars(select(UsageEvent))) == 30 * GB
        use = use_of_month(session, customer_id=line.customer_id, month=date(2026, 10, 1), today=date(2026, 10, 31))
        assert use.total == 30 * GB
        issue_subscription_invoice(
            session, subscription_id=line.id, period_start=date(2026, 10, 1), period_end=date(2026, 11, 1),
            issued_on=date(2026, 10, 1), due_on=date(2026, 10, 9), actor="test",
        )  # fmt: skip
        bill = issue_subscription_invoice(
            session, subscription_id=line.id, period_start=date(2026, 11, 1), period_end=date(2026, 12, 1),
            issued_on=date(2026, 11, 1), due_on=date(2026, 11, 9), actor="test",
        )  # fmt: skip
        used = [item for item in bill.lines if "usage" in item.description]
    assert [(str(item.quantity), str(item.amount)) for item in used] == [("20.0000", "200.00")]


def test_a_flat_line_makes_no_billing_event(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        meter_usage(session, reading="poll:1", deltas=[UsageDelta(line.id, DAY, GB, GB)])
        assert session.scalars(select(UsageEvent)).all() == []


def test_the_allowance_counts_from_the_billing_day(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        line.plan.allowance_gb, line.plan.throttled_mbps, line.billing_day = 100, 4, 15
        record_usage(session, deltas=[
            UsageDelta(line.id, date(2026, 11, 14), 70 * GB, 0), UsageDelta(line.id, date(2026, 11, 15), 30 * GB, 0),
        ])  # fmt: skip
        use = use_of_days(session, customer_id=line.customer_id, days=7, today=TODAY)
        allowance = use.allowances[0]
    assert (allowance.since, allowance.until) == (date(2026, 11, 15), date(2026, 12, 15))
    assert (allowance.used, allowance.percent, allowance.throttled_mbps) == (30 * GB, 30, 4)


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_the_report_prints_every_measured_day(company: TestCompany, language: str) -> None:
    with company_session(company.id, "test") as session:
        line = a_line(session, company)
        line.plan.allowance_gb = 500
        record_usage(session, deltas=[
            UsageDelta(line.id, date(2026, 11, day), day * GB, GB // 2, day * 600) for day in range(3, 25)
        ])  # fmt: skip
        name, data = usage_pdf(
            session, customer_id=line.customer_id, month=date(2026, 11, 1), today=TODAY, language=language
        )
    words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    assert name == "Usage-C-2001-2026-11.pdf"
    assert words.count("10.5") >= 1 and "308" in words
    if language != "ur":
        assert "Usage report" in words and "24 Nov 2026" in words and "\n2 Nov 2026" not in words
