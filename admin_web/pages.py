"""The panel's pages: each makes one call into the core and shows what comes back."""

from __future__ import annotations

import csv
import io
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from admin_web.access import books, current_user, needs
from core.billing.invoice_pdf import invoice_pdf
from core.billing.invoices import invoice_by_number
from core.billing.overdue import overdue_customers
from core.clock import utc_now
from core.companies import Company
from core.crm.customers import PAGE, areas_of, search_customers
from core.db import platform_session
from core.errors import NotFound
from core.jobs import ring
from core.ledger.statements import trial_balance
from core.messaging.models import WebhookEvent
from core.service_desk.models import Ticket
from core.staff.logins import LoginRefused, check_password
from core.staff.models import Staff
from core.staff.permissions import may
from core.usecases.customer_profile import customer_profile
from core.usecases.dashboard import dashboard

blueprint = Blueprint("panel", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
Page = str | BaseResponse | tuple[str, int]


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


@blueprint.get("/")
@needs("panel.home")
def home() -> Page:
    user = current_user()
    if user is not None and user.company_id is None:
        return redirect(url_for("panel.companies"))
    if user is not None and not user.may("customer.view"):
        return redirect(url_for("panel.overdue"))
    with books() as page:
        figures = dashboard(page.session, today=page.today)
        with platform_session("panel") as platform:
            failed = len(platform.scalars(select(WebhookEvent.id).where(WebhookEvent.state == "failed")).all())
        return render_template("home.html", company=page.company, figures=figures, failed=failed, today=page.today)


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


@blueprint.get("/customers")
@needs("customer.view")
def customers() -> Page:
    asked = request.args
    area = asked.get("area", "")
    with books() as page:
        if area and not _is_uuid(area):
            abort(404)
        rows = search_customers(
            page.session, wanted=asked.get("q", ""), area_id=UUID(area) if area else None,
            state=asked.get("state", ""), after=asked.get("after", ""),
        )  # fmt: skip
        following = rows[-1].number if len(rows) == PAGE else None
        template = "customer_rows.html" if request.headers.get("HX-Request") else "customers.html"
        return render_template(template, company=page.company, rows=rows, areas=areas_of(page.session), asked=asked,
                               following=following)  # fmt: skip


@blueprint.get("/customers.csv")
@needs("customer.view")
def customers_csv() -> Page:
    with books() as page:
        rows = search_customers(page.session, wanted=request.args.get("q", ""), limit=100_000)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "name", "state", "area", "sub_zone", "phone"])
    writer.writerows([_plain(value) for value in tuple(row)[1:]] for row in rows)
    return Response(out.getvalue(), mimetype="text/csv",
                    headers={"Content-Disposition": "attachment; filename=customers.csv"})  # fmt: skip


def _plain(value: object) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = str(value or "")
    return f"'{text}" if text[:1] in "=@-\t\r" or (text[:1] == "+" and not text[1:].isdigit()) else text


@blueprint.get("/customers/<number>")
@needs("customer.view")
def customer(number: str) -> Page:
    with books() as page:
        try:
            profile = customer_profile(page.session, number=number, today=page.today)
        except NotFound:
            abort(404)
        return render_template("customer.html", company=page.company, profile=profile, zone=page.zone, today=page.today)


@blueprint.get("/invoices/<number>.pdf")
@needs("invoice.view")
def invoice(number: str) -> Page:
    with books() as page:
        try:
            name, pdf = invoice_pdf(page.session, invoice_id=invoice_by_number(page.session, number=number).id)
        except NotFound:
            abort(404)
    return Response(pdf, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@blueprint.get("/tickets")
@needs("ticket.view")
def tickets() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Ticket).order_by(Ticket.opened_at.desc()).limit(200)).all()
        people = {person.id: person.name for person in page.session.scalars(select(Staff))}
        return render_template("tickets.html", company=page.company, rows=rows, people=people, zone=page.zone,
                               now=utc_now())  # fmt: skip


@blueprint.get("/overdue")
@needs("overdue.view")
def overdue() -> Page:
    with books() as page:
        rows = overdue_customers(page.session, today=page.today, limit=500)
        return render_template("overdue.html", company=page.company, rows=rows, today=page.today)


@blueprint.get("/ledger")
@needs("ledger.view")
def ledger() -> Page:
    with books() as page:
        as_of = page.today
        asked = request.args.get("as_of", "")
        if asked:
            try:
                as_of = type(page.today).fromisoformat(asked)
            except ValueError:
                abort(400, "The date must look like 2026-11-30.")
        rows = trial_balance(page.session, as_of=as_of)
        return render_template("ledger.html", company=page.company, rows=rows, as_of=as_of)


@blueprint.get("/staff")
@needs("staff.view")
def staff() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Staff).order_by(Staff.role, Staff.name)).all()
        return render_template("staff.html", company=page.company, rows=rows)


@blueprint.get("/events")
@needs("events.view")
def events() -> Page:
    with books() as page, platform_session("panel") as platform:
        failed = select(WebhookEvent).where(WebhookEvent.state == "failed").order_by(WebhookEvent.created_at.desc())
        rows = platform.scalars(failed.limit(100)).all()
        return render_template("events.html", company=page.company, rows=rows, zone=page.zone)


@blueprint.post("/events/<uuid:event_id>/replay")
@needs("events.replay")
def replay(event_id: UUID) -> Page:
    """Ask a worker to process the event again; what it already did is not done twice."""
    with platform_session("panel") as platform:
        event = platform.get(WebhookEvent, event_id)
        if event is None:
            abort(404)
        event.next_try_at = utc_now()
        ring(platform, "process_event", queue="inbound", event_id=str(event_id))
    flash("The event is processed again.")
    return redirect(url_for("panel.events"))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
