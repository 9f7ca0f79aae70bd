"""Webhook events that could not be processed, and background jobs that broke."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from redis.exceptions import RedisError
from sqlalchemy import select, update

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.clock import utc_now
from core.db import platform_session
from core.errors import NotFound
from core.jobs import drop_failed, failed_jobs, retry_failed, ring
from core.messaging.models import WebhookEvent


@blueprint.get("/events")
@needs("events.view")
def events() -> Page:
    with books() as page, platform_session("panel") as platform:
        failed = select(WebhookEvent).where(WebhookEvent.state == "failed").order_by(WebhookEvent.created_at.desc())
        rows = platform.scalars(failed.limit(100)).all()
        try:
            broken, is_away = failed_jobs(), False
        except RedisError:
            broken, is_away = [], True
        return render_template(
            "events.html", company=page.company, rows=rows, broken=broken, is_away=is_away, zone=page.zone
        )


@blueprint.post("/events/replay")
@needs("events.replay")
def replay_all() -> Page:
    """Have every failed event processed again; the sweep takes them up within seconds, the oldest first."""
    with platform_session("panel") as platform:
        waiting = update(WebhookEvent).where(WebhookEvent.state == "failed").values(next_try_at=utc_now())
        count = len(platform.execute(waiting.returning(WebhookEvent.id)).all())
    flash(f"{count} events are processed again.")
    return redirect(url_for("panel.events"))


@blueprint.post("/jobs/failed/<job_id>/<act>")
@needs("events.replay")
def change_failed_job(job_id: str, act: str) -> Page:
    """Put a job that broke back on its queue, or forget it."""
    acts: dict[str, tuple[Callable[[str], None], str]] = {
        "retry": (retry_failed, "The job is done again."), "drop": (drop_failed, "The job is forgotten."),
    }  # fmt: skip
    if act not in acts:
        abort(404)
    change, done = acts[act]
    try:
        change(job_id)
    except NotFound as gone:
        done = f"{gone}."
    except RedisError:
        done = "Redis cannot be reached: try again in a moment."
    flash(done)
    return redirect(url_for("panel.events"))


@blueprint.post("/events/<uuid:event_id>/replay")
@needs("events.replay")
def replay(event_id: UUID) -> Page:
    """Ask a worker to process the event again; what it already did is not done twice."""
    with platform_session("panel") as platform:
        event = platform.get(WebhookEvent, event_id)
        if event is None:
            abort(404)
        event.next_try_at = utc_now()
        ring(platform, "process_event", queue="inbound", event_id=str(event_id))
    flash("The event is processed again.")
    return redirect(url_for("panel.events"))
