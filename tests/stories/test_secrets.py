"""What people type and nobody needs to keep is found nowhere in the database once the turn is over."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from bot.processing import process_event
from bot.replay import DIFFERS
from core.clock import utc_now
from core.db import company_session, platform_session
from core.messaging.models import Conversation, InboundMessage, WebhookEvent
from core.service_desk.secrets import read_secret
from tests.builders import a_phone
from tests.cast import TestCompany
from tests.phones import Phone, envelope, new_wamid, post
from tests.scratch import replayed
from tests.stories.wishes import edit, paid_up, tap, tickets_of

PASSWORD, CNIC = "Lahore-7788", "35202-7654321-9"
_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'ARRAY') ORDER BY 1, 2"
)
_IN_RAW = "position(convert_to(:secret, 'UTF8') IN body) > 0 AND position(convert_to(:number, 'UTF8') IN body) > 0"


def places_of(company: TestCompany, secret: str) -> list[str]:
    """Every column that holds the words, of the company's rows and of the raw events of its number."""
    found = []
    readers = (company_session(company.id), platform_session("test"))
    for reader in readers:
        with reader as session:
            for table, column in session.execute(_COLUMNS).all():
                if table == "alembic_version" or table.startswith("audit_entry_"):
                    continue
                is_raw = (table, column) == ("webhook_event", "body")
                looked = _IN_RAW if is_raw else f"position(:secret IN {column}::text) > 0"
                sought = {"secret": secret} | ({"number": company.phone_number_id} if is_raw else {})
                if session.scalar(text(f"SELECT count(*) FROM {table} WHERE {looked}"), sought):
                    found.append(f"{table}.{column}")
    return found


@pytest.mark.parametrize(
    ("wish", "choose", "yes"),
    [
        ("wifi ka password badalna hai", "Password", "Haan"),
        ("وائی فائی کا پاس ورڈ بدلنا ہے", "پاس ورڈ", "ہاں"),
        ("I want to change my wifi password", "Password", "Yes"),
    ],
)
def test_a_wished_password_is_in_no_column_not_even_of_the_raw_event(
    client: FlaskClient, company: TestCompany, wish: str, choose: str, yes: str
) -> None:
    bilal = paid_up(client, company)
    bilal.says(wish)
    bilal.taps(choose)
    bilal.says("short1!")
    bilal.says(PASSWORD)
    bilal.taps(yes)
    assert places_of(company, PASSWORD) == [] and places_of(company, "short1!") == []
    with company_session(company.id) as session:
        assert read_secret(session, ticket_id=tickets_of(company)[0].id) == f"Password: {PASSWORD}"
        conversation = session.scalars(select(Conversation.id)).one()
    assert not [one for one in replayed(company.id, conversation) if one.verdict == DIFFERS]


def test_a_password_told_with_the_wish_is_not_kept_either(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    asked = bilal.says(f"wifi ka password badal kar {PASSWORD} kar dein please")
    assert PASSWORD not in asked.text
    assert places_of(company, PASSWORD) == []
    with company_session(company.id) as session:
        kept = session.scalars(select(InboundMessage.text)).one()
    assert kept == "wifi ka password badal kar •••••••• kar dein please"


@pytest.mark.parametrize(
    "words", [f"mera cnic {CNIC} hai", f"net nahi chal raha, shanakhti card {CNIC}", f"میرا شناختی کارڈ {CNIC} ہے"]
)
def test_a_cnic_is_kept_nowhere(client: FlaskClient, company: TestCompany, words: str) -> None:
    bilal = paid_up(client, company)
    bilal.says(words)
    assert places_of(company, CNIC) == [] and places_of(company, "7654321") == []


def test_a_strangers_bare_cnic_is_kept_nowhere(client: FlaskClient, company: TestCompany) -> None:
    Phone(client, company, a_phone()).says("3520276543219")
    assert places_of(company, "3520276543219") == []


def test_a_payments_long_number_is_no_cnic(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("maine 2500 bhej diye, trx id 3520276543219")
    assert "inbound_message.text" in places_of(company, "3520276543219")


def test_words_changed_into_a_secret_are_not_kept(client: FlaskClient, company: TestCompany) -> None:
    bilal = paid_up(client, company)
    bilal.says("wifi ka password badalna hai")
    bilal.taps("Password")
    assert bilal.sends("text", {"body": PASSWORD}, wamid="wamid.SECRET9") == 200
    bilal.reply()
    tap(bilal, "menu")
    assert edit(bilal, "wamid.SECRET9", "Karachi-9876") == 200
    assert edit(bilal, "wamid.SECRET9", "Multan-5544") == 200
    for secret in (PASSWORD, "Karachi-9876", "Multan-5544"):
        assert places_of(company, secret) == []


def test_a_redacted_event_acts_once_and_its_neighbours_are_as_they_came(
    client: FlaskClient, company: TestCompany
) -> None:
    phone = a_phone()
    contact = {"profile": {"name": "Ayesha"}, "wa_id": phone.lstrip("+")}
    said = [
        {"id": new_wamid(), "timestamp": "1790000000", "type": "text", "from": phone.lstrip("+"), "text": {"body": one}}
        for one in (f"mera cnic {CNIC} hai", "plans batayein")
    ]
    assert post(client, envelope(company.phone_number_id, contacts=[contact], messages=said)) == 200
    assert places_of(company, CNIC) == []
    with platform_session("test") as session:
        events = session.execute(select(WebhookEvent.id, WebhookEvent.body)).all()
    event, body = next((row.id, row.body) for row in events if said[0]["id"].encode() in row.body)
    kept = json.loads(body)["entry"][0]["changes"][0]["value"]
    assert [one["text"]["body"] for one in kept["messages"]] == ["mera cnic 35202-0000000-9 hai", "plans batayein"]
    assert kept["contacts"] == [contact]
    assert process_event(event, utc_now())
    with company_session(company.id) as session:
        assert len(session.scalars(select(InboundMessage.id)).all()) == 2
