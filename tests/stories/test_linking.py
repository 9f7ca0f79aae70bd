"""A new number and an account: a code to those who are in it, or the office's yes; and no other way in."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from core import vault
from core.clock import utc_now
from core.crm.link_models import LinkRequest
from core.crm.models import Contact, ContactAccount, CustomerPhone
from core.db import company_session, platform_session
from core.messaging import payloads
from core.messaging.corrections import HIDDEN
from core.messaging.models import Conversation, InboundMessage, OutboundMessage, WebhookEvent
from core.messaging.ready_templates import FILE
from core.service_desk.models import Ticket
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices

OWED = "3,435.63"
NEWCOMER = "PK.5550000000005"


@pytest.fixture
def ayesha(client: FlaskClient, company: TestCompany) -> Phone:
    """The customer C-2001, who has written from her number."""
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    person = Phone(client, company, phone)
    assert OWED in person.says("what is my balance").text
    return person


@pytest.fixture
def stranger(client: FlaskClient, company: TestCompany) -> Phone:
    """Somebody whose number WhatsApp hides."""
    return Phone(client, company, None, NEWCOMER, name="Ayesha Khan")


def only(person: Phone, kind: str = "") -> list[OutboundMessage]:
    """What this person got since the last look."""
    with company_session(person.company.id, "test") as session:
        same = Contact.phone == person.phone if person.phone else Contact.user_id == person.user_id
        contact = session.scalars(select(Contact).where(same)).one()
    return [message for message in person.replies() if message.contact_id == contact.id]


def says(person: Phone, words: str) -> OutboundMessage:
    """Send words; the last thing that came back to this person, whatever others were told."""
    person.replies()
    assert person.sends("text", {"body": words}) == 200
    person.last = only(person)[-1]
    return person.last


def tap(person: Phone, action: str) -> str:
    person.replies()
    person.touches(action)
    person.last = only(person)[-1]
    return person.last.text


def code_of(company: TestCompany) -> str:
    """The code in the newest message that carries one."""
    with company_session(company.id) as session:
        sent = session.scalars(
            select(OutboundMessage).where(OutboundMessage.dedupe_key.like("link_code:%")).order_by(OutboundMessage.id)
        ).all()[-1]  # fmt: skip
    assert sent.sealed is not None and sent.lane == "urgent"
    code = vault.unseal(sent.sealed)
    assert code not in str((sent.text, sent.payload, sent.template))
    return code


def ask(stranger: Phone, number: str = "C-2001") -> str:
    tap(stranger, "flow:link_account")
    return says(stranger, number).text


def test_the_code_sent_to_the_old_number_opens_the_account_in_the_new_chat(
    company: TestCompany, ayesha: Phone, stranger: Phone
) -> None:
    assert OWED not in says(stranger, "what is my balance").text
    assert "link_account" in str(choices(stranger.last))
    ask(stranger)
    assert "C-2001" in says(stranger, code_of(company)).text
    assert OWED in says(stranger, "what is my balance").text


def test_the_code_may_be_written_as_people_do(company: TestCompany, ayesha: Phone, stranger: Phone) -> None:
    ask(stranger, "c 2001")
    code = code_of(company).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    says(stranger, f"{code[:3]} {code[3:]}")
    assert OWED in says(stranger, "what is my balance").text


def test_neither_the_name_nor_the_cnic_nor_the_number_opens_an_account(ayesha: Phone, stranger: Phone) -> None:
    for words in ("my name is Ayesha Khan", "my cnic is 35202-1234567-1", "my account is C-2001", "C-2001", "2001"):
        assert OWED not in says(stranger, words).text
    assert OWED not in says(stranger, "what is my balance").text


def test_an_account_that_does_not_exist_is_answered_in_the_same_words(
    company: TestCompany, ayesha: Phone, client: FlaskClient
) -> None:
    answers = []
    for number, user_id in (("C-2001", "PK.6660000000001"), ("C-9999", "PK.6660000000002")):
        person = Phone(client, company, None, user_id)
        steps = [ask(person, number)]
        steps += [says(person, "000000").text for _ in range(6)]
        answers.append([step.replace(number, "NUMBER") for step in steps])
    with company_session(company.id) as session:
        assert session.scalars(select(ContactAccount)).one().linked_by == "phone_on_file"
    assert answers[0] == answers[1]


def test_the_fifth_wrong_code_ends_it_and_the_right_one_comes_too_late(
    company: TestCompany, ayesha: Phone, stranger: Phone
) -> None:
    ask(stranger)
    code = code_of(company)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert "4" in says(stranger, wrong).text
    for _ in range(4):
        says(stranger, wrong)
    assert "not valid any more" in says(stranger, code).text
    assert OWED not in says(stranger, "what is my balance").text


def test_a_code_is_over_after_ten_minutes(company: TestCompany, ayesha: Phone, stranger: Phone) -> None:
    ask(stranger)
    with company_session(company.id, "test") as session:
        session.execute(update(LinkRequest).values(code_expires_at=utc_now() - timedelta(seconds=1)))
    assert "not valid any more" in says(stranger, code_of(company)).text
    assert OWED not in says(stranger, "what is my balance").text


def test_the_code_of_one_person_is_of_no_use_to_another(
    company: TestCompany, ayesha: Phone, stranger: Phone, client: FlaskClient
) -> None:
    ask(stranger)
    thief = Phone(client, company, None, "PK.7770000000007")
    says(thief, code_of(company))
    assert OWED not in says(thief, "what is my balance").text


def test_who_asks_too_often_is_told_to_wait_and_an_account_is_not_flooded(
    company: TestCompany, ayesha: Phone, client: FlaskClient
) -> None:
    one = Phone(client, company, None, "PK.8880000000000")
    assert "often" not in " ".join(ask(one) for _ in range(3))
    assert "often" in ask(one)
    for number in range(1, 6):
        ask(Phone(client, company, None, f"PK.888000000000{number}"))
    with company_session(company.id) as session:
        sent = session.scalars(select(OutboundMessage).where(OutboundMessage.dedupe_key.like("link_code:%"))).all()
    assert len(sent) == 5


def test_the_code_is_kept_as_a_fingerprint_only(company: TestCompany, ayesha: Phone, stranger: Phone) -> None:
    ask(stranger)
    code = code_of(company)
    with company_session(company.id) as session:
        request = session.scalars(select(LinkRequest)).one()
        trail = session.scalar(
            text("SELECT string_agg(new::text, ' ') FROM audit_entry WHERE table_name='link_request'")
        )
    assert code not in request.code_hash and len(request.code_hash) == 64
    assert code not in str(trail)


def test_who_does_not_know_the_newcomer_turns_him_away_before_or_after(
    company: TestCompany, ayesha: Phone, stranger: Phone
) -> None:
    ask(stranger)
    code = code_of(company)
    with company_session(company.id) as session:
        first = session.scalars(select(LinkRequest)).one().id
    says(stranger, code)
    assert OWED in says(stranger, "what is my balance").text
    assert "T-1001" in tap(ayesha, f"link.undo:{first}")
    assert OWED not in says(stranger, "what is my balance").text
    ask(stranger)  # asked again by whom she has turned away: she hears nothing of it
    with company_session(company.id) as session:
        assert session.scalars(select(Ticket)).one().priority == "high"
        assert sorted(session.scalars(select(LinkRequest.sent_to))) == [0, 1]


def test_only_who_was_there_before_may_undo_a_link(company: TestCompany, ayesha: Phone, stranger: Phone,
                                                   client: FlaskClient) -> None:  # fmt: skip
    ask(stranger)
    says(stranger, code_of(company))
    with company_session(company.id) as session:
        first = session.scalars(select(LinkRequest)).one().id
    second = Phone(client, company, None, "PK.9990000000009")
    ask(second)
    says(second, code_of(company))
    assert "nothing to undo" in tap(second, f"link.undo:{first}")
    assert "nothing to undo" in tap(stranger, f"link.undo:{first}")
    assert "nothing to undo" in tap(second, "link.undo:not-an-id")
    assert OWED in says(stranger, "what is my balance").text


def test_without_the_old_number_the_office_decides_and_the_person_is_told(
    company: TestCompany, ayesha: Phone, stranger: Phone, client: FlaskClient
) -> None:
    with company_session(company.id, "test") as session:
        manager = Phone(client, company, make_staff(session, company, role="manager", name="Shazia").phone)
    says(manager, "menu")
    ask(stranger)
    tap(stranger, "flow:link_by_office")
    assert "chat" in says(stranger, "Ayesha Khan, 35202-1234567-1").text  # asked again, without the card's number
    assert "check" in says(stranger, "Ayesha Khan, House 4, Street 7, 0300 1234567").text
    assert "C-2001" in says(manager, "approvals").text
    assert "House 4, Street 7" in manager.last.text
    approve = next(action for action in choices(manager.last).values() if action.startswith("flow:approve:link-"))
    tap(manager, approve)
    manager.replies()
    stranger.replies()
    ayesha.replies()
    content = {"type": "button_reply", "button_reply": {"id": "a:approve:1:confirmed:yes", "title": "Yes"}}
    assert manager.sends("interactive", content) == 200
    told = {message.dedupe_key.split(":")[0] for message in manager.replies()}
    assert {"link_approved", "link_told"} <= told
    assert OWED in says(stranger, "what is my balance").text


def test_a_request_for_no_account_can_be_refused_but_not_approved(
    company: TestCompany, stranger: Phone, client: FlaskClient
) -> None:
    with company_session(company.id, "test") as session:
        manager = Phone(client, company, make_staff(session, company, role="manager", name="Shazia").phone)
    says(manager, "menu")
    ask(stranger, "C-7777")
    tap(stranger, "flow:link_by_office")
    says(stranger, "I am Ayesha")
    assert "no such account" in says(manager, "approvals").text
    name = next(a for a in choices(manager.last).values() if a.startswith("flow:approve:")).split(":")[2]
    tap(manager, f"flow:approve:{name}")
    assert "cannot be done" in tap(manager, "a:approve:1:confirmed:yes")
    tap(manager, f"flow:refuse:{name}")
    tap(manager, "a:refuse:2:confirmed:yes")
    with company_session(company.id) as session:
        assert session.scalars(select(LinkRequest)).one().state == "refused"


def test_an_account_taken_off_a_number_stays_off_though_the_number_is_on_file(
    company: TestCompany, ayesha: Phone
) -> None:
    says(ayesha, "remove my number from this account")
    assert "C-2001" in ayesha.last.text
    tap(ayesha, "a:unlink_account:1:confirmed:yes")
    for _ in range(2):
        assert OWED not in says(ayesha, "what is my balance").text
    with company_session(company.id) as session:
        assert session.scalars(select(CustomerPhone.opens_account)).all() == [False]


def test_a_payer_links_a_second_account_and_is_asked_which(
    company: TestCompany, ayesha: Phone, client: FlaskClient
) -> None:
    with company_session(company.id, "test") as session:
        make_customer(session, company, name="Bilal Khan", phone=a_phone())
    says(ayesha, "please link account C-2002 to my number")
    code = code_of(company)
    assert "C-2002" in says(ayesha, code).text
    assert set(choices(says(ayesha, "what is my balance"))) == {"C-2001", "C-2002"}


def test_a_number_put_on_file_for_a_second_account_opens_it_too(company: TestCompany, ayesha: Phone) -> None:
    with company_session(company.id, "test") as session:
        make_customer(session, company, name="Bilal Khan", phone=ayesha.phone)
    assert set(choices(says(ayesha, "what is my balance"))) == {"C-2001", "C-2002"}


def test_another_companys_account_is_no_account_here(
    company: TestCompany, other_company: TestCompany, ayesha: Phone, client: FlaskClient
) -> None:
    elsewhere = Phone(client, other_company, None, "PK.1110000000001")
    ask(elsewhere)
    with company_session(other_company.id) as session:
        assert session.scalars(select(LinkRequest)).one().customer_id is None
    with company_session(company.id) as session:
        assert session.scalars(select(LinkRequest)).all() == []


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("mera account jor dein", "account_no"),
        ("link my account please", "account_no"),
        ("میرا اکاؤنٹ جوڑ دیں", "account_no"),
    ],
)
def test_people_ask_for_the_link_in_their_own_words(
    company: TestCompany, ayesha: Phone, stranger: Phone, words: str, action: str
) -> None:
    assert "C-2001" in says(stranger, words).text  # the example in the question


@pytest.mark.parametrize(
    "words",
    ["please add 500 to my account", "mere account se late fee hata do", "FT77-8899", "mera account band kar dein"],
)
def test_other_wishes_about_an_account_link_and_unlink_nothing(ayesha: Phone, words: str) -> None:
    says(ayesha, words)
    with company_session(ayesha.company.id) as session:
        flow = session.scalars(select(Conversation.state)).one().get("flow", {})
    assert flow.get("flow") not in ("link_account", "unlink_account")


@pytest.mark.parametrize(
    ("words", "warned", "code"),
    [
        ("mera bill kitna hai", ("account_link_asked_roman", "ur"), ("one_time_code", "ur")),
        ("میرا بل کتنا ہے", ("account_link_asked", "ur"), ("one_time_code", "ur")),
        ("what is my bill", ("account_link_asked", "en"), ("one_time_code", "en")),
    ],
)
def test_the_code_goes_by_metas_template_for_codes_and_the_warning_beside_it(
    company: TestCompany, ayesha: Phone, stranger: Phone, words: str, warned: tuple[str, str], code: tuple[str, str]
) -> None:
    says(ayesha, words)
    ask(stranger)
    with company_session(company.id) as session:
        rows = select(OutboundMessage).order_by(OutboundMessage.id)
        warning = session.scalars(rows.where(OutboundMessage.dedupe_key.like("link_wanted:%"))).one()
        sent = session.scalars(rows.where(OutboundMessage.dedupe_key.like("link_code:%"))).one()
    assert warning.id < sent.id and warning.template is not None
    assert (warning.template["name"], warning.template["language"]) == warned
    listed = json.loads(FILE.read_text())
    known = {(each["name"], each["language"]): each for each in listed}
    assert set(re.findall(r"{{(\w+)}}", known[warned]["body"])) == set(warning.template["parameters"])
    template = sent.payload["template"]
    assert (template["name"], template["language"]["code"]) == code
    assert known[code]["category"] == "AUTHENTICATION" and known[code]["code_expiration_minutes"] == 10
    body, button = template["components"]
    assert (body["type"], button["sub_type"], button["index"]) == ("body", "url", "0")
    assert body["parameters"] == button["parameters"] == [{"type": "text", "text": payloads.CODE_PLACE}]


def test_who_hides_his_number_gets_the_code_in_the_chat(
    client: FlaskClient, company: TestCompany, ayesha: Phone, stranger: Phone
) -> None:
    ask(stranger)
    says(stranger, code_of(company))
    third = Phone(client, company, None, "PK.7770000000001")
    ask(third)
    with company_session(company.id) as session:
        hidden = session.scalars(select(Contact.id).where(Contact.user_id == NEWCOMER)).one()
        told = select(OutboundMessage).where(OutboundMessage.contact_id == hidden, OutboundMessage.sealed.is_not(None))
        sent = session.scalars(told).one()
    assert sent.kind == "interactive" and payloads.CODE_PLACE in sent.text
    assert sent.sealed is not None
    assert vault.unseal(sent.sealed) in str(payloads.with_code(sent.payload, vault.unseal(sent.sealed)))


def test_a_tap_on_the_templates_quick_reply_takes_the_link_back(
    company: TestCompany, ayesha: Phone, stranger: Phone
) -> None:
    ask(stranger)
    says(stranger, code_of(company))
    with company_session(company.id) as session:
        told = session.scalars(select(OutboundMessage).where(OutboundMessage.dedupe_key.like("link_told:%"))).one()
    assert told.template is not None
    ayesha.replies()
    assert ayesha.sends("button", {"payload": told.template["buttons"][0], "text": "I do not know this"}) == 200
    assert "T-1001" in ayesha.reply().text
    assert OWED not in says(stranger, "what is my balance").text


def test_a_typed_code_is_not_kept_in_clear(company: TestCompany, ayesha: Phone, stranger: Phone) -> None:
    ask(stranger)
    code = code_of(company)
    says(stranger, code)
    with company_session(company.id) as session:
        typed = session.scalars(select(InboundMessage).order_by(InboundMessage.id.desc()).limit(1)).one()
    assert (typed.text, typed.content["text"]["body"]) == (HIDDEN, "000000")
    with platform_session("test") as session:
        body = session.scalars(select(WebhookEvent.body).where(WebhookEvent.id == typed.event_id)).one()
    sent = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
    assert sent["text"]["body"] == "000000"
