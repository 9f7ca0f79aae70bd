"""Summary and alerts are set in the panel, by who may set how the office works."""

from __future__ import annotations

from datetime import time

import pytest
from flask import Flask

from cli.web import create_app
from core.db import company_session
from core.staff.alerts import alert_policy
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor

FIELDS = {
    "summary_on": "on", "summary_at": "21:30", "day_5": "on", "summary_to": "owners", "alerts_to": "both",
    "alert_outage": "on", "inbound_min": "2", "outbox_min": "5", "sla_min": "3", "cash_percent": "90",
    "quiet_minutes": "30",
}  # fmt: skip


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def test_a_manager_sets_the_hour_and_the_switches(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    assert "Daily summary" in manager.get("/alerts").text
    assert "Saved." in submit(manager, "/alerts", **FIELDS).text
    with company_session(company.id) as session:
        policy = alert_policy(session)
        assert (policy.summary_at, policy.summary_weekdays, policy.summary_to) == (
            time(21, 30),
            {"days": [5]},
            "owners",
        )
        assert "outage" not in policy.off["alerts"] and "sla" in policy.off["alerts"]
        assert (policy.sla_min, policy.cash_percent, policy.quiet_minutes) == (3, 90, 30)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("summary_at", "late", "a time such as 20:00"), ("sla_min", "0", "at least one"), ("day_5", None, "weekday"),
     ("summary_to", "all", "one of managers")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    app: Flask, company: TestCompany, field: str, value: str | None, why: str
) -> None:
    manager = visitor(app, company, "manager")
    fields = {name: said for name, said in {**FIELDS, field: value}.items() if said is not None}
    refused = submit(manager, "/alerts", **fields)
    assert refused.status_code == 422 and why in refused.text
    with company_session(company.id) as session:
        assert alert_policy(session).summary_at == time(20)


def test_an_agent_may_not(app: Flask, company: TestCompany) -> None:
    assert visitor(app, company, "recovery_agent").get("/alerts").status_code == 403
