"""The people who work for the company, and the codes that bring them to WhatsApp."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.clock import utc_now
from core.crm.models import Contact
from core.errors import DomainError, NotFound
from core.staff.invites import invite_staff
from core.staff.models import Staff
from core.staff.pay_terms import terms_running
from core.staff.people import staff_named
from core.usecases.end_employment import end_unpaid_work


@blueprint.get("/staff")
@needs("staff.view")
def staff() -> Page:
    return _page()


def _page(invited: str = "", code: str = "") -> Page:
    with books() as page:
        rows = page.session.scalars(select(Staff).order_by(Staff.role, Staff.name)).all()
        linked = set(page.session.scalars(select(Contact.staff_id).where(Contact.staff_id.is_not(None))))
        return render_template("staff.html", company=page.company, rows=rows, linked=linked, invited=invited,
                               code=code, paid=set(terms_running(page.session)))  # fmt: skip


@blueprint.post("/staff/<uuid:staff_id>/invite")
@needs("staff.invite")
def invite(staff_id: UUID) -> Page:
    """Shows the code on the page that answers, and never again."""
    try:
        with books() as page:
            code = invite_staff(page.session, staff_id=staff_id, made_by=page.actor, now=utc_now())
            name = page.session.get_one(Staff, staff_id).name
    except NotFound:
        abort(404)
    except DomainError as refusal:
        flash(str(refusal), "problem")
        return _page()
    return _page(name, code)


@blueprint.post("/staff/<uuid:staff_id>/left")
@needs("staff.invite")
def has_left(staff_id: UUID) -> Page:
    """For who was never paid here; an employee on the payroll is settled there."""

    def end(page: Books, _form: Form) -> str:
        if page.actor == f"staff:{staff_id}":
            raise FieldInvalid("Nobody ends his own work here: let another owner do it.")
        left = end_unpaid_work(page.session, staff_id=staff_id, actor=page.actor, now=utc_now())
        return f"{staff_named(page.session, staff_id).name} has left and opens nothing any more. {left.told}."

    return attempt(end, done="panel.staff", show=_page)
