"""Failed webhook events are listed, shown and replayed from the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cli import events
from cli.events import events_command
from core.clock import utc_now
from core.companies import BusinessNumber
from core.db import company_session, platform_session
from core.ids import Id, new_id
from core.messaging.models import WebhookEvent
from simulators.whatsapp_cloud.webhooks import meta_json
from tests.cast import TestCompany


@pytest.fixture
def failed(company: TestCompany, monkeypatch: pytest.MonkeyPatch) -> Id:
    """A status for a number that no company has yet."""
    monkeypatch.setattr(events, "start_process", lambda _: None)
    value = {"metadata": {"phone_number_id": f"{company.phone_number_id}77"},
             "statuses": [{"id": "wamid.EV", "status": "sent"}]}  # fmt: skip
    body = {"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}
    event = WebhookEvent(id=new_id(), body=meta_json(body), state="failed", attempts=3, error="UnknownNumber: 77",
                         next_try_at=utc_now())  # fmt: skip
    with platform_session("test") as session:
        session.add(event)
        session.flush()
    return event.id


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(events_command, list(arguments))
    return done.exit_code, done.output


def test_a_failed_event_is_listed_and_shown(failed: Id) -> None:
    assert str(failed) in run("list")[1]
    assert "UnknownNumber: 77" in run("show", str(failed))[1]
    assert run("show", str(new_id()))[0] == 1


def test_a_replayed_event_fails_again_until_its_cause_is_gone(failed: Id, company: TestCompany) -> None:
    code, said = run("replay", str(failed))
    assert code == 1 and "failed again 1" in said
    with company_session(company.id, "test") as session:
        number = session.get_one(BusinessNumber, company.business_number_id)
        number.phone_number_id = f"{company.phone_number_id}77"
    assert run("replay", str(failed)) == (0, "Replayed 1, failed again 0.\n")
    assert str(failed) not in run("list")[1]
    assert run("replay")[0] == 2
