"""How jobs are done and proved here: rules, checklists, what each technician can do; and the desk's own rules."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from flask import abort, render_template
from sqlalchemy import select

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.service_desk.checklists import LINES_MAX, USUAL, WORDS, Line, change_checklist, checklist_of
from core.service_desk.dispatch import JOBS_A_DAY, keep_card, technicians_of
from core.service_desk.hours import desk_policy_of
from core.service_desk.job_models import KINDS, LINE_KINDS, TechnicianCard
from core.service_desk.job_policy import LEVELS, change_job_policy, job_policy_of
from core.service_desk.models import CATEGORIES, PICK_UP, REQUESTS
from core.service_desk.priorities import change_desk_rules
from core.staff.people import staff_named

SPARE_LINES = 3
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TICKETS = (*CATEGORIES, *REQUESTS, PICK_UP)


@blueprint.get("/dispatch/rules")
@needs("desk.settings")
def field_rules() -> Page:
    with books() as page:
        cards = {card.staff_id: card for card in page.session.scalars(select(TechnicianCard))}
        lists = {kind: checklist_of(page.session, kind) for kind in KINDS}
        return render_template(
            "field_rules.html", company=page.company, policy=job_policy_of(page.session), levels=LEVELS, lists=lists,
            own={kind for kind in KINDS if list(lists[kind]) != list(USUAL[kind])}, kinds=KINDS, line_kinds=LINE_KINDS,
            words=WORDS, spare=SPARE_LINES, technicians=technicians_of(page.session), cards=cards,
            jobs_a_day=JOBS_A_DAY, desk=desk_policy_of(page.session), days=list(enumerate(DAYS, 1)), categories=TICKETS,
        )  # fmt: skip


@blueprint.post("/dispatch/rules")
@needs("desk.settings")
def change_rules() -> Page:
    def change(page: Books, form: Form) -> str:
        whole = {name: form.number(name) for name in ("arrival_metres", "code_hours", "callback_percent",
                                                      "visit_hours")}  # fmt: skip
        change_job_policy(
            page.session, **whole, installation_fee=form.amount("installation_fee"),
            **{name: form.rate(name) for name in LEVELS},
        )  # fmt: skip
        return "Saved; it holds from the next step of every job on."

    return attempt(change, done="panel.field_rules", show=field_rules)


@blueprint.post("/dispatch/rules/checklist/<kind>")
@needs("desk.settings")
def change_job_checklist(kind: str) -> Page:
    if kind not in KINDS:
        abort(404)

    def change(page: Books, form: Form) -> str:
        lines = [] if form.ticked("usual") else [
            Line(form.choice(f"kind_{place}", LINE_KINDS), what, form.ticked(f"required_{place}"))
            for place in range(LINES_MAX + SPARE_LINES)
            if (what := _word(form.text(f"what_{place}")))
        ]  # fmt: skip
        change_checklist(page.session, job_kind=kind, lines=lines)
        return f"The list of a {kind.replace('_', ' ')} holds for jobs planned from now on."

    return attempt(change, done="panel.field_rules", show=field_rules)


def _word(written: str) -> str:
    """The word the chat knows, however it was written; else the company's own words."""
    known = written.lower().replace(" ", "_")
    return known if known in WORDS else written


@blueprint.post("/dispatch/rules/technicians/<uuid:staff_id>")
@needs("desk.settings")
def change_card(staff_id: UUID) -> Page:
    def change(page: Books, form: Form) -> str:
        person = staff_named(page.session, staff_id)
        skills = [kind for kind in KINDS if form.ticked(f"skill_{kind}")]
        keep_card(page.session, staff_id=person.id, skills=[] if len(skills) == len(KINDS) else skills,
                  jobs_a_day=form.number("jobs_a_day"))  # fmt: skip
        return f"{person.name}: saved."

    return attempt(change, done="panel.field_rules", show=field_rules)


@blueprint.post("/dispatch/rules/desk")
@needs("desk.settings")
def change_ticket_rules() -> Page:
    def change(page: Books, form: Form) -> str:
        change_desk_rules(
            page.session, opens=_clock(form, "opens"), closes=_clock(form, "closes"),
            rest_weekdays=[number for number, _ in enumerate(DAYS, 1) if form.ticked(f"rest_{number}")],
            reopen_days=form.number("reopen_days"), repeat_count=form.number("repeat_count"),
            repeat_days=form.number("repeat_days"), urgent_classes=form.text("urgent_classes").split(","),
            urgent_categories=[name for name in TICKETS if form.ticked(f"urgent_{name}")],
        )  # fmt: skip
        return "Saved; it holds for tickets opened from now on."

    return attempt(change, done="panel.field_rules", show=field_rules)


def _clock(form: Form, name: str) -> time:
    try:
        return time.fromisoformat(form.text(name, required=True))
    except ValueError as wrong:
        raise FieldInvalid(f"{name.capitalize()} must be a time such as 09:00.") from wrong
