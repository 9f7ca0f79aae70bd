"""The recovery board in the panel: cases and their people, suspensions, the rules, and cash in agents' hands."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select, text

from admin_web.recovery_settings import COSTS, POLICY
from cli.web import create_app
from core.billing.policy import billing_policy
from core.db import company_session, platform_session, table_of
from core.ids import new_id
from core.recovery.assignment import Territory, loads, territories
from core.recovery.case_models import CutApproval, NeverCut, Proposal, RecoveryCase
from core.recovery.cases import propose
from core.recovery.policy import DEFAULT_LADDER, ladder_of, policy_of
from core.recovery.policy_models import HolidayChange, RecoveryPolicy
from core.staff.cash_models import CashDifference, Handover
from core.staff.handovers import announce_handover
from core.staff.logins import create_login
from tests.builders import a_phone, make_staff
from tests.cast import NOW, TestCompany
from tests.panel.visitors import PASSWORD, SETTINGS, submit, token_of, visitor
from tests.stories.money import agent_with_cash, in_days

PAGES = {
    "/recovery": "By stage", "/recovery/suspension": "dry run", "/recovery/scorecards": "Promises kept",
    "/recovery/calendar": "Declare a day", "/recovery/policy": "Ladder", "/agent-cash": "To count",
}  # fmt: skip


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def recovering(company: TestCompany) -> TestCompany:
    """Rabia has two cases and holds Rs 1,500, of which she announced Rs 1,500."""
    with company_session(company.id, "test") as session:
        agent = agent_with_cash(session, company, a_phone())
        announce_handover(session, staff_id=agent.id, amount=Decimal("1500.00"), idempotency_key="t", now=NOW)
    return company


def case_path(company: TestCompany, name: str) -> str:
    with company_session(company.id) as session:
        found = session.execute(
            text("SELECT r.id FROM recovery_case r JOIN customer c ON c.id = r.customer_id WHERE c.name = :name"),
            {"name": name},
        )
        return f"/recovery/cases/{found.scalar_one()}"


def test_every_page_of_recovery_opens_for_the_manager(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    for path, words in PAGES.items():
        answer = manager.get(path)
        assert answer.status_code == 200 and words in answer.text, path
    board = manager.get("/recovery").text
    assert "Ayesha Khan" in board and "Rs 3,435.63" in board and "Rabia" in board
    assert "Kamran" not in manager.get("/recovery?stage=suspension").text
    assert manager.get("/recovery?agent=nobody").status_code == 400


def test_an_agent_sees_his_own_cases_and_changes_nothing(app: Flask, recovering: TestCompany) -> None:
    agent = visitor(app, recovering, "recovery_agent")
    assert "Ayesha Khan" not in agent.get("/recovery").text
    path = case_path(recovering, "Ayesha Khan")
    assert agent.get(path).status_code == 404
    form = {"reason": "x", "until_on": "2027-01-01", "csrf_token": token_of(agent, "/overdue")}
    assert agent.post(f"{path}/protect", data=form).status_code == 403
    assert agent.get("/recovery/suspension").status_code == 403


def test_a_case_is_given_to_another_agent_with_a_reason(app: Flask, recovering: TestCompany) -> None:
    manager, path = visitor(app, recovering, "manager"), case_path(recovering, "Ayesha Khan")
    with company_session(recovering.id, "test") as session:
        other = make_staff(session, recovering, role="recovery_agent", name="Naveed").id
    assert submit(manager, f"{path}/reassign", agent=other, reason="").status_code == 422
    answer = submit(manager, f"{path}/reassign", agent=other, reason="Rabia is on leave").text
    assert "The case has a new agent." in answer and "Naveed" in answer and "Rabia is on leave" in answer


def test_a_customer_is_protected_until_a_day_and_the_protection_ended(app: Flask, recovering: TestCompany) -> None:
    manager, path = visitor(app, recovering, "manager"), case_path(recovering, "Ayesha Khan")
    refused = submit(manager, f"{path}/protect", reason="", until_on="2027-01-31")
    assert refused.status_code == 422 and "needs a reason" in refused.text and "2027-01-31" in refused.text
    assert (
        "not suspended through 2027-01-31"
        in submit(manager, f"{path}/protect", reason="Her father is ill", until_on="2027-01-31").text
    )
    with company_session(recovering.id) as session:
        flag = session.scalars(select(NeverCut)).one()
    assert flag.approved_by.startswith("staff:")
    assert "ended" in submit(manager, f"{path}/unprotect").text


def test_a_proposal_is_decided_once(app: Flask, recovering: TestCompany) -> None:
    manager, path = visitor(app, recovering, "manager"), case_path(recovering, "Ayesha Khan")
    with company_session(recovering.id, "test") as session:
        case = session.get_one(RecoveryCase, path.rpartition("/")[2])
        proposal = propose(session, case=case, kind="pick_up", amount=case.amount, today=in_days(0)).id
    decision = f"{path}/proposals/{proposal}"
    assert submit(manager, decision, decision="refuse").status_code == 422
    assert "The proposal is accepted." in submit(manager, decision, decision="accept").text
    assert "was accepted by" in submit(manager, decision, decision="refuse", note="no").text
    with company_session(recovering.id) as session:
        assert session.scalars(select(Proposal)).one().state == "accepted"


def test_suspensions_are_allowed_for_the_day(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    assert submit(manager, "/recovery/suspension", count_max="0").status_code == 422
    assert "Up to 20 services" in submit(manager, "/recovery/suspension", count_max="20").text
    with company_session(recovering.id) as session:
        assert session.scalars(select(CutApproval)).one().count_max == 20


def test_a_holiday_is_declared(app: Flask, recovering: TestCompany) -> None:
    manager, day = visitor(app, recovering, "manager"), in_days(3).isoformat()
    answer = submit(manager, "/recovery/calendar", day=day, kind="holiday", name="عید").text
    assert "is a holiday" in answer and "عید" in answer
    with company_session(recovering.id) as session:
        assert session.scalars(select(HolidayChange)).one().is_holiday


def test_the_policy_is_changed_as_a_whole_and_nonsense_refused(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    fields = filled_in(manager.get("/recovery/policy").text, "policy")
    assert "The policy is changed." in submit(manager, "/recovery/policy", **fields | {"promise_days_max": "10"}).text
    with company_session(recovering.id) as session:
        policy = policy_of(session)
        assert (policy.promise_days_max, policy.no_cut_weekdays, str(policy.tolerance)) == (10, [5], "50.00")
    refused = submit(manager, "/recovery/policy", **fields | {"contact_from": "22:00"})
    assert refused.status_code == 422 and "must end after 22:00" in refused.text
    nonsense = {"promise_share_min": "120", "broken_max": "x", "contact_to": "", "agent_amount_max": "lots"}
    several = submit(manager, "/recovery/policy", **fields | nonsense)
    assert several.status_code == 422 and several.text.count('aria-invalid="true"') == 4


def test_every_choice_of_recovery_has_a_field_with_a_sentence(app: Flask, recovering: TestCompany) -> None:
    page = visitor(app, recovering, "owner").get("/recovery/policy").text
    columns = set(table_of(RecoveryPolicy).c.keys()) - {"id", "company_id", "created_at"}
    shown = {setting.name for group in (*POLICY, *COSTS) for setting in group.settings}
    assert columns | {"reconnection_fee", "suspended_days_billed"} == shown
    assert all(setting.teach for group in (*POLICY, *COSTS) for setting in group.settings)
    assert {name for name in shown if f'id="note-{name}"' not in page} == set()


def test_what_a_suspension_costs_is_the_owner_s_to_change(app: Flask, recovering: TestCompany) -> None:
    owner, manager = visitor(app, recovering, "owner"), visitor(app, recovering, "manager")
    fields = filled_in(owner.get("/recovery/policy").text, "policy")
    assert "is changed" in submit(owner, "/recovery/policy", **fields | {"reconnection_fee": "500"}).text
    assert "is changed" in submit(manager, "/recovery/policy", **fields | {"reconnection_fee": "1"}).text
    with company_session(recovering.id) as session:
        assert str(billing_policy(session).reconnection_fee) == "500.00"


def test_a_policy_and_a_ladder_are_tried_without_being_saved(app: Flask, recovering: TestCompany) -> None:
    manager, day = visitor(app, recovering, "manager"), in_days(1).isoformat()
    fields = filled_in(manager.get("/recovery/policy").text, "policy") | {"preview": "", "preview_day": day}
    tried = submit(manager, "/recovery/policy", **fields | {"tolerance": "1000000"})
    assert tried.status_code == 200
    assert '<tr><td>cases closed</td><td class="number">0</td><td class="number"><b>2</b></td></tr>' in tried.text
    ladder = {"day_0": "5", "kind_0": "agent", "preview": "", "preview_day": day}
    tried = submit(manager, "/recovery/ladder", **ladder)
    assert "handed to an agent" in tried.text and "final notices sent" in tried.text
    assert submit(manager, "/recovery/policy", **fields | {"preview_day": "2020-01-01"}).status_code == 422
    with company_session(recovering.id) as session:
        assert str(policy_of(session).tolerance) == "50.00" and ladder_of(session) == DEFAULT_LADDER


def test_a_wrong_step_is_refused_beside_its_row(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    rows = {"day_0": "-3", "kind_0": "agent", "day_1": "5", "kind_1": "agent", "day_2": "5",
            "kind_2": "agent"}  # fmt: skip
    refused = submit(manager, "/recovery/ladder", **rows)
    assert refused.status_code == 422 and "before the due date there are only reminders" in refused.text
    assert "The same step stands above" in refused.text and refused.text.count('class="problem" role="alert"') == 2


def test_an_agent_has_caps_and_zones_of_his_own(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    with company_session(recovering.id) as session:
        agent = loads(session, cash_in_hand={})[0].agent_id
    path = f"/recovery/agents/{agent}"
    kept = submit(manager, path, cases_max="7", amount_max="", cash_max="9,000", zone=recovering.sub_zone_id)
    assert "own limits are kept" in kept.text and 'name="cases_max" size="9" inputmode="decimal" value="7"' in kept.text
    with company_session(recovering.id) as session:
        assert territories(session)[agent] == Territory(
            frozenset({recovering.sub_zone_id}), 7, None, Decimal("9000.00")
        )
    refused = submit(manager, path, cases_max="x", amount_max="", cash_max="")
    assert refused.status_code == 422 and "must be a whole number" in refused.text


def test_the_ladder_is_written_anew_and_needs_a_notice_before_it_suspends(app: Flask, recovering: TestCompany) -> None:
    manager = visitor(app, recovering, "manager")
    notice = {"day_0": "5", "kind_0": "final_notice", "message_0": "final_notice"}
    cut = {"day_1": "12", "kind_1": "suspension", "least_1": "1,000"}
    assert submit(manager, "/recovery/ladder", **cut).status_code == 422
    assert "2 steps" in submit(manager, "/recovery/ladder", **notice, **cut).text
    with company_session(recovering.id) as session:
        assert [(step.day, step.kind, str(step.min_balance)) for step in ladder_of(session)] == [
            (5, "final_notice", "0.00"), (12, "suspension", "1000.00"),
        ]  # fmt: skip


def test_a_handover_is_counted_and_what_is_missing_decided_by_another(app: Flask, recovering: TestCompany) -> None:
    manager, owner = visitor(app, recovering, "manager"), visitor(app, recovering, "owner")
    with company_session(recovering.id) as session:
        handover = session.scalars(select(Handover)).one().id
    assert (
        "is booked with 1400.00"
        in submit(manager, f"/agent-cash/handovers/{handover}", decision="count", counted="1,400").text
    )
    with company_session(recovering.id) as session:
        difference = session.scalars(select(CashDifference)).one()
    decision = f"/agent-cash/differences/{difference.id}"
    assert "another manager or the owner" in submit(manager, decision, decision="leave", reason="found it").text
    assert "100.00 is booked" in submit(owner, decision, decision="book", reason="He lost it").text


def test_the_sheet_of_an_agent_adds_up(app: Flask, recovering: TestCompany) -> None:
    with company_session(recovering.id) as session:
        agent = session.scalars(select(Handover.staff_id)).one()
    sheet = visitor(app, recovering, "manager").get(f"/agent-cash/{agent}?first=2026-11-01").text
    assert "Kamran Shah" in sheet and sheet.count("Rs 1,500.00") == 2


def filled_in(page: str, form: str) -> dict[str, str]:
    """The fields of a page's form as a browser would send them."""
    import re

    part = page.split(f'action="/recovery/{form}"')[1].split("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", part):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" or " checked" in tag:
            fields[attributes["name"]] = attributes.get("value", "on")
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', part, re.S):
        fields[name] = (re.findall(r'value="([^"]*)" selected', options) or [""])[0]
    return fields


@pytest.mark.browser
def test_a_manager_works_through_recovery_in_a_real_browser(
    app: Flask, recovering: TestCompany, address: str, browser: Browser
) -> None:
    email, shots = f"{new_id()}@chenab.example", os.environ.get("TAAR_SCREENSHOTS")
    with company_session(recovering.id, "test") as session:
        staff_id = make_staff(session, recovering, role="manager", name="Saima").id
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name="Saima", role="manager", company_id=recovering.id,
                     staff_id=staff_id)  # fmt: skip
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    for path, words in PAGES.items():
        page.goto(address + path)
        assert words in page.inner_text("main")
        if shots:
            page.screenshot(path=f"{shots}/chat-{path.strip('/').replace('/', '-')}.png", full_page=True)
    page.goto(f"{address}/recovery")
    page.click("a:has-text('C-2001')")
    page.fill("form[action$=protect] [name=reason]", "Her father is ill")
    page.fill("form[action$=protect] [name=until_on]", "2027-01-31")
    page.click("button:has-text('Protect')")
    page.wait_for_selector("text=The customer is not suspended through 2027-01-31.")
    if shots:
        page.screenshot(path=f"{shots}/chat-case.png", full_page=True)
    page.goto(f"{address}/agent-cash")
    page.click("button:has-text('Counted')")
    page.wait_for_selector("text=is booked with 1500.00")
    assert faults == []
