"""Answering: RQ's way into stored webhook events."""

from __future__ import annotations

from bot import processing
from core import jobs
from core.clock import utc_now
from core.ids import Id


def process_event(event_id: str) -> None:
    """Process a stored event that its own request left over."""
    jobs.answer_bell("process_event", event_id=event_id)
    processing.process_event(Id(event_id), utc_now())
