"""Campaigns at the panel: written, counted, handed in by one person, approved by another, stopped."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.db import company_session
from core.messaging.campaign_models import Campaign
from core.messaging.models import OutboundMessage
from core.messaging.template_models import MessageTemplate
from tests.builders import make_customer
from tests.cast import NOW, TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def prepare(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        for row in session.scalars(select(MessageTemplate).where(MessageTemplate.name == "promotion")):
            row.state, row.live_version, row.told_at = "approved", 1, NOW
        make_customer(session, company)


FORM = {
    "name": "Winter offer", "template": "promotion", "states": ["active"], "values_en": "offer: 50 Mbps for a month.",
    "values_ur": "offer: 50 ایم بی پی ایس۔", "starts_at": "2026-11-20T10:00",
}  # fmt: skip


def the_campaign(company: TestCompany) -> Campaign:
    with company_session(company.id) as session:
        found = session.scalars(select(Campaign)).one()
        session.expunge(found)
        return found


def test_a_campaign_goes_from_the_form_to_the_second_person(app: Flask, company: TestCompany) -> None:
    prepare(company)
    manager, owner = visitor(app, company, "manager"), visitor(app, company, "owner")
    assert submit(manager, "/campaigns/new", **FORM | {"values_en": "offer"}).status_code == 422
    assert submit(manager, "/campaigns/new", **FORM | {"states": []}).status_code == 422
    page = submit(manager, "/campaigns/new", **FORM).text
    assert "Kept as a draft" in page and "Rs 13.25" in page and re.search(r"<h2>People</h2><b>1</b>", page)
    path = f"/campaigns/{the_campaign(company).id}"
    assert "50 Mbps for a month." in manager.get(f"{path}/change").text
    assert "Changed." in submit(manager, f"{path}/change", **FORM | {"name": "Eid offer"}).text
    assert "2 messages are on the way" in submit(manager, f"{path}/test").text
    assert "Handed in for 1 people" in submit(manager, f"{path}/hand-in").text
    assert "second person" in submit(manager, f"{path}/decide", decision="approve").text
    assert the_campaign(company).state == "waiting"
    assert "Approve and send" in owner.get(path).text
    assert submit(owner, f"{path}/decide", decision="refuse", why="").status_code == 422
    assert "Approved" in submit(owner, f"{path}/decide", decision="approve").text
    assert "Paused" in submit(manager, f"{path}/control", action="pause").text
    assert "It goes on" in submit(manager, f"{path}/control", action="resume").text
    assert "never sent" in submit(manager, f"{path}/control", action="cancel", why="Wrong price").text
    assert "Wrong price" in manager.get(path).text and "Eid offer" in manager.get("/campaigns").text
    with company_session(company.id) as session:
        keys = session.scalars(select(OutboundMessage.dedupe_key)).all()
        assert all(key.startswith("campaign_test:") for key in keys)


def test_a_draft_is_deleted_and_others_campaigns_are_not_there(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    prepare(other_company)
    theirs, mine = visitor(app, other_company, "manager"), visitor(app, company, "manager")
    submit(theirs, "/campaigns/new", **FORM)
    path = f"/campaigns/{the_campaign(other_company).id}"
    assert mine.get(path).status_code == 404 and submit(mine, f"{path}/hand-in").status_code == 404
    assert visitor(app, company, "recovery_agent").get("/campaigns").status_code == 403
    assert "The draft is gone." in submit(theirs, f"{path}/delete").text
    assert theirs.get(path).status_code == 404
