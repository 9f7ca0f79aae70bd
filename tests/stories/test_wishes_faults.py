"""Faults: checked with the customer, explained by an outage, registered once, told of, rated, and gone on with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.clock import utc_now
from core.crm.models import Contact
from core.db import company_session
from core.network.outage_models import Outage, OutageReport
from core.network.outages import confirm_outage, open_outage
from core.service_desk.checks import checks_since
from core.service_desk.models import Ticket, TicketDocument
from core.service_desk.tickets import assign_ticket
from core.usecases.recovery_facts import holds_of, lines_of, overdue_of
from core.usecases.resolve_ticket import resolve_ticket
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices
from tests.stories.money import in_days
from tests.stories.wishes import (
    CANNOT_LOOK,
    NO_NET,
    SKIP,
    YES,
    complains,
    heard_by,
    paid_up,
    tap,
    tickets_of,
)

LIGHTS = {
    "en": ("Red light (LOS)", "It works now", "No change", "fibre cable"),
    "ur_Latn": ("Laal light (LOS)", "Ab chal gaya", "Koi farq nahi", "fiber cable"),
    "ur": ("لال لائٹ (LOS)", "اب چل گیا", "کوئی فرق نہیں", "فائبر کیبل"),
}


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_a_check_that_helps_ends_without_a_ticket_and_is_counted(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    red, works, _, advice = LIGHTS[language]
    bilal = paid_up(client, company)
    bilal.says(NO_NET[language])
    assert advice in bilal.taps(red).text
    bilal.taps(works)
    assert tickets_of(company) == []
    with company_session(company.id) as session:
        assert checks_since(session, since=utc_now() - timedelta(hours=1)) == {True: 1, False: 0}


@pytest.mark.parametrize("language", ["en", "ur_Latn", "ur"])
def test_a_check_that_does_not_help_goes_with_the_ticket(
    client: FlaskClient, company: TestCompany, language: str
) -> None:
    red, _, no_change, _ = LIGHTS[language]
    bilal = paid_up(client, company)
    bilal.says(NO_NET[language])
    bilal.taps(red)
    bilal.taps(no_change)
    bilal.sends_photo()
    done = bilal.taps(YES[language])
    ticket = tickets_of(company)[0]
    assert ticket.number in done.text
    assert ticket.description == "red LOS light. the check did not help"
    with company_session(company.id) as session:
        assert session.scalars(select(TicketDocument)).one().ticket_id == ticket.id
        assert checks_since(session, since=utc_now() - timedelta(hours=1)) == {True: 0, False: 1}


def test_a_shared_location_goes_with_the_complaint(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    asked = bilal.says("cable kat gayi hai")
    assert "location" in asked.text
    assert bilal.sends("location", {"latitude": 31.510234, "longitude": "74.3441"}) == 200
    bilal.reply()
    bilal.taps(SKIP["ur_Latn"])
    bilal.taps(YES["ur_Latn"])
    ticket = tickets_of(company)[0]
    assert (ticket.category, str(ticket.latitude), str(ticket.longitude)) == ("cable_damage", "31.510234", "74.344100")


def test_a_location_may_be_sent_in_place_of_a_picture(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("net nahi chal raha")
    bilal.taps(CANNOT_LOOK["ur_Latn"])
    assert bilal.sends("location", {"latitude": 31.5, "longitude": 74.3}) == 200
    assert "Location: sath hai" in bilal.reply().text
    bilal.taps(YES["ur_Latn"])
    assert str(tickets_of(company)[0].longitude) == "74.300000"


def test_a_place_that_is_not_on_earth_is_asked_for_again(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("cable kat gayi hai")
    assert bilal.sends("location", {"latitude": 131.5, "longitude": 74.3}) == 200
    assert "📎" in bilal.reply().text


def test_a_second_report_adds_its_words_and_picture_to_the_open_ticket(
    client: FlaskClient, company: TestCompany
) -> None:
    bilal = paid_up(client, company)
    complains(bilal)
    bilal.replies()
    assert "tasveer" in bilal.says("internet nahi chal raha").text
    assert "pehle se darj" in bilal.sends_photo().text
    assert "T-1001" in bilal.taps(YES["ur_Latn"]).text
    with company_session(company.id) as session:
        ticket = session.scalars(select(Ticket)).one()
        assert [note.body for note in ticket.notes] == ["reported again"]
        assert session.scalars(select(TicketDocument)).one().ticket_id == ticket.id


def test_a_picture_or_place_sent_by_itself_goes_to_the_one_open_complaint(
    client: FlaskClient, company: TestCompany
) -> None:
    bilal = paid_up(client, company)
    complains(bilal)
    bilal.replies()
    assert "T-1001" in bilal.sends_photo().text
    assert bilal.sends("location", {"latitude": 31.5, "longitude": 74.3}) == 200
    assert "T-1001" in bilal.reply().text
    ticket = tickets_of(company)[0]
    assert str(ticket.latitude) == "31.500000"


def dark(company: TestCompany, *, confirmed: bool = True) -> Outage:
    with company_session(company.id, "test") as session:
        outage = open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=utc_now())
        if confirmed:
            confirm_outage(session, outage_id=outage.id, confirmed_by="test", cause="Transformer phat gaya")
        return outage


@pytest.mark.parametrize(
    ("language", "told", "wait"),
    [("en", "The internet is off in *Gulberg III*", "I will wait"),
     ("ur_Latn", "internet band hai", "Main intezar karunga"),
     ("ur", "انٹرنیٹ بند ہے", "میں انتظار کروں گا")],
)  # fmt: skip
def test_an_outage_is_told_before_a_ticket_and_counted_once(
    client: FlaskClient, company: TestCompany, language: str, told: str, wait: str
) -> None:
    dark(company)
    bilal = paid_up(client, company)
    answer = bilal.says(NO_NET[language])
    assert told in answer.text and "Transformer phat gaya" in answer.text
    bilal.taps(wait)
    bilal.says(NO_NET[language])
    assert tickets_of(company) == []
    with company_session(company.id) as session:
        assert len(session.scalars(select(OutageReport)).all()) == 1


def test_who_insists_gets_his_ticket_with_the_outage_on_it(client: FlaskClient, company: TestCompany) -> None:
    outage = dark(company)
    bilal = paid_up(client, company)
    bilal.says("my internet is not working")
    bilal.taps("Mine is different")
    bilal.taps("Skip")
    bilal.taps("Yes")
    assert tickets_of(company)[0].outage_id == outage.id


@pytest.mark.parametrize(
    ("asked", "clear", "off"),
    [("is there an outage in my area", "no outage in Gulberg III", "is off in"),
     ("kya area mein outage hai", "Gulberg III mein koi outage", "internet band hai"),
     ("کیا ہمارے علاقے میں انٹرنیٹ بند ہے", "Gulberg III میں کوئی بندش", "سے انٹرنیٹ بند ہے")],
)  # fmt: skip
def test_the_state_of_ones_own_area(
    client: FlaskClient, company: TestCompany, asked: str, clear: str, off: str
) -> None:
    bilal = paid_up(client, company)
    assert clear in bilal.says(asked).text
    dark(company)
    assert off in bilal.says(asked).text


def test_a_confirmed_outage_holds_dunning_and_a_suspected_one_does_not(
    client: FlaskClient, company: TestCompany
) -> None:
    with company_session(company.id, "test") as session:
        payer = customer_who_owes(session, company, a_phone()).id

    def held() -> set[str]:
        with company_session(company.id) as session:
            today = in_days(0)
            debts = overdue_of(session, [payer], today=today)
            return holds_of(session, [payer], lines_of(session, [payer]), debts, today=today, now=utc_now(),
                            ticket_hold_days=3)[payer]  # fmt: skip

    outage = dark(company, confirmed=False)
    assert held() == set()
    with company_session(company.id, "test") as session:
        confirm_outage(session, outage_id=outage.id, confirmed_by="test")
    assert held() == {"outage"}


def test_three_reports_make_a_suspicion_that_a_manager_confirms_and_ends(
    client: FlaskClient, company: TestCompany
) -> None:
    boss = a_phone()
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", name="Saima", phone=boss)
        make_staff(session, company, role="technician")
    people = [paid_up(client, company, name) for name in ("Bilal Butt", "Sana Mirza", "Omar Gill")]
    for person, language in zip(people, ("en", "ur_Latn", "ur"), strict=True):
        complains(person, language)
    alert = heard_by(company, boss)
    assert len(alert) == 1 and "3 customers of Gulberg III" in alert[0].text
    assert alert[0].payload["template"]["name"] == "outage_suspected"
    with company_session(company.id) as session:
        outage = session.scalars(select(Outage)).one()
        assert outage.state == "suspected" and len(session.scalars(select(OutageReport)).all()) == 3

    saima = Phone(client, company, boss)
    saima.replies()
    saima.says("outage")
    assert "Customers who reported it: 3" in saima.taps("Gulberg III").text
    assert "3 customers hear it" in tap(saima, choices(saima.last)["Confirm outage"]).text
    saima.taps("Details")
    assert "3 customers hear it" in tap(saima, choices(saima.last)["It is over"]).text
    told = [heard_by(company, str(person.phone))[-1] for person in people]
    assert ["is back" in told[0].text, "bahal ho gaya" in told[1].text, "بحال ہو گیا" in told[2].text] == [True] * 3
    assert [message.template and message.template["name"] for message in told] == [
        "outage_over", "outage_over_roman", "outage_over",
    ]  # fmt: skip
    assert tap(saima, f"outage_end:{outage.id}").text.startswith("*Gulberg III*: over")


def test_who_waited_for_what_was_no_outage_hears_it_and_can_complain(client: FlaskClient, company: TestCompany) -> None:
    outage = dark(company, confirmed=False)
    bilal = paid_up(client, company)
    bilal.says("net nahi chal raha")
    bilal.taps("Main intezar karunga")
    boss = a_phone()
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", phone=boss)
    assert "1" in tap(Phone(client, company, boss), f"outage_dismiss:{outage.id}").text
    bilal.replies()
    bilal.last = heard_by(company, str(bilal.phone))[-1]
    assert "koi aam outage nahi" in bilal.last.text
    assert "Internet band" in choices(bilal.taps("Ab bhi band hai"))


def test_a_manager_tells_cause_and_time_and_customers_read_them(client: FlaskClient, company: TestCompany) -> None:
    outage = dark(company, confirmed=False)
    boss = a_phone()
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="manager", phone=boss)
    saima = Phone(client, company, boss)
    saima.says("aaj ki recovery kitni hai")
    tap(saima, f"flow:outage_details:{outage.id}")
    saima.says("Fiber kat gayi, team pohanch gayi hai")
    assert "tasdeeq shuda" in tap(saima, "a:outage_details:1:hours:4").text
    bilal = paid_up(client, company)
    bilal.replies()
    told = bilal.says("kya area mein outage hai").text
    assert "Fiber kat gayi, team pohanch gayi hai" in told and "Umeed hai" in told


def test_a_technician_cannot_end_an_outage(client: FlaskClient, company: TestCompany) -> None:
    outage = dark(company)
    with company_session(company.id, "test") as session:
        phone = make_staff(session, company, role="technician").phone
    tap(Phone(client, company, phone), f"outage_end:{outage.id}")
    with company_session(company.id) as session:
        assert session.get_one(Outage, outage.id).state == "confirmed"


def solved(client: FlaskClient, company: TestCompany, language: str = "ur_Latn") -> Phone:
    """Bilal, whose complaint was just resolved."""
    bilal = paid_up(client, company)
    complains(bilal, language)
    with company_session(company.id, "test") as session:
        ticket = session.scalars(select(Ticket)).one()
        assign_ticket(session, ticket_id=ticket.id, staff_id=make_staff(session, company, role="technician").id)
        resolve_ticket(session, ticket_id=ticket.id, actor="test", told="Connector badal diya", now=utc_now())
    bilal.last = heard_by(company, str(bilal.phone))[-1]
    bilal.replies()
    return bilal


@pytest.mark.parametrize(
    ("language", "thanks", "comment"),
    [("en", "satisfied", "Add a comment"), ("ur_Latn", "mutma'in", "Kuch likhna hai"),
     ("ur", "مطمئن", "کچھ لکھنا ہے")],
)  # fmt: skip
def test_a_solved_complaint_is_rated_by_tap_with_a_comment(
    client: FlaskClient, company: TestCompany, language: str, thanks: str, comment: str
) -> None:
    bilal = solved(client, company, language)
    assert "T-1001" in bilal.last.text and "Connector badal diya" in bilal.last.text
    assert len(choices(bilal.last)) == 6
    assert thanks in bilal.taps("5 ⭐⭐⭐⭐⭐").text
    bilal.taps(comment)
    bilal.says("banda bohat acha tha")
    ticket = tickets_of(company)[0]
    assert (ticket.rating, ticket.rating_comment) == (5, "banda bohat acha tha")


@pytest.mark.parametrize(
    ("said", "same"),
    [("the problem is back", "Yes, the same again"), ("masla wapas aa gaya", "Haan, wohi masla"),
     ("مسئلہ واپس آ گیا", "ہاں، وہی مسئلہ"), ("net nahi chal raha", "Haan, wohi masla")],
)  # fmt: skip
def test_a_fault_that_comes_back_goes_on_in_its_ticket(
    client: FlaskClient, company: TestCompany, said: str, same: str
) -> None:
    bilal = solved(client, company)
    assert "T-1001" in bilal.says(said).text
    assert "T-1001" in bilal.taps(same).text
    ticket = tickets_of(company)[0]
    assert (ticket.state, ticket.priority, ticket.times_reopened) == ("assigned", "high", 1)


def test_a_fault_solved_long_ago_is_a_new_one(client: FlaskClient, company: TestCompany) -> None:
    bilal = solved(client, company)
    with company_session(company.id, "test") as session:
        session.execute(update(Ticket).values(resolved_at=utc_now() - timedelta(days=30)))
    assert "light" in bilal.says("net nahi chal raha").text
    assert "kafi din" in tap(bilal, "reopen:T-1001").text
    assert tickets_of(company)[0].state == "resolved"


def test_the_status_tells_what_was_done_and_apologises_when_it_is_late(
    client: FlaskClient, company: TestCompany
) -> None:
    bilal = paid_up(client, company)
    complains(bilal)
    bilal.replies()
    with company_session(company.id, "test") as session:
        session.execute(update(Ticket).values(due_at=utc_now() - timedelta(days=1)))
    late = bilal.says("meri shikayat ka kya bana").text
    assert "T-1001" in late and "maazrat" in late
    bilal.says("wifi ka router kharab hai")
    for title in (CANNOT_LOOK["ur_Latn"], SKIP["ur_Latn"], YES["ur_Latn"]):
        bilal.taps(title)
    both = bilal.says("meri shikayat ka kya bana").text
    assert "T-1001" in both and "T-1002" in both


def test_another_customers_ticket_is_neither_rated_nor_reopened(client: FlaskClient, company: TestCompany) -> None:
    solved(client, company)
    stranger = paid_up(client, company, "Sana Mirza")
    tap(stranger, "rate:T-1001:1")
    tap(stranger, "reopen:T-1001")
    ticket = tickets_of(company)[0]
    assert (ticket.rating, ticket.state) == (None, "resolved")


def test_who_opted_out_is_not_asked_for_a_rating(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    complains(bilal)
    bilal.replies()
    bilal.says("stop")
    with company_session(company.id, "test") as session:
        assert session.scalars(select(Contact)).one().opted_out_at is not None
        ticket = session.scalars(select(Ticket)).one()
        resolve_ticket(session, ticket_id=ticket.id, actor="test", now=utc_now())
    assert bilal.replies() == []


@pytest.mark.parametrize(
    ("said", "light"),
    [("net nahi chal raha bohat ghatiya service hai", "light"), ("this is the worst service, no internet", "lights"),
     ("بکواس سروس ہے انٹرنیٹ بند ہے", "لائٹ")],
)  # fmt: skip
def test_anger_does_not_hide_the_wish(client: FlaskClient, company: TestCompany, said: str, light: str) -> None:
    assert light in paid_up(client, company).says(said).text


@pytest.mark.parametrize(
    ("said", "sorry"),
    [("bakwas service hai net nahi chal raha", "jo pareshani hui"),
     ("this is the worst service, no internet 😡", "sorry for the trouble"),
     ("بکواس سروس ہے انٹرنیٹ بند ہے", "جو پریشانی ہوئی")],
)  # fmt: skip
def test_who_is_angry_hears_one_apology_in_front(
    client: FlaskClient, company: TestCompany, said: str, sorry: str
) -> None:
    bilal = paid_up(client, company)
    assert sorry in bilal.says(said).text.splitlines()[0]
    assert sorry not in bilal.says(said).text.splitlines()[0]
