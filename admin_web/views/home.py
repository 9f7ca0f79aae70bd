"""The first page."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from sqlalchemy import select

from admin_web.access import books, current_user, needs
from admin_web.blueprint import Page, blueprint
from core.db import platform_session
from core.messaging.models import WebhookEvent
from core.usecases.dashboard import dashboard


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
