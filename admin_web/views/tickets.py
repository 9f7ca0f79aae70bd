"""Complaints."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.clock import utc_now
from core.service_desk.models import Ticket
from core.staff.models import Staff


@blueprint.get("/tickets")
@needs("ticket.view")
def tickets() -> Page:
    with books() as page:
        rows = page.session.scalars(select(Ticket).order_by(Ticket.opened_at.desc()).limit(200)).all()
        people = {person.id: person.name for person in page.session.scalars(select(Staff))}
        return render_template("tickets.html", company=page.company, rows=rows, people=people, zone=page.zone,
                               now=utc_now())  # fmt: skip
