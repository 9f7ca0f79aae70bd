"""Employees at the panel: put on file, given another role, gone; each holds from the next click on."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from cli.web import create_app
from core.db import company_session
from core.ids import Id
from core.staff.models import Staff
from core.usecases.collect_cash import collect_cash
from tests.builders import a_phone, customer_who_owes, make_staff
from tests.cast import NOW, TestCompany
from tests.panel.visitors import SETTINGS, submit, visitor
from tests.phones import Phone, choices, webhook_client


@pytest.fixture
def app(database: str) -> Flask:
    return create_app(SETTINGS)


def the_only(company: TestCompany, role: str) -> Id:
    with company_session(company.id) as session:
        return session.scalars(select(Staff.id).where(Staff.role == role)).one()


def test_an_owner_puts_an_employee_on_file_once(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    fields = {"name": "Bilal", "phone": "0300 7654321", "role": "recovery_agent", "area": str(company.area_id)}
    assert "Bilal is on file" in submit(owner, "/staff", **fields).text
    again = submit(owner, "/staff", **fields)
    assert again.status_code == 422 and "is the phone of Bilal" in again.text
    assert submit(owner, "/staff", **(fields | {"phone": "12"})).status_code == 422
    assert submit(visitor(app, company, "manager"), "/staff", **fields).status_code == 403
    with company_session(company.id) as session:
        bilal = session.scalars(select(Staff).where(Staff.name == "Bilal")).one()
    assert (bilal.phone, bilal.role, bilal.area_id) == ("+923007654321", "recovery_agent", company.area_id)


def test_a_role_that_is_changed_opens_and_closes_pages_and_chat_at_once(app: Flask, company: TestCompany) -> None:
    owner, manager = visitor(app, company, "owner"), visitor(app, company, "manager")
    saima_id = the_only(company, "manager")
    with company_session(company.id) as session:
        saima = Phone(webhook_client(), company, session.get_one(Staff, saima_id).phone)
    assert manager.get("/invoices").status_code == 200 and "approvals" in choices(saima.says("menu")).values()
    told = submit(owner, f"/staff/{saima_id}/role", role="technician", area="").text
    assert "works as technician from now on" in told
    assert manager.get("/invoices").status_code == 403
    assert "approvals" not in choices(saima.says("menu")).values()
    submit(owner, f"/staff/{saima_id}/role", role="technician", area="", also_manager="on")
    assert manager.get("/invoices").status_code == 200
    assert "role:manager" in choices(saima.says("menu")).values()


def test_nobody_gives_himself_a_role_and_the_last_owner_stays(app: Flask, company: TestCompany) -> None:
    owner, manager = visitor(app, company, "owner"), visitor(app, company, "manager")
    own = f"/staff/{the_only(company, 'manager')}/role"
    assert manager.get(own).status_code == 403 and submit(manager, own, role="owner").status_code == 403
    refused = submit(owner, f"/staff/{the_only(company, 'owner')}/role", role="manager", area="")
    assert refused.status_code == 422 and "last owner" in refused.text


def test_another_companys_employee_is_not_there(app: Flask, company: TestCompany, other_company: TestCompany) -> None:
    visitor(app, other_company, "technician")
    path = f"/staff/{the_only(other_company, 'technician')}/role"
    owner = visitor(app, company, "owner")
    assert owner.get(path).status_code == 404 and submit(owner, path, role="manager", area="").status_code in (404, 422)
    assert the_only(other_company, "technician")


def test_cash_in_hand_is_seen_before_and_keeps_an_agent_from_leaving(app: Flask, company: TestCompany) -> None:
    owner = visitor(app, company, "owner")
    with company_session(company.id, "test") as session:
        agent = make_staff(session, company, role="recovery_agent", name="Rabia").id
        customer = customer_who_owes(session, company, a_phone())
        collect_cash(session, agent_id=agent, customer_id=customer.id, amount=Decimal("1500.00"), idempotency_key="k",
                     actor="test", now=NOW)  # fmt: skip
    page = owner.get(f"/staff/{agent}/role").text
    assert re.search(r"1,500(\.00)?</?.*in hand|1,500.* of the company", page)
    refused = submit(owner, f"/staff/{agent}/left")
    assert refused.status_code == 422 and "hand it over" in refused.text
    assert "1,500" in owner.get(f"/payroll/{agent}/leaving").text


def test_who_has_left_is_signed_out_by_his_next_click(app: Flask, company: TestCompany) -> None:
    owner, manager = visitor(app, company, "owner"), visitor(app, company, "manager")
    assert manager.get("/").status_code == 200
    assert "has left" in submit(owner, f"/staff/{the_only(company, 'manager')}/left").text
    gone = manager.get("/invoices")
    assert gone.status_code == 302 and "/login" in gone.headers["Location"]
