"""Templates at the panel: listed by language, written with a preview, submitted, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from cli.web import create_app
from core.db import company_session
from core.messaging import templates
from core.messaging.template_sync import keep_account_id
from tests.builders import a_phone, customer_who_owes
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor

EID = {
    "name": "eid_offer", "language": "en", "category": "MARKETING", "header_kind": "none",
    "body": "Eid greetings, {{name}}! Take {{offer}}\r\nuntil the month ends.", "variables": "name: Ayesha\noffer: 50",
    "kind_0": "quick_reply", "label_0": "Yes",
}  # fmt: skip


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def fields(**changes: Any) -> dict[str, Any]:
    return EID | changes


def the_template(company: TestCompany) -> templates.MessageTemplate:
    with company_session(company.id) as session:
        return templates.find_template(session, "eid_offer", "en")


def test_a_template_is_written_changed_submitted_and_deleted(app: Flask, company: TestCompany) -> None:
    client = visitor(app, company, "manager")
    assert "Meta is not asked yet" in client.get("/templates").text
    assert "figures only" in submit(client, "/templates/account", account="x").text
    assert "Saved" in submit(client, "/templates/account", account="100").text
    refused = submit(client, "/templates/new", **fields(body="{{name}} first"))
    assert refused.status_code == 422 and "may not stand at the start" in refused.text
    assert "kept as a draft" in submit(client, "/templates/new", **fields()).text
    assert submit(client, "/templates/new", **fields()).status_code == 422  # it is there
    path = f"/templates/{the_template(company).id}"
    assert "Version 2 is kept." in submit(client, path, **fields(footer="Chenab Net")).text
    assert "Nothing was changed." in submit(client, path, **fields(footer="Chenab Net")).text
    assert "goes to Meta" in submit(client, f"{path}/submit").text
    assert "on its way to Meta" in client.get(path).text
    assert submit(client, path, **fields(footer="")).status_code == 422
    with company_session(company.id) as session:
        found = templates.find_template(session, "eid_offer", "en")
        found.asked, found.state, found.reason = "", "rejected", "PROMOTIONAL"
    assert "PROMOTIONAL" in client.get("/templates?state=rejected").text
    assert "Deleted." in submit(client, f"{path}/delete").text
    assert client.get(path).status_code == 404


def test_a_preview_shows_a_real_customer_and_what_stands_in_the_way(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        number = customer_who_owes(session, company, a_phone()).number
    client = visitor(app, company, "manager")
    wanted = fields(body="Dear {{name}}, you owe {{amount}} and {{offer}} waits for you.", customer=number,
                    variables="name: A\namount: Rs 1\noffer: more", session_body="{{ name|upper }}")  # fmt: skip
    shown = submit(client, "/templates/preview", **wanted).text
    assert "Dear Ayesha Khan, you owe Rs 3,435.63 and more waits" in shown and "AYESHA KHAN" in shown
    assert "is no example" in submit(client, "/templates/preview", **fields(variables="name")).text
    assert "characters" in submit(client, "/templates/preview", **fields(footer="x" * 61)).text


def test_the_ready_set_is_there_and_others_templates_are_not(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    client = visitor(app, company, "manager")
    page = client.get("/templates").text
    assert "recovery_final_notice" in page and "promotion" in page
    with company_session(other_company.id) as session:
        theirs = templates.find_template(session, "welcome", "en").id
    assert client.get(f"/templates/{theirs}").status_code == 404
    assert submit(client, f"/templates/{theirs}/submit").status_code in (404, 422)
    assert visitor(app, company, "recovery_agent").get("/templates").status_code == 403


def test_the_preview_follows_the_typing(app: Flask, company: TestCompany, address: str, browser: Browser) -> None:
    with company_session(company.id) as session:
        keep_account_id(session, "100")
        template = templates.find_template(session, "job_on_the_way", "en")
    client = visitor(app, company, "manager")
    cookie = client.get_cookie("session")
    assert cookie is not None
    context = browser.new_context()
    context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/templates/{template.id}")
    page.wait_for_selector("#preview .bubble")
    page.fill("textarea[name=session_body]", "Hello from {{ company }}")
    page.wait_for_selector("#preview >> text=Hello from Ravi Fiber")
    page.fill("textarea[name=session_body]", "Hello {{ nobody }}")
    page.wait_for_selector("#preview >> text=There is no variable nobody")
