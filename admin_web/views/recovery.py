"""Who owes."""

from __future__ import annotations

from flask import render_template

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.billing.overdue import overdue_customers


@blueprint.get("/overdue")
@needs("overdue.view")
def overdue() -> Page:
    with books() as page:
        rows = overdue_customers(page.session, today=page.today, limit=500)
        return render_template("overdue.html", company=page.company, rows=rows, today=page.today)
