"""The panel, put onto a Flask application: pages, sessions, security headers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask, Response, render_template
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from admin_web import papers_page
from admin_web.access import current_user
from admin_web.blueprint import blueprint
from admin_web.navigation import NAVIGATION
from admin_web.views import (
    agent_cash,
    alerts,
    approvals,
    banks,
    billing_runs,
    campaigns,
    cash_limits,
    cash_proofs,
    claims,
    commissions,
    customers,
    desk,
    dispatch,
    events,
    expenses,
    field_rules,
    goods,
    home,
    inbox,
    invoices,
    jobs,
    late_fees,
    leads,
    ledger,
    links,
    logo,
    message_templates,
    network,
    openings,
    outages,
    payments,
    payroll,
    plans,
    reconciliation,
    recovery,
    recovery_rules,
    recovery_runs,
    refunds,
    rehiring,
    reports,
    sending,
    settings,
    signing_in,
    staff,
    stock,
    stock_pieces,
    store_desk,
    subscriptions,
    tickets,
    vendor_credits,
    vendors,
    vouchers,
)
from core.crm.masking import mask_secrets
from core.ids import new_id
from core.printing.figures import amount_text, day_text, figures, plain
from core.settings import Settings

csrf = CSRFProtect()
VIEWS = (
    signing_in, home, customers, subscriptions, invoices, payments, claims, refunds, billing_runs, late_fees, plans,
    vouchers, tickets, dispatch, jobs, field_rules, recovery, recovery_rules, recovery_runs, agent_cash, cash_proofs,
    reports, ledger, openings, banks, reconciliation, vendors, vendor_credits, expenses, payroll, cash_limits,
    commissions, staff, rehiring, events, sending, message_templates, campaigns, stock, stock_pieces, goods,
    store_desk, network, outages, inbox, links, leads, desk, alerts, approvals, settings, logo,
)  # fmt: skip
"""Every module that puts pages onto the blueprint."""
SESSION_LIFE = timedelta(hours=12)
LOGINS_PER_ADDRESS = "20 per minute"
PAPERS_PER_ADDRESS = "60 per minute"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
MESSAGES = {
    403: "Your role may not open this page.",
    404: "There is no such page, or it belongs to another company.",
    429: "Too many tries. Please wait a minute.",
}


def register(app: Flask, settings: Settings) -> None:
    """Add the panel's pages to `app`; the caller exempts what is no form from CSRF."""
    app.config.update(
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production, WTF_CSRF_TIME_LIMIT=None,
    )  # fmt: skip
    csrf.init_app(app)
    limiter = Limiter(
        get_remote_address, app=app, storage_uri=_limits_url(settings.redis_url), in_memory_fallback_enabled=True,
        swallow_errors=True,
    )  # fmt: skip
    limiter.limit(LOGINS_PER_ADDRESS, methods=["POST"])(signing_in.sign_in)
    limiter.limit(PAPERS_PER_ADDRESS)(papers_page.blueprint)
    app.register_blueprint(blueprint)
    app.register_blueprint(papers_page.blueprint)
    app.jinja_env.filters["numbered"] = lambda words: list(enumerate(words, 1))
    app.jinja_env.filters.update(figures=figures, money=money, day=day, clock=clock, plain=plain, masked=mask_secrets)
    app.context_processor(lambda: {"user": current_user(), "navigation": NAVIGATION, "new_key": new_id})
    app.after_request(_secure)
    app.register_error_handler(HTTPException, _refused)


def _limits_url(redis_url: str) -> str:
    """The limiter's spelling of the URL: a Unix socket has a scheme of its own there."""
    return redis_url.replace("unix://", "redis+unix://", 1) or "memory://"


def money(value: Decimal, currency: str = "PKR") -> str:
    """`Rs 12,34,567.50`, grouped in lakh."""
    return amount_text(value, "en", currency, places=True)


def day(value: date | None) -> str:
    """`5 Dec 2026`."""
    return day_text(value, "en") if value else "-"


def clock(value: datetime, zone: ZoneInfo) -> str:
    """`5 Dec, 14:05` where the company is."""
    local = value.astimezone(zone)
    return f"{format_date(local.date(), 'd MMM', locale='en_GB')}, {local:%H:%M}"


def _secure(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refused(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    message = MESSAGES.get(code, "Something went wrong on our side; it has been noted.")
    if code == 400:
        message = error.description or "The request could not be understood."
    return render_template("error.html", code=code, message=message), code
