"""Recovery's runs of the day: what each did, and asking for one by hand."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, attempt
from core.clock import utc_now
from core.recovery.policy import policy_of
from core.recovery.runs import AGEING, LADDER, SUSPENSION, runs_since
from core.usecases.ask_recovery_run import ask_recovery_run

DAYS_SHOWN = timedelta(days=30)
RUNS = {
    AGEING: ("Ageing", "Opens a case for every customer past due, closes those who have paid, judges promises, gives"
             " cases to agents, and restores who is clear again."),
    LADDER: ("Ladder", "Sends the reminders and notices of the day and calls in agents, step by step."),
    SUSPENSION: ("Suspension", "Suspends whose notice has run out and whom nothing halts, up to what may go without a"
                 " yes."),
}  # fmt: skip
"""Run → what it is called, what it does."""
COUNTS = {
    "opened": "cases opened", "joined": "bills joined to cases", "changed": "debts changed", "closed": "cases closed",
    "assigned": "given to agents", "without_agent": "without an agent", "promises": "promises judged",
    "restored": "services restored", "cut": "suspended", "needs_yes": "wait for a yes", "reminder": "reminded",
    "agent": "handed to an agent", "final_notice": "final notices", "suspension": "put up for suspension",
    "supervisor": "told to the supervisor", "pick_up": "proposed for picking up",
    "termination": "proposed for ending", "write_off_proposal": "proposed for writing off",
    "announced": "bills announced",
}  # fmt: skip


@blueprint.get("/recovery/runs")
@needs("recovery.manage")
def recovery_runs() -> Page:
    with books() as page:
        policy = policy_of(page.session)
        begins = {AGEING: policy.age_at, LADDER: policy.remind_at, SUSPENSION: policy.cut_at}
        return render_template(
            "recovery_runs.html", company=page.company, zone=page.zone, today=page.today, runs=RUNS, begins=begins,
            rows=runs_since(page.session, first=page.today - DAYS_SHOWN), counts=COUNTS,
        )  # fmt: skip


@blueprint.post("/recovery/runs")
@needs("recovery.manage")
def ask_for_run() -> Page:
    def ask(page: Books, form: Form) -> str:
        kind = form.choice("kind", RUNS)
        ask_recovery_run(page.session, kind=kind, now=utc_now())
        return f"{RUNS[kind][0]} is asked for: it is done within a minute, and its row below says what it did."

    return attempt(ask, done="panel.recovery_runs", show=recovery_runs)
