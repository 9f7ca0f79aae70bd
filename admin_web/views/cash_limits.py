"""One agent's own limits of cash in hand, on his page and under the settings of pay."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort, flash, redirect, request, url_for

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form
from admin_web.own_limits import FIELDS, own_limit_groups
from admin_web.settings import Group, read_answers
from admin_web.views.payroll import employee_page
from admin_web.views.settings import tab_page
from core.errors import DomainError, NotFound
from core.ids import Id
from core.staff.agent_cash import drop_cash_limit, set_cash_limit
from core.staff.people import staff_named


@blueprint.post("/payroll/<uuid:staff_id>/cash-limit")
@needs("company.settings")
def change_cash_limit(staff_id: UUID) -> Page:
    notice, problems = _keep((Group("", FIELDS),), staff_id)
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return employee_page(staff_id, problems), 422
    flash(notice)
    return redirect(url_for("panel.employee", staff_id=staff_id, _anchor="cash-limit"))


@blueprint.post("/settings/pay/cash-limits")
@needs("company.settings")
def change_cash_limits() -> Page:
    with books() as page:
        groups = own_limit_groups(page.session)
    notice, problems = _keep(groups, None)
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return tab_page("pay", problems), 422
    flash(notice)
    return redirect(url_for("panel.settings_tab", tab="pay", _anchor="cash-limits"))


def _keep(groups: Sequence[Group], staff_id: Id | None) -> tuple[str, dict[str, str]]:
    answers = read_answers(Form(request.form), groups)
    if answers.problems:
        return "", answers.problems
    whose = staff_id or Id(answers.values["own_limit_of"])
    try:
        with books() as page:
            name = staff_named(page.session, whose).name
            if answers.values["own_limit"] == "company":
                drop_cash_limit(page.session, staff_id=whose)
                return f"The company's limits hold for {name}.", {}
            set_cash_limit(page.session, staff_id=whose, amount=answers.values["own_cash_limit"],
                           age_days=answers.values["own_cash_days"])  # fmt: skip
            return f"{name} has limits of his own.", {}
    except NotFound:
        abort(404)
    except DomainError as refusal:
        return "", {"own_cash_limit": f"{refusal}."}
