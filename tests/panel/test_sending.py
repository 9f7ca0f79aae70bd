"""The outbox page: what waits, what holds it, and what a manager does about it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.clock import utc_now
from core.crm.models import Contact
from core.db import company_session
from core.ids import new_id
from core.messaging import payloads
from core.messaging.models import OutboundMessage
from core.messaging.outbox import queue_message
from core.messaging.sending_policy import sending_policy
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def queued(company: TestCompany, key: str, lane: str = "bulk") -> None:
    with company_session(company.id, "test") as session:
        contact = session.scalar(select(Contact)) or Contact(id=new_id(), phone="+923005550000")
        session.add(contact)
        session.flush()
        queue_message(
            session, contact_id=contact.id, business_number_id=company.business_number_id, lane=lane, text="Offer",
            payload=payloads.text("Offer"), dedupe_key=key, now=utc_now(),
        )  # fmt: skip


def states(company: TestCompany) -> dict[str, tuple[str, str]]:
    with company_session(company.id, "test") as session:
        rows = session.execute(select(OutboundMessage.dedupe_key, OutboundMessage.state, OutboundMessage.lane))
        return {key: (state, lane) for key, state, lane in rows}


def test_a_lane_is_held_and_resumed_with_a_reason(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    lane = f"/sending/{company.business_number_id}/bulk"
    assert "wrong price" in submit(manager, lane, act="hold", reason="wrong price").text
    assert "Say why" in submit(manager, lane, act="resume", reason=" ").text
    assert "until somebody" not in submit(manager, lane, act="resume", reason="corrected").text


def test_messages_are_cancelled_or_moved_by_key_person_or_lane(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    for key, lane in (("a", "bulk"), ("b", "bulk"), ("c", "billing")):
        queued(company, key, lane)
    where = "/sending/messages"
    assert "Choose the messages" in submit(manager, where, act="cancel", reason="x").text
    assert "Nobody has that phone" in submit(manager, where, act="cancel", phone="+92300", reason="x").text
    assert "Cancelled: 1" in submit(manager, where, act="cancel", key="a", reason="sent in error").text
    moved = submit(manager, where, act="reprioritise", lane="bulk", to="notice", reason="they wait for it")
    assert "Moved: 1" in moved.text
    assert states(company) == {"a": ("cancelled", "bulk"), "b": ("queued", "notice"), "c": ("queued", "billing")}
    assert "Cancelled: 2" in submit(manager, where, act="cancel", phone="+923005550000", reason="left").text


def test_limits_and_prices_are_set(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    limits = {"recipients_per_day": "2000", "reserve_percent": "25", "budget_per_day": "500", "bulk_percent": "80",
              "quiet_from": "21:00", "quiet_until": "09:00", "window_hours": "12"}  # fmt: skip
    assert "Saved." in submit(manager, "/sending/limits", **limits).text
    assert "another end" in submit(manager, "/sending/limits", **limits | {"quiet_until": ""}).text
    with company_session(company.id, "test") as session:
        policy = sending_policy(session)
        assert (policy.reserve_percent, policy.window_hours) == (25, 12)
    saved = submit(manager, "/sending/prices", country="AE", category="utility", from_day="", price="5.5")
    assert "AE" in saved.text and "5.5" in saved.text


def test_an_agent_sees_none_of_it(app: Flask, company: TestCompany) -> None:
    assert visitor(app, company, "recovery_agent").get("/sending").status_code == 403
