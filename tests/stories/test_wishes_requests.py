"""Requests: moving, leaving with an offer to stay, resting for a while, another Wi-Fi name or password."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from core.billing.subscription_models import ServicePause, Subscription
from core.clock import utc_now
from core.db import company_session
from core.messaging.models import Conversation, InboundMessage
from core.service_desk.models import TicketSecret
from core.service_desk.secrets import read_secret
from core.service_desk.tickets import resolve_ticket
from core.usecases.plan_visit import give_visit, plan_ticket_visit
from tests.builders import a_phone, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.money import in_days
from tests.stories.wishes import debtor, edit, paid_up, tap, tickets_of

PASSWORD = "Lahore-1234"


@pytest.mark.parametrize(
    ("said", "skip", "yes", "told"),
    [("I am moving to a new house", "Skip", "Yes", "Our office calls you"),
     ("ghar shift kar raha hoon", "Chhorein", "Haan", "Daftar aap ko call karega"),
     ("میں گھر شفٹ کر رہا ہوں", "چھوڑیں", "ہاں", "دفتر آپ کو کال کرے گا")],
)  # fmt: skip
def test_a_move_becomes_a_request_with_address_and_day(
    client: FlaskClient, company: TestCompany, said: str, skip: str, yes: str, told: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(said)
    bilal.says("House 9, Street 2, Johar Town")
    bilal.taps(skip)
    tap(bilal, f"a:relocate:1:day:{in_days(6).isoformat()}")
    assert told in bilal.taps(yes).text
    ticket = tickets_of(company)[0]
    assert ticket.category == "relocation"
    assert ticket.description == f"Move to: House 9, Street 2, Johar Town. Wished day: {in_days(6):%d %b %Y}"


def test_a_move_keeps_the_place_that_was_shared(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("ghar shift kar raha hoon")
    bilal.says("Johar Town")
    assert bilal.sends("location", {"latitude": 31.4697, "longitude": 74.2728}) == 200
    bilal.reply()
    tap(bilal, f"a:relocate:1:day:{in_days(6).isoformat()}")
    bilal.taps("Haan")
    assert str(tickets_of(company)[0].latitude) == "31.469700"


def test_a_day_is_read_as_one_to_come(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("ghar shift kar raha hoon")
    bilal.says("Johar Town")
    bilal.taps("Chhorein")
    day = in_days(9)
    assert f"{day.day} {day:%b %Y}" in bilal.says(f"{day.day} {day:%B}".lower()).text


@pytest.mark.parametrize(
    ("said", "reason", "anyway", "yes", "told"),
    [("cancel my connection", "Too expensive", "End it anyway", "Yes", "goes on until it is decided"),
     ("connection band karwana hai", "Mehnga hai", "Phir bhi band karein", "Haan", "internet chalta rahega"),
     ("میرا کنکشن بند کر دیں", "مہنگا ہے", "پھر بھی بند کریں", "ہاں", "انٹرنیٹ چلتا رہے گا")],
)  # fmt: skip
def test_leaving_is_a_request_after_an_offer_and_cuts_nothing(
    client: FlaskClient, company: TestCompany, said: str, reason: str, anyway: str, yes: str, told: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(said)
    bilal.taps(reason)
    bilal.taps(anyway)
    tap(bilal, f"a:disconnect:1:day:{in_days(10).isoformat()}")
    assert told in bilal.taps(yes).text
    ticket = tickets_of(company)[0]
    assert (ticket.category, ticket.priority) == ("disconnect", "high")
    assert "too expensive" in ticket.description
    with company_session(company.id) as session:
        line = session.scalars(select(Subscription)).one()
        assert (line.state, line.ended_on) == ("active", None)


@pytest.mark.parametrize(
    ("reason", "offer", "leads"),
    [("Too expensive", "Cheaper plan", "flow:change_plan"), ("Bad service", "Repair it first", "flow:file_complaint"),
     ("Moving house", "Take it along", "flow:relocate"), ("Away for some time", "Pause instead", "flow:pause_line"),
     ("Another provider", "Talk to a person", "human")],
)  # fmt: skip
def test_who_takes_the_offer_is_led_there(
    client: FlaskClient, company: TestCompany, reason: str, offer: str, leads: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says("cancel my connection")
    bilal.taps(reason)
    assert leads in choices(bilal.taps(offer)).values()
    assert tickets_of(company) == []


@pytest.mark.parametrize(
    ("said", "yes"),
    [("pause my connection for 2 weeks", "Yes"), ("do hafte ke liye net band kar dein chutti par ja rahe hain", "Haan"),
     ("دو ہفتے کے لیے انٹرنیٹ بند کر دیں ہم چھٹی پر جا رہے ہیں", "ہاں")],
)  # fmt: skip
def test_a_vacation_rests_the_line_after_a_yes(
    client: FlaskClient, company: TestCompany, said: str, yes: str
) -> None:  # fmt: skip
    bilal = paid_up(client, company)
    bilal.says(said)
    if "flow:pause_line" in choices(bilal.last).values():
        tap(bilal, "flow:pause_line")
    first, back = in_days(3), in_days(17)
    tap(bilal, f"a:pause_line:1:start:{first.isoformat()}")
    tap(bilal, f"a:pause_line:1:back:{back.isoformat()}")
    with company_session(company.id) as session:
        assert session.scalars(select(ServicePause)).all() == []
    bilal.taps(yes)
    with company_session(company.id) as session:
        pause = session.scalars(select(ServicePause)).one()
        assert (pause.reason, pause.starts_on, pause.ends_on) == ("customer_request", first, back)


def test_a_line_with_an_overdue_bill_does_not_rest(client: FlaskClient, company: TestCompany) -> None:
    ayesha = debtor(client, company)
    assert "overdue" in tap(ayesha, "flow:pause_line").text


def test_who_has_no_line_can_neither_leave_nor_rest(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    with company_session(company.id, "test") as session:
        line = session.scalars(select(Subscription)).one()
        line.state, line.ended_on = "ended", date(2026, 11, 1)
    assert "no running connection" in tap(bilal, "flow:disconnect").text
    assert "no running connection" in tap(bilal, "flow:pause_line").text


def asks_for_password(bilal: Phone) -> None:
    bilal.says("wifi ka password badalna hai")
    bilal.taps("Password")


def test_a_wished_password_stands_nowhere_in_clear_but_on_the_technicians_card(
    client: FlaskClient, company: TestCompany
) -> None:
    bilal = paid_up(client, company)
    asks_for_password(bilal)
    bilal.says(PASSWORD)
    with company_session(company.id) as session:
        assert PASSWORD not in str(session.scalars(select(Conversation.state)).all())
    bilal.taps("Haan")
    tariq = a_phone()
    with company_session(company.id, "test") as session:
        ticket = tickets_of(company)[0]
        assert ticket.category == "router_wifi" and PASSWORD not in ticket.description
        for table in ("ticket", "ticket_note", "ticket_secret", "inbound_message", "outbound_message", "audit_entry"):
            rows = session.execute(text(f"SELECT * FROM {table}")).all()
            assert PASSWORD not in str(rows), table
        assert read_secret(session, ticket_id=ticket.id) == f"Password: {PASSWORD}"
        staff = make_staff(session, company, role="technician", phone=tariq)
        job = plan_ticket_visit(session, ticket_id=ticket.id, actor="test", now=utc_now())
        give_visit(session, job_id=job.id, staff_id=staff.id, actor="test", now=utc_now())
    technician = Phone(client, company, tariq)
    technician.replies()
    assert PASSWORD in tap(technician, f"job:{job.number}").text
    with company_session(company.id, "test") as session:
        resolve_ticket(session, ticket_id=ticket.id, now=utc_now())
        assert session.scalars(select(TicketSecret)).all() == []


@pytest.mark.parametrize("wished", ["short", "نیلا آسمان ہے", "x" * 64])
def test_a_password_that_no_router_takes_is_asked_for_again(
    client: FlaskClient, company: TestCompany, wished: str
) -> None:
    bilal = paid_up(client, company)
    asks_for_password(bilal)
    bilal.says(wished)
    with company_session(company.id) as session:
        state = session.scalars(select(Conversation)).one().state
        assert state["flow"]["asked"] == "password"
        assert wished not in session.scalars(select(InboundMessage.text)).all()


def test_a_password_changed_afterwards_is_hidden_too(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    asks_for_password(bilal)
    assert bilal.sends("text", {"body": PASSWORD}, wamid="wamid.SECRET1") == 200
    bilal.reply()
    assert edit(bilal, "wamid.SECRET1", "Karachi-9876") == 200
    bilal.reply()
    bilal.taps("Haan")
    with company_session(company.id) as session:
        assert read_secret(session, ticket_id=tickets_of(company)[0].id) == "Password: Karachi-9876"
        kept = session.execute(select(InboundMessage.text, InboundMessage.content)).all()
    assert "Karachi" not in str(kept) and "Lahore" not in str(kept)


@pytest.mark.parametrize(("said", "title"), [("menu", "More"), ("menu dikhao", "Mazeed"), ("مینو", "مزید")])
def test_what_the_menu_has_no_room_for_is_one_tap_away(
    client: FlaskClient, company: TestCompany, said: str, title: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(said)
    more = choices(bilal.taps(title) if title in choices(bilal.last) else tap(bilal, "more"))
    assert {"usage", "outage", "flow:relocate", "flow:disconnect", "flow:pause_line"} <= set(more.values())
