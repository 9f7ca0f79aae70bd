"""The 24 hours after a person's last message in which we may answer freely."""

from __future__ import annotations

from datetime import datetime, timedelta

LENGTH = timedelta(hours=24)
GUARD = timedelta(minutes=5)
"""A message on its way when the window shuts is refused, so we stop a little earlier."""


def is_open(last_inbound_at: datetime | None, now: datetime) -> bool:
    """Whether anything but a template may still be sent to the person."""
    return last_inbound_at is not None and now < last_inbound_at + LENGTH - GUARD
