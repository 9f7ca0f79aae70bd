"""One person, several roles: the switch is a tap on the menu, and what he may do follows it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from bot.handlers.anyone import ROLE_MENUS
from bot.texts.deliver import ROW_TITLE_MAX
from bot.texts.render import LANGUAGES, render
from core.db import company_session
from core.service_desk.models import Ticket
from core.staff.models import Staff
from core.staff.people import add_staff
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany
from tests.phones import Phone, choices, tap


def technician_who_owes(client: FlaskClient, company: TestCompany) -> Phone:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
        make_staff(session, company, role="technician", name="Tariq", phone=phone)
    return Phone(client, company, phone)


def test_an_employee_who_is_a_customer_switches_by_one_tap_and_back(client: FlaskClient, company: TestCompany) -> None:
    tariq = technician_who_owes(client, company)
    menu = tariq.says("menu")
    assert set(choices(menu).values()) == {"jobs", "stock", "flow:restock_request", "role:customer"}
    assert "3,435" not in tariq.says("what is my balance").text
    tariq.last = menu
    as_customer = tariq.taps("Customer menu")
    assert "Customer menu" in as_customer.text
    assert {"balance", "role:technician"} <= set(choices(as_customer).values())
    assert "3,435.63" in tariq.says("what is my balance").text
    tariq.says("menu")
    assert "Technician menu" in tariq.taps("Technician menu").text
    assert "3,435" not in tariq.says("what is my balance").text


def test_the_role_chosen_is_kept_and_names_the_actor(client: FlaskClient, company: TestCompany) -> None:
    tariq = technician_who_owes(client, company)
    tap(tariq, "role:customer")
    tariq.says("net nahi chal raha")
    tap(tariq, "a:file_complaint:1:light:not_there")
    tap(tariq, "a:file_complaint:1:photo:skip")
    tap(tariq, "a:file_complaint:1:confirmed:yes")
    with company_session(company.id) as session:
        ticket = session.scalars(select(Ticket)).one()
        actor = session.scalar(
            text("SELECT actor FROM audit_entry WHERE row_id = :id AND action = 'insert'"), {"id": ticket.id}
        )
    assert ticket.opened_by.startswith("contact:") and actor == ticket.opened_by


def test_a_flow_of_one_role_waits_while_the_person_is_in_the_other(client: FlaskClient, company: TestCompany) -> None:
    tariq = technician_who_owes(client, company)
    tap(tariq, "role:customer")
    tariq.says("net nahi chal raha")
    tap(tariq, "role:technician")
    assert "closed" in tap(tariq, "a:file_complaint:1:photo:skip").text or "band" in tariq.last.text
    assert "resume" not in choices(tariq.says("my jobs")).values()
    tap(tariq, "role:customer")
    assert "resume" in choices(tariq.says("bill kitna hai")).values()
    assert "light" in tap(tariq, "resume").text


@pytest.mark.parametrize(
    "action", ["balance", "invoice", "flow:claim_payment", "today_figures", "worklist", "role:owner"]
)
def test_a_tap_that_belongs_to_another_role_does_nothing(
    client: FlaskClient, company: TestCompany, action: str
) -> None:
    tariq = technician_who_owes(client, company)
    assert "did not understand" in tap(tariq, action).text


def test_a_manager_who_also_repairs_lines_has_both_menus(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        make_customer(session, company, phone=phone)
        add_staff(session, name="Sadia", role="manager", phone=phone, extra_roles=["technician", "manager"])
    sadia = Phone(client, company, phone)
    assert set(choices(sadia.says("menu")).values()) == {
        "today_figures", "approvals", "outages", "role:technician", "role:customer",
    }  # fmt: skip
    assert "no open jobs" in sadia.taps("Technician menu").text or "jobs" in choices(sadia.last).values()
    customer = sadia.taps("Customer menu")
    assert {"role:manager", "role:technician"} <= set(choices(customer).values())
    assert len(choices(customer)) == 10


def test_who_leaves_the_company_is_a_customer_again(client: FlaskClient, company: TestCompany) -> None:
    tariq = technician_who_owes(client, company)
    tap(tariq, "role:technician")
    with company_session(company.id, "test") as session:
        session.scalars(select(Staff)).one().state = "left"
    assert "3,435.63" in tariq.says("what is my balance").text
    assert "role:technician" not in choices(tariq.says("menu")).values()


def test_a_customer_who_is_hired_is_known_from_his_next_message(client: FlaskClient, company: TestCompany) -> None:
    phone = a_phone()
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, phone)
    bilal = Phone(client, company, phone)
    assert "3,435.63" in bilal.says("what is my balance").text
    with company_session(company.id, "test") as session:
        make_staff(session, company, role="technician", name="Bilal", phone=phone)
    assert {"jobs", "role:customer"} <= set(choices(bilal.says("menu")).values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_names_of_the_menus_fit_a_row(language: str) -> None:
    assert [menu for menu in ROLE_MENUS.values() if len(render(menu, language)) > ROW_TITLE_MAX] == []
