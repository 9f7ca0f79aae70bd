"""Where a person is: a shared location, kept with the conversation for as long as it is likely to hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.inbound import IncomingMessage
from core.crm.distance import Place

KEPT = timedelta(hours=2)
SIX_PLACES = Decimal("0.000001")


def shared_place(message: IncomingMessage) -> Place | None:
    """The point of a location message; None for any other and for a point that is not on the earth."""
    sent = message.raw.get("location")
    if message.type != "location" or not isinstance(sent, dict):
        return None
    latitude, longitude = _degrees(sent.get("latitude"), 90), _degrees(sent.get("longitude"), 180)
    return Place(latitude, longitude) if latitude is not None and longitude is not None else None


def keep_place(state: dict[str, Any], place: Place, now: datetime) -> None:
    """Remember it in the conversation's state."""
    state["here"] = {"at": now.isoformat(), "lat": str(place.latitude), "lon": str(place.longitude)}


def kept_place(state: dict[str, Any], now: datetime) -> Place | None:
    """The place remembered, unless it is too old."""
    kept = state.get("here")
    if not kept or now - datetime.fromisoformat(kept["at"]) > KEPT:
        return None
    return Place(Decimal(kept["lat"]), Decimal(kept["lon"]))


def _degrees(value: Any, most: int) -> Decimal | None:
    try:
        degrees = Decimal(str(value))
    except InvalidOperation:
        return None
    return degrees.quantize(SIX_PLACES) if degrees.is_finite() and abs(degrees) <= most else None
