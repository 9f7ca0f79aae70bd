"""`taar events`: webhook events that failed, one of them, and processing them again."""

from __future__ import annotations

from uuid import UUID

import click
from sqlalchemy import select

from bot.processing import process_event
from core.clock import utc_now
from core.db import platform_session
from core.messaging.models import WebhookEvent
from core.settings import load_settings
from core.usecases.start_process import start_process

SHOWN_MAX = 100


@click.group("events")
def events_command() -> None:
    """List, show and replay webhook events that could not be processed."""
    start_process(load_settings())


@events_command.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that wait for their first try.")
def list_events(every: bool) -> None:
    """One line an event, the newest first."""
    states = ("failed", "pending") if every else ("failed",)
    with platform_session("cli") as session:
        rows = session.scalars(
            select(WebhookEvent).where(WebhookEvent.state.in_(states)).order_by(WebhookEvent.id.desc()).limit(SHOWN_MAX)
        ).all()
    for event in rows:
        error = (event.error.splitlines() or [""])[0][:120]
        click.echo(f"{event.id}  {event.created_at:%Y-%m-%d %H:%M}  {event.state}  {event.attempts} tries  {error}")
    if not rows:
        click.echo("No event has failed.")


@events_command.command("show")
@click.argument("event_id", type=click.UUID)
def show_event(event_id: UUID) -> None:
    """The event's error, then its body as it came: it holds what people wrote."""
    with platform_session("cli") as session:
        event = session.get(WebhookEvent, event_id)
    if event is None:
        raise click.ClickException(f"there is no event {event_id}")
    click.echo(f"{event.state}, {event.attempts} tries, next at {event.next_try_at:%Y-%m-%d %H:%M} UTC")
    click.echo(event.error or "no error")
    click.echo(event.body.decode("utf-8", "replace"))


@events_command.command("replay")
@click.argument("event_id", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="Every event that has failed.")
def replay_events(event_id: UUID | None, every: bool) -> None:
    """Process one event again, or all; what it has done before is not done twice. Ends with 1 if one fails again."""
    if (event_id is None) == (not every):
        raise click.UsageError("give an EVENT_ID or --all")
    with platform_session("cli") as session:
        wanted = WebhookEvent.state == "failed" if every else WebhookEvent.id == event_id
        found = session.scalars(select(WebhookEvent.id).where(wanted).order_by(WebhookEvent.id)).all()
    if not found and event_id is not None:
        raise click.ClickException(f"there is no event {event_id}")
    failed = [event for event in found if not process_event(event, utc_now())]
    click.echo(f"Replayed {len(found)}, failed again {len(failed)}.")
    if failed:
        raise SystemExit(1)
