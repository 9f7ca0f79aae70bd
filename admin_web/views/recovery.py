"""Who owes, and what is done about it: the board, one case, scorecards, the day's suspensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, current_user, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from core.billing.overdue import overdue_customers
from core.clock import utc_now
from core.crm.customers import areas_of
from core.errors import DomainError, NotFound
from core.ids import Id
from core.recovery.assignment import reassign_case
from core.recovery.board import board
from core.recovery.case_file import agents_at_work, case_file, open_cases
from core.recovery.case_models import StepRecord
from core.recovery.cases import end_protection, hand_over_notice, protect
from core.staff.people import staff_names
from core.usecases.carry_out_proposal import decide_proposal
from core.usecases.score_agents import score_agents, score_areas
from core.usecases.suspend_overdue import approve_cuts, plan_cuts


@blueprint.get("/overdue")
@needs("overdue.view")
def overdue() -> Page:
    with books() as page:
        rows = overdue_customers(page.session, today=page.today, limit=500)
        return render_template("overdue.html", company=page.company, rows=rows, today=page.today)


@blueprint.get("/recovery")
@needs("recovery.view")
def recovery_board() -> Page:
    with books() as page:
        form = asked()
        try:
            area_id, agent_id = form.maybe_key("area"), form.maybe_key("agent")
        except DomainError as wrong:
            abort(400, str(wrong))
        held, own = form.text("held"), _own_cases_only()
        cases = open_cases(
            page.session, today=page.today, stage=form.text("stage"), agent_id=own or agent_id,
            held_by={"": None, "none": ""}.get(held, held),
        )  # fmt: skip
        shown = None if own else board(page.session, today=page.today, area_id=area_id)
        return render_template(
            "recovery_board.html", company=page.company, board=shown,
            cases=cases, agents=agents_at_work(page.session), areas=areas_of(page.session), asked=form,
            today=page.today,
        )  # fmt: skip


def _own_cases_only() -> Id | None:
    """The agent at the screen, who sees no cases but his own; None for the office."""
    user = current_user()
    return user.staff_id if user is not None and not user.may("recovery.manage") else None


@blueprint.get("/recovery/cases/<uuid:case_id>")
@needs("recovery.view")
def recovery_case(case_id: UUID) -> Page:
    with books() as page:
        try:
            shown = case_file(page.session, case_id=case_id)
        except NotFound:
            abort(404)
        if _own_cases_only() not in (None, shown.case.agent_id):
            abort(404)
        return render_template(
            "recovery_case.html", company=page.company, file=shown, zone=page.zone, today=page.today,
            agents=agents_at_work(page.session),
            names=staff_names(page.session), bring=_waits_to_be_brought(shown.steps),
        )  # fmt: skip


def _waits_to_be_brought(steps: Sequence[StepRecord]) -> bool:
    return any(step.state == "by_hand" for step in steps)


@blueprint.post("/recovery/cases/<uuid:case_id>/reassign")
@needs("recovery.manage")
def give_case(case_id: UUID) -> Page:
    def give(page: Books, form: Form) -> str:
        reassign_case(
            page.session, case_id=case_id, agent_id=form.key("agent"), reason=form.text("reason", required=True),
            assigned_by=page.actor, now=utc_now(),
        )  # fmt: skip
        return "The case has a new agent."

    return _in_case(give, case_id)


@blueprint.post("/recovery/cases/<uuid:case_id>/protect")
@needs("recovery.manage")
def protect_customer(case_id: UUID) -> Page:
    def flag(page: Books, form: Form) -> str:
        made = protect(
            page.session, customer_id=case_file(page.session, case_id=case_id).customer.id,
            reason=form.text("reason"), approved_by=page.actor, from_on=form.day("from_on", page.today),
            until_on=form.day("until_on"),
        )  # fmt: skip
        return f"The customer is not suspended through {made.until_on}."

    return _in_case(flag, case_id)


@blueprint.post("/recovery/cases/<uuid:case_id>/unprotect")
@needs("recovery.manage")
def unprotect_customer(case_id: UUID) -> Page:
    def end(page: Books, _form: Form) -> str:
        customer_id = case_file(page.session, case_id=case_id).customer.id
        end_protection(page.session, customer_id=customer_id, ended_by=page.actor, now=utc_now())
        return "The customer is not protected any more."

    return _in_case(end, case_id)


@blueprint.post("/recovery/cases/<uuid:case_id>/notice")
@needs("recovery.manage")
def notice_brought(case_id: UUID) -> Page:
    def bring(page: Books, form: Form) -> str:
        hand_over_notice(
            page.session, case_id=case_id, delivered_by=page.actor, note=form.text("note"), today=page.today
        )
        return "The notice counts from today."

    return _in_case(bring, case_id)


@blueprint.post("/recovery/cases/<uuid:case_id>/proposals/<uuid:proposal_id>")
@needs("recovery.manage")
def decide_case_proposal(case_id: UUID, proposal_id: UUID) -> Page:
    def decide(page: Books, form: Form) -> str:
        accept = form.choice("decision", ("accept", "refuse")) == "accept"
        made = decide_proposal(
            page.session, proposal_id=proposal_id, accept=accept, decided_by=page.actor,
            note=form.text("note", required=not accept), now=utc_now(), origin="panel:recovery_case",
        )  # fmt: skip
        return f"The proposal is {made.state}. {made.outcome}".rstrip()

    return _in_case(decide, case_id)


def _in_case(action: Callable[[Books, Form], str], case_id: UUID) -> Page:
    return attempt(action, done="panel.recovery_case", show=lambda: recovery_case(case_id), case_id=case_id)


@blueprint.get("/recovery/scorecards")
@needs("recovery.manage")
def scorecards() -> Page:
    with books() as page:
        form = asked()
        try:
            first, last = form.day("first", page.today.replace(day=1)), form.day("last", page.today)
        except DomainError as wrong:
            abort(400, str(wrong))
        groups = (
            ("Agents", score_agents(page.session, first=first, last=last)),
            ("Areas", score_areas(page.session, first=first, last=last)),
        )
        return render_template("scorecards.html", company=page.company, groups=groups, first=first, last=last)


@blueprint.get("/recovery/suspension")
@needs("recovery.manage")
def suspension() -> Page:
    """The dry run: who would be suspended now, and where it stops for a yes."""
    with books() as page:
        plan = plan_cuts(page.session, today=page.today, now=utc_now())
        lines = {line.case_id: line for line in open_cases(page.session, today=page.today, limit=10_000)}
        areas = {area.id: area.name for area in areas_of(page.session)}
        return render_template(
            "suspension.html", company=page.company, plan=plan, lines=lines, areas=areas, today=page.today
        )


@blueprint.post("/recovery/suspension")
@needs("recovery.manage")
def allow_suspensions() -> Page:
    def allow(page: Books, form: Form) -> str:
        yes = approve_cuts(
            page.session, today=page.today, area_id=form.maybe_key("area"), count_max=form.number("count_max"),
            approved_by=page.actor,
        )  # fmt: skip
        return f"Up to {yes.count_max} services may be suspended today."

    return attempt(allow, done="panel.suspension", show=suspension)
