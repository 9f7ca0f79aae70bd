"""Webhook events that could not be processed."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from sqlalchemy import select

from admin_web.access import books, needs
from admin_web.blueprint import Page, blueprint
from core.clock import utc_now
from core.db import platform_session
from core.jobs import ring
from core.messaging.models import WebhookEvent


@blueprint.get("/events")
@needs("events.view")
def events() -> Page:
    with books() as page, platform_session("panel") as platform:
        failed = select(WebhookEvent).where(WebhookEvent.state == "failed").order_by(WebhookEvent.created_at.desc())
        rows = platform.scalars(failed.limit(100)).all()
        return render_template("events.html", company=page.company, rows=rows, zone=page.zone)


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
