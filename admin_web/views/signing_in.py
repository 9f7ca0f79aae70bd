"""Signing in and out, and the super admin's choice of a company."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import redirect, render_template, request, session, url_for
from sqlalchemy import select

from admin_web.access import needs
from admin_web.blueprint import Page, blueprint
from core.clock import utc_now
from core.companies import Company
from core.db import platform_session
from core.staff.logins import LoginRefused, check_password
from core.staff.permissions import may


@blueprint.get("/login")
def login() -> Page:
    return render_template("login.html")


def sign_in() -> Page:
    """Check the password; a wrong one is counted, the fifth locks the login for a while."""
    try:
        with platform_session("panel") as database:
            found = check_password(
                database, email=request.form.get("email", ""), password=request.form.get("password", ""), now=utc_now()
            )
    except LoginRefused as refused:
        return render_template("login.html", problem=str(refused)), 429
    if found is None:
        return render_template("login.html", problem="The e-mail address or the password is wrong."), 401
    session.clear()
    session.permanent = True
    session["login"] = str(found.id)
    wanted = request.args.get("next", "")
    if wanted.startswith("/") and not urlsplit(wanted).netloc and not wanted.startswith(("//", "/\\")):
        return redirect(wanted)
    return redirect(url_for("panel.home" if may(found.role, "customer.view") else "panel.overdue"))


blueprint.add_url_rule("/login", "sign_in", lambda: sign_in(), methods=["POST"])


@blueprint.post("/logout")
def logout() -> Page:
    session.clear()
    return redirect(url_for("panel.login"))


@blueprint.get("/companies")
@needs("company.choose")
def companies() -> Page:
    with platform_session("panel") as platform:
        rows = platform.scalars(select(Company).order_by(Company.name)).all()
        return render_template("companies.html", companies=rows)


@blueprint.post("/companies/<uuid:company_id>")
@needs("company.choose")
def choose_company(company_id: UUID) -> Page:
    session["company"] = str(company_id)
    return redirect(url_for("panel.home"))
