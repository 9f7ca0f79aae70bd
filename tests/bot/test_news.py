"""What Meta tells of a number or an account reaches the numbers that are meant, and no others."""

from __future__ import annotations

import itertools
import os

from bot.processing import process_event, store_event
from core.clock import utc_now
from core.companies import BusinessNumber
from core.db import company_session, platform_session
from core.messaging.holds import open_holds
from core.messaging.models import WebhookEvent
from core.messaging.sending_policy import sending_policy
from simulators.whatsapp_cloud.webhooks import meta_json
from tests.cast import TestCompany

_accounts = itertools.count(1)


def account() -> str:
    return f"{os.getpid()}{next(_accounts):06d}"


def hear(account_id: str, field: str, **value: object) -> WebhookEvent:
    body = {"object": "whatsapp_business_account",
            "entry": [{"id": account_id, "changes": [{"field": field, "value": value}]}]}  # fmt: skip
    event_id = store_event(meta_json(body), utc_now())
    assert process_event(event_id, utc_now())
    with platform_session() as session:
        return session.get_one(WebhookEvent, event_id)


def belongs(company: TestCompany, account_id: str, display: str = "+92 42 35550100") -> None:
    with company_session(company.id) as session:
        number = session.get_one(BusinessNumber, company.business_number_id)
        number.waba_id, number.display_number = account_id, display


def held(company: TestCompany) -> set[str]:
    with company_session(company.id) as session:
        return {hold.lane for hold in open_holds(session, now=utc_now())}


def test_an_account_is_learnt_from_its_statuses_and_its_ban_stops_its_numbers_alone(
    company: TestCompany, other_company: TestCompany
) -> None:
    ours, theirs = account(), account()
    metadata = {"phone_number_id": company.phone_number_id, "display_phone_number": "924235550100"}
    hear(ours, "messages", metadata=metadata, statuses=[{"id": "wamid.X", "status": "sent"}])
    belongs(other_company, theirs)

    event = hear(ours, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})

    assert event.state == "done"
    assert (len(held(company)), held(other_company)) == (5, set())


def test_a_number_s_own_news_reaches_it_alone(company: TestCompany, other_company: TestCompany) -> None:
    ours = account()
    belongs(company, ours, "+92 42 111 222 333")
    belongs(other_company, ours, "+92 42 111 222 444")

    hear(ours, "phone_number_quality_update", display_phone_number="9242111222333", event="ONBOARDING",
         max_daily_conversations_per_business="TIER_10K")  # fmt: skip

    with company_session(company.id) as session:
        assert sending_policy(session).recipients_per_day == 10_000
    with company_session(other_company.id) as session:
        assert sending_policy(session).recipients_per_day == 250


def test_news_of_an_account_that_is_not_ours_is_kept_and_nothing_else(company: TestCompany) -> None:
    event = hear(account(), "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})

    assert (event.state, held(company)) == ("done", set())
