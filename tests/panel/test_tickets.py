"""A ticket at the panel: read, given to a technician, noted upon, resolved."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.db import company_session
from core.messaging.models import OutboundMessage
from core.service_desk.models import Ticket
from core.service_desk.tickets import open_ticket
from tests.builders import make_customer, make_staff
from tests.cast import NOW, TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def a_ticket(company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer = make_customer(session, company)
        make_staff(session, company, role="technician", name="Tariq")
        open_ticket(session, customer_id=customer.id, category="no_internet", description="<b>laal light</b>",
                    opened_by="contact:1", now=NOW)  # fmt: skip


def test_a_manager_resolves_a_ticket_and_the_customer_is_asked(app: Flask, company: TestCompany) -> None:
    a_ticket(company)
    client = visitor(app, company, "manager")
    page = client.get("/tickets/T-1001").text
    assert "&lt;b&gt;laal light" in page and "Tariq" in page
    assert "customer sees it" in submit(client, "/tickets/T-1001/note", words="Kal aayenge", public="on").text
    assert "asked how satisfied" in submit(client, "/tickets/T-1001/resolve", told="Cable theek kar di").text
    with company_session(company.id) as session:
        assert session.scalars(select(Ticket)).one().state == "resolved"
        asked = session.scalars(select(OutboundMessage)).one()
        assert asked.kind == "template" and asked.payload["template"]["name"] == "ticket_resolved"
    assert submit(client, "/tickets/T-1001/resolve", told="").status_code == 422


def test_a_technician_is_chosen_and_named(app: Flask, company: TestCompany) -> None:
    a_ticket(company)
    client = visitor(app, company, "manager")
    with company_session(company.id) as session:
        staff_id = make_staff(session, company, role="technician", name="Irfan").id
    assert "is assigned" in submit(client, "/tickets/T-1001/assign", technician=str(staff_id)).text
    assert submit(client, "/tickets/T-1001/assign", technician="").status_code == 422


def test_tickets_of_nobody_and_of_others_do_not_exist(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    a_ticket(other_company)
    client = visitor(app, company, "manager")
    assert client.get("/tickets/T-1001").status_code == 404
    assert submit(client, "/tickets/T-1001/resolve", told="").status_code == 404
    assert visitor(app, company, "recovery_agent").get("/tickets/T-1001").status_code == 403
