"""Availability by area and month: confirmed outages only, each minute once, weighed by customers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.db import company_session
from core.network.outages import confirm_outage, end_outage, open_outage
from core.usecases.availability import availability
from tests.builders import make_customer, make_plan, make_subscription
from tests.cast import TestCompany

OPENED = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
AFTER = datetime(2026, 12, 15, 12, 0, tzinfo=UTC)


def test_availability_weighs_minutes_by_customers_and_forgets_suspicions(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        plan = make_plan(session)
        for _ in range(2):
            make_subscription(session, make_customer(session, company), plan)
        zones = [company.sub_zone_id]
        suspected = open_outage(session, sub_zone_ids=zones, opened_by="test", now=OPENED)
        end_outage(session, outage_id=suspected.id, ended_by="test", now=OPENED + timedelta(hours=1))
        first = open_outage(session, sub_zone_ids=zones, opened_by="test", now=OPENED + timedelta(hours=2))
        confirm_outage(session, outage_id=first.id, confirmed_by="test")
        end_outage(session, outage_id=first.id, ended_by="test", now=OPENED + timedelta(hours=5))
        again = OPENED + timedelta(hours=6)
        second = open_outage(
            session, sub_zone_ids=zones, opened_by="test", now=again, started_at=again - timedelta(hours=2),
            confirmed=True,
        )  # fmt: skip
        end_outage(session, outage_id=second.id, ended_by="test", now=again)
        november, december = availability(session, first=date(2026, 11, 1), last=date(2026, 12, 31), now=AFTER)
    assert (november.month, november.area, november.customers) == (date(2026, 11, 1), company.area_id, 2)
    assert (november.outages, november.minutes_down, november.customer_minutes) == (2, 240, 480)
    assert november.percent == Decimal("99.44")
    assert (december.minutes_down, december.percent) == (0, Decimal("100.00"))


def test_a_running_outage_counts_until_now_and_only_the_days_asked_for(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        make_subscription(session, make_customer(session, company), make_plan(session))
        open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=OPENED, confirmed=True)
        now = OPENED + timedelta(minutes=90)
        (row,) = availability(session, first=date(2026, 11, 10), last=date(2026, 11, 10), now=now)
        assert availability(session, first=date(2026, 11, 12), last=date(2026, 11, 30), now=now) == []
    assert (row.outages, row.minutes_down) == (1, 90)
