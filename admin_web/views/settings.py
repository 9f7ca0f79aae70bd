"""The company's settings: every policy in one place, tab by tab."""

from __future__ import annotations

from flask import abort, current_app, flash, redirect, render_template, request, url_for

from admin_web.access import books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form
from admin_web.own_limits import limits_shown, own_limit_groups, own_limit_values
from admin_web.settings import WEEKDAYS, Answers, Tab, read_answers
from admin_web.settings_tabs import ELSEWHERE, TABS
from core.errors import DomainError

FIRST = "company"


@blueprint.get("/settings")
@needs("settings.view")
def settings() -> Page:
    return settings_tab(FIRST)


@blueprint.get("/settings/<tab>")
@needs("settings.view")
def settings_tab(tab: str) -> Page:
    return tab_page(tab, {})


def tab_page(key: str, problems: dict[str, str]) -> str:
    """A tab, with why fields of it were refused."""
    tab, user = TABS.get(key) or abort(404), current_user()
    with books() as page:
        return render_template(
            "settings.html", company=page.company, tabs=TABS, key=key, tab=tab, groups=tab.groups(page.session),
            values=tab.values(page.session), problems=problems, weekdays=WEEKDAYS, elsewhere=elsewhere(),
            may=user is not None and user.may(tab.permission), own_limits=limits_shown(page.session),
            own_limit_groups=own_limit_groups(page.session), own_limit_values=own_limit_values(None),
        )  # fmt: skip


def elsewhere() -> list[tuple[str, str]]:
    """(view, title) of the settings on pages of their own that the person may open."""
    user = current_user()
    return [
        (view, title) for permission, view, title in ELSEWHERE
        if user is not None and user.may(permission) and f"panel.{view}" in current_app.view_functions
    ]  # fmt: skip


@blueprint.post("/settings/<tab>")
@needs("company.settings")
def keep_settings(tab: str) -> Page:
    """Keeps all fields of the tab or none; every field that cannot be kept says why."""
    problems = _keep(TABS.get(tab) or abort(404))
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return tab_page(tab, problems), 422
    flash("Saved.")
    return redirect(url_for("panel.settings_tab", tab=tab))


def _keep(tab: Tab) -> dict[str, str]:
    answers = Answers()
    try:
        with books() as page:
            answers = read_answers(Form(request.form), tab.groups(page.session))
            if not answers.problems:
                tab.keep(page.session, answers.values)
    except DomainError as refusal:
        named = str(refusal.facts.get("field", ""))
        return {named: f"{str(refusal).rstrip('.')}."}
    return answers.problems
