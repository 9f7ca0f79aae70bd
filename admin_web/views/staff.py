"""The people who work for the company."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.staff.models import Staff


@blueprint.get("/staff")
@needs("staff.view")
def staff() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Staff).order_by(Staff.role, Staff.name)).all()
        return render_template("staff.html", company=page.company, rows=rows)
