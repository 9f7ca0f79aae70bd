"""A ticket at the panel: read, given to a technician, noted upon, resolved."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.db import company_session
from core.ids import new_id
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


def test_a_technician_is_chosen_and_gets_a_visit(app: Flask, company: TestCompany) -> None:
    a_ticket(company)
    client = visitor(app, company, "manager")
    with company_session(company.id) as session:
        staff_id = make_staff(session, company, role="technician", name="Irfan").id
    page = submit(client, "/tickets/T-1001/visit", technician=str(staff_id)).text
    assert "is given to Irfan" in page and "repair" in page
    with company_session(company.id) as session:
        assert session.scalars(select(Ticket)).one().assigned_to == staff_id
    assert submit(client, "/tickets/T-1001/visit", technician=str(new_id())).status_code == 422


def test_two_tickets_become_one_and_urgent(app: Flask, company: TestCompany) -> None:
    a_ticket(company)
    with company_session(company.id, "test") as session:
        ticket = session.scalars(select(Ticket)).one()
        open_ticket(session, customer_id=ticket.customer_id, category="slow_speed", description="bohat slow",
                    opened_by="contact:1", now=NOW)  # fmt: skip
        first = str(ticket.id)
    client = visitor(app, company, "manager")
    assert "goes on in T-1001" in submit(client, "/tickets/T-1002/merge", into=first).text
    assert (
        "Merged into this" in client.get("/tickets/T-1001").text and "bohat slow" in client.get("/tickets/T-1001").text
    )
    assert submit(client, "/tickets/T-1002/merge", into=first).status_code == 422
    urgent = submit(client, "/tickets/T-1001/priority", priority="high", why="Dialysis machine").text
    assert "is urgent now" in urgent and "urgent: Dialysis machine" in urgent
    assert submit(client, "/tickets/T-1001/priority", priority="huge", why="x").status_code == 422
    assert "T-1002" not in client.get("/tickets").text and "T-1002" in client.get("/tickets?state=all").text


def test_a_paper_is_put_on_a_ticket(app: Flask, company: TestCompany) -> None:
    a_ticket(company)
    client = visitor(app, company, "manager")
    kept = submit(client, "/tickets/T-1001/files", file=(io.BytesIO(b"%PDF-1.4 map"), "map.pdf"))
    assert "Kept." in kept.text and "map.pdf" in kept.text
    for wrong in ({"file": (io.BytesIO(b"MZ"), "virus.exe")}, {}):
        assert submit(client, "/tickets/T-1001/files", **wrong).status_code == 422


def test_tickets_of_nobody_and_of_others_do_not_exist(
    app: Flask, company: TestCompany, other_company: TestCompany
) -> None:
    a_ticket(other_company)
    client = visitor(app, company, "manager")
    assert client.get("/tickets/T-1001").status_code == 404
    assert submit(client, "/tickets/T-1001/resolve", told="").status_code == 404
    assert visitor(app, company, "recovery_agent").get("/tickets/T-1001").status_code == 403
