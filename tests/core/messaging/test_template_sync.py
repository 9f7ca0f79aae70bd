"""Templates go to Meta and come back: created, changed, deleted, told of by webhook; against the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from sqlalchemy import update

from bot.processing import process_event, store_event
from core.clock import utc_now
from core.db import company_session
from core.messaging import templates
from core.messaging.outcomes import Refused
from core.messaging.template_guard import TemplateGuard, refusal_of, states_of_company, template_states
from core.messaging.template_models import MessageTemplate
from core.messaging.template_rules import Button, Definition
from core.messaging.template_sync import NoAccount, account_id, keep_account_id, sync_templates
from core.messaging.template_wire import list_templates
from core.messaging.whatsapp import Account, GraphFailed
from simulators.whatsapp_cloud.server import Config, Simulator, start_in_thread
from simulators.whatsapp_cloud.templates import Template
from tests.cast import TestCompany

EID = Definition("eid_offer", "en", "MARKETING", "Eid greetings, {{name}}! Take {{offer}} until the month ends.",
                 {"name": "Ayesha", "offer": "50 Mbps"}, footer="Chenab Net",
                 buttons=(Button("quick_reply", "Yes"), Button("url", "More", "https://chenab.example/{{1}}",
                                                                "https://chenab.example/eid")))  # fmt: skip


@pytest.fixture
def meta() -> Iterator[Simulator]:
    simulator = Simulator(
        Config("secret", "token", "verify", "http://127.0.0.1:9/none", "1000", "+92 42 1", limits=False)
    )
    stop = start_in_thread(simulator)
    simulator.sender.send = lambda body: simulator.requests.append({"webhook": body})  # type: ignore[method-assign]
    yield simulator
    stop()


@pytest.fixture
def account(meta: Simulator) -> Account:
    return Account(token="token", waba_id=meta.config.waba_id, graph_url=meta.base_url, graph_version="v25.0")


def submit(company: TestCompany, draft: Definition) -> None:
    with company_session(company.id, "staff:1") as session:
        kept = templates.save_template(session, draft=draft, by="staff:1")
        templates.ask_submission(session, template_id=kept.id, by="staff:1", now=utc_now())


def kept(company: TestCompany, name: str = "eid_offer", language: str = "en") -> MessageTemplate:
    with company_session(company.id) as session:
        return templates.find_template(session, name, language)


def told(company: TestCompany, meta: Simulator) -> None:
    """The last webhook that Meta sent, as it would come."""
    with company_session(company.id) as session:
        keep_account_id(session, meta.config.waba_id)
    event = store_event(json.dumps(meta.requests[-1]["webhook"]).encode(), utc_now())
    assert process_event(event, utc_now())


def review(meta: Simulator, **order: str) -> None:
    wanted = {"name": "eid_offer", "language": "en"} | order
    assert requests.post(f"{meta.base_url}/simulator/templates", json=wanted, timeout=5).status_code == 200


def test_a_template_is_created_changed_and_deleted_at_meta(
    company: TestCompany, meta: Simulator, account: Account
) -> None:
    submit(company, EID)
    sync_templates(company.id, account, now=utc_now())
    template = kept(company)
    assert (template.state, template.live_version, template.asked) == ("approved", 1, "")
    listed = {row["name"]: row for row in list_templates(account)}["eid_offer"]
    assert [part["type"] for part in listed["components"]] == ["BODY", "FOOTER", "BUTTONS"]

    submit(company, replace(EID, footer="Chenab"))
    sync_templates(company.id, account, now=utc_now())
    assert (kept(company).live_version, kept(company).state) == (2, "approved")
    assert meta.world.templates["eid_offer", "en"].footer == "Chenab"

    with company_session(company.id) as session:
        templates.ask_deletion(session, template_id=template.id, by="staff:1")
    sync_templates(company.id, account, now=utc_now())
    with company_session(company.id) as session:
        assert session.get(MessageTemplate, template.id) is None


def test_what_meta_refuses_is_shown_with_its_reason(company: TestCompany, meta: Simulator, account: Account) -> None:
    for change in range(2):
        submit(company, replace(EID, footer=f"Chenab {change}"))
        sync_templates(company.id, account, now=utc_now())
        with company_session(company.id) as session:
            session.execute(update(MessageTemplate).values(edited_at=None))
    submit(company, replace(EID, footer="a second change within the day"))
    sync_templates(company.id, account, now=utc_now())
    assert kept(company).state == "approved" and kept(company).live_version == 2
    assert meta.world.templates["eid_offer", "en"].footer == "Chenab 1"


def test_a_name_that_meta_has_already_is_adopted(company: TestCompany, meta: Simulator, account: Account) -> None:
    meta.world.add_template(Template("eid_offer", "en", EID.body, "MARKETING", "PAUSED", id="77"))
    submit(company, EID)
    sync_templates(company.id, account, now=utc_now())
    template = kept(company)
    assert (template.state, template.meta_id, template.version, template.live_version) == ("paused", "77", 2, 2)


def test_what_is_only_at_meta_is_taken_over_and_what_is_gone_is_a_draft_again(
    company: TestCompany, meta: Simulator, account: Account
) -> None:
    friday = Template("friday", "ur", "جمعہ مبارک {{name}} صاحب", "UTILITY", id="78")
    meta.world.add_template(friday)
    sync_templates(company.id, account, now=utc_now())
    assert kept(company, "friday", "ur").live_version == 1
    meta.world.remove_template(friday)
    assert sync_templates(company.id, account, now=utc_now()) == 1
    assert (kept(company, "friday", "ur").state, kept(company, "friday", "ur").meta_id) == ("draft", "")
    assert sync_templates(company.id, account, now=utc_now()) == 0


def test_the_whole_ready_set_passes_metas_rules(company: TestCompany, meta: Simulator, account: Account) -> None:
    """Meta takes a hundred an hour; the rest waits."""
    hour = [1_700_000_000.0]
    meta.world.clock = lambda: hour[0]
    with company_session(company.id, "staff:1") as session:
        for template in templates.all_templates(session):
            templates.ask_submission(session, template_id=template.id, by="staff:1", now=utc_now())
    sync_templates(company.id, account, now=utc_now())
    with company_session(company.id) as session:
        every = templates.all_templates(session)
        assert len(every) > 100 and sum(each.asked == "submit" for each in every) == len(every) - 100
    hour[0] += 3600
    sync_templates(company.id, account, now=utc_now())
    with company_session(company.id) as session:
        refused = [(each.name, each.reason) for each in templates.all_templates(session) if each.state != "approved"]
        assert refused == []


def test_a_meta_that_does_not_answer_leaves_the_wish(company: TestCompany, account: Account) -> None:
    submit(company, EID)
    away = Account(token="token", waba_id="1", graph_url="http://127.0.0.1:9", graph_version="v25.0")
    with pytest.raises(GraphFailed):
        sync_templates(company.id, away, now=utc_now())
    assert kept(company).asked == "submit"
    wrong = Account(token="wrong", waba_id=account.waba_id, graph_url=account._base_url[:-6], graph_version="v25.0")
    with pytest.raises(GraphFailed):
        sync_templates(company.id, wrong, now=utc_now())
    assert (kept(company).asked, kept(company).state) == ("submit", "draft")


def test_meta_decides_by_webhook(company: TestCompany, meta: Simulator, account: Account) -> None:
    meta.world.review = "PENDING"
    submit(company, EID)
    sync_templates(company.id, account, now=utc_now())
    assert kept(company).state == "submitted"
    review(meta, event="REJECTED", reason="PROMOTIONAL")
    told(company, meta)
    assert kept(company).state == "rejected"
    assert kept(company).reason == "PROMOTIONAL; Change the text and submit it again."
    review(meta, event="APPROVED")
    told(company, meta)
    assert (kept(company).state, kept(company).reason) == ("approved", "")
    review(meta, quality="YELLOW")
    told(company, meta)
    review(meta, category="UTILITY")
    told(company, meta)
    assert (kept(company).quality, kept(company).category) == ("YELLOW", "UTILITY")
    for event, state in (("PAUSED", "paused"), ("REINSTATED", "approved"), ("DISABLED", "disabled")):
        review(meta, event=event)
        told(company, meta)
        assert kept(company).state == state
    review(meta, event="DELETED")
    told(company, meta)
    assert (kept(company).state, kept(company).meta_id) == ("draft", "")


def test_a_refused_template_goes_again_under_another_category(
    company: TestCompany, meta: Simulator, account: Account
) -> None:
    submit(company, replace(EID, category="UTILITY"))
    sync_templates(company.id, account, now=utc_now())
    with pytest.raises(templates.TemplateInvalid):
        submit(company, EID)
    review(meta, event="REJECTED", reason="INCORRECT_CATEGORY")
    sync_templates(company.id, account, now=utc_now())
    assert kept(company).reason == "INCORRECT_CATEGORY"
    submit(company, EID)
    sync_templates(company.id, account, now=utc_now())
    assert (kept(company).state, kept(company).category, kept(company).live_version) == ("approved", "MARKETING", 2)


def test_news_of_an_account_that_nobody_has_stays_a_failed_event(company: TestCompany) -> None:
    value = {"event": "APPROVED", "message_template_name": "eid_offer", "message_template_language": "en"}
    change = {"field": "message_template_status_update", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "404404", "changes": [change]}]}
    assert not process_event(store_event(json.dumps(body).encode(), utc_now()), utc_now())


def test_the_account_is_asked_for_where_it_is_not_on_file(company: TestCompany) -> None:
    with company_session(company.id) as session:
        with pytest.raises(NoAccount):
            account_id(session)
        with pytest.raises(NoAccount):
            keep_account_id(session, "not an id")
        keep_account_id(session, "555")
        assert account_id(session) == "555"


@pytest.mark.parametrize(
    ("state", "code"),
    [("approved", None), ("submitted", 132015), ("paused", 132015), ("disabled", 132016), ("rejected", 132001),
     ("draft", 132001)],
)  # fmt: skip
def test_only_what_is_approved_goes_to_the_wire(state: str, code: int | None) -> None:
    refused = refusal_of(state, "eid_offer")
    assert (refused.code if refused else None) == code


def test_a_template_that_waits_for_review_is_not_sent(company: TestCompany, meta: Simulator, account: Account) -> None:
    with company_session(company.id) as session:
        assert template_states(session) == {}, "Meta was never asked, so nobody knows better"
    meta.world.review = "PENDING"
    submit(company, EID)
    sync_templates(company.id, account, now=utc_now())
    guard = TemplateGuard(lambda: states_of_company(company.id), token="token", phone_number_id="1000",
                          graph_url=meta.base_url, graph_version="v25.0")  # fmt: skip
    body = {"type": "template", "template": {"name": "eid_offer", "language": {"code": "en"}}}
    outcome = guard.send(body=body, phone="+923001234567", user_id=None, reference="1")
    assert isinstance(outcome, Refused) and "waits for Meta's review" in outcome.detail
    assert not [each for each in meta.requests if "body" in each]
