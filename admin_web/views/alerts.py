"""What managers and owners are told unasked: the daily summary, and alerts with their thresholds."""

from __future__ import annotations

from datetime import time

from flask import render_template

from admin_web.access import Books, books, needs
from admin_web.blueprint import Page, blueprint
from admin_web.forms import FieldInvalid, Form, attempt
from core.clock import utc_now
from core.staff.alert_models import ALERTS, HEARERS
from core.staff.alerts import alert_policy, change_alert_policy, office_people, summary_choice

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NAMES = {
    "outage": "An outage is opened or confirmed",
    "cash_limit": "An agent reaches his cash limit",
    "inbound": "Messages could not be answered",
    "outbox": "Messages of ours failed",
    "number": "WhatsApp refuses a template or limits the number",
    "stock": "Stock runs low (once a day)",
    "sla": "Complaints are past their time",
    "night_jobs": "An invoice or recovery run, or another background job, failed",
}


@blueprint.get("/alerts")
@needs("desk.settings")
def alerts() -> Page:
    with books() as page:
        people = [(person, summary_choice(page.session, staff_id=person.id)) for person in office_people(page.session)]
        return render_template(
            "alerts.html", company=page.company, policy=alert_policy(page.session), people=people, hearers=HEARERS,
            days=list(enumerate(DAYS, 1)), alerts=[(kind, NAMES[kind]) for kind in ALERTS],
        )  # fmt: skip


@blueprint.post("/alerts")
@needs("desk.settings")
def change_alerts() -> Page:
    def change(page: Books, form: Form) -> str:
        change_alert_policy(
            page.session, now=utc_now(), summary_on=form.ticked("summary_on"), summary_at=_clock(form),
            summary_weekdays={"days": [number for number, _ in enumerate(DAYS, 1) if form.ticked(f"day_{number}")]},
            summary_to=form.choice("summary_to", HEARERS), alerts_to=form.choice("alerts_to", HEARERS),
            off={"alerts": [kind for kind in ALERTS if not form.ticked(f"alert_{kind}")]},
            inbound_min=form.number("inbound_min"), outbox_min=form.number("outbox_min"),
            sla_min=form.number("sla_min"), cash_percent=form.number("cash_percent"),
            quiet_minutes=form.number("quiet_minutes"),
        )  # fmt: skip
        return "Saved."

    return attempt(change, done="panel.alerts", show=alerts)


def _clock(form: Form) -> time:
    try:
        return time.fromisoformat(form.text("summary_at", required=True))
    except ValueError as wrong:
        raise FieldInvalid("The hour of the summary must be a time such as 20:00.") from wrong
