"""Points on the map, and how far they are from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

EARTH_METRES = 6_371_000
STOPS_MAX = 10
"""Google Maps takes a destination and nine stops before it."""


@dataclass(frozen=True)
class Place:
    """A point on the map."""

    latitude: Decimal
    longitude: Decimal


def place_at(latitude: Decimal | None, longitude: Decimal | None) -> Place | None:
    """The point, where both are known."""
    return Place(latitude, longitude) if latitude is not None and longitude is not None else None


def metres_between(one: Place, other: Place) -> int:
    """The great-circle distance, in whole metres."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    half_east = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(half_east) ** 2
    return round(2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(chord))))


def route_link(stops: Sequence[Place]) -> str:
    """The way past these places in their order, from wherever the reader is, as Google Maps opens it; of more than
    STOPS_MAX the first ones. Empty for fewer than two.
    """
    points = [f"{place.latitude},{place.longitude}" for place in stops[:STOPS_MAX]]
    if len(points) < 2:
        return ""
    return f"https://www.google.com/maps/dir/?api=1&destination={points[-1]}&waypoints={'%7C'.join(points[:-1])}"
