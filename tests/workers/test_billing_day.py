"""The day of a company begins: changes, ends, pauses and late fees, once however often it is rung."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from core.billing.late_fees import late_fees_of
from core.billing.plan_changes import change_plan
from core.billing.subscription_models import Subscription
from core.db import company_session
from core.network.access import want_access
from core.network.models import Access
from core.usecases.end_service import end_service
from core.usecases.pause_service import pause_service
from tests.builders import make_customer, make_invoice, make_plan, make_subscription
from tests.cast import TestCompany
from tests.core.billing.life import policy
from workers.billing_day import begin_billing_day, begin_day_of, stop_expired

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
"""Already the 25th in Lahore."""


def test_a_day_brings_what_was_planned_for_it(company: TestCompany) -> None:
    before = datetime(2026, 11, 20, 6, tzinfo=UTC)
    with company_session(company.id, "test") as session:
        policy(session).late_fee_kind, policy(session).late_fee_amount = "fixed", Decimal("50.00")
        old, new = make_plan(session, price="2000.00"), make_plan(session, price="1000.00", mbps=10)
        changing, pausing, leaving = (
            make_subscription(session, make_customer(session, company, name=name), old)
            for name in ("Changing", "Pausing", "Leaving")
        )
        for subscription in (changing, pausing, leaving):
            want_access(
                session, subscription_id=subscription.id, username=str(subscription.id), profile=old.code, allowed=True
            )
        make_invoice(session, changing.id)
        debtor_id, ids = changing.customer_id, (changing.id, pausing.id, leaving.id)
        day = date(2026, 11, 25)
        change_plan(session, subscription_id=changing.id, plan_id=new.id, today=date(2026, 11, 20), actor="t",
                    effective=day)  # fmt: skip
        pause_service(session, subscription_id=pausing.id, starts_on=day, now=before, actor="t")
        end_service(session, subscription_id=leaving.id, end_day=day, now=before, actor="t")

    for _ in range(2):
        begin_day_of(company.id, NOW)

    with company_session(company.id, "test") as session:
        changed, paused, left = (session.get_one(Subscription, subscription_id) for subscription_id in ids)
        assert (changed.plan_id, paused.state, left.state) == (new.id, "paused", "ended")
        access = {row.subscription_id: (row.profile, row.state) for row in session.query(Access)}
        assert [access[each] for each in ids] == [("F10", "allowed"), ("F20", "blocked"), ("F20", "absent")]
        assert [fee.round for fee in late_fees_of(session, customer_id=debtor_id)] == [1]


def test_the_jobs_run_for_a_company_without_anything_to_do(company: TestCompany) -> None:
    begin_billing_day(str(company.id))
    stop_expired(str(company.id))
