"""The rules of recovery: the company's holidays, its policy and its ladder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.money import ZERO
from core.recovery.calendar import calendar_of, declared_days
from core.recovery.policy import Step, change_policy, declare_day, ladder_of, policy_of, set_ladder
from core.recovery.policy_models import KINDS
from core.recovery.promises import move_limits
from core.recovery.words import MESSAGES

DAYS_SHOWN = 60
SPARE_STEPS = 3
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Read = Callable[[Form, str], Any]


def _number(form: Form, name: str) -> int:
    return form.number(name)


def _amount(form: Form, name: str) -> Decimal:
    return form.amount(name)


def _maybe_amount(form: Form, name: str) -> Decimal | None:
    return form.maybe_amount(name)


def _ticked(form: Form, name: str) -> bool:
    return form.ticked(name)


def _clock(form: Form, name: str) -> time:
    try:
        return time.fromisoformat(form.text(name, required=True))
    except ValueError as wrong:
        raise FieldInvalid(f"{name} must be a time such as 09:00.") from wrong


def _weekdays(form: Form, name: str) -> list[int]:
    return [number for number in range(1, 8) if form.ticked(f"{name}_{number}")]


SETTINGS: tuple[tuple[str, tuple[tuple[str, str, Read], ...]], ...] = (
    ("Debts", (
        ("grace_days", "Days of grace before a case", _number), ("tolerance", "Debt too small to pursue", _amount),
        ("ticket_hold_days", "Days an open ticket halts the ladder", _number),
    )),
    ("Suspension", (
        ("suspension_notice_days", "Days from notice to suspension", _number),
        ("cut_count_free", "Suspensions a day without a yes", _number),
        ("cut_share_max", "Percent a day without a yes", _amount),
        ("no_cut_on_holidays", "None on holidays", _ticked),
        ("no_cut_before_holidays", "None the day before a holiday", _ticked),
        ("no_cut_weekdays", "None on", _weekdays), ("rest_weekdays", "Not worked on", _weekdays),
    )),
    ("Messages", (
        ("contact_from", "Not before", _clock), ("contact_to", "Not after", _clock),
        ("messages_a_day_max", "A day at most", _number), ("messages_a_week_max", "A week at most", _number),
    )),
    ("Promises", (
        ("promise_days_max", "Days ahead", _number), ("promise_share_min", "Least percent of what is overdue", _amount),
        ("promise_grace_days", "Days of grace", _number), ("promise_extensions_max", "Times it may be moved", _number),
        ("broken_max", "Broken ones until none is offered", _number),
        ("broken_window_days", "Counted over days", _number),
        ("unreliable_below", "Unreliable below a score of", _number),
        ("unreliable_days_max", "Days ahead for the unreliable", _number),
        ("restore_on_promise", "A promise restores the service", _ticked),
    )),
    ("Agents", (
        ("agent_cases_max", "Cases of an agent", _number), ("agent_amount_max", "Debt of his cases", _maybe_amount),
        ("agent_cash_max", "Cash in hand until no new case", _maybe_amount),
        ("cost_of_call", "Cost of a call", _amount),
        ("cost_of_visit", "Cost of a visit", _amount), ("cost_of_chat", "Cost of a chat", _amount),
    )),
)  # fmt: skip
"""Group → (column, label, how its field is read)."""


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
    with books() as page:
        steps = ladder_of(page.session)
        return render_template(
            "recovery_policy.html", company=page.company, policy=policy_of(page.session), settings=SETTINGS,
            steps=[*steps, *[None] * SPARE_STEPS], kinds=KINDS, messages=tuple(MESSAGES), weekdays=WEEKDAYS,
        )  # fmt: skip


@blueprint.post("/recovery/policy")
@needs("recovery.manage")
def write_policy() -> Page:
    def write(page: Books, form: Form) -> str:
        fields = [field for _, group in SETTINGS for field in group]
        change_policy(page.session, **{name: read(form, name) for name, _, read in fields})
        move_limits(page.session)
        return "The policy is changed."

    return attempt(write, done="panel.recovery_policy", show=recovery_policy)


@blueprint.post("/recovery/ladder")
@needs("recovery.manage")
def write_ladder() -> Page:
    def write(page: Books, form: Form) -> str:
        steps = set_ladder(page.session, _steps(form))
        return f"The ladder has {len(steps)} steps."

    return attempt(write, done="panel.recovery_policy", show=recovery_policy)


def _steps(form: Form) -> list[Step]:
    rows = range(form.number("rows", 0))
    return [
        Step(form.number(f"day_{row}"), form.choice(f"kind_{row}", KINDS), form.maybe_amount(f"least_{row}") or ZERO,
             form.text(f"message_{row}"))
        for row in rows if form.text(f"kind_{row}")
    ]  # fmt: skip
