"""The panel's side of the chats: inbox, links, requests with their papers, invitations, settings."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from cli.web import create_app
from core import vault
from core.clock import utc_now
from core.crm.desk_models import DeskSettings
from core.crm.leads import Wish, open_lead
from core.crm.linking import ask_link, ask_office
from core.crm.models import Contact, ContactAccount, Document, SubZone
from core.crm.upload_models import DocumentAccess, UploadLink
from core.crm.uploads import make_upload_link
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.models import Conversation, InboundMessage, OutboundMessage
from core.staff.models import Staff
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor
from tests.phones import Phone, choices, webhook_client


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


@pytest.fixture
def ayesha(database: str, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    return Phone(webhook_client(), company, phone)


def talk_of(company: TestCompany) -> Id:
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=utc_now()))
        return session.scalars(select(Conversation.id)).one()


def test_a_manager_takes_a_chat_answers_and_hands_it_back(app: Flask, company: TestCompany, ayesha: Phone) -> None:
    asked = ayesha.says("net nahi chal raha")
    ayesha.says("kisi insan se baat karni hai")
    talk = talk_of(company)
    manager = visitor(app, company, "manager")
    listed = manager.get("/inbox").text
    assert "waits for a person" in listed and "C-2001 Ayesha Khan" in listed and "23 h" in listed
    assert "the assistant keeps quiet" in submit(manager, f"/inbox/{talk}/take").text
    key = new_id()
    for _ in range(2):
        answer = submit(manager, f"/inbox/{talk}/answer", words="Ji, main dekhti hun", once=key)
    assert answer.text.count("Ji, main dekhti hun") >= 1
    assert [m.text for m in ayesha.replies()] == ["Ji, main dekhti hun"]
    assert "manager" in manager.get("/inbox?view=mine").text
    assert "The assistant answers again" in submit(manager, f"/inbox/{talk}/back").text
    assert asked.text in ayesha.reply().text


def test_the_list_and_the_lines_are_parts_of_pages_for_polling(app: Flask, company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("talk to a person")
    manager, talk = visitor(app, company, "manager"), talk_of(company)
    for path in ("/inbox/list", f"/inbox/{talk}/lines"):
        part = manager.get(path)
        assert part.status_code == 200 and "<html" not in part.text
    assert "hx-trigger" in manager.get(f"/inbox/{talk}").text


def test_a_chat_of_the_bot_or_of_a_colleague_is_not_answered(app: Flask, company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("menu")
    manager, talk = visitor(app, company, "manager"), talk_of(company)
    refused = submit(manager, f"/inbox/{talk}/answer", words="hello", once=new_id())
    assert refused.status_code == 422 and "take it over first" in refused.text and "hello" in refused.text
    submit(manager, f"/inbox/{talk}/take")
    other = visitor(app, company, "manager")
    assert "A colleague has this chat" in submit(other, f"/inbox/{talk}/answer", words="hi", once=new_id()).text
    submit(other, f"/inbox/{talk}/take")
    assert submit(other, f"/inbox/{talk}/answer", words="hi", once=new_id()).status_code == 200


def test_after_24_hours_the_answer_is_refused_and_kept_in_the_box(
    app: Flask, company: TestCompany, ayesha: Phone
) -> None:
    ayesha.says("talk to a person")
    manager, talk = visitor(app, company, "manager"), talk_of(company)
    with company_session(company.id, "test") as session:
        session.execute(update(Conversation).values(last_inbound_at=utc_now() - timedelta(hours=25)))
    refused = submit(manager, f"/inbox/{talk}/answer", words="too late", once=new_id())
    assert refused.status_code == 422 and "24 hours" in refused.text and "too late</textarea>" in refused.text


def test_a_card_number_is_masked_where_it_is_read(app: Flask, company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("mera CNIC 35202-1234567-1 hai")
    ayesha.says("talk to a person")
    manager, talk = visitor(app, company, "manager"), talk_of(company)
    for path in (f"/inbox/{talk}", "/inbox", "/customers/C-2001", "/tickets"):
        page = manager.get(path).text
        assert "35202-1234567-1" not in page
    assert "35202-*******-1" in manager.get(f"/inbox/{talk}").text


def test_a_photo_in_the_chat_is_opened_by_those_who_answer(
    app: Flask, company: TestCompany, other_company: TestCompany, ayesha: Phone
) -> None:
    ayesha.says("talk to a person")
    assert ayesha.sends("image", {"id": "media-77", "mime_type": "image/jpeg", "sha256": "x"}) == 200
    talk = talk_of(company)
    with company_session(company.id, "test") as session:
        document = session.scalars(select(Document)).one()
        document.state, document.sha256 = "stored", vault.put(picture())
    manager = visitor(app, company, "manager")
    path = f"/inbox/{talk}/files/{document.id}"
    assert path in manager.get(f"/inbox/{talk}").text and manager.get(path).mimetype == "image/jpeg"
    assert visitor(app, other_company, "manager").get(path).status_code == 404
    assert manager.get(f"/inbox/{talk}/files/{new_id()}").status_code == 404


def test_another_companys_chats_do_not_exist(
    app: Flask, company: TestCompany, other_company: TestCompany, ayesha: Phone
) -> None:
    ayesha.says("talk to a person")
    talk = talk_of(company)
    stranger = visitor(app, other_company, "manager")
    assert "Ayesha" not in stranger.get("/inbox").text
    for path in (f"/inbox/{talk}", f"/inbox/{talk}/lines"):
        assert stranger.get(path).status_code == 404
    for verb in ("take", "answer", "back", "assign"):
        assert submit(stranger, f"/inbox/{talk}/{verb}", words="x", once=new_id()).status_code == 404


@pytest.mark.parametrize("path", ["/inbox", "/links", "/leads", "/desk"])
def test_the_front_office_is_not_for_agents(app: Flask, company: TestCompany, path: str) -> None:
    assert visitor(app, company, "recovery_agent").get(path).status_code == 403
    assert visitor(app, company, "manager").get(path).status_code == 200


def link_request(company: TestCompany, wanted: str = "C-2001") -> Id:
    with company_session(company.id, "test") as session:
        person = Contact(id=new_id(), user_id=f"PK.{new_id().hex[:16]}", name="Ayesha K")
        session.add(person)
        session.flush()
        ask_link(session, contact_id=person.id, wanted=wanted, now=utc_now())
        return ask_office(session, contact_id=person.id, note="Ayesha, House 4", now=utc_now()).id


def test_a_link_is_approved_at_the_screen_and_taken_off_again(app: Flask, company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("menu")
    request = link_request(company)
    manager = visitor(app, company, "manager")
    page = manager.get("/links").text
    assert "House 4" in page and "C-2001" in page
    assert "is linked" in submit(manager, f"/links/{request}/approve").text
    assert "decided already" in submit(manager, f"/links/{request}/refuse", reason="late").text
    people = manager.get("/customers/C-2001/people").text
    assert "by the office" in people
    with company_session(company.id) as session:
        contact = session.scalars(select(ContactAccount.contact_id).where(ContactAccount.linked_by == "office")).one()
        told = session.scalars(
            select(OutboundMessage.dedupe_key).where(OutboundMessage.dedupe_key.like("link_%"))
        ).all()
    assert {key.split(":")[0] for key in told} == {"link_approved", "link_told"}
    assert "no longer" in submit(manager, f"/customers/C-2001/people/{contact}/unlink").text


def test_a_request_for_no_account_shows_no_approval(app: Flask, company: TestCompany) -> None:
    request = link_request(company, "C-8888")
    manager = visitor(app, company, "manager")
    page = manager.get("/links").text
    assert "no such account" in page and f"/links/{request}/approve" not in page
    assert submit(manager, f"/links/{request}/approve").status_code == 422
    assert "Refused" in submit(manager, f"/links/{request}/refuse", reason="nobody").text


def a_lead(company: TestCompany) -> tuple[str, Id, Id]:
    """Number and id of a request, and its contact."""
    with company_session(company.id, "test") as session:
        contact = Contact(id=new_id(), phone=a_phone(), name="Kamran")
        session.add(contact)
        session.flush()
        lead = open_lead(
            session, contact_id=contact.id, customer_id=None, opened_by=f"contact:{contact.id}", now=utc_now(),
            wish=Wish(name="Kamran Yousaf", phone=contact.phone or "", place="Gulberg", sub_zone_id=company.sub_zone_id,
                      address="House 12", latitude=Decimal("31.5"), longitude=Decimal("74.3")),
        ).lead  # fmt: skip
        return lead.number, lead.id, contact.id


def test_a_request_is_found_noted_and_moved_on(app: Flask, company: TestCompany) -> None:
    number, _, contact = a_lead(company)
    manager = visitor(app, company, "manager")
    assert "Kamran Yousaf" in manager.get("/leads?q=kamran").text
    assert "Kamran Yousaf" not in manager.get("/leads?q=nobody").text
    assert "cable is near" in submit(manager, f"/leads/{number}/note", note="cable is near").text
    skipped = submit(manager, f"/leads/{number}/move", state="installed", note="kept words")
    assert skipped.status_code == 422 and "must be one of refused, new" in skipped.text and "kept words" in skipped.text
    assert "refused now" in submit(manager, f"/leads/{number}/move", state="refused", note="").text
    with company_session(company.id) as session:
        told = session.scalars(select(OutboundMessage).where(OutboundMessage.contact_id == contact)).all()
    assert [number in message.text for message in told] == [True]


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600)) -> bytes:
    made = io.BytesIO()
    image = Image.new("RGB", size, (20, 90, 60))
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    image.save(made, kind, **({"exif": exif} if kind == "JPEG" else {}))
    return made.getvalue()


def link_of(company: TestCompany, lead: Id | None, contact: Id) -> str:
    with company_session(company.id, "test") as session:
        token = make_upload_link(session, contact_id=contact, lead_id=lead, customer_id=None, language="ur_Latn",
                                 now=utc_now())  # fmt: skip
    return f"/papers/{company.slug}/{token}"


def send(client: FlaskClient, path: str, front: bytes, back: bytes) -> TestResponse:
    files = {"cnic_front": (io.BytesIO(front), "a.jpg"), "cnic_back": (io.BytesIO(back), "../../b.php")}
    return client.post(path, data=files, content_type="multipart/form-data")


def test_both_sides_of_a_card_are_made_anew_encrypted_and_seen_by_the_office_only(
    app: Flask, company: TestCompany
) -> None:
    number, lead, contact = a_lead(company)
    path = link_of(company, lead, contact)
    anybody = app.test_client()
    assert "shanakhti card" in anybody.get(path).text
    assert 'dir="rtl"' in anybody.get(f"{path}?lang=ur").text and "identity card" in anybody.get(f"{path}?lang=en").text
    done = send(anybody, path, picture(), picture("PNG"))
    assert done.status_code == 200 and "Shukriya" in done.text
    with company_session(company.id) as session:
        papers = session.scalars(select(Document).order_by(Document.id)).all()
    assert [(p.kind, p.mime_type, p.state) for p in papers] == [
        ("cnic_front", "image/jpeg", "stored"), ("cnic_back", "image/jpeg", "stored"),
    ]  # fmt: skip
    kept = vault.get(papers[0].sha256)
    assert kept.startswith(b"\xff\xd8\xff") and b"SecretCamera" not in kept
    manager = visitor(app, company, "manager")
    assert "Front side" in manager.get(f"/leads/{number}").text
    shown = manager.get(f"/leads/{number}/papers/{papers[0].id}")
    assert shown.mimetype == "image/jpeg" and "no-store" in shown.headers["Cache-Control"]
    with company_session(company.id) as session:
        seen = session.scalars(select(DocumentAccess).order_by(DocumentAccess.at)).all()
    assert [each.what for each in seen] == ["upload", "upload", "view"] and seen[-1].actor.startswith("staff:")
    assert anybody.get(f"/leads/{number}/papers/{papers[0].id}").status_code == 302
    assert visitor(app, company, "recovery_agent").get(f"/leads/{number}/papers/{papers[0].id}").status_code == 403


def test_a_link_opens_once(app: Flask, company: TestCompany) -> None:
    _, lead, contact = a_lead(company)
    path = link_of(company, lead, contact)
    client = app.test_client()
    assert send(client, path, picture(), picture()).status_code == 200
    assert client.get(path).status_code == 404
    assert send(client, path, picture(), picture()).status_code == 404
    with company_session(company.id) as session:
        assert len(session.scalars(select(Document)).all()) == 2


def test_a_link_expires_and_a_newer_one_ends_it(app: Flask, company: TestCompany) -> None:
    _, lead, contact = a_lead(company)
    first, second = link_of(company, lead, contact), link_of(company, lead, contact)
    client = app.test_client()
    assert client.get(first).status_code == 404 and client.get(second).status_code == 200
    with company_session(company.id, "test") as session:
        session.execute(update(UploadLink).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert client.get(second).status_code == 404
    assert send(client, second, picture(), picture()).status_code == 404


def test_a_link_of_another_company_or_a_forged_one_opens_nothing(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    _, lead, contact = a_lead(company)
    path = link_of(company, lead, contact)
    token = path.rpartition("/")[2]
    client = app.test_client()
    secret, _, signature = token.partition(".")
    for other in (f"/papers/{other_company.slug}/{token}", f"/papers/{company.slug}/{secret}.{'0' * 32}",
                  f"/papers/{company.slug}/{secret}", f"/papers/{company.slug}/x{secret}.{signature}",
                  f"/papers/nobody/{token}", f"/papers/{company.slug}/€.é"):  # fmt: skip
        assert client.get(other).status_code == 404
        assert send(client, other, picture(), picture()).status_code == 404
    assert client.get(path).status_code == 200
    with company_session(company.id) as session:
        assert token not in session.scalars(select(UploadLink.token_hash)).one()
        trail = session.scalar(
            text("SELECT string_agg(new::text, ' ') FROM audit_entry WHERE table_name='upload_link'")
        )
    assert token not in str(trail)


@pytest.mark.parametrize(
    ("front", "why"),
    [
        (b"", "Dono tasveerein"), (b"<?php system($_GET['c']); ?>", "tasveer nahi"),
        (b"%PDF-1.4 not a picture", "tasveer nahi"), (picture(size=(50, 50)), "choti"),
        (b"\xff\xd8\xff" + b"0" * (8 * 1024 * 1024), "8 MB"),
    ],
    ids=["empty", "script", "pdf", "small", "large"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_and_the_link_stays_good(
    app: Flask, company: TestCompany, front: bytes, why: str
) -> None:
    _, lead, contact = a_lead(company)
    path = link_of(company, lead, contact)
    client = app.test_client()
    refused = send(client, path, front, picture())
    assert refused.status_code == 422 and why in refused.text
    assert send(client, path, picture(), picture()).status_code == 200


def test_an_employee_is_invited_and_works_from_the_number_that_typed_the_code(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        tariq = make_staff(session, company, role="technician", name="Tariq")
    owner = visitor(app, company, "owner")
    page = submit(owner, f"/staff/{tariq.id}/invite").text
    code = re.search(r'class="code">([A-Z0-9-]{9})<', page)
    assert code and code[1] not in owner.get("/staff").text
    hidden = Phone(webhook_client(), company, None, "PK.3330000000003")
    assert "jobs" not in choices(hidden.says("menu")).values()
    assert "Tariq" in hidden.says(code[1].lower()).text
    assert "jobs" in choices(hidden.says("menu")).values()
    old = Phone(hidden.client, company, tariq.phone)
    old.replies()
    assert "jobs" not in choices(old.says("menu")).values()
    hidden.replies()
    assert "not valid" in hidden.says(code[1]).text
    with company_session(company.id, "test") as session:
        session.get_one(Staff, tariq.id).state = "left"
    assert "jobs" not in choices(hidden.says("menu")).values()


def test_codes_are_not_to_be_guessed_and_a_manager_cannot_make_himself_owner(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        hamid = make_staff(session, company, role="owner", name="Hamid")
    manager = visitor(app, company, "manager")
    assert submit(manager, f"/staff/{hamid.id}/invite").status_code == 403
    page = submit(visitor(app, company, "owner"), f"/staff/{hamid.id}/invite").text
    code = re.search(r'class="code">([A-Z0-9-]{9})<', page)
    assert code
    thief = Phone(webhook_client(), company, a_phone())
    for number in range(5):
        assert "not valid" in thief.says(f"K{number + 2}7M-29QD").text
    assert "not valid" in thief.says(code[1]).text  # too many wrong ones: the right one is not read any more
    assert "approvals" not in choices(thief.says("menu")).values()


def test_an_invitation_of_another_company_is_worth_nothing(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    with company_session(company.id, "test") as session:
        tariq = make_staff(session, company, role="technician", name="Tariq")
    page = submit(visitor(app, company, "owner"), f"/staff/{tariq.id}/invite").text
    code = re.search(r'class="code">([A-Z0-9-]{9})<', page)
    assert code and submit(visitor(app, other_company, "owner"), f"/staff/{tariq.id}/invite").status_code == 404
    assert "not valid" in Phone(webhook_client(), other_company, a_phone()).says(code[1]).text


def test_office_hours_and_coverage_are_set(app: Flask, company: TestCompany) -> None:
    manager = visitor(app, company, "manager")
    hours = {f"opens_{day}": "10:00" for day in range(1, 6)} | {f"closes_{day}": "16:00" for day in range(1, 6)}
    assert "Saved" in submit(manager, "/desk", **hours, answer_hours="2", coverage_metres="300").text
    with company_session(company.id) as session:
        settings = session.scalars(select(DeskSettings)).one()
    assert (settings.office_hours["1"], settings.office_hours["6"]) == (["10:00", "16:00"], [])
    assert (settings.answer_hours, settings.coverage_metres) == (2, 300)
    wrong = submit(manager, "/desk", opens_1="18:00", closes_1="09:00", answer_hours="2", coverage_metres="300")
    assert wrong.status_code == 422 and "end before they begin" in wrong.text
    path = f"/desk/zones/{company.sub_zone_id}"
    assert "saved" in submit(manager, path, coverage="planned", other_names="گلبرگ, Gulbarg", point="31.5, 74.34").text
    with company_session(company.id) as session:
        zone = session.get_one(SubZone, company.sub_zone_id)
    assert (zone.coverage, zone.other_names, zone.latitude) == ("planned", ["گلبرگ", "Gulbarg"], Decimal("31.500000"))
    assert submit(manager, path, coverage="served", other_names="", point="over there").status_code == 422


def test_a_card_number_in_the_raw_message_is_replaced_by_one_of_the_same_kind(
    company: TestCompany, ayesha: Phone
) -> None:
    ayesha.says("mera CNIC 35202-1234567-1 hai")
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage)).one()
    assert "35202-1234567-1" not in str(kept.content) and "35202-0000000-1" in str(kept.content)
