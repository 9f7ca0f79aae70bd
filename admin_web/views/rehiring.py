"""A former employee comes back: the same person, on new terms."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.crm.customers import areas_of
from core.errors import NotFound
from core.money import ZERO
from core.printing.figures import day_text
from core.staff.commission_rules import commission_plans
from core.staff.employee_debts import open_debts
from core.staff.models import ROLES
from core.staff.pay_terms import TAX_KINDS, Tax, terms_of
from core.staff.people import staff_named
from core.staff.rehiring import rehire


@blueprint.get("/payroll/<uuid:staff_id>/rehire")
@needs("payroll.write")
def rehiring(staff_id: UUID) -> Page:
    with books() as page:
        try:
            person = staff_named(page.session, staff_id)
        except NotFound:
            abort(404)
        terms = terms_of(page.session, staff_id=staff_id)
        return render_template(
            "rehiring.html", company=page.company, person=person, today=page.today, terms=terms, roles=ROLES,
            tax_kinds=TAX_KINDS, areas=[(area.id, area.name) for area in areas_of(page.session)],
            plans=[(plan.id, plan.name) for plan in commission_plans(page.session)],
            owes=sum((debt.outstanding for debt in open_debts(page.session, staff_ids=[staff_id])), ZERO),
            left_on=max((each.ends_on for each in terms if each.ends_on), default=None),
        )  # fmt: skip


@blueprint.post("/payroll/<uuid:staff_id>/rehire")
@needs("payroll.write")
def rehire_employee(staff_id: UUID) -> Page:
    def hire(page: Books, form: Form) -> str:
        starts_on = form.day("starts_on")
        tax = Tax(form.choice("tax_kind", TAX_KINDS), form.maybe_amount("tax_amount") or ZERO,
                  form.rate("tax_percent") if form.text("tax_percent") else ZERO)  # fmt: skip
        person = rehire(
            page.session, staff_id=staff_id, starts_on=starts_on, monthly_salary=form.amount("monthly_salary"),
            role=form.choice("role", ROLES), phone=form.text("phone"), area_id=form.maybe_key("area"), tax=tax,
            extra_roles=[role for role in ROLES if form.ticked(f"also_{role}")], plan_id=form.maybe_key("plan"),
        )  # fmt: skip
        return (f"{person.name} works here again from {day_text(starts_on, 'en')}. "
                "Invite him to WhatsApp again on the staff page.")  # fmt: skip

    return attempt(hire, done="panel.employee", show=lambda: rehiring(staff_id), staff_id=staff_id)
