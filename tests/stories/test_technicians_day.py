"""A technician's day by chat: his list, on the way, there, parts, light, photo, and the customer's word at the end."""

from __future__ import annotations

from decimal import Decimal

from flask.testing import FlaskClient
from sqlalchemy import select

from core import vault
from core.billing.invoice_models import Invoice
from core.crm.models import Contact, Customer, Document
from core.db import company_session
from core.ids import new_id
from core.inventory.items import item_by_serial
from core.inventory.request_models import RestockRequest
from core.messaging import payloads
from core.network.models import Access
from core.service_desk.job_models import Job
from core.service_desk.models import Ticket
from core.usecases.store_document import store_document
from tests.builders import a_phone, make_staff
from tests.cast import TestCompany
from tests.stories.field import GATE, FieldDay, Hand, field_day

FAR = (Decimal("31.700000"), Decimal("74.358700"))


def job_of(day: FieldDay, number: str) -> Job:
    with company_session(day.company.id) as session:
        return session.scalars(select(Job).where(Job.number == number)).one()


def code_in(ayesha: Hand) -> str:
    """The four figures in the last message to the customer, as it goes out; they stand nowhere in clear before."""
    message = ayesha.heard()[-1]
    assert message.sealed is not None and payloads.CODE_PLACE in str(message.payload)
    return vault.unseal(message.sealed)


def test_a_repair_in_roman_urdu_from_the_list_to_the_customers_code(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company)
    ayesha, number = day.customer_with_a_complaint()
    tariq = day.tariq
    assert number in tariq.tells("aaj ke kaam batao")
    card = tariq.taps_action(f"job:{number}")
    assert "Ayesha Khan" in card and "Laal light" in card and "maps.google.com" in card and "Rs" not in card
    assert "raste mein" in tariq.taps_action("job_start")
    assert "nikal chuke hain" in ayesha.heard()[-1].text
    tariq.taps_action("flow:job_arrived")
    assert "Baqi hai" in tariq.shares(GATE)
    assert "Kya woh aaye hain" in ayesha.reply().text
    ayesha.taps_action("visit_came")
    assert "-22.4" in tariq.tells("signal -22.4 aa raha hai")
    tariq.taps_action("job_tick")
    assert number in tariq.sends_photo().text
    assert "Kya kaam kiya" in tariq.taps_action("flow:job_done")
    tariq.tells("Patch cord badal di")
    code = code_in(ayesha)
    tariq.taps_action("flow:closing_code")
    assert "4 koshishein" in tariq.tells("0000" if code != "0000" else "1111")
    tariq.taps_action("flow:closing_code")
    assert "shabash" in tariq.tells(code)
    job = job_of(day, number)
    assert (job.state, job.confirmed_by, job.arrival_confirmed_at is not None, job.doubt) == ("done", "code", True, "")
    with company_session(company.id) as session:
        assert session.get_one(Ticket, job.ticket_id).state == "resolved"
    assert "Patch cord badal di" in ayesha.heard()[-1].text


def test_an_installation_for_a_customer_who_writes_urdu_up_to_his_first_bill(
    client: FlaskClient, company: TestCompany
) -> None:
    day = field_day(client, company, language="en")
    sidra, number = day.prospect_who_was_approved()
    tariq = day.tariq
    assert "آئیں گے" in sidra.heard()[-1].text
    tariq.tells(f"open {number}")
    tariq.taps_action("job_start")
    tariq.taps_action("flow:job_arrived")
    tariq.shares(GATE)
    line = tariq.taps_action("job_line")
    with company_session(company.id) as session:
        assert session.scalars(select(Access.username)).one() in line
    assert "HWTC12345678 is at the customer's now" in tariq.tells("installed onu serial HWTC12345678")
    tariq.says("used 40 metres of drop cable")
    assert "at the customer's now" in tariq.last.text
    assert "very good" in tariq.tells("the power is -19.5 dbm now")
    tariq.taps_action("job_tick")
    tariq.sends_photo()
    tariq.taps_action("flow:job_done")
    tariq.tells("New line, ONU on the wall")
    sidra.reply()
    sidra.taps_action("visit_good")
    heard = [message.text for message in sidra.heard()] + [sidra.last.text]
    assert any("شکریہ" in text for text in heard)
    assert "closed" in tariq.heard()[-1].text
    job = job_of(day, number)
    assert (job.state, job.confirmed_by) == ("done", "tap")
    with company_session(company.id) as session:
        customer = session.scalars(select(Customer).where(Customer.name == "Sidra Tariq")).one()
        assert session.scalars(select(Invoice.customer_id)).all() == [customer.id]
        assert item_by_serial(session, "HWTC12345678").holder_id == customer.id


def test_a_job_that_is_blocked_and_one_where_nobody_was(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company, language="ur")
    ayesha, number = day.customer_with_a_complaint("ur")
    tariq = day.tariq
    assert number in tariq.tells("میرے آج کے کام دکھائیں")
    tariq.taps_action(f"job:{number}")
    tariq.taps_action("job_start")
    assert "کوئی نہیں ملا" in tariq.taps_action("job_nobody")
    assert "کوئی نہیں ملا" in ayesha.heard()[-1].text
    assert job_of(day, number).state == "no_show"
    _, other = day.customer_with_a_complaint("ur")
    tariq.tells(f"{other} رک گیا ہے")
    assert "رکاوٹ" in tariq.last.text
    assert "رک گیا" in tariq.tells("کھمبے پر بجلی نہیں ہے")
    assert (job_of(day, other).state, job_of(day, other).reason) == ("blocked", "کھمبے پر بجلی نہیں ہے")


def test_what_is_missing_is_said_in_one_line_and_the_job_stays_open(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company)
    _, number = day.customer_with_a_complaint()
    tariq = day.tariq
    tariq.tells(f"{number} kholo")
    tariq.taps_action("job_start")
    tariq.taps_action("flow:job_arrived")
    assert "meter door" in tariq.shares(FAR)
    said = tariq.tells("kaam ho gaya")
    assert "Baqi hai: kharabi kya thi, theek signal, maramat ki tasveer" in said
    assert job_of(day, number).state == "arrived" and "arrived" in job_of(day, number).doubt


def test_a_technician_uses_only_what_he_carries_and_asks_the_store_for_more(
    client: FlaskClient, company: TestCompany
) -> None:
    day = field_day(client, company)
    _, number = day.customer_with_a_complaint()
    tariq = day.tariq
    tariq.tells(f"{number} kholo")
    tariq.taps_action("job_start")
    tariq.taps_action("flow:job_arrived")
    tariq.shares(GATE)
    tariq.tells("onu laga diya serial ZTEG99999999")
    assert "serial" in tariq.last.text.lower() or "chunein" in tariq.last.text.lower()
    assert "HWTC12345678" in tariq.tells("mera stock")
    tariq.tells("10 patch cord chahiye")
    with company_session(company.id) as session:
        (line,) = session.scalars(select(RestockRequest)).one().lines
        assert (line.type.code, line.quantity) == ("CORD-3M", 10)


def test_another_technicians_job_is_not_shown(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company)
    _, number = day.customer_with_a_complaint()
    other = field_day_of_another(day)
    assert "aap ka nahi" in other.tells(f"{number} kholo").lower() or number not in other.last.text


def field_day_of_another(day: FieldDay) -> Hand:
    phone = a_phone()
    with company_session(day.company.id, "test") as session:
        staff = make_staff(session, day.company, role="technician", name="Aslam", phone=phone)
        session.add(Contact(id=new_id(), phone=phone, name="Aslam", staff_id=staff.id, language="ur_Latn"))
    return Hand(day.client, day.company, phone, name="Aslam")


def test_a_customer_who_says_nobody_came_or_it_is_not_done_brings_the_office(
    client: FlaskClient, company: TestCompany
) -> None:
    day = field_day(client, company)
    ayesha, number = day.customer_with_a_complaint()
    day.tariq.tells(f"{number} kholo")
    day.tariq.taps_action("job_start")
    day.tariq.taps_action("flow:job_arrived")
    day.tariq.shares(GATE)
    ayesha.reply()
    assert "Maazrat" in ayesha.taps_action("visit_absent")
    assert "not done" in job_of(day, number).doubt


def test_a_stranger_confirms_nobodys_visit(client: FlaskClient, company: TestCompany) -> None:
    day = field_day(client, company)
    _, number = day.customer_with_a_complaint()
    stranger = Hand(client, company, a_phone(), name="Bilal")
    content = {"type": "button_reply", "button_reply": {"id": f"visit_good:{number}", "title": "Ji"}}
    assert stranger.sends("interactive", content) == 200
    stranger.reply()
    assert job_of(day, number).confirmed_by == ""


def test_a_photo_that_was_sent_before_makes_the_job_doubtful_once_it_has_arrived(
    client: FlaskClient, company: TestCompany
) -> None:
    day = field_day(client, company)
    with company_session(company.id, "test") as session:
        session.add(Document(id=new_id(), state="stored", sha256="b" * 64, image_hash="f0f0f0f0f0f0f0f0", size=9,
                             mime_type="image/jpeg", kind="chat"))  # fmt: skip
    _, number = day.customer_with_a_complaint()
    day.tariq.tells("aaj ke kaam batao")
    day.tariq.taps_action(f"job:{number}")
    day.tariq.taps_action("job_start")
    day.tariq.taps_action("flow:job_arrived")
    day.tariq.shares(GATE)
    day.tariq.sends_photo()
    assert job_of(day, number).doubt == ""
    with company_session(company.id, "test") as session:
        photo = session.scalars(select(Document).where(Document.state == "pending")).one()
        store_document(session, document_id=photo.id, sha256="a" * 64, size=7, mime_type="image/jpeg",
                       image_hash="f0f0f0f0f0f0f0f1")  # fmt: skip
    assert job_of(day, number).doubt == "photo seen before"
