"""Stop and start: in chat, in WhatsApp's own settings, and by Meta's refusal; offers and notices apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.clock import utc_now
from core.crm.consent_models import ConsentChange
from core.crm.models import Contact
from core.db import company_session
from core.messaging import batches, payloads, results
from core.messaging.lanes import Shares
from core.messaging.models import OutboundMessage
from core.messaging.outbox import queue_message
from core.messaging.statuses import apply_status
from tests.builders import a_phone, customer_who_owes
from tests.cast import TestCompany
from tests.phones import Phone, envelope, post

TOLD = 1_795_500_000


@pytest.fixture
def ayesha(client: FlaskClient, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    person = Phone(client, company, phone, "PK.1000000000001")
    person.says("menu")
    return person


def contact(company: TestCompany) -> Contact:
    with company_session(company.id) as session:
        return session.scalars(select(Contact)).one()


def prefers(person: Phone, value: str, *, at: int = TOLD, category: str = "marketing_messages") -> None:
    """Meta's webhook about a person's settings."""
    told: dict[str, Any] = {"category": category, "value": value, "timestamp": at, "detail": "settings"}
    told |= {"wa_id": person.phone.lstrip("+")} if person.phone else {}
    told |= {"user_id": person.user_id} if person.user_id else {}
    body = envelope(person.company.phone_number_id, contacts=[], user_preferences=[told])
    body["entry"][0]["changes"][0]["field"] = "user_preferences"
    assert post(person.client, body) == 200
    assert person.replies() == []


def offer(company: TestCompany, lane: str = "bulk", marketing: bool | None = None) -> batches.Claimed:
    """An offer as the drainer finds it."""
    now = utc_now()
    with company_session(company.id, "test") as session:
        person = session.scalars(select(Contact)).one()
        queue_message(
            session, contact_id=person.id, business_number_id=company.business_number_id, lane=lane,
            payload=payloads.text("Eid offer"), text="Eid offer", dedupe_key=f"offer:{lane}:{now}", now=now,
            template={"name": "offer", "language": "en", "parameters": {}}, marketing=marketing,
        )  # fmt: skip
        claimed = batches.claim(
            session, company_id=company.id, business_number_id=company.business_number_id,
            open_lanes=("notice", "bulk"), shares=Shares(), size=10, now=now,
        )  # fmt: skip
    return next(each for each in claimed if each.kind != "read")


def test_stop_in_whatsapps_settings_stops_offers_only(company: TestCompany, ayesha: Phone) -> None:
    prefers(ayesha, "stop")
    assert contact(company).marketing_stopped_at is not None and contact(company).opted_out_at is None
    verdict = results.refused_before_sending(offer(company), utc_now())
    assert verdict is not None and (verdict.state, verdict.error) == ("failed", results.UNWANTED)
    ayesha.replies()
    prefers(ayesha, "resume", at=TOLD + 60)
    assert contact(company).marketing_stopped_at is None
    with company_session(company.id) as session:
        kept = session.scalars(select(ConsentChange).order_by(ConsentChange.told_at)).all()
    assert [(k.category, k.choice, k.how) for k in kept] == [
        ("marketing", "stop", "meta"),
        ("marketing", "resume", "meta"),
    ]


def test_settings_heard_late_or_twice_change_nothing(company: TestCompany, ayesha: Phone) -> None:
    prefers(ayesha, "resume", at=TOLD + 60)
    for _ in range(2):
        prefers(ayesha, "stop", at=TOLD)
    assert contact(company).marketing_stopped_at is None
    with company_session(company.id) as session:
        assert len(session.scalars(select(ConsentChange)).all()) == 2


@pytest.mark.parametrize("missing", ["phone", "user_id"])
def test_one_identifier_is_enough(company: TestCompany, ayesha: Phone, missing: str) -> None:
    setattr(ayesha, missing, None)
    prefers(ayesha, "stop")
    assert contact(company).marketing_stopped_at is not None


@pytest.mark.parametrize(
    ("value", "category"),
    [("signup", "marketing_messages"), ("stop", "other"), ("", ""), ("STOP!", "marketing_messages")],
)
def test_other_settings_are_stored_and_left_alone(
    company: TestCompany, ayesha: Phone, value: str, category: str
) -> None:
    prefers(ayesha, value, category=category)
    assert contact(company).marketing_stopped_at is None


def test_stop_in_chat_stops_both_and_one_tap_gives_the_notices_back(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("stop")
    assert contact(company).opted_out_at and contact(company).marketing_stopped_at
    ayesha.taps("Only no offers")
    assert contact(company).opted_out_at is None and contact(company).marketing_stopped_at is not None
    with company_session(company.id) as session:
        assert {k.how.split(":")[0] for k in session.scalars(select(ConsentChange))} == {"message"}


def test_start_gives_everything_back(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("stop")
    ayesha.says("start")
    assert contact(company).opted_out_at is None and contact(company).marketing_stopped_at is None


def test_metas_refusal_of_an_offer_is_a_stop(company: TestCompany, ayesha: Phone) -> None:
    claimed = offer(company)
    with company_session(company.id, "test") as session:
        session.get_one(OutboundMessage, claimed.id).wamid = "wamid.OFFER"
        session.flush()
        status = {"id": "wamid.OFFER", "status": "failed", "timestamp": str(TOLD),
                  "errors": [{"code": 131050, "title": "User has stopped marketing messages"}]}  # fmt: skip
        assert apply_status(session, status=status, now=utc_now() + timedelta(seconds=1))
    assert contact(company).marketing_stopped_at is not None


@pytest.mark.parametrize(("lane", "marketing"), [("bulk", False), ("notice", None)])
def test_a_service_message_still_goes_to_who_stopped_offers(
    company: TestCompany, ayesha: Phone, lane: str, marketing: bool | None
) -> None:
    prefers(ayesha, "stop")
    assert results.refused_before_sending(offer(company, lane, marketing), utc_now()) is None


def test_who_stopped_everything_gets_no_offer_in_any_lane(company: TestCompany, ayesha: Phone) -> None:
    ayesha.says("stop")
    assert results.refused_before_sending(offer(company, "notice", marketing=True), utc_now()) is not None
