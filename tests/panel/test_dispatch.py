"""Field work at the panel: the board, one job, what is doubtful, the rules."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser
from sqlalchemy import select

from cli.web import create_app
from core.clock import utc_now
from core.crm.lead_models import Lead
from core.crm.models import Customer
from core.db import company_session
from core.ids import Id
from core.messaging.models import OutboundMessage
from core.service_desk.checklists import checklist_of
from core.service_desk.confirmations import confirm_by_tap
from core.service_desk.dispatch import propose_technicians
from core.service_desk.job_models import Job, TechnicianCard
from core.service_desk.job_policy import change_job_policy, job_policy_of
from core.service_desk.jobs import Window, job_by_number
from core.service_desk.models import Ticket
from core.service_desk.proofs import add_proof
from core.service_desk.tickets import open_ticket
from core.staff.models import Staff
from core.usecases import work_on_job
from core.usecases.close_job import close_job
from core.usecases.keep_document import keep_document
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from tests.cast import TestCompany
from tests.core.service_desk.field import OTHER_TOWN, a_customer, a_lead, a_technician
from tests.core.service_desk.test_jobs import fill
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def a_ticket(company: TestCompany) -> str:
    with company_session(company.id, "test") as session:
        customer = a_customer(session, company)
        return open_ticket(session, customer_id=customer.id, category="no_internet", description="Laal light",
                           opened_by="test", now=utc_now()).number  # fmt: skip


def technician(company: TestCompany, name: str) -> str:
    with company_session(company.id, "test") as session:
        return str(a_technician(session, company, name).id)


def a_visit(company: TestCompany, *, days: int = 1) -> tuple[str, Id]:
    """A job of tomorrow, or of days ago, with its technician."""
    number = a_ticket(company)
    with company_session(company.id, "test") as session:
        mine, now = a_technician(session, company, "Tariq"), utc_now()
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        start = now + timedelta(days=1)
        job = plan_ticket_visit(session, ticket_id=ticket.id, actor="x", now=now,
                                window=Window(start, start + timedelta(hours=2)))  # fmt: skip
        give_visit(session, job_id=job.id, staff_id=mine.id, actor="x", now=now)
        job.window_start, job.window_end = now + timedelta(days=days), now + timedelta(days=days, hours=2)
        return job.number, mine.id


def a_finished_visit(company: TestCompany, *, unconfirmed: str = "") -> str:
    number, mine = a_visit(company)
    with company_session(company.id, "test") as session:
        job = job_by_number(session, number)
        work_on_job.arrive(session, job_id=job.id, staff_id=mine, now=utc_now(), here=OTHER_TOWN)
        fill(session, job, mine)
        if not unconfirmed:
            confirm_by_tap(session, job_id=job.id, actor="contact:1", now=utc_now())
        close_job(session, job_id=job.id, actor=f"staff:{mine}", now=utc_now(), unconfirmed=unconfirmed)
    return number


def job_of(company: TestCompany, number: str) -> Job:
    with company_session(company.id, "test") as session:
        return job_by_number(session, number)


@pytest.mark.parametrize("path", ["/dispatch", "/dispatch/checks", "/dispatch/rules"])
def test_field_work_is_for_managers_and_owners(app: Flask, company: TestCompany, path: str) -> None:
    assert visitor(app, company, "manager").get(path).status_code == 200
    assert visitor(app, company, "recovery_agent").get(path).status_code == 403


def test_a_ticket_is_planned_and_the_board_says_who_should_go(app: Flask, company: TestCompany) -> None:
    number, tariq = a_ticket(company), technician(company, "Tariq")
    manager = visitor(app, company, "manager")
    assert number in manager.get("/dispatch").text
    assert "is planned; the board says" in submit(manager, f"/tickets/{number}/visit", day="").text
    board = manager.get("/dispatch").text
    (job,) = set(re.findall(r"J-\d+", board))
    assert "Give to Tariq" in board and "his area, 0 of 8 jobs" in board
    given = submit(manager, f"/jobs/{job}/give", technician=tariq, had="").text
    assert "is given to Tariq" in given and "Tariq: his area" in given
    assert job_of(company, job).state == "assigned"
    assert "Every job has its technician" in manager.get("/dispatch").text


def test_a_window_in_the_companys_time_goes_with_the_visit(app: Flask, company: TestCompany) -> None:
    number, tariq = a_ticket(company), technician(company, "Tariq")
    manager, day = visitor(app, company, "manager"), (utc_now() + timedelta(days=3)).date()
    said = submit(manager, f"/tickets/{number}/visit", technician=tariq, day=day, **{"from": "14:30"}).text
    assert "is given to Tariq" in said
    with company_session(company.id, "test") as session:
        job = session.scalars(select(Job)).one()
        assert job.window_start is not None and job.window_end is not None
        assert (job.window_start.isoformat(), job.window_end - job.window_start) == (
            f"{day}T09:30:00+00:00", timedelta(hours=2))  # fmt: skip
        assert len(session.scalars(select(OutboundMessage)).all()) == 2
    assert "Tariq" in manager.get(f"/dispatch?day={day}").text
    for wrong in ({"day": day, "from": "25:00"}, {"day": day, "from": "14:00", "to": "13:00"},
                  {"day": "2020-01-01"}, {"day": ""}):  # fmt: skip
        assert submit(manager, f"/jobs/{job.number}/reschedule", **wrong).status_code == 422
    assert "is moved" in submit(manager, f"/jobs/{job.number}/reschedule", day=day, **{"from": "18:00"}).text


def test_two_dispatchers_do_not_undo_each_other(app: Flask, company: TestCompany) -> None:
    number, mine = a_visit(company)
    aslam, manager = technician(company, "Aslam"), visitor(app, company, "manager")
    stale = submit(manager, f"/jobs/{number}/give", technician=aslam, had="")
    assert stale.status_code == 422 and "was given to Tariq" in stale.text
    assert job_of(company, number).assigned_to == mine
    assert "is given to Aslam" in submit(manager, f"/jobs/{number}/give", technician=aslam, had=str(mine)).text
    assert "on the board again" in submit(manager, f"/jobs/{number}/back", had=aslam).text
    assert "called off" in submit(manager, f"/jobs/{number}/call-off", reason="Moved away").text
    assert submit(manager, f"/jobs/{number}/give", technician=aslam, had="").status_code == 422


def test_a_late_job_is_shown_late_until_it_has_another_time(app: Flask, company: TestCompany) -> None:
    number, _ = a_visit(company, days=-2)
    manager = visitor(app, company, "manager")
    assert "late since" in manager.get("/dispatch").text and "late" in manager.get(f"/jobs/{number}").text
    day = (utc_now() + timedelta(days=1)).date()
    submit(manager, f"/jobs/{number}/reschedule", day=day, note="Barish")
    assert "late since" not in manager.get("/dispatch").text
    assert "Barish" in manager.get(f"/jobs/{number}").text


def test_doubtful_jobs_wait_until_somebody_looked(app: Flask, company: TestCompany) -> None:
    number = a_finished_visit(company, unconfirmed="his phone is off")
    manager = visitor(app, company, "manager")
    page = manager.get("/dispatch/checks").text
    assert number in page and "m away" in page and "his phone is off" in page and "by nobody" in page
    assert submit(manager, f"/jobs/{number}/looked", note="").status_code == 422
    assert "is seen to" in submit(manager, f"/jobs/{number}/looked", note="GPS was off in the lane").text
    seen = manager.get("/dispatch/checks").text
    assert "Nothing is doubtful" in seen and "without the customer" in seen and "looked at" in seen
    assert "GPS was off" in manager.get(f"/jobs/{number}").text


def test_the_sample_is_called_and_an_unhappy_customers_ticket_goes_on(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        change_job_policy(session, callback_percent=100)
    number = a_finished_visit(company)
    manager = visitor(app, company, "manager")
    assert number in manager.get("/dispatch/checks").text
    assert "is kept" in submit(manager, f"/jobs/{number}/called", said="bad", note="Phir band hai").text
    assert "Called" in manager.get("/dispatch/checks").text
    with company_session(company.id, "test") as session:
        assert session.scalars(select(Ticket)).one().times_reopened == 1
    assert manager.get("/dispatch/checks?until=x").status_code == 400


def photo(shade: int) -> bytes:
    made = io.BytesIO()
    image = Image.new("L", (64, 64))
    image.putdata([(x * shade + y) % 256 for y in range(64) for x in range(64)])
    image.save(made, "PNG")
    return made.getvalue()


def prove(company: TestCompany, number: str, mine: Id, data: bytes) -> str:
    with company_session(company.id, "test") as session:
        job = job_by_number(session, number)
        document = keep_document(session, data=data, filename="onu.png", kind="photo")
        add_proof(session, job, document_id=document.id, actor=f"staff:{mine}", now=utc_now())
        return str(document.id)


def test_a_photo_seen_before_is_shown_beside_the_earlier_one(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    (first, one), (second, other) = a_visit(company), a_visit(company)
    earlier, later = prove(company, first, one, photo(3)), prove(company, second, other, photo(3))
    manager = visitor(app, company, "manager")
    page = manager.get(f"/jobs/{second}").text
    assert "Seen before" in page and first in page and "photo seen before" in manager.get("/dispatch/checks").text
    assert manager.get(f"/jobs/{second}/photos/{later}").data == photo(3)
    assert manager.get(f"/jobs/{second}/photos/{earlier}").status_code == 200
    assert manager.get(f"/jobs/{first}/photos/{later}").status_code == 404
    assert visitor(app, other_company, "manager").get(f"/jobs/{second}").status_code == 404


def test_the_rules_of_field_work_are_changed(app: Flask, company: TestCompany) -> None:
    tariq, manager = technician(company, "Tariq"), visitor(app, company, "manager")
    rules = {"arrival_metres": "300", "visit_hours": "3", "code_hours": "6", "callback_percent": "20",
             "installation_fee": "2,500", "overload": "-8", "very_good": "-19", "good": "-23.5", "acceptable": "-25",
             "weak": "-27", "dead": "-30"}  # fmt: skip
    assert "Saved" in submit(manager, "/dispatch/rules", **rules).text
    assert submit(manager, "/dispatch/rules", **{**rules, "good": "-10"}).status_code == 422
    assert submit(manager, "/dispatch/rules", **{**rules, "code_hours": "999999999"}).status_code == 422
    assert submit(manager, "/dispatch/rules", **{**rules, "dead": "-100000"}).status_code == 422
    saved = submit(manager, f"/dispatch/rules/technicians/{tariq}", skill_repair="on", skill_survey="on",
                   jobs_a_day="5")  # fmt: skip
    assert "Tariq: saved" in saved.text
    listed = submit(manager, "/dispatch/rules/checklist/repair", kind_0="photo", what_0="Cable route", required_0="on",
                    kind_1="tick", what_1="Chai pi", kind_2="tick", what_2="")  # fmt: skip
    assert "list of a repair" in listed.text and "your own" in listed.text
    desk = {"opens": "10:00", "closes": "18:00", "reopen_days": "5", "repeat_count": "2", "repeat_days": "14",
            "urgent_classes": "hospital, school", "urgent_cable_damage": "on", "rest_7": "on"}  # fmt: skip
    assert "Saved" in submit(manager, "/dispatch/rules/desk", **desk).text
    assert submit(manager, "/dispatch/rules/desk", **{**desk, "opens": "19:00"}).status_code == 422
    with company_session(company.id, "test") as session:
        policy = job_policy_of(session)
        assert (policy.arrival_metres, policy.installation_fee, policy.good) == (300, Decimal(2500), Decimal("-23.5"))
        card = session.scalars(select(TechnicianCard)).one()
        assert (card.skills, card.jobs_a_day) == (["repair", "survey"], 5)
        assert [(line.kind, line.what, line.required) for line in checklist_of(session, "repair")] == [
            ("photo", "cable_route", True), ("tick", "Chai pi", False)]  # fmt: skip
        job = Job(kind="pick_up", area_id=company.area_id, lines=[])
        assert not propose_technicians(session, job, day=utc_now().date())[0].skilled
    assert "usual" in submit(manager, "/dispatch/rules/checklist/repair", usual="on").text
    assert submit(manager, "/dispatch/rules/checklist/party").status_code == 404


def test_a_request_is_surveyed_approved_and_installed_from_its_page(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        lead = a_lead(session, company)
        number, plan_id = lead.number, lead.plan_id
    tariq, manager = technician(company, "Tariq"), visitor(app, company, "manager")
    assert "is given to Tariq" in submit(manager, f"/leads/{number}/visit", technician=tariq).text
    assert submit(manager, f"/leads/{number}/visit", technician=tariq).status_code == 422
    approved = submit(manager, f"/leads/{number}/approve", plan=str(plan_id), fee="1500", day="").text
    assert "is planned; the board" in approved and "installation" in approved
    wrong = submit(manager, f"/leads/{number}/approve", plan=str(plan_id), fee="1500")
    assert wrong.status_code == 422
    with company_session(company.id, "test") as session:
        lead = session.scalars(select(Lead)).one()
        customer = session.get_one(Customer, lead.customer_id)
        jobs = session.scalars(select(Job).order_by(Job.opened_at)).all()
        assert [(job.kind, job.state) for job in jobs] == [("survey", "assigned"), ("installation", "planned")]
        assert (lead.state, lead.installation_fee, jobs[1].site_id) == ("approved", Decimal(1500), lead.site_id)
        assert any("منظور" in text or "approved" in text for text in session.scalars(select(OutboundMessage.text)))
        assert customer.name == "Sidra Tariq"
    refused = submit(manager, f"/leads/{number}/move", state="refused", note="No pole").text
    assert "is refused now" in refused
    with company_session(company.id, "test") as session:
        assert set(session.scalars(select(Job.state))) == {"cancelled"}
    assert "is new now" in submit(manager, f"/leads/{number}/move", state="new").text


def test_somebody_without_pay_leaves_and_his_work_goes_on(app: Flask, company: TestCompany) -> None:
    number, mine = a_visit(company)
    aslam, owner = technician(company, "Aslam"), visitor(app, company, "owner")
    assert f"/staff/{mine}/left" in owner.get("/staff").text
    assert "1 jobs went to others" in submit(owner, f"/staff/{mine}/left").text
    assert str(job_of(company, number).assigned_to) == aslam
    with company_session(company.id, "test") as session:
        assert session.get_one(Staff, mine).state == "left"
    assert submit(owner, f"/staff/{mine}/left").status_code == 422


@pytest.mark.browser
def test_a_dispatcher_gives_a_job_in_a_real_browser(
    app: Flask, company: TestCompany, address: str, browser: Browser
) -> None:
    number = a_ticket(company)
    technician(company, "Tariq")
    manager = visitor(app, company, "manager")
    submit(manager, f"/tickets/{number}/visit", day="")
    page = browser.new_page(extra_http_headers={"Cookie": cookie_of(manager)})
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/dispatch")
    page.click("button:has-text('Give to Tariq')")
    page.wait_for_selector("text=he and the customer are told")
    assert "Tariq: his area" in page.inner_text("main") or page.locator("option:has-text('Tariq')").count() == 1
    page.click("nav a:has-text('Dispatch')")
    page.wait_for_selector("text=Every job has its technician.")
    assert faults == []


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return f"session={found.value}"
