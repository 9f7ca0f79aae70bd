"""The rules of recovery: the company's holidays, its policy and ladder with a trial of both, its agents' own caps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from admin_web.recovery_settings import AGENT, COSTS, POLICY
from admin_web.settings import WEEKDAYS, Group, read_answers
from admin_web.settings_tabs import TABS
from admin_web.views.settings import elsewhere
from core.billing.policy import billing_policy, change_billing_policy
from core.clock import utc_now
from core.crm.coverage import areas_with_zones
from core.errors import DomainError, NotFound
from core.money import ZERO
from core.recovery.assignment import loads, set_territory, territories
from core.recovery.calendar import calendar_of, declared_days
from core.recovery.policy import Step, change_policy, check_step, declare_day, ladder_of, policy_of, set_ladder
from core.recovery.policy_models import KINDS
from core.recovery.promises import move_limits
from core.recovery.words import MESSAGES
from core.usecases.preview_recovery import DayOfRecovery, preview_recovery

DAYS_SHOWN = 60
SPARE_STEPS = 3
ROWS_MAX = 200
PREVIEW_DAYS_MAX = 60
STEP_WORDS = {
    "reminder": "reminders sent", "agent": "handed to an agent", "final_notice": "final notices sent",
    "supervisor": "told to the supervisor", "pick_up": "proposed for picking up equipment",
    "termination": "proposed for ending", "write_off_proposal": "proposed for writing off",
}  # fmt: skip
HOLD_WORDS = {
    "promise": "a promise to pay", "claim": "a payment to be looked at", "dispute": "a disputed bill",
    "outage": "an outage", "ticket": "an open fault", "advance": "money enough on account",
    "never_cut": "protected from suspension", "class": "a class that is never suspended",
    "notice": "the notice has not run out", "no_cut_day": "no suspensions on that day",
}  # fmt: skip


@blueprint.get("/recovery/calendar")
@needs("recovery.view")
def recovery_calendar() -> Page:
    with books() as page:
        calendar = calendar_of(page.session)
        ahead = [page.today + timedelta(days=count) for count in range(DAYS_SHOWN)]
        return render_template(
            "recovery_calendar.html", company=page.company, today=page.today, declared=declared_days(page.session),
            closed=[(day, calendar.is_holiday(day), calendar.is_working(day)) for day in ahead
                    if not calendar.may_cut(day)],
        )  # fmt: skip


@blueprint.post("/recovery/calendar")
@needs("recovery.manage")
def declare_holiday() -> Page:
    def declare(page: Books, form: Form) -> str:
        day, is_holiday = form.day("day"), form.choice("kind", ("holiday", "working")) == "holiday"
        declare_day(page.session, day=day, is_holiday=is_holiday, name=form.text("name"), changed_by=page.actor)
        moved = move_limits(page.session)
        return f"{day} is {'a holiday' if is_holiday else 'no holiday'}; {moved} promises have another limit by it."

    return attempt(declare, done="panel.recovery_calendar", show=recovery_calendar)


@blueprint.get("/recovery/policy")
@needs("recovery.view")
def recovery_policy() -> Page:
    return _page({})


def _page(problems: dict[str, str], days: tuple[date, DayOfRecovery, DayOfRecovery] | None = None) -> str:
    """The policy with why fields were refused, and a day as it is and as it would be."""
    user = current_user()
    with books() as page:
        steps = ladder_of(page.session)
        return render_template(
            "recovery_policy.html", company=page.company, groups=POLICY, costs=COSTS, values=_values(page),
            may_cost=user is not None and user.may("company.settings"), problems=problems, weekdays=WEEKDAYS,
            steps=[*steps, *[None] * SPARE_STEPS], kinds=KINDS, messages=tuple(MESSAGES), days=days,
            step_words=STEP_WORDS, hold_words=HOLD_WORDS, today=page.today, caps=AGENT,
            agents=loads(page.session, cash_in_hand={}), own=territories(page.session), tabs=TABS,
            areas=areas_with_zones(page.session), elsewhere=elsewhere(),
        )  # fmt: skip


def _values(page: Books) -> dict[str, Any]:
    policy, billing = policy_of(page.session), billing_policy(page.session)
    values = {setting.name: getattr(policy, setting.name) for group in POLICY for setting in group.settings}
    costs = {setting.name: getattr(billing, setting.name) for group in COSTS for setting in group.settings}
    return values | costs | {"break_weekday": str(policy.break_weekday)}


@blueprint.post("/recovery/policy")
@needs("recovery.manage")
def write_policy() -> Page:
    """Keeps all fields or none; or shows a day by them and keeps nothing."""
    form, user = Form(request.form), current_user()
    may_cost = user is not None and user.may("company.settings")
    policy, problems = _read(form, POLICY)
    costs, wrong = _read(form, COSTS) if may_cost else ({}, {})
    problems |= wrong
    if "break_weekday" in policy:
        policy["break_weekday"] = int(policy["break_weekday"])
    if not problems and form.ticked("preview"):
        return _preview(form, settings=policy)
    if not problems:
        problems = _keep(policy, costs)
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return _page(problems), 422
    flash("The policy is changed.")
    return redirect(url_for("panel.recovery_policy"))


def _read(form: Form, groups: Sequence[Group]) -> tuple[dict[str, Any], dict[str, str]]:
    answers = read_answers(form, groups)
    return answers.values, answers.problems


def _keep(policy: dict[str, Any], costs: dict[str, Any]) -> dict[str, str]:
    try:
        with books() as page:
            change_policy(page.session, **policy)
            if costs:
                change_billing_policy(page.session, **costs)
            move_limits(page.session)
    except DomainError as refusal:
        return {str(refusal.facts.get("field", "")): f"{str(refusal).rstrip('.')}."}
    return {}


def _preview(form: Form, *, settings: dict[str, Any] | None = None, steps: Sequence[Step] | None = None) -> Page:
    """The page as it was filled in, with the day that was asked for by what holds and by what is filled in."""
    try:
        with books() as page:
            day = form.day("preview_day", page.today)
            if not page.today <= day <= page.today + timedelta(days=PREVIEW_DAYS_MAX):
                raise FieldInvalid(f"Choose a day from today to {PREVIEW_DAYS_MAX} days ahead", field="preview_day")
            now = utc_now() + (day - page.today)
            before = preview_recovery(page.session, today=day, now=now)
            after = preview_recovery(page.session, today=day, now=now, settings=settings, steps=steps)
    except DomainError as refusal:
        where = "ladder" if steps is not None else ""
        return _page({str(refusal.facts.get("field", where)): f"{str(refusal).rstrip('.')}."}), 422
    return _page({}, (day, before, after))


@blueprint.post("/recovery/ladder")
@needs("recovery.manage")
def write_ladder() -> Page:
    form = Form(request.form)
    steps, problems = _steps(form)
    if not problems and form.ticked("preview"):
        return _preview(form, steps=steps)
    if not problems:
        try:
            with books() as page:
                set_ladder(page.session, steps)
        except DomainError as refusal:
            problems["ladder"] = f"{str(refusal).rstrip('.')}."
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return _page(problems), 422
    flash(f"The ladder has {len(steps)} steps.")
    return redirect(url_for("panel.recovery_policy"))


def _steps(form: Form) -> tuple[list[Step], dict[str, str]]:
    """The rows that name a step; each that cannot be one says why, under `step_<row>`."""
    steps: list[Step] = []
    problems: dict[str, str] = {}
    for row in range(ROWS_MAX):
        try:
            if not form.text(f"kind_{row}"):
                continue
            step = Step(form.number(f"day_{row}"), form.choice(f"kind_{row}", KINDS),
                        form.maybe_amount(f"least_{row}") or ZERO, form.text(f"message_{row}"))  # fmt: skip
            check_step(step)
            if step.key in [other.key for other in steps]:
                problems[f"step_{row}"] = "The same step stands above for the same day."
            steps.append(step)
        except DomainError as wrong:
            problems[f"step_{row}"] = f"{str(wrong).rstrip('.')}."
    return steps, problems


@blueprint.post("/recovery/agents/<uuid:agent_id>")
@needs("recovery.manage")
def write_territory(agent_id: UUID) -> Page:
    """One agent's own caps and sub-zones."""
    form = Form(request.form)
    caps, problems = _read(form, (Group("", AGENT),))
    if not problems:
        try:
            with books() as page:
                set_territory(page.session, agent_id=agent_id, sub_zone_ids=form.keys("zone"), **caps)
        except NotFound:
            abort(404)
        except DomainError as refusal:
            problems["cases_max"] = f"{refusal}."
    if problems:
        flash("Nothing was saved: look at what is marked below.", "problem")
        return _page({f"{name}_{agent_id}": why for name, why in problems.items()}), 422
    flash("The agent's own limits are kept; they hold from the next case that is given.")
    return redirect(url_for("panel.recovery_policy", _anchor="agents"))
