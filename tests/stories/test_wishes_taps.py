"""Whatever id a tap carries, whoever taps it: one answer, no fault, no other customer's facts."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from bot import router
from bot.flows import ALL_FLOWS
from core.clock import utc_now
from core.db import company_session
from core.network.outages import open_outage
from core.service_desk.tickets import open_ticket
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone

ARGUMENTS = (":T-1001", ":T-1001:9", ":INV-2026-27-000001", ":01a21105-1b27-7e9e-a348-cf90cef0d61b")
ACTIONS = sorted({h.name for role in router.ROLES for h in router.handlers_of(role)} | {f"flow:{f}" for f in ALL_FLOWS})


@pytest.mark.parametrize("role", ["customer", "manager"])
def test_every_action_with_any_argument_gets_one_answer(
    client: FlaskClient, company: TestCompany, role: str
) -> None:  # fmt: skip
    phone = a_phone()
    with company_session(company.id, "test") as session:
        ayesha = customer_who_owes(session, company, a_phone())
        open_ticket(session, customer_id=ayesha.id, category="other", description="secret words", opened_by="test",
                    now=utc_now())  # fmt: skip
        open_outage(session, sub_zone_ids=[company.sub_zone_id], opened_by="test", now=utc_now())
        if role == "customer":
            make_customer(session, company, name="Bilal Butt", phone=phone)
        elif role == "manager":
            make_staff(session, company, role="manager", phone=phone)
    person = Phone(client, company, phone)
    for action in ACTIONS:
        for argument in ARGUMENTS:
            content = {"type": "button_reply", "button_reply": {"id": action + argument, "title": "x"}}
            assert person.sends("interactive", content) == 200, action + argument
    told = person.replies()
    assert len(told) == len(ACTIONS) * len(ARGUMENTS)
    if role != "manager":
        assert not [message.text for message in told if "secret words" in message.text or "Ayesha" in message.text]
