"""Outages at the panel: opened by hand, told, moved, ended and credited; and the rules behind them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.clock import utc_now
from core.db import company_session
from core.network.outage_models import Outage, OutageCredit
from core.network.outages import open_outage, outage_policy_of, report_outage
from tests.builders import a_phone, make_customer, make_invoice, make_plan, make_subscription
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def a_customer(company: TestCompany) -> None:
    """Ayesha, whose bill covers this month."""
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, phone=a_phone())
        subscription = make_subscription(session, customer, make_plan(session))
        make_invoice(session, subscription.id, month=utc_now().date().replace(day=1))


def the_outage(company: TestCompany) -> Outage:
    with company_session(company.id) as session:
        return session.scalars(select(Outage)).one()


def test_a_manager_opens_moves_and_ends_an_outage(app: Flask, company: TestCompany) -> None:
    a_customer(company)
    client = visitor(app, company, "manager")
    until = f"{utc_now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    opened = submit(
        client, "/outages", zones=str(company.sub_zone_id), cause="<b>Cut</b>", expected_end=until, confirmed="on"
    )
    assert "The outage is open; 1 customers hear it." in opened.text and "&lt;b&gt;Cut" in opened.text
    path = f"/outages/{the_outage(company).id}"
    assert "1 people were told" in client.get(path).text
    assert "who asks hears it" in submit(client, f"{path}/change", cause="Fibre cut", expected_end="").text
    wrong = submit(client, f"{path}/change", cause="Fibre cut", expected_end="2020-01-01T10:00")
    assert wrong.status_code == 422 and "which is over" in wrong.text
    assert "must be a day and time" in submit(client, f"{path}/change", expected_end="soon").text
    assert "The outage is over" in submit(client, f"{path}/end", ended_at="").text
    assert (the_outage(company).state, the_outage(company).cause) == ("ended", "Fibre cut")
    assert submit(client, f"{path}/end", ended_at="").status_code == 422


def test_a_suspicion_is_confirmed_with_its_reporters_or_refuted(app: Flask, company: TestCompany) -> None:
    a_customer(company)
    client = visitor(app, company, "manager")
    assert "suspected" in submit(client, "/outages", zones=str(company.sub_zone_id)).text
    path = f"/outages/{the_outage(company).id}"
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company, name="Bilal Butt")
        report_outage(session, outage_id=the_outage(company).id, customer_id=customer.id, contact_id=None,
                      business_number_id=None, now=utc_now())  # fmt: skip
    page = client.get(path).text
    assert "Bilal Butt" in page and "1 people would be told" in page
    assert "Confirmed; 1 customers hear it." in submit(client, f"{path}/confirm", cause="Power").text
    assert submit(client, f"{path}/dismiss").status_code == 422
    assert submit(client, "/outages", zones=str(company.sub_zone_id)).status_code == 422  # one runs there


def test_a_long_outage_shows_its_credits_before_and_after(app: Flask, company: TestCompany) -> None:
    a_customer(company)
    client = visitor(app, company, "manager")
    rules = {"reports_min": "4", "within_minutes": "20", "gives_credit": "on", "credit_unit": "hour",
             "credit_after_hours": "1", "drop_min": "6", "drop_share": "40", "drop_within_minutes": "15",
             "dead_after_minutes": "20"}  # fmt: skip
    assert "Saved." in submit(client, "/outages/policy", **rules).text
    with company_session(company.id, "test") as session:
        policy = outage_policy_of(session)
        assert (policy.reports_min, policy.tells_customers, policy.credit_after_hours) == (4, False, 1)
        assert (policy.drop_min, policy.drop_share, policy.dead_after_minutes) == (6, 40, 20)
        start = utc_now().replace(day=1, hour=12) - timedelta(hours=0)
        start = min(start, utc_now() - timedelta(hours=5, minutes=1))
        open_outage(
            session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=utc_now(), confirmed=True,
            started_at=start,
        )  # fmt: skip
    path = f"/outages/{the_outage(company).id}"
    assert "If it ended now, these would be credited" in client.get(path).text
    submit(client, f"{path}/end", ended_at="")
    with company_session(company.id) as session:
        given = len(session.scalars(select(OutageCredit)).all())
    assert ("CN-" in client.get(path).text) == bool(given)
    assert submit(client, "/outages/policy", **{**rules, "reports_min": "1"}).status_code == 422


def test_an_outage_of_others_does_not_exist_and_a_recovery_agent_sees_none(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    with company_session(other_company.id, "test") as session:
        made = open_outage(session, sub_zone_ids=[other_company.sub_zone_id], opened_by="test", now=utc_now())
    client = visitor(app, company, "manager")
    assert client.get(f"/outages/{made.id}").status_code == 404
    assert submit(client, f"/outages/{made.id}/end", ended_at="").status_code == 404
    assert visitor(app, company, "recovery_agent").get("/outages").status_code == 403
