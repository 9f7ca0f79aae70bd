"""The people who work for the company, and the codes that bring them to WhatsApp."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.clock import utc_now
from core.crm.customers import areas_of
from core.crm.intake import e164
from core.crm.models import Contact
from core.errors import DomainError, NotFound
from core.staff.invites import invite_staff
from core.staff.models import ROLES, Staff
from core.staff.pay_terms import terms_running
from core.staff.people import add_staff, staff_named
from core.usecases.change_role import change_role
from core.usecases.end_employment import end_unpaid_work, open_work_of


@blueprint.get("/staff")
@needs("staff.view")
def staff() -> Page:
    return _page()


def _page(invited: str = "", code: str = "") -> Page:
    with books() as page:
        rows = page.session.scalars(select(Staff).order_by(Staff.role, Staff.name)).all()
        linked = set(page.session.scalars(select(Contact.staff_id).where(Contact.staff_id.is_not(None))))
        return render_template("staff.html", company=page.company, rows=rows, linked=linked, invited=invited,
                               code=code, paid=set(terms_running(page.session)), roles=ROLES,
                               areas=_areas(page))  # fmt: skip


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


@blueprint.post("/staff")
@needs("staff.invite")
def hire() -> Page:
    """An employee on file; what he is paid is set on his page of the payroll."""

    def add(page: Books, form: Form) -> str:
        person = add_staff(
            page.session, name=form.text("name", required=True), role=form.choice("role", ROLES),
            phone=e164(form.text("phone", required=True), page.company.country), area_id=form.maybe_key("area"),
        )  # fmt: skip
        return f"{person.name} is on file. Invite him to WhatsApp, and set what he is paid in the payroll."

    return attempt(add, done="panel.staff", show=_page)


@blueprint.get("/staff/<uuid:staff_id>/role")
@needs("staff.invite")
def staff_role(staff_id: UUID) -> Page:
    with books() as page:
        try:
            person = staff_named(page.session, staff_id)
        except NotFound:
            abort(404)
        return render_template("staff_role.html", company=page.company, person=person, roles=ROLES,
                               areas=_areas(page), work=open_work_of(page.session, staff_id=staff_id))  # fmt: skip


@blueprint.post("/staff/<uuid:staff_id>/role")
@needs("staff.invite")
def give_role(staff_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        role = form.choice("role", ROLES)
        changed = change_role(
            page.session, staff_id=staff_id, role=role, area_id=form.maybe_key("area"), actor=page.actor, now=utc_now(),
            extra_roles=[each for each in ROLES if form.ticked(f"also_{each}")],
        )  # fmt: skip
        name = staff_named(page.session, staff_id).name
        return f"{name} works as {role.replace('_', ' ')} from now on. {changed.told}."

    return attempt(change, done="panel.staff", show=lambda: staff_role(staff_id))


def _areas(page: Books) -> list[tuple[UUID, str]]:
    return [(area.id, area.name) for area in areas_of(page.session)]


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
