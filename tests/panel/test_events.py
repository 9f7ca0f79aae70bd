"""Failed events and jobs that broke: seen and set going again by who runs the platform."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue, SimpleWorker
from sqlalchemy import select

from cli.web import create_app
from core.clock import utc_now
from core.db import platform_session
from core.ids import Id, new_id
from core.jobs import QUEUES, failed_jobs, redis_connection, ring_now
from core.messaging.models import WebhookEvent
from core.staff.logins import create_login
from tests.cast import TestCompany
from tests.panel.visitors import PASSWORD, SETTINGS, sign_in, submit, token_of, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def administrator(app: Flask, company: TestCompany) -> FlaskClient:
    """Of the platform, looking at this company."""
    email = f"admin-{new_id()}@taar.example"
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name="Admin", role="super_admin", company_id=None,
                     staff_id=None)  # fmt: skip
    client = app.test_client()
    assert sign_in(client, email, PASSWORD).status_code == 302
    token = token_of(client, "/companies")
    client.post(f"/companies/{company.id}", data={"csrf_token": token})
    return client


def failed_event() -> Id:
    event = WebhookEvent(id=new_id(), body=b"{}", state="failed", attempts=7, error="UnknownNumber: 77",
                         next_try_at=utc_now().replace(year=2126))  # fmt: skip
    with platform_session("test") as session:
        session.add(event)
        session.flush()
    return event.id


def test_all_failed_events_are_made_due(app: Flask, company: TestCompany) -> None:
    events = [failed_event(), failed_event()]
    admin = administrator(app, company)

    assert "events are processed again" in submit(admin, "/events/replay").text

    with platform_session("test") as session:
        due = session.scalars(select(WebhookEvent.id).where(WebhookEvent.next_try_at <= utc_now())).all()
    assert set(events) <= set(due)
    assert submit(visitor(app, company, "owner"), "/events/replay").status_code == 403


def test_a_job_that_broke_is_shown_put_back_and_forgotten(app: Flask, company: TestCompany) -> None:
    admin = administrator(app, company)
    job = break_a_job()
    page = admin.get("/events").text
    assert "workers.media.fetch_document" in page and "ValueError" in page

    assert "done again" in submit(admin, f"/jobs/failed/{job}/retry").text
    assert job in Queue("inbound", connection=redis_connection()).job_ids
    assert "is among those that failed" in submit(admin, f"/jobs/failed/{job}/retry").text

    work_once()
    assert "forgotten" in submit(admin, f"/jobs/failed/{job}/drop").text
    assert job not in [each.id for each in failed_jobs()]
    assert submit(admin, f"/jobs/failed/{job}/burn").status_code == 404


def break_a_job() -> str:
    for queue in QUEUES:
        Queue(queue, connection=redis_connection()).empty()
    ring_now("fetch_document", queue="inbound", company_id="none", document_id=str(new_id()))
    work_once()
    return failed_jobs()[0].id


def work_once() -> None:
    inbound = Queue("inbound", connection=redis_connection())
    SimpleWorker([inbound], connection=redis_connection()).work(burst=True)
