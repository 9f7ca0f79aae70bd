"""Invoice runs: tried, started, watched, and whom they could not bill."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import Form, asked, attempt
from core.billing.run_history import recent_runs, run_with_problems, unresolved_problems
from core.billing.run_requests import recent_requests
from core.clock import utc_now
from core.errors import DomainError, NotFound
from core.staff.actors import named_actors
from core.usecases.ask_invoice_run import ask_invoice_run
from core.usecases.run_invoices import DryRun, dry_run

STOP_POLLING = 286
INVOICES_SHOWN = 200


@blueprint.get("/invoice-runs")
@needs("invoice.run")
def billing_runs() -> Page:
    return _runs(None)


def _runs(tried: DryRun | None, day: str = "") -> str:
    with books() as page:
        return render_template(
            "billing_runs.html", company=page.company, problems=unresolved_problems(page.session), today=page.today,
            tried=tried, day=day, shown=INVOICES_SHOWN, **_progress(page),
        )  # fmt: skip


@blueprint.get("/invoice-runs/dry")
@needs("invoice.run")
def try_run() -> Page:
    """What a run of the day would write; opens its own transactions, as the run does."""
    with books() as page:
        try:
            day = asked().day("day", page.today)
        except DomainError as wrong:
            abort(400, str(wrong))
        company_id = page.company.id
    return _runs(dry_run(company_id, day), day.isoformat())


@blueprint.post("/invoice-runs")
@needs("invoice.run")
def start_run() -> Page:
    def start(page: Books, form: Form) -> str:
        due = ask_invoice_run(
            page.session, day=form.day("day", page.today), today=page.today, asked_by=page.actor, now=utc_now()
        )
        return f"The run is asked for: {due} subscriptions are due."

    return attempt(start, done="panel.billing_runs", show=billing_runs)


@blueprint.get("/invoice-runs/progress")
@needs("invoice.run")
def run_progress() -> Page:
    with books() as page:
        state = _progress(page)
        shown = render_template("run_rows.html", **state)
        return (shown, 200) if state["moving"] else (shown, STOP_POLLING)


def _progress(page: Books) -> dict[str, Any]:
    """The runs, the requests that are no run yet, and whether any of them is on its way."""
    runs = recent_runs(page.session)
    requests = [each for each in recent_requests(page.session) if each.state != "done"]
    return {
        "runs": runs, "requests": requests, "zone": page.zone,
        "moving": any(each.state != "failed" for each in requests) or any(run.state == "running" for run in runs),
        "people": named_actors(
            page.session, [*(run.started_by for run in runs), *(each.asked_by for each in requests)]
        ),
    }  # fmt: skip


@blueprint.get("/invoice-runs/<uuid:run_id>")
@needs("invoice.run")
def billing_run(run_id: UUID) -> Page:
    with books() as page:
        try:
            run, problems = run_with_problems(page.session, run_id=run_id)
        except NotFound:
            abort(404)
        return render_template("billing_run.html", company=page.company, run=run, problems=problems, zone=page.zone)
