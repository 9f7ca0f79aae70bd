"""Commissions: plans and their rules, and what was earned in a month, each amount with its reason."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from admin_web.views.payroll import asked_month
from core.staff.accruals import accruals_in
from core.staff.commission_models import CREDITS, INVOICE_EVENTS, KINDS, TIERS_BY
from core.staff.commission_rules import (
    Conditions,
    Measure,
    Tier,
    add_plan,
    add_rule,
    commission_plans,
    end_rule,
    rules_of_plan,
)
from core.staff.months import last_day
from core.usecases.accrue_commissions import accrue_commissions
from core.usecases.export_report import names_of

ORIGIN = "panel:commissions"
TIER_ROWS = 4


@blueprint.get("/commissions")
@needs("payroll.view")
def commissions() -> Page:
    with books() as page:
        month = asked_month(page)
        plans = commission_plans(page.session)
        accruals = accruals_in(page.session, first=month, last=last_day(month))
        return render_template(
            "commissions.html", company=page.company, month=month, today=page.today, kinds=KINDS, credits=CREDITS,
            plans=[(plan, rules_of_plan(page.session, plan_id=plan.id)) for plan in plans], events=INVOICE_EVENTS,
            tiers_by=[by for by in TIERS_BY if by], accruals=accruals, names=names_of(page.session),
            rows=range(TIER_ROWS),
        )  # fmt: skip


@blueprint.post("/commissions/plans")
@needs("payroll.write")
def new_commission_plan() -> Page:
    def add(page: Books, form: Form) -> str:
        return f"The plan {add_plan(page.session, name=form.text('name', required=True)).name} has no rules yet."

    return attempt(add, done="panel.commissions", show=commissions)


@blueprint.post("/commissions/plans/<uuid:plan_id>/rules")
@needs("payroll.write")
def new_commission_rule(plan_id: UUID) -> Page:
    def add(page: Books, form: Form) -> str:
        made = add_rule(page.session, plan_id=plan_id, kind=form.choice("kind", KINDS), measure=_measure(form),
                        name=form.text("name", required=True), valid_from=form.day("valid_from", page.today),
                        conditions=_conditions(form))  # fmt: skip
        return f"The rule {made.name} holds from {made.valid_from}."

    return attempt(add, done="panel.commissions", show=commissions)


def _measure(form: Form) -> Measure:
    tiers = tuple(
        Tier(form.maybe_amount(f"up_to_{row}"), _percent(form, f"tier_percent_{row}"),
             form.maybe_amount(f"tier_amount_{row}"))
        for row in range(TIER_ROWS) if form.text(f"tier_percent_{row}") or form.text(f"tier_amount_{row}")
    )  # fmt: skip
    return Measure(
        percent=_percent(form, "percent"), amount=form.maybe_amount("amount"), tiers=tiers,
        tier_by=form.choice("tier_by", TIERS_BY), graduated=form.ticked("graduated"),
    )  # fmt: skip


def _percent(form: Form, name: str) -> Decimal | None:
    return form.rate(name) if form.text(name) else None


def _conditions(form: Form) -> Conditions:
    return Conditions(
        category=form.text("category"), reopen_days=form.number("reopen_days", 7),
        credit=form.choice("credit", CREDITS), invoice_event=form.choice("invoice_event", INVOICE_EVENTS),
        months_max=form.maybe_number("months_max"), days_late_min=form.maybe_number("days_late_min"),
    )  # fmt: skip


@blueprint.post("/commissions/rules/<uuid:rule_id>/end")
@needs("payroll.write")
def finish_rule(rule_id: UUID) -> Page:
    def end(page: Books, form: Form) -> str:
        made = end_rule(page.session, rule_id=rule_id, last_day=form.day("last_day"))
        return f"The rule {made.name} pays for what is earned up to {made.valid_until}."

    return attempt(end, done="panel.commissions", show=commissions)


@blueprint.post("/commissions/accrue")
@needs("payroll.write")
def accrue_now() -> Page:
    """Bring the month's commissions up to date; a repeat posts nothing."""

    def accrue(page: Books, form: Form) -> str:
        month = asked_month(page)
        until = min(page.today, last_day(month))
        made = accrue_commissions(page.session, since=month, until=until, actor=page.actor, origin=ORIGIN)
        return f"{made.earned} earned and {made.taken_back} taken back since {month}."

    return attempt(accrue, done="panel.commissions", show=commissions)
