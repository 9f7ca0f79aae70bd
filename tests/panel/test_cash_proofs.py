"""The page of unconfirmed cash: who said what, the office's calls and decisions, and who may not."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cli.web import create_app
from core.billing.cash_proof_models import CashProof
from core.billing.payment_models import Payment
from core.billing.policy import change_billing_policy
from core.clock import utc_now
from core.db import company_session
from core.ids import Id, new_id
from core.messaging.models import OutboundMessage
from core.usecases.answer_cash import say_otherwise
from core.usecases.collect_cash import collect_cash
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.core.billing.people import knows_on_whatsapp
from tests.panel.visitors import SETTINGS, submit, token_of, visitor


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(SETTINGS)


class Office:
    """Rabia took Rs 2,000 of Ayesha, who is on WhatsApp, and Rs 500 of Kamran, who is not."""

    def __init__(self, app: Flask, company: TestCompany) -> None:
        self.company = company
        with company_session(company.id, "test") as session:
            change_billing_policy(session, cash_callback_percent=100)
            rabia = make_staff(session, company, role="recovery_agent", name="Rabia")
            ayesha = customer_who_owes(session, company, a_phone())
            self.contact = knows_on_whatsapp(session, ayesha, language="en").id
            kamran = make_customer(session, company, name="Kamran Shah")
            self.rabia = rabia.id
            self.ayeshas, self.kamrans = (self._take(session, rabia.id, customer.id, amount) for customer, amount in
                                          ((ayesha, "2000.00"), (kamran, "500.00")))  # fmt: skip
        self.manager: FlaskClient = visitor(app, company, "manager")

    def _take(self, session, agent_id: Id, customer_id: Id, amount: str) -> str:
        return collect_cash(session, agent_id=agent_id, customer_id=customer_id, amount=Decimal(amount), now=utc_now(),
                            idempotency_key=str(new_id()), actor=f"staff:{agent_id}").payment.number  # fmt: skip

    def disputes(self) -> None:
        with company_session(self.company.id, "test") as session:
            say_otherwise(session, receipt=self.ayeshas, contact_id=self.contact, now=utc_now())

    def decides(self, receipt: str, **fields: str) -> str:
        said = submit(self.manager, f"/cash-proofs/{receipt}", once=str(new_id()), **fields)
        self.status = said.status_code
        return said.text

    def state(self, receipt: str) -> tuple[str, str]:
        with company_session(self.company.id) as session:
            mine = select(CashProof.state, Payment.state).join(Payment, Payment.id == CashProof.payment_id)
            state, payment = session.execute(mine.where(Payment.number == receipt)).one()
            return state, payment


@pytest.fixture
def office(app: Flask, company: TestCompany) -> Office:
    return Office(app, company)


def table(page: str) -> str:
    """The list alone, without the sample above it."""
    return page.partition("<th>Receipt</th>")[2]


def test_the_list_is_filtered_by_agent_state_and_age(office: Office) -> None:
    office.disputes()
    page = office.manager.get("/cash-proofs").text
    assert office.ayeshas in table(page) and office.kamrans in table(page) and "not paid" in page
    assert office.ayeshas not in table(office.manager.get("/cash-proofs?state=unreachable").text)
    assert office.kamrans not in table(office.manager.get("/cash-proofs?state=disputed").text)
    assert "No receipt is like that" in office.manager.get("/cash-proofs?days=2").text
    assert "No receipt is like that" in office.manager.get(f"/cash-proofs?agent={new_id()}").text
    assert office.ayeshas in table(office.manager.get(f"/cash-proofs?agent={office.rabia}").text)
    for wrong in ("state=lost", "agent=x", "days=x"):
        assert office.manager.get(f"/cash-proofs?{wrong}").status_code == 400


def test_the_office_keeps_what_it_hears_on_the_phone(office: Office) -> None:
    assert "the customer agrees" in office.decides(office.kamrans, decision="agrees", note="called, says yes")
    assert office.state(office.kamrans) == ("confirmed", "received")
    assert "is disputed" in office.decides(office.ayeshas, decision="denies", amount="1,500", note="gave 1500")
    assert office.state(office.ayeshas) == ("disputed", "received")
    page = office.manager.get("/cash-proofs").text
    assert "called, says yes" in page and "gave 1500" in page
    assert re.search(r"The customer&#39;s word|The customer's word", office.manager.get(
        f"/payments/{office.ayeshas}").text)  # fmt: skip


def test_a_decision_needs_a_note_and_is_told_to_the_customer(office: Office) -> None:
    office.disputes()
    office.decides(office.ayeshas, decision="stands", note="")
    assert office.status == 422 and office.state(office.ayeshas) == ("disputed", "received")
    assert "stands as it is" in office.decides(office.ayeshas, decision="stands", note="seen on the slip")
    assert office.state(office.ayeshas) == ("settled", "received")
    assert "it stands as it is" in last_words(office)


def test_a_receipt_that_was_wrong_is_taken_back_here_or_on_its_own_page(office: Office) -> None:
    office.disputes()
    assert "is taken back" in office.decides(office.ayeshas, decision="reverse", note="he was never there")
    assert office.state(office.ayeshas) == ("ended", "reversed")
    assert "does not count any more" in last_words(office)
    assert submit(office.manager, f"/payments/{office.kamrans}/reverse", once=str(new_id()),
                  reverse_reason="typed twice").status_code == 200  # fmt: skip
    assert office.state(office.kamrans) == ("ended", "reversed")


def last_words(office: Office) -> str:
    with company_session(office.company.id) as session:
        mine = select(OutboundMessage.text).where(OutboundMessage.contact_id == office.contact)
        return session.scalars(mine.order_by(OutboundMessage.id.desc()).limit(1)).one()


def test_the_agent_himself_neither_sees_nor_decides(app: Flask, company: TestCompany, office: Office) -> None:
    agent = visitor(app, company, "recovery_agent")
    assert agent.get("/cash-proofs").status_code == 403
    fields = {"decision": "stands", "note": "x", "once": str(new_id()), "csrf_token": token_of(agent, "/overdue")}
    assert agent.post(f"/cash-proofs/{office.ayeshas}", data=fields).status_code == 403
    assert office.state(office.ayeshas) == ("waiting", "received")


def test_another_companys_receipt_is_unknown(app: Flask, other_company: TestCompany, office: Office) -> None:
    stranger = visitor(app, other_company, "manager")
    said = submit(stranger, f"/cash-proofs/{office.ayeshas}", once=str(new_id()), decision="stands", note="x")
    assert said.status_code == 404 and office.state(office.ayeshas) == ("waiting", "received")
