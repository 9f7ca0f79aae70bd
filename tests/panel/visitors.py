"""Somebody at the panel, signed in."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import company_session, platform_session
from core.ids import new_id
from core.settings import Settings
from core.staff.logins import create_login
from tests.builders import make_staff
from tests.cast import TestCompany

PASSWORD = "a-long-password"
SETTINGS = Settings(environment="test", secret_key="test-secret", _env_file=None)


def sign_in(client: FlaskClient, email: str, password: str) -> TestResponse:
    return client.post("/login", data={"email": email, "password": password, "csrf_token": token_of(client, "/login")})


def token_of(client: FlaskClient, path: str) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert token, path
    return token[1]


def visitor(app: Flask, company: TestCompany, role: str) -> FlaskClient:
    """A signed-in employee of that role."""
    email = f"{role}-{new_id()}@chenab.example"
    with company_session(company.id, "test") as session:
        staff_id = make_staff(session, company, role=role).id
    with platform_session("test") as session:
        create_login(session, email=email, password=PASSWORD, name=role, role=role, company_id=company.id,
                     staff_id=staff_id)  # fmt: skip
    client = app.test_client()
    assert sign_in(client, email, PASSWORD).status_code == 302
    return client


def submit(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form as its page would, and follow it to the page that answers."""
    return client.post(path, data={**fields, "csrf_token": token_of(client, "/")}, follow_redirects=True)
