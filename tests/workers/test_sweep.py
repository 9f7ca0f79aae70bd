"""Whatever became of the first ring, the sweep rings again; bells that already ring are left alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select

import core.jobs
from core.billing.invoice_models import InvoiceRun, InvoiceRunRequest
from core.billing.run_requests import ask_run, due_requests, take_up
from core.crm.models import Document
from core.db import company_session, platform_session
from core.ids import Id, new_id
from core.messaging.models import WebhookEvent
from core.usecases.ask_invoice_run import ask_invoice_run
from tests.builders import make_customer, make_plan, make_subscription
from tests.cast import NOW
from tests.core.messaging.conftest import Desk, minutes
from tests.workers.conftest import KillableRedis
from workers.billing import run_invoices_by_hand
from workers.sweep import sweep, sweep_company


def waiting(redis: KillableRedis, queue: str) -> list[tuple[str, dict[str, str]]]:
    jobs = Queue(queue, connection=Redis.from_url(redis.url)).jobs
    return [(job.func_name, dict(job.kwargs)) for job in jobs]


def drain_job(desk: Desk) -> tuple[str, dict[str, str]]:
    company, number = str(desk.company.id), str(desk.company.business_number_id)
    return "workers.outbound.drain_number", {"company_id": company, "business_number_id": number}


def test_a_lost_ring_is_rung_again_in_the_foremost_lane(desk: Desk, redis: KillableRedis) -> None:
    redis.kill()
    person = desk.person()
    desk.queue(person, "bill", lane="billing")
    desk.queue(person, "answer", lane="reply")
    redis.start()

    sweep_company(desk.company.id, NOW)

    assert waiting(redis, "reply") == [drain_job(desk)]
    assert waiting(redis, "billing") == []


def test_what_is_planned_for_later_is_rung_for_only_then(desk: Desk, redis: KillableRedis) -> None:
    desk.queue(desk.person(), "later", lane="notice", not_before=NOW + minutes(10))

    sweep_company(desk.company.id, NOW)
    assert waiting(redis, "notice") == []
    sweep_company(desk.company.id, NOW + minutes(10))
    assert waiting(redis, "notice") == [drain_job(desk)]


def test_equal_rings_are_one_until_the_job_answers(desk: Desk, redis: KillableRedis) -> None:
    for _ in range(5):
        desk.queue(desk.person(), "hello")
    assert waiting(redis, "reply") == [drain_job(desk)]

    core.jobs.answer_bell("drain_number", **drain_job(desk)[1])
    desk.queue(desk.person(), "one more")

    assert waiting(redis, "reply") == [drain_job(desk)] * 2


def test_a_quick_lane_is_not_silenced_by_a_slow_one(desk: Desk, redis: KillableRedis) -> None:
    desk.queue(desk.person(), "campaign", lane="bulk")
    desk.queue(desk.person(), "code", lane="urgent")

    assert waiting(redis, "bulk") == waiting(redis, "urgent") == [drain_job(desk)]


def event(state: str, due: timedelta) -> Id:
    row = WebhookEvent(id=new_id(), body=b"{}", state=state, next_try_at=NOW + due)
    with platform_session() as session:
        session.add(row)
    return row.id


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_a_due_webhook_event_is_rung_for(database: str, redis: KillableRedis, state: str) -> None:
    due = event(state, timedelta(days=-400))
    done = event("done", timedelta(days=-400))
    later = event(state, timedelta(days=400))

    sweep()

    rung = [ids["event_id"] for name, ids in waiting(redis, "inbound") if name.endswith("process_event")]
    assert str(due) in rung
    assert str(done) not in rung and str(later) not in rung


def test_a_pending_document_is_rung_for(desk: Desk, redis: KillableRedis) -> None:
    due = Document(id=new_id(), media_id="1", next_try_at=NOW)
    later = Document(id=new_id(), media_id="2", next_try_at=NOW + minutes(1))
    with company_session(desk.company.id) as session:
        session.add_all([due, later])

    sweep_company(desk.company.id, NOW)

    rung = [ids["document_id"] for _, ids in waiting(redis, "inbound")]
    assert rung == [str(due.id)]


def test_a_run_asked_for_while_redis_is_away_is_rung_for_until_it_is_done(desk: Desk, redis: KillableRedis) -> None:
    redis.kill()
    with company_session(desk.company.id, "test") as session:
        make_subscription(session, make_customer(session, desk.company), make_plan(session))
        ask_invoice_run(session, day=date(2026, 1, 1), today=date(2026, 1, 1), asked_by="staff:1", now=NOW)
        request_id = session.scalars(select(InvoiceRunRequest.id)).one()
    redis.start()
    ids = {"company_id": str(desk.company.id), "request_id": str(request_id)}

    sweep_company(desk.company.id, NOW)
    assert waiting(redis, "billing") == [("workers.billing.run_invoices_by_hand", ids)]
    run_invoices_by_hand(**ids)
    sweep_company(desk.company.id, NOW)
    assert len(waiting(redis, "billing")) == 1
    with company_session(desk.company.id) as session:
        assert session.get_one(InvoiceRunRequest, request_id).state == "done"
        assert session.scalars(select(InvoiceRun)).one().started_by == "staff:1"


def test_a_run_whose_worker_was_killed_is_taken_up_again_and_by_one_worker(desk: Desk) -> None:
    with company_session(desk.company.id, "test") as session:
        request = ask_run(session, day=date(2026, 1, 1), asked_by="staff:1", now=NOW)
        assert ask_run(session, day=date(2026, 1, 1), asked_by="staff:2", now=NOW) is request
        assert take_up(session, request_id=request.id, now=NOW) is request
        assert take_up(session, request_id=request.id, now=NOW + minutes(60)) is None
        assert due_requests(session, now=NOW + minutes(60)) == []
        assert due_requests(session, now=NOW + minutes(71)) == [request.id]
        assert take_up(session, request_id=request.id, now=NOW + minutes(71)) is request
