"""Recovery's jobs: due by the company's clock, each done once a day, a failure shown and tried again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select, update

from core.clock import business_day, utc_now
from core.companies import Company
from core.crm.models import Customer
from core.errors import DomainError
from core.recovery.case_models import RecoveryRun
from core.recovery.policy import change_policy
from core.recovery.runs import begin_run, due_runs, end_run
from tests.cast import TestCompany
from tests.core.recovery.town import Town, at
from workers import recovery

DAY = date(2026, 9, 10)


@pytest.fixture
def town(company: TestCompany) -> Town:
    return Town(company)


@pytest.mark.parametrize(
    ("hour", "due"),
    [(0, []), (1, ["ageing"]), (10, ["ageing", "ladder"]), (11, ["ageing", "ladder", "suspension"]), (20, ["ageing"])],
)
def test_each_job_is_due_from_its_hour_where_the_company_is(town: Town, hour: int, due: list[str]) -> None:
    with town.open() as session:
        assert due_runs(session, now=at(DAY, hour)) == (DAY, due)


def test_a_job_that_is_done_is_not_due_and_one_that_failed_is(town: Town) -> None:
    with town.open() as session:
        for kind, error in (("ageing", ""), ("ladder", "DeadlockDetected")):
            begin_run(session, kind=kind, day=DAY, now=at(DAY))
            end_run(session, kind=kind, day=DAY, now=at(DAY), error=error)
        assert due_runs(session, now=at(DAY, 12)) == (DAY, ["ladder", "suspension"])
        assert due_runs(session, now=at(DAY + timedelta(days=1), 2)) == (DAY + timedelta(days=1), ["ageing"])


def test_the_jobs_of_a_day_age_remind_and_cut(town: Town) -> None:
    today = business_day(utc_now(), "Asia/Karachi")
    with town.open() as session:
        change_policy(session, no_cut_weekdays=[], no_cut_on_holidays=False, no_cut_before_holidays=False)
    town.agent("Rabia")
    bilal = town.customer("Bilal")
    town.owes(bilal, "3000.00", today - timedelta(days=20))
    where = {"company_id": str(town.company.id), "day": today.isoformat()}

    recovery.age_debts(**where)
    recovery.climb_ladder_of(**where)
    recovery.suspend_services(**where)
    recovery.climb_ladder_of(**where)

    assert _counts(town) == {
        "ageing": {"opened": 1, "joined": 1, "assigned": 1}, "ladder": {}, "suspension": {},
    }  # fmt: skip
    assert [message.lane for message in town.messages()] == ["billing"]
    case = town.case(bilal)
    assert case is not None
    assert (case.stage, case.held_by) == ("final_notice", "notice")


def test_a_runaway_is_shown_in_the_counts_of_the_run(town: Town) -> None:
    people = [town.customer(f"Debtor {index}") for index in range(3)]
    with town.open() as session:
        change_policy(session, cut_count_free=0, no_cut_weekdays=[], no_cut_on_holidays=False,
                      no_cut_before_holidays=False, suspension_notice_days=0)  # fmt: skip
    today = business_day(utc_now(), "Asia/Karachi")
    for customer_id in people:
        town.owes(customer_id, "3000.00", today - timedelta(days=20))
    town.ages(today)
    town.climbs(today)
    town.deliver()
    with town.open() as session:
        session.execute(update(Customer).values(state="active"))
    recovery.suspend_services(str(town.company.id), (today + timedelta(days=1)).isoformat())
    assert _counts(town) == {"suspension": {"needs_yes": 3}}


def test_a_failure_is_kept_with_its_error(town: Town) -> None:
    with town.open() as session:
        session.execute(update(Company).values(payment_methods={"Bank": "x" * 2000}))
    today = business_day(utc_now(), "Asia/Karachi")
    town.owes(town.customer(), "3000.00", today - timedelta(days=2))
    where = {"company_id": str(town.company.id), "day": today.isoformat()}
    recovery.age_debts(**where)
    with pytest.raises(DomainError):
        recovery.climb_ladder_of(**where)
    with town.open() as session:
        run = session.scalars(select(RecoveryRun).where(RecoveryRun.kind == "ladder")).one()
    assert (run.state, run.error.split(":")[0]) == ("failed", "PayloadInvalid")


def test_ringing_puts_the_due_jobs_of_every_company_on_the_queue(town: Town, redis_url: str) -> None:
    with town.open() as session:
        change_policy(session, age_at=at(DAY, 0).time().replace(hour=0, minute=0))
    recovery.ring_recovery()
    queue = Queue("bulk", connection=Redis.from_url(redis_url))
    rung = [job for job in queue.jobs if job.kwargs.get("company_id") == str(town.company.id)]
    assert "workers.recovery.age_debts" in [job.func_name for job in rung]
    queue.empty()


def _counts(town: Town) -> dict[str, dict[str, int]]:
    with town.open() as session:
        runs = session.scalars(select(RecoveryRun)).all()
    assert {run.state for run in runs} == {"done"}
    return {run.kind: run.counts for run in runs}
