"""The panel: who may see what, and that every page shows real figures."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from admin_web.access import NEEDED
from admin_web.blueprint import blueprint
from cli.web import create_app
from core.db import company_session, platform_session
from core.ids import new_id
from core.settings import Settings
from core.staff.logins import create_login
from tests.builders import a_phone, customer_who_owes, make_customer, make_staff
from tests.cast import TestCompany

PASSWORD = "a-long-password"
OPEN_PAGES = {"panel.login", "panel.sign_in", "panel.logout", "panel.static"}


@pytest.fixture(scope="module")
def app(database: str) -> Flask:
    return create_app(Settings(environment="test", secret_key="test-secret", _env_file=None))


def signed_in(app: Flask, company: TestCompany, role: str) -> FlaskClient:
    email = f"{role}-{new_id()}@chenab.example"
    with company_session(company.id, "test") as session:
        staff_id = make_staff(session, company, role=role).id
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name=role, role=role, company_id=company.id,
                     staff_id=staff_id)  # fmt: skip
    client = app.test_client()
    assert sign_in(client, email, PASSWORD).status_code == 302
    return client


def sign_in(client: FlaskClient, email: str, password: str):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token
    return client.post("/login", data={"email": email, "password": password, "csrf_token": token[1]})


def test_every_page_names_the_permission_it_needs(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint.name}.")}
    assert {e.removeprefix("panel.") for e in endpoints - OPEN_PAGES} == set(NEEDED)


def test_without_signing_in_every_page_leads_to_the_login(app: Flask) -> None:
    for path in ("/", "/customers", "/customers/C-2001", "/books", "/customers.csv", "/events"):
        answer = app.test_client().get(path)
        assert answer.status_code == 302 and "/login" in answer.location


def test_a_wrong_password_is_refused_and_the_fifth_locks(app: Flask, company: TestCompany) -> None:
    email = f"{new_id()}@chenab.example"
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name="x", role="manager", company_id=company.id,
                     staff_id=None)  # fmt: skip
    client = app.test_client()
    assert [sign_in(client, email, "wrong").status_code for _ in range(5)] == [401] * 5
    assert sign_in(client, email, PASSWORD).status_code == 429


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    assert app.test_client().post("/login", data={"email": "a", "password": "b"}).status_code == 400


def test_a_manager_sees_customers_and_one_customers_page(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        number = customer_who_owes(session, company, a_phone()).number
        make_customer(session, company, name="=cmd()")
    client = signed_in(app, company, "manager")
    assert "Rs 3,435.63" in client.get("/").text
    assert "Ayesha Khan" in client.get("/customers?q=ayesha").text
    assert "Ayesha Khan" not in client.get("/customers?q=nobody").text
    page = client.get(f"/customers/{number}").text
    assert "Rs 3,435.63" in page and "INV-2026-27-000001" in page and "3520212345671" not in page
    pdf = client.get("/invoices/INV-2026-27-000001.pdf")
    assert pdf.data.startswith(b"%PDF") and pdf.mimetype == "application/pdf"
    assert "'=cmd()" in client.get("/customers.csv").text


def test_another_companys_records_do_not_exist(app: Flask, company: TestCompany, other_company: TestCompany) -> None:
    with company_session(other_company.id, "test") as session:
        customer_who_owes(session, other_company, a_phone())
    client = signed_in(app, company, "owner")
    assert client.get("/customers/C-2001").status_code == 404
    assert client.get("/invoices/INV-2026-27-000001.pdf").status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [("manager", "/books", 403), ("owner", "/books", 200), ("recovery_agent", "/customers", 403),
     ("recovery_agent", "/overdue", 200), ("owner", "/companies", 403),
     ("owner", "/events", 403), ("technician", "/", 403)],
)  # fmt: skip
def test_roles_open_what_their_permissions_allow(
    app: Flask, company: TestCompany, role: str, path: str, status: int
) -> None:
    assert signed_in(app, company, role).get(path).status_code == status


def test_the_trial_balance_adds_up_to_zero(app: Flask, company: TestCompany) -> None:
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
    page = signed_in(app, company, "owner").get("/books?last=2026-11-30").text
    assert "Accounts receivable" in page and "Rs 0.00 ✓" in page


def test_pages_carry_the_security_headers(app: Flask) -> None:
    headers = app.test_client().get("/login").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_health_and_readiness(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "database": "ok", "redis": "ok"}


@pytest.mark.browser
def test_an_owner_finds_a_customer_in_a_real_browser(
    app: Flask, company: TestCompany, address: str, browser: Browser
) -> None:
    email = f"{new_id()}@chenab.example"
    with company_session(company.id, "test") as session:
        customer_who_owes(session, company, a_phone())
        make_customer(session, company, name="Bilal Butt")
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name="Hamid", role="owner", company_id=company.id,
                     staff_id=None)  # fmt: skip
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(address)
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_selector("text=Zero ✓")
    page.click("nav a:has-text('Customers')")
    page.fill("[name=q]", "ayesha")
    page.wait_for_selector("text=Bilal Butt", state="detached")
    page.click("text=C-2001")
    page.wait_for_selector("h1:has-text('Ayesha Khan')")
    assert "Rs 3,435.63" in page.inner_text("main")
    assert faults == []
